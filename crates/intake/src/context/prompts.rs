//! Who typed the command that was refused: root's prompt, or `sudo` before it.

use super::sink::Sink;
use crate::segment::{Document, Line};
use whodenied_case::{Environment, Predicate};

const DIALECT: &str = "prompt";
/// Commands that start something elsewhere: who typed them is not who was refused.
const ELSEWHERE: &[&str] = &[
    "docker",
    "docker-compose",
    "podman",
    "podman-compose",
    "nerdctl",
    "kubectl",
    "oc",
    "helm",
    "buildah",
    "lxc",
    "lxc-start",
    "lxc-attach",
    "lxc-execute",
    "lxd",
    "incus",
    "pct",
    "ssh",
    "systemctl",
    "service",
    "journalctl",
    "dmesg",
    "snap",
    "vagrant",
    "ansible-playbook",
    "machinectl",
    "systemd-run",
    "systemd-nspawn",
    "k3s",
    "ctr",
    "crictl",
    "virsh",
    "bash",
    "sh",
    "su",
    "cat",
    "tail",
    "less",
    "grep",
    "supervisorctl",
    "pm2",
    "runuser",
    "strace",
    "make",
    "apptainer",
    "singularity",
    "buildctl",
    "flatpak",
    "ausearch",
    "mount",
    "cp",
    "mv",
    "rsync",
    "chown",
    "chmod",
];

/// Claims that root was refused, where the command before every refusal is root's.
pub(super) fn read(doc: &Document, sink: &mut Sink) {
    if sink.has(|p| {
        matches!(
            p,
            Predicate::Environment(Environment::RunsAsRoot | Environment::RunsAsNonRoot)
                | Predicate::Ids { uid: Some(_), .. }
        )
    }) {
        return;
    }
    let mut told = None;
    let mut command: Option<usize> = None;
    for (at, line) in doc.lines.iter().enumerate().take(4000) {
        if typed(line) {
            command = Some(at);
            continue;
        }
        if !refusal(line) {
            continue;
        }
        let before = command.and_then(|c| doc.lines.get(c)).or_else(|| named(doc, at));
        match before.map(by_root) {
            Some(true) => told = told.or(before),
            _ => return,
        }
    }
    if let Some(line) = told {
        sink.fact(line.span(), DIALECT, Predicate::Environment(Environment::RunsAsRoot));
    }
}

/// A line typed at a prompt, or one that begins with `sudo`.
fn typed(line: &Line) -> bool {
    (line.dress.command || line.text.starts_with("sudo ")) && !line.text.is_empty()
}

fn refusal(line: &Line) -> bool {
    const WORDS: [&str; 6] =
        ["permission denied", "not permitted", "eacces", "eperm", "permissionerror", "keine berechtigung"];
    let text = line.text.get(..line.text.len().min(1000)).unwrap_or("");
    let low = text.to_ascii_lowercase();
    WORDS.iter().any(|w| low.contains(w))
}

/// The program that a command line starts, without `sudo` and assignments; `None` where `sudo` changes
/// to another user or only a redirection of the caller's shell was refused.
fn program(line: &Line) -> Option<(&str, bool)> {
    let mut words = line.text.split_whitespace().peekable();
    let mut sudo = false;
    while let Some(word) = words.peek().copied() {
        if word == "sudo" {
            sudo = true;
        } else if sudo && matches!(word, "-u" | "-g" | "-i" | "-s" | "--user") || word.starts_with("--user=")
        {
            return None;
        } else if !(sudo && word.starts_with('-') || word.contains('=') && !word.starts_with('/')) {
            break;
        }
        words.next();
    }
    let first = words.next()?;
    if sudo && words.any(|w| w.starts_with('>') || w == "|") {
        return None;
    }
    Some((first.rsplit('/').next().unwrap_or(first), sudo))
}

fn by_root(line: &Line) -> bool {
    let Some((program, sudo)) = program(line) else { return false };
    (sudo || line.dress.as_root == Some(true)) && !ELSEWHERE.contains(&program)
}

/// A line with `sudo` anywhere whose program the refused line, or the lines right before it, name.
fn named(doc: &Document, refused: usize) -> Option<&Line> {
    doc.lines.iter().take(4000).filter(|l| typed(l)).find(|l| {
        let Some((program, true)) = program(l) else { return false };
        program.len() > 2
            && doc
                .lines
                .get(refused.saturating_sub(12)..=refused)
                .unwrap_or_default()
                .iter()
                .any(|t| t.text.contains(program))
    })
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::Environment;

    #[test]
    fn roots_prompts() {
        for text in [
            "[root@box ~]# fwtool\nfwtool: failed to get I/O permission: Operation not permitted",
            "u@box:~$ sudo ./cbmem -T\nFailed to gain memory access: Operation not permitted",
            "$ sudo rdmsr 0x10\nrdmsr: pread: Operation not permitted",
            "  File \"/usr/lib/undervolt.py\", line 4\nPermissionError: [Errno 1] Operation not permitted\n\nsudo undervolt -r",
        ] {
            assert!(facts(text).has(Environment::RunsAsRoot), "{text}");
        }
        for text in [
            "u@box:~$ ./cbmem -T\nFailed to gain memory access: Operation not permitted",
            "$ sudo docker run x\nx: Operation not permitted",
            "$ sudo -u bob x\nx: Operation not permitted",
            "$ sudo echo 1 > /proc/sys/x\nbash: /proc/sys/x: Permission denied",
            "[root@box ~]# a\nb\nu@box:~$ c\nc: Operation not permitted",
        ] {
            assert!(!facts(text).has(Environment::RunsAsRoot), "{text}");
        }
    }
}
