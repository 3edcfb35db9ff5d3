//! What kind of saying a line or clause is: a description, an experiment, or a message.

/// Words by which a person tells of an experiment or of another state than the one that fails.
const TRIAL: &[&str] = &[
    " works",
    "works ",
    "worked",
    "work fine",
    "workaround",
    "work around",
    " fixes",
    "is fixed",
    "got fixed",
    "fixed it",
    "fixed by",
    "fixed with",
    "fixed in",
    " fix ",
    "solve",
    "resolve",
    "helps",
    "helped",
    "no difference",
    "no change",
    "same error",
    "same result",
    "same problem",
    "same issue",
    "still fail",
    "still get",
    "still the same",
    "tried",
    "trying",
    "if i ",
    "when i ",
    "as soon as",
    "even with",
    "even when",
    "even if",
    "even as",
    "instead of",
    "after disabling",
    "disabling",
    "succeeds",
    "succeed ",
    "passes",
    "does not help",
    "doesn't help",
    "no luck",
    "rollback",
    "roll back",
    "rolled back",
    "downgrad",
    "to make it work",
    "only with",
    "only when",
    "unless",
];

/// True when the clause, in lower case, tells of an experiment.
pub(super) fn is_trial(lower: &str) -> bool {
    TRIAL.iter().any(|t| lower.contains(t)) || lower.ends_with("works") || lower.ends_with(": same")
}

/// Words that stand in messages of programs and seldom in descriptions.
const MESSAGE: &[&str] = &[
    "permission denied",
    "not permitted",
    "read-only file system",
    "error:",
    "error ",
    "failed",
    "fatal",
    "cannot ",
    "can't ",
    "unable to",
    "could not",
    "denied",
    "exception",
    "warning:",
    "refused",
    "errno",
    "traceback",
    "invalid argument",
    "no such file",
    "not configured correctly",
    "are you root",
    "must be run",
];

/// True when the line, in lower case, is what a program printed.
pub(super) fn is_message(lower: &str) -> bool {
    MESSAGE.iter().any(|m| lower.contains(m)) || is_program(lower)
}

/// True for a sentence of a person, in lower case, that tells of a failure and of where it happens:
/// `in the LXC container I can't write to it`.
pub(super) fn is_told(lower: &str) -> bool {
    const PERSON: [&str; 10] = [
        " i ",
        " i'm ",
        " my ",
        " we ",
        " our ",
        "in the container",
        " container and ",
        " container, ",
        "inside the container",
        " on the host",
    ];
    let speaks =
        PERSON.iter().any(|p| lower.contains(p)) || lower.starts_with("i ") || lower.starts_with("my ");
    speaks && !lower.contains(": ") && !lower.contains(['"', '=']) && lower.split_whitespace().count() >= 6
}

/// `sudo: …`, `ping: …`: a program speaks.
fn is_program(lower: &str) -> bool {
    const PROGRAMS: &[&str] = &[
        "sudo",
        "su",
        "ping",
        "chown",
        "chmod",
        "ls",
        "cat",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "touch",
        "mount",
        "umount",
        "bash",
        "sh",
        "make",
        "curl",
        "wget",
        "git",
        "fuse",
        "fusermount",
        "fusermount3",
        "bwrap",
        "tar",
        "ssh",
        "sudoedit",
        "gosu",
        "ptrace",
        "unshare",
        "nsenter",
        "setpriv",
        "runuser",
        "install",
        "tail",
        "ln",
        "iptables",
        "ip",
        "kill",
    ];
    lower
        .split_once(": ")
        .is_some_and(|(name, _)| PROGRAMS.contains(&name.rsplit('/').next().unwrap_or(name)))
}

/// Labels under which messages stand.
pub(super) fn is_output_label(label: &str) -> bool {
    ["error", "log", "output", "journal", "message", "traceback", "symptom", "dmesg", "actual"]
        .iter()
        .any(|w| label.contains(w))
}

/// Labels under which the machine stands.
pub(super) fn is_host_label(label: &str) -> bool {
    matches!(
        label,
        "host" | "host os" | "os" | "os version" | "distribution" | "distro" | "system" | "platform"
    )
}

/// Sentences of a line with their place: cut at `. `, `; `, and before `but`.
pub(super) fn clauses(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut from = 0;
    for cut in [". ", "; ", ", but ", " but ", "! ", "? "]
        .iter()
        .flat_map(|sep| text.match_indices(sep).map(|(at, s)| (at, at + s.len())).collect::<Vec<_>>())
        .collect::<std::collections::BTreeSet<_>>()
    {
        if cut.0 >= from {
            out.push((from, text.get(from..cut.0).unwrap_or("")));
            from = cut.1;
        }
    }
    out.push((from, text.get(from..).unwrap_or("")));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        assert!(is_trial("it works with apparmor=unconfined"));
        assert!(is_trial("same error as root"));
        assert!(!is_trial("docker with selinux"));
        assert!(is_message("sudo: unable to send audit message: operation not permitted"));
        assert!(!is_message("kubernetes with cri-o"));
        assert!(is_told("in the unprivileged lxc container i can't write to the share"));
        assert!(!is_told("error: cannot write to my share in the container"));
    }

    #[test]
    fn cuts() {
        let all = clauses("Docker 1.10. SELinux on; no root, but é");
        assert_eq!(
            all.iter().map(|c| c.1).collect::<Vec<_>>(),
            ["Docker 1.10", "SELinux on", "no root", "é"]
        );
    }
}
