//! Commands that change state, as typed: what they set is told where it is a state that stays
//! (`chattr +i`, `setfacl -m`), else the act itself as [`Knob::Other`] with a key that begins with `act-`:
//! `act-sysctl:NAME`, `act-chmod`, `act-chown`, `act-setfacl-remove`, `act-chcon`, `act-usermod` and so on.

use super::mounts::{Mount, trait_of};
use super::{Here, sysctl};
use crate::context::sink::Sink;
use whodenied_case::{Knob, PathState, Predicate, Setting, Surface};

pub(super) fn read(here: Here<'_>, sink: &mut Sink) {
    // A step of a numbered list, or a command at its prompt.
    let step = here
        .text
        .trim_start()
        .split_once(". ")
        .filter(|(n, _)| !n.is_empty() && n.len() <= 2 && n.bytes().all(|b| b.is_ascii_digit()));
    let text = step.map_or(here.text, |(_, rest)| rest);
    let text = text.trim_start_matches(['$', '#', '`', ' ']).trim_end_matches('`');
    let words: Vec<&str> =
        text.split_whitespace().filter(|w| !matches!(*w, "sudo" | "RUN" | "&&" | "-")).collect();
    let Some(first) = words.first() else { return };
    let program = first.rsplit('/').next().unwrap_or(first);
    match program {
        "chattr" => chattr(here, &words, sink),
        "setfacl" => setfacl(here, &words, sink),
        "chmod" | "chown" | "chgrp" if words.len() >= 3 && is_target(&words) => {
            let key = if program == "chgrp" { "act-chown".to_owned() } else { format!("act-{program}") };
            act(here, key, words.get(1..).unwrap_or_default().join(" "), sink);
        }
        "setcap" if words.len() >= 3 => {
            let caps = words.get(1).copied().unwrap_or("");
            if caps.starts_with("cap_") || caps.starts_with('\'') {
                let path = words.get(2).copied().unwrap_or("").to_owned();
                let state = PathState {
                    path,
                    capabilities: Some(caps.trim_matches('\'').to_owned()),
                    ..PathState::default()
                };
                here.say(sink, "acts", Predicate::Path(state));
            }
        }
        "sysctl" => {
            for word in words.iter().skip(1) {
                if let Some((key, value)) = word.split_once('=')
                    && sysctl::is_name(key)
                {
                    act(here, format!("act-sysctl:{key}"), value.to_owned(), sink);
                }
            }
        }
        "setpriv" | "firejail" | "systemd-run" if gives_up(&words) => {
            let knob = Knob::NoNewPrivs(true);
            here.say(
                sink,
                "acts",
                Predicate::Setting(Setting { surface: Surface::Other, service: None, knob }),
            );
        }
        "echo" | "printf" => echo(here, text, sink),
        "mount" | "mount.nfs" | "mount.nfs4" | "mount.cifs" => mount(here, program, &words, sink),
        "sshfs" | "s3fs" | "gcsfuse" | "goofys" | "bindfs" | "encfs" | "gocryptfs" | "mergerfs" | "cryfs" => {
            served(here, program, &words, sink);
        }
        "rclone" | "juicefs" | "blobfuse2" if words.get(1) == Some(&"mount") => {
            served(here, program, &words, sink);
        }
        "chcon" | "restorecon" | "semanage" | "setsebool" | "aa-complain" | "aa-disable" | "aa-teardown"
        | "aa-enforce" | "usermod" | "gpasswd" | "setenforce" | "loginctl" | "newgrp"
            if words.len() <= 10 =>
        {
            act(here, format!("act-{program}"), words.get(1..).unwrap_or_default().join(" "), sink);
        }
        _ => {}
    }
}

/// A command line that starts a program under no_new_privs.
fn gives_up(words: &[&str]) -> bool {
    words.iter().any(|w| {
        let w = w.trim_start_matches("-p").trim_start_matches("--property=");
        matches!(
            w,
            "--no-new-privs"
                | "--nnp"
                | "--nonewprivs"
                | "NoNewPrivileges=yes"
                | "NoNewPrivileges=true"
                | "NoNewPrivileges=1"
        )
    })
}

fn act(here: Here<'_>, key: String, value: String, sink: &mut Sink) {
    let knob = Knob::Other { key, value };
    here.say(sink, "acts", Predicate::Setting(Setting { surface: Surface::Other, service: None, knob }));
}

/// `mount -t nfs -o vers=4 server:/export /target`, `mount -o noexec,nosuid /target`.
fn mount(here: Here<'_>, program: &str, words: &[&str], sink: &mut Sink) {
    let options = options(words);
    let place = |w: &&&str| w.starts_with('/') && !w.starts_with("//");
    let Some(target) = words.iter().skip(2).rfind(place) else { return };
    let named = after(words, "-t").or_else(|| program.strip_prefix("mount."));
    let remote = words.iter().any(|w| w.contains(":/") && !w.starts_with('/') && !w.contains("://"));
    let share = words.iter().any(|w| w.starts_with("//"));
    let told = named.or(if remote { Some("nfs") } else { share.then_some("cifs") });
    if told.is_none() && options.is_empty() {
        return;
    }
    say(here, Mount { target: (*target).to_owned(), fstype: told.map(str::to_owned), options }, sink);
}

/// `sshfs user@host:/dir /target`, `rclone mount remote: /target`: served through FUSE.
fn served(here: Here<'_>, program: &str, words: &[&str], sink: &mut Sink) {
    let place = |w: &&&str| w.starts_with('/') || w.starts_with("~/");
    let Some(target) = words.iter().skip(2).rfind(place) else { return };
    let mut options = options(words);
    if words.contains(&"--allow-other") {
        options.push("allow_other".to_owned());
    }
    let fstype = Some(format!("fuse.{program}"));
    say(here, Mount { target: (*target).to_owned(), fstype, options }, sink);
}

fn after<'a>(words: &[&'a str], option: &str) -> Option<&'a str> {
    words.iter().position(|w| *w == option).and_then(|at| words.get(at + 1)).copied()
}

/// The values of every `-o`.
fn options(words: &[&str]) -> Vec<String> {
    let values = words.windows(2).filter(|w| w.first() == Some(&"-o")).filter_map(|w| w.get(1));
    values.flat_map(|v| v.split(',')).filter(|o| !o.is_empty()).take(32).map(str::to_owned).collect()
}

fn say(here: Here<'_>, mount: Mount, sink: &mut Sink) {
    if let Some(environment) = trait_of(&mount) {
        here.say(sink, "acts", Predicate::Environment(environment));
    }
    let Mount { target, fstype, options } = mount;
    here.say(sink, "acts", Predicate::Mount { target, fstype, options });
}

/// The last word of `chmod` and `chown` is a path.
fn is_target(words: &[&str]) -> bool {
    words.last().is_some_and(|w| w.contains('/') || w.contains('.') || w.starts_with(['$', '~']))
}

/// `chattr +i /x` leaves the flag on the path.
fn chattr(here: Here<'_>, words: &[&str], sink: &mut Sink) {
    // What is taken away was there.
    let flags = words.iter().find_map(|w| {
        w.strip_prefix(['+', '=']).or_else(|| w.strip_prefix('-').filter(|f| matches!(*f, "i" | "a" | "ia")))
    });
    let Some(flags) = flags else { return };
    for path in words.iter().skip(1).filter(|w| !w.starts_with(['-', '+', '='])).take(4) {
        let state =
            PathState { path: (*path).to_owned(), flags: Some(flags.to_owned()), ..PathState::default() };
        here.say(sink, "acts", Predicate::Path(state));
    }
}

/// `setfacl -m u:bob:rx /x` leaves a list; `setfacl -Rb /x` takes one away that was there.
fn setfacl(here: Here<'_>, words: &[&str], sink: &mut Sink) {
    let Some(path) = words.last().filter(|w| !w.starts_with('-') && words.len() > 2) else { return };
    let option =
        |c: char| words.iter().skip(1).any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains(c));
    if option('b') || option('x') || option('k') {
        act(here, "act-setfacl-remove".to_owned(), (*path).to_owned(), sink);
    } else if option('m') || option('s') {
        let state = PathState { path: (*path).to_owned(), acl: true, ..PathState::default() };
        here.say(sink, "acts", Predicate::Path(state));
    }
}

/// `echo 0 | sudo tee /proc/sys/…`, `echo 1 > /proc/sys/…`.
fn echo(here: Here<'_>, text: &str, sink: &mut Sink) {
    if let Some((key, value)) = text.split_whitespace().nth(1).and_then(|w| w.split_once('='))
        && text.contains("/etc/sysctl")
    {
        let (key, value) = (key.trim_matches(['"', '\'']), value.trim_matches(['"', '\'']));
        if sysctl::is_name(key) {
            act(here, format!("act-sysctl:{key}"), value.to_owned(), sink);
        }
        return;
    }
    let Some(at) = text.find("/proc/sys/") else { return };
    let path = text.get(at..).and_then(|t| t.split_whitespace().next()).unwrap_or("");
    let value = text.split_whitespace().nth(1).unwrap_or("").trim_matches(['"', '\'']);
    if let Some(name) = sysctl::dotted(path)
        && (text.contains("tee ") || text.contains('>'))
    {
        act(here, format!("act-sysctl:{name}"), value.to_owned(), sink);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    #[test]
    fn acts() {
        assert!(shown("chattr +i /var/lib/docker/volumes", "Path(")[0].contains("flags: Some(\"i\")"));
        assert_eq!(shown("setfacl -Rb ~/.local/share/containers", "act-setfacl-remove").len(), 1);
        assert!(shown("setfacl -m u:1000:rx /run/media/x", "Path(")[0].contains("acl: true"));
        let all = shown("echo 0 | sudo tee /proc/sys/kernel/yama/ptrace_scope", "act-sysctl");
        assert!(
            all[0].contains("act-sysctl:kernel.yama.ptrace_scope") && all[0].contains("\"0\""),
            "{all:?}"
        );
        assert_eq!(shown("$ sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80", "act-sysctl").len(), 1);
        assert_eq!(
            shown("echo 'kernel.dmesg_restrict=0' | sudo tee -a /etc/sysctl.conf", "act-sysctl").len(),
            1
        );
        assert_eq!(shown("sudo chown -R 1000:1000 ./data", "act-chown").len(), 1);
        assert_eq!(shown("mount -o noexec,nosuid /dev/shm", "\"/dev/shm\"").len(), 1);
        assert_eq!(shown("sudo mount -t nfs 10.0.0.1:/export /mnt", "\"nfs\"").len(), 1);
        assert_eq!(shown("mount -t cifs //nas/share /mnt -o uid=1000", "\"cifs\"").len(), 1);
        assert_eq!(shown("sshfs me@host:/data /home/me/remote", "\"fuse.sshfs\"").len(), 1);
        assert_eq!(shown("rclone mount gdrive: /mnt/gdrive --daemon", "\"fuse.rclone\"").len(), 1);
        assert_eq!(shown("sudo usermod -aG docker jenkins", "act-usermod").len(), 1);
        assert!(shown("chmod of a file failed", "act-chmod").is_empty());
    }
}
