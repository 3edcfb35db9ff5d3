//! Lines of strace, ltrace and perf trace: `openat(AT_FDCWD, "/x", O_RDONLY) = -1 EACCES (…)`.

use super::call_expr::{self, Expression};
use super::guard;
use super::object;
use std::ops::Range;
use whodenied_case::{Failure, ObjectKind};
use whodenied_kernel::{Call, Errno};

/// Calls whose ENOSYS every C library answers by taking the older call.
const FALLS_BACK: [&str; 9] = [
    "clone3",
    "rseq",
    "openat2",
    "faccessat2",
    "close_range",
    "epoll_pwait2",
    "set_robust_list",
    "fchmodat2",
    "statx",
];

/// The failed call of a traced line and where it stands.
pub(crate) fn read(text: &str) -> Option<(Failure, Range<usize>)> {
    if let Some(found) = killed(text) {
        return Some(found);
    }
    let result = text.find("= -1 E").or_else(|| text.find("= -1 (E"))?;
    let name_at = result + text.get(result..)?.find('E')?;
    let rest = text.get(name_at..)?;
    let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric()).count();
    let errno = match rest.get(..len)? {
        "ENOTSUP" => Errno::EOPNOTSUPP,
        name => Errno::from_name(name)?,
    };
    let end = rest.find(')').map_or(name_at + len, |i| name_at + i + 1);
    let expression = expression(text, result)?;
    let syscall = expression.name.trim_start_matches("SYS_");
    let syscall = call_expr::numbered(syscall).unwrap_or(syscall).to_owned();
    let syscall_known = Call::from_syscall(&syscall).is_some();
    let mut failure = Failure {
        call: Some(expression.call),
        syscall: syscall_known.then_some(syscall.clone()),
        args: expression.args,
        object: expression.object,
        errno: Some(errno),
        ..Failure::default()
    };
    // strace -f by perf trace names the program: `0.1 ( 0.0 ms): curl/123 connect(…`.
    failure.program = text.get(..expression.at.start).and_then(program);
    failure.kind = kind(&failure);
    let harmless = errno == Errno::ENOSYS && FALLS_BACK.contains(&syscall.as_str());
    (!harmless && guard::plausible(&failure, "")).then_some((failure, expression.at.start..end))
}

fn expression(text: &str, result: usize) -> Option<Expression> {
    if let Some(at) = text.find("<... ") {
        let rest = text.get(at + 5..)?;
        let name = rest.split([' ', '>']).next()?;
        let call = call_expr::family(name)?;
        return Some(Expression {
            name: name.to_owned(),
            call,
            args: Vec::new(),
            object: None,
            at: at..result,
        });
    }
    call_expr::find(text, 0).filter(|e| e.at.start < result)
}

fn program(before: &str) -> Option<String> {
    let word = before.split_whitespace().last()?;
    let (name, pid) = word.rsplit_once('/')?;
    (pid.bytes().all(|b| b.is_ascii_digit()) && !pid.is_empty() && !name.is_empty()).then(|| name.to_owned())
}

/// The kind of object of a failure with socket arguments.
pub(crate) fn kind(failure: &Failure) -> ObjectKind {
    let domain = failure.arg("domain").unwrap_or("");
    let kind = failure.arg("type").unwrap_or("");
    match failure.call {
        Some(Call::Socket | Call::Socketpair) => match domain {
            "AF_UNIX" | "PF_UNIX" | "AF_LOCAL" | "PF_LOCAL" => ObjectKind::UnixSocket,
            "AF_NETLINK" | "PF_NETLINK" => ObjectKind::NetlinkSocket,
            "AF_PACKET" | "PF_PACKET" => ObjectKind::RawSocket,
            _ if kind.contains("SOCK_RAW") => ObjectKind::RawSocket,
            _ if kind.contains("SOCK_DGRAM")
                && failure.arg("protocol").is_some_and(|p| p.contains("ICMP")) =>
            {
                ObjectKind::PingSocket
            }
            "" => failure.call.map_or(ObjectKind::Unknown, object::default_kind),
            _ => ObjectKind::OtherSocket,
        },
        Some(Call::Bind | Call::Connect) if failure.arg("port").is_some() => ObjectKind::Port,
        call => match (&failure.object, call) {
            (Some(name), call) => object::kind(name, call),
            (None, Some(call)) => object::default_kind(call),
            (None, None) => ObjectKind::Unknown,
        },
    }
}

/// `--- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, …, si_syscall=__NR_setpriority, …} ---`
fn killed(text: &str) -> Option<(Failure, Range<usize>)> {
    let at = text.find("--- SIGSYS")?;
    let rest = text.get(at..)?;
    let name = rest.split("si_syscall=").nth(1).map(|n| n.trim_start_matches("__NR_"));
    let name = name.and_then(|n| n.split([',', ' ', '}']).next()).unwrap_or("");
    let mut failure = Failure::default();
    failure.args.push(("signal".to_owned(), "SIGSYS".to_owned()));
    failure.call = Call::from_syscall(name);
    failure.syscall = (!name.is_empty()).then(|| name.to_owned());
    failure.kind = failure.call.map_or(ObjectKind::Unknown, object::default_kind);
    Some((failure, at..text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traced_lines() {
        type Row = (&'static str, Call, &'static str, Option<&'static str>, Errno, ObjectKind);
        let rows: &[Row] = &[
            (
                r#"[pid  4711] 12:00:01.5 openat(AT_FDCWD, "/etc/shadow", O_RDONLY|O_CLOEXEC) = -1 EACCES (Permission denied)"#,
                Call::Open,
                "openat",
                Some("/etc/shadow"),
                Errno::EACCES,
                ObjectKind::Path,
            ),
            (
                "socketpair(AF_UNIX, SOCK_STREAM, 0, 0x7ffd) = -1 EACCES (Permission denied)",
                Call::Socketpair,
                "socketpair",
                None,
                Errno::EACCES,
                ObjectKind::UnixSocket,
            ),
            (
                "<... mount resumed>) = -1 EPERM (Operation not permitted)",
                Call::Mount,
                "mount",
                None,
                Errno::EPERM,
                ObjectKind::MountPoint,
            ),
            (
                "     0.123 ( 0.004 ms): curl/512 socket(family: INET, type: RAW) = -1 EPERM (Operation not permitted)",
                Call::Socket,
                "socket",
                None,
                Errno::EPERM,
                ObjectKind::OtherSocket,
            ),
            (
                "bind(5, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = -1 EACCES (Permission denied)",
                Call::Bind,
                "bind",
                Some("80"),
                Errno::EACCES,
                ObjectKind::Port,
            ),
            (
                "setpriority(PRIO_PROCESS, 0, -5) = -1 EACCES (Permission denied)",
                Call::Setpriority,
                "setpriority",
                None,
                Errno::EACCES,
                ObjectKind::Process,
            ),
        ];
        for (text, call, syscall, object, errno, kind) in rows {
            let (f, _) = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (f.call, f.syscall.as_deref(), f.object.as_deref(), f.errno, f.kind),
                (Some(*call), Some(*syscall), *object, Some(*errno), *kind),
                "{text}"
            );
        }
    }

    #[test]
    fn ordinary_results_are_no_refusal() {
        for text in [
            r#"access("/etc/ld.so.preload", R_OK) = -1 ENOENT (No such file or directory)"#,
            "ioctl(1, TCGETS, 0x7ff) = -1 ENOTTY (Inappropriate ioctl for device)",
            "connect(3, {sa_family=AF_INET, sin_port=htons(80)}, 16) = -1 ECONNREFUSED (Connection refused)",
            "clone3({flags=CLONE_VM}, 88) = -1 ENOSYS (Function not implemented)",
            "read(3, 0x1, 4) = 4",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn death_by_filter() {
        let (f, _) = read("--- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x7f, si_syscall=__NR_setpriority, si_arch=AUDIT_ARCH_X86_64} ---").unwrap();
        assert_eq!((f.call, f.arg("signal")), (Some(Call::Setpriority), Some("SIGSYS")));
    }
}
