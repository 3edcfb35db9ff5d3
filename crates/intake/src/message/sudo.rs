//! Programs that change the user: sudo, su, gosu, su-exec, setpriv, doas, newgrp.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::Call;

pub(crate) const RULES: &[Rule] = &[
    // PAM's own wording of a refusal is that of EACCES.
    Rule::on(&["su: permission denied"]).call(Call::Setuid).own().states(s::PAM),
    Rule::on(&["pam account management error"]).call(Call::Setuid).own().states(s::PAM),
    Rule::on(&["pam: permission denied"]).call(Call::Setuid).own().states(s::PAM),
    Rule::on(&["not allowed to use this program (crontab)"]).own().states(s::PAM),
    Rule::on(&["you do not have permission to use at"]).own().states(s::PAM),
    Rule::on(&["not installed setuid"]).call(Call::Exec).kind(K::Executable).states(s::SUID_MISSING),
    Rule::on(&["no new privileges\" flag is set"]).call(Call::Exec).kind(K::Executable).nnp(),
    Rule::on(&["no new privileges' flag is set"]).call(Call::Exec).kind(K::Executable).nnp(),
    Rule::on(&["no new privileges\\\" flag is set"]).call(Call::Exec).kind(K::Executable).nnp(),
    Rule::on(&["no new privileges flag is set"]).call(Call::Exec).kind(K::Executable).nnp(),
    Rule::on(&["no_new_privs", "prevent"]).call(Call::Exec).kind(K::Executable).nnp(),
    Rule::on(&["\"no new privileges\" flag"]).call(Call::Exec).kind(K::Executable).nnp(),
    // The field of /proc/PID/status, quoted in a sentence.
    Rule::refine(&["nonewprivs: 1"]).nnp(),
    Rule::refine(&["nonewprivs:\t1"]).nnp(),
    Rule::refine(&["nonewprivs:1"]).nnp(),
    Rule::refine(&["nonewprivs=1"]).nnp(),
    Rule::refine(&["no_new_privs=1"]).nnp(),
    Rule::refine(&["no_new_privs: 1"]).nnp(),
    Rule::on(&["effective uid is not 0"])
        .call(Call::Exec)
        .kind(K::Executable)
        .states(s::SUID_NO_EFFECT)
        .object(From::After("effective uid is not 0, is")),
    Rule::on(&["must be owned by uid 0 and have the setuid bit set"])
        .call(Call::Exec)
        .kind(K::Executable)
        .own()
        .states(s::SUID_MISSING)
        .object(From::After("sudo:")),
    Rule::on(&["must be setuid root"]).call(Call::Exec).kind(K::Executable).states(s::SUID_MISSING),
    Rule::on(&["must be suid"]).call(Call::Exec).kind(K::Executable).states(s::SUID_MISSING),
    Rule::on(&["needs to be setuid root"]).call(Call::Exec).kind(K::Executable).states(s::SUID_MISSING),
    Rule::on(&["is not setuid root"]).call(Call::Exec).kind(K::Executable).states(s::SUID_MISSING),
    Rule::on(&["not installed setuid root"]).call(Call::Exec).kind(K::Executable).states(s::SUID_MISSING),
    Rule::on(&["is owned by uid 65534", "should be 0"]).call(Call::Open).own().states(s::UID_UNMAPPED),
    Rule::on(&["is owned by uid", "should be 0"]).call(Call::Open).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is world writable", "sudo"]).call(Call::Open).own().states(s::BAD_FILE_MODE),
    Rule::on(&["error in /etc/sudo.conf"]).call(Call::Open).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is not in the sudoers file"]).call(Call::Exec).own().states(s::NOT_IN_SUDOERS),
    Rule::on(&["is not allowed to execute", "as root"]).call(Call::Exec).own().states(s::NOT_IN_SUDOERS),
    Rule::on(&["may not run sudo"]).call(Call::Exec).own().states(s::NOT_IN_SUDOERS),
    Rule::on(&["user not in sudoers"]).call(Call::Exec).own().states(s::NOT_IN_SUDOERS),
    Rule::on(&["sudo: a password is required"]).call(Call::Exec).own().states(s::NOT_IN_SUDOERS),
    Rule::on(&["no tty present and no askpass program"]).call(Call::Exec).own().states(s::SUDO_TERMINAL),
    Rule::on(&["you must have a tty to run sudo"]).call(Call::Exec).own().states(s::SUDO_TERMINAL),
    Rule::on(&["a terminal is required to read the password"])
        .call(Call::Exec)
        .own()
        .states(s::SUDO_TERMINAL),
    Rule::on(&["a terminal is required to authenticate"]).call(Call::Exec).own().states(s::SUDO_TERMINAL),
    Rule::on(&["sudo: interactive authentication is required"])
        .call(Call::Exec)
        .own()
        .states(s::SUDO_TERMINAL),
    Rule::on(&["doas: a tty is required"]).call(Call::Exec).own().states(s::SUDO_TERMINAL),
    Rule::on(&["doas: authentication required"]).call(Call::Exec).own().states(s::SUDO_TERMINAL),
    Rule::on(&["doas: operation not permitted"]).call(Call::Exec).own().states(s::NOT_IN_SUDOERS),
    Rule::on(&["i'm afraid i can't do that"]).call(Call::Exec).own().states(s::NOT_IN_SUDOERS),
    // sudoers lets the user control services, and the failure is of another way to do it.
    Rule::fact(&["nopasswd", "systemctl"], s::SERVICE_BY_SUDO),
    // Programs that look at the mount themselves, or guess at it.
    Rule::fact(&["nosuid set"], s::SUID_NO_EFFECT),
    Rule::fact(&["mounted nosuid"], s::SUID_NO_EFFECT),
    Rule::fact(&["mounted with nosuid"], s::SUID_NO_EFFECT),
    Rule::fact(&["nosuid option"], s::SUID_NO_EFFECT),
    Rule::fact(&["nosuid mount"], s::SUID_NO_EFFECT),
    // A program whose file has a capability that the process did not get.
    Rule::on(&["file has cap_", "process doesn't"])
        .call(Call::Exec)
        .kind(K::Executable)
        .errno(whodenied_kernel::Errno::EPERM)
        .states(s::SUID_NO_EFFECT),
    Rule::refine(&["unable to send audit message"])
        .call(Call::Netlink)
        .kind(K::NetlinkSocket)
        .args(&[("capability", "AUDIT_WRITE")]),
    Rule::refine(&["pam_open_session"]).call_if_none(Call::Setrlimit),
    Rule::refine(&["sudo: unable to change to root gid"]).call(Call::Setgid),
    Rule::refine(&["sudo: unable to initialize policy plugin"]).call_if_none(Call::Exec),
    Rule::refine(&["sudo: unable to open", "/timestamp"]).call(Call::Create),
    Rule::refine(&["setrlimit(rlimit_core)"]).call(Call::Setrlimit).args(&[("resource", "RLIMIT_CORE")]),
    Rule::on(&["failed switching to"]).states(s::STEP_DOWN_ONLY).call_if_none(Call::Setgroups),
    Rule::refine(&["su-exec: setgroups"]).call(Call::Setgroups).states(s::STEP_DOWN_ONLY),
    Rule::refine(&["su: cannot set groups"]).call(Call::Setgroups),
    Rule::refine(&["su: cannot set user id"]).call(Call::Setuid),
    Rule::refine(&["setpriv: setresuid"]).call(Call::Setuid),
    Rule::refine(&["setpriv: setgroups"]).call(Call::Setgroups),
    Rule::refine(&["dropping privileges failed"]).call_if_none(Call::Setuid),
    Rule::on(&["must be run from a terminal"]).call(Call::Open).own(),
    // Refusals by who one is.
    Rule::on(&["must be run as root"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["must be root to"]).own().states(s::NEEDS_ROOT).without(&["iptables", "nft", "ip6tables"]),
    Rule::on(&["you must be root"]).states(s::NEEDS_ROOT),
    Rule::on(&["are you root?"]).states(s::NEEDS_ROOT),
    Rule::on(&["requires root privileges"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["requires superuser privileges"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["need root privileges"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["this command has to be run under the root user"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["are you root"]).states(s::NEEDS_ROOT),
    Rule::on(&["please run as root"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["only root can"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["cannot run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["can't run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["refuses to run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["refusing to run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["cannot be run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["can not run", "as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["must not be run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["should not be run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["do not run", "as root"]).own().states(s::REFUSES_ROOT).without(&["don't"]),
    Rule::on(&["root\" execution of the", "is not permitted"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["please read \"security\" section of the manual to find out how to run", "as root"])
        .own()
        .states(s::REFUSES_ROOT),
    Rule::on(&["has been started as root", "not allowed"]).own().states(s::REFUSES_ROOT),
];

#[cfg(test)]
mod tests {
    use crate::read_text;

    fn states(text: &str, id: &str) -> bool {
        let case = read_text(text);
        !case.attempts.is_empty() && case.facts.statement(id).is_some()
    }

    #[test]
    fn no_terminal_to_ask_on() {
        for text in [
            "sudo: no tty present and no askpass program specified",
            "sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper",
            "sudo: sorry, you must have a tty to run sudo",
            "sudo: interactive authentication is required",
            "doas: a tty is required",
        ] {
            assert!(states(text, "sudo-wants-terminal"), "{text}");
        }
        assert!(states("doas: Operation not permitted", "not-in-sudoers"));
    }

    #[test]
    fn the_field_of_the_status_file() {
        let set = |text: &str| {
            read_text(text).facts.find(|p| *p == whodenied_case::Predicate::NoNewPrivs(true)).is_some()
        };
        assert!(set("it fails with `NoNewPrivs: 1` in the pod") && set("# NoNewPrivs:\t1"));
        assert!(!set("NoNewPrivs: 0") && !set("NoNewPrivs is not set"));
    }
}
