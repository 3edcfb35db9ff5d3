//! What a person calls the container or unit that a followed process is of, by its cgroup.
//!
//! Engines name the cgroup of a container by its id (`docker-ID.scope`, `/docker/ID`, `libpod-ID.scope`,
//! `cri-containerd-ID.scope`), systemd that of a unit by its name.

use crate::{Options, Piece, inspect};
use whodenied_case::capture::Capture;
use whodenied_case::{Origin, Workload};
use whodenied_engine::{Api, Endpoint, endpoints};

/// The name of what every failed call in the lines of `captures` was made in, as a piece of evidence;
/// `None` where that is where we are ourselves, or more than one.
#[must_use]
pub fn named(captures: &str, options: &Options) -> Option<Piece> {
    let ours = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut cgroups = captures.lines().take(1000).filter_map(|line| {
        Some(serde_json::from_str::<Capture>(line).ok()?.process.cgroup).filter(|c| !c.is_empty())
    });
    let cgroup = cgroups.next()?;
    if cgroup == ours.trim_end() || cgroups.any(|c| c != cgroup) {
        return None;
    }
    let (id, workload) = match container(&cgroup) {
        Some(id) => {
            let workload = of_engine(id, options).unwrap_or_else(|| Workload {
                container: Some(id.chars().take(12).collect()),
                ..Workload::default()
            });
            (id, workload)
        }
        None => ("", Workload { unit: Some(unit(&cgroup)?.to_owned()), ..Workload::default() }),
    };
    let dead = crate::dead::Dead { workload, id: id.to_owned(), ..crate::dead::Dead::default() };
    Some(Piece {
        origin: Origin::State { of: "the process's cgroup".to_owned() },
        text: crate::state::lines(&dead),
    })
}

/// The id of the container, 64 hexadecimal digits.
fn container(cgroup: &str) -> Option<&str> {
    cgroup
        .split(['/', '-', '.', ':'])
        .rfind(|part| part.len() == 64 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The service whose cgroup it is, or lies below.
fn unit(cgroup: &str) -> Option<&str> {
    cgroup.lines().find_map(|line| {
        line.split('/').rfind(|part| part.ends_with(".service") && !part.starts_with("user@"))
    })
}

fn of_engine(id: &str, options: &Options) -> Option<Workload> {
    endpoints(&options.around).into_iter().find_map(|found| {
        let Endpoint::Socket(socket) = &found.endpoint else { return None };
        let inspect = Api::new(socket, found.flavour, options.limits).inspect(id).ok()?;
        Some(inspect::workload(&inspect))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn cgroups_of_engines_and_units() {
        for form in [
            "0::/system.slice/docker-ID.scope",
            "0::/docker/ID",
            "0::/machine.slice/libpod-ID.scope/container",
            "12:pids:/kubepods/besteffort/pod1/ID",
            "0::/kubepods.slice/x/cri-containerd-ID.scope",
        ] {
            assert_eq!(container(&form.replace("ID", ID)), Some(ID), "{form}");
        }
        assert_eq!(container("0::/system.slice/docker-abc.scope"), None);
        assert_eq!(unit("0::/system.slice/nginx.service"), Some("nginx.service"));
        assert_eq!(unit("0::/system.slice/php.service/worker"), Some("php.service"));
        assert_eq!(
            unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.service"),
            Some("a.service")
        );
        assert_eq!(unit("0::/user.slice/user-1000.slice/session-3.scope"), None);
    }
}
