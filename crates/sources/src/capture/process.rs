//! The credentials and confinement of a stopped process, from its /proc files.
//!
//! Source: proc_pid_status(5), proc_pid_limits(5), user_namespaces(7).

use crate::trace::Tracee;
use std::collections::BTreeMap;
use std::fs;
use whodenied_case::capture::{ProcessState, Start};

/// How this process, and so what it starts, is: its users, groups and flags beside `command`.
#[must_use]
pub fn start(command: Vec<String>) -> Option<Start> {
    let mut state = ProcessState::default();
    from_status(&fs::read_to_string("/proc/self/status").ok()?, &mut state);
    Some(Start {
        command,
        uid: state.uids[0],
        gid: state.gids[0],
        groups: state.groups,
        no_new_privs: state.no_new_privs,
        files: files(),
    })
}

/// Our own open files with a path, which what we start inherits: at most those below 64.
fn files() -> BTreeMap<i32, String> {
    (3..64)
        .filter_map(|fd| {
            let target = fs::read_link(format!("/proc/self/fd/{fd}")).ok()?;
            Some((fd, target.to_str().filter(|t| t.starts_with('/'))?.to_owned()))
        })
        .collect()
}

/// Reads the state of `tracee`; what can't be read is said in `missing`.
pub(crate) fn state(tracee: Tracee, pid: i32, missing: &mut Vec<String>) -> ProcessState {
    let read = |name: &str| fs::read_to_string(tracee.proc(name));
    let mut state = ProcessState { pid, ..ProcessState::default() };
    match read("status") {
        Ok(status) => from_status(&status, &mut state),
        Err(error) => missing.push(format!("The credentials of process {pid} could not be read: {error}.")),
    }
    state.comm = tracee.comm().to_string_lossy().into_owned();
    state.exe = tracee.link("exe").map(|path| path.to_string_lossy().into_owned());
    state.command = command(&fs::read(tracee.proc("cmdline")).unwrap_or_default());
    state.label = label_of(tracee.tid);
    state.root = tracee.link("root").map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    state.uid_map = read("uid_map").map(|text| id_map(&text)).unwrap_or_default();
    state.gid_map = read("gid_map").map(|text| id_map(&text)).unwrap_or_default();
    state.limits = read("limits").map(|text| limits(&text)).unwrap_or_default();
    state.cgroup = read("cgroup").unwrap_or_default().trim_end().to_owned();
    state.engine = engine(tracee, &state.cgroup).to_owned();
    state.same_user_namespace = match (tracee.link("ns/user"), fs::read_link("/proc/self/ns/user").ok()) {
        (Some(its), Some(ours)) => its == ours,
        _ => {
            missing.push(format!("The user namespace of process {pid} could not be read."));
            true
        }
    };
    if !state.same_user_namespace {
        state.shared = shared(tracee);
    }
    state
}

/// So long may a command line be to be told.
const LONGEST: usize = 16 << 10;

/// The words of a command line that ends every one with NUL; none of a longer one than is told.
fn command(bytes: &[u8]) -> Vec<String> {
    if bytes.len() > LONGEST {
        return Vec::new();
    }
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    bytes.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect()
}

/// The namespaces that the process has in common with us.
fn shared(tracee: Tracee) -> Vec<String> {
    ["mnt", "net", "uts", "ipc", "pid", "cgroup"]
        .into_iter()
        .filter(|name| {
            let its = tracee.link(&format!("ns/{name}"));
            its.is_some() && its == fs::read_link(format!("/proc/self/ns/{name}")).ok()
        })
        .map(str::to_owned)
        .collect()
}

fn from_status(status: &str, state: &mut ProcessState) {
    let four = |value: &str| {
        let mut ids = [u32::MAX; 4];
        for (slot, id) in ids.iter_mut().zip(value.split_whitespace()) {
            *slot = id.parse().unwrap_or(u32::MAX);
        }
        ids
    };
    let hex = |value: &str| u64::from_str_radix(value, 16).unwrap_or(0);
    for line in status.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match key {
            "Uid" => state.uids = four(value),
            "Gid" => state.gids = four(value),
            "Groups" => state.groups = value.split_whitespace().filter_map(|g| g.parse().ok()).collect(),
            "CapEff" => state.effective = hex(value),
            "CapPrm" => state.permitted = hex(value),
            "CapBnd" => state.bounding = hex(value),
            "CapInh" => state.inheritable = hex(value),
            "CapAmb" => state.ambient = hex(value),
            "NoNewPrivs" => state.no_new_privs = value == "1",
            "Seccomp" => state.seccomp = value.parse().unwrap_or(0),
            "Seccomp_filters" => state.filters = value.parse().ok(),
            _ => {}
        }
    }
}

/// The label of a process: AppArmor's where that is on, else that of the module /proc shows.
pub(super) fn label_of(tid: i32) -> String {
    let read = |name: &str| fs::read_to_string(format!("/proc/{tid}/attr/{name}")).ok();
    label(&read("apparmor/current").filter(|l| !l.is_empty()).or_else(|| read("current")).unwrap_or_default())
}

/// The label as the module writes it, "" for none: without the NUL or newline at its end.
fn label(text: &str) -> String {
    text.trim_end_matches(['\0', '\n']).to_owned()
}

/// What runs the process, by the marks that engines leave in its root and by its cgroup.
fn engine(tracee: Tracee, cgroup: &str) -> &'static str {
    let there = |file: &str| tracee.proc("root").join(file).exists();
    let named = |parts: &[&str]| parts.iter().any(|p| cgroup.contains(p));
    let machine = || {
        // PROC_PID_INIT_INO.
        let first = tracee.link("ns/pid").is_some_and(|l| l.as_os_str() == "pid:[4026531836]");
        crate::of_a_machine(first, &fs::read_to_string(tracee.proc("mountinfo")).unwrap_or_default())
    };
    match () {
        () if named(&["kubepods"]) => "kubernetes",
        () if (there("run/.containerenv") && !machine()) || named(&["libpod-", "libpod_"]) => "podman",
        () if (there(".dockerenv") && !machine()) || named(&["/docker/", "docker-"]) => "docker",
        () if named(&["/lxc/", "lxc.payload"]) => "lxc",
        () if named(&["machine.slice/systemd-nspawn"]) => "nspawn",
        () if named(&["system.slice/"]) && named(&[".service"]) => "systemd",
        () => "host",
    }
}

fn id_map(text: &str) -> Vec<(u32, u32, u32)> {
    text.lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(|n| n.parse().ok());
            Some((numbers.next()??, numbers.next()??, numbers.next()??))
        })
        .collect()
}

/// `Max locked memory         67108864             67108864             bytes`: the names have two
/// columns of blanks behind them.
fn limits(text: &str) -> BTreeMap<String, (String, String)> {
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let (name, rest) = line.split_once("  ")?;
            let mut values = rest.split_whitespace();
            Some((name.to_owned(), (values.next()?.to_owned(), values.next()?.to_owned())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_proc() {
        let mut state = ProcessState::default();
        let status = "Name:\tcat\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\t6\t7\t8\nGroups:\t24 27 \nCapInh:\t0000000000000000\nCapPrm:\t0000000000003000\nCapEff:\t0000000000001000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";
        from_status(status, &mut state);
        assert_eq!((state.uids, state.gids), ([1000, 1001, 1002, 1003], [5, 6, 7, 8]));
        assert_eq!((state.groups, state.permitted, state.effective), (vec![24, 27], 0x3000, 0x1000));
        assert_eq!((state.no_new_privs, state.seccomp, state.filters), (true, 2, Some(3)));
        assert_eq!(id_map("         0       1000          1\n         1     100000      65536\n").len(), 2);
        let limits = limits(
            "Limit                     Soft Limit           Hard Limit           Units     \nMax locked memory         65536                unlimited            bytes     \n",
        );
        assert_eq!(limits.get("Max locked memory"), Some(&("65536".to_owned(), "unlimited".to_owned())));
        assert_eq!(label("docker-default (enforce)\n"), "docker-default (enforce)");
    }

    #[test]
    fn our_own_state() {
        let mut missing = Vec::new();
        let pid = i32::try_from(std::process::id()).unwrap();
        let state = state(Tracee { tid: pid }, pid, &mut missing);
        assert!(missing.is_empty() && state.same_user_namespace && !state.limits.is_empty(), "{state:?}");
        assert!(state.uids[1] != u32::MAX && !state.uid_map.is_empty());
    }
}
