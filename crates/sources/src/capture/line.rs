//! A call as a line of strace's form, so that a trace reads alike whoever wrote it.

use crate::trace::DecodedCall;
use whodenied_kernel::Errno;

/// The line of a call that opened something that reads as empty: `… = 3, which reads as empty`.
#[must_use]
pub fn opened(pid: i32, call: &DecodedCall, value: i64) -> String {
    format!("{} = {value}, which reads as empty", head(pid, call))
}

/// `[pid 7] openat(AT_FDCWD, "/etc/shadow", O_RDONLY) = -1 EACCES (Permission denied)`. Values are
/// cut at 1024 characters; control characters are escaped, so that it is one line.
#[must_use]
pub fn line(pid: i32, call: &DecodedCall, errno: Errno) -> String {
    let mut out = head(pid, call);
    let name = errno.name().map_or_else(|| format!("E{}", errno.0), str::to_owned);
    out.push_str(&format!(" = -1 {name}"));
    if let Some(text) = errno.text() {
        out.push_str(&format!(" ({text})"));
    }
    out
}

/// Up to the closing parenthesis.
fn head(pid: i32, call: &DecodedCall) -> String {
    let mut out = format!("[pid {pid}] {}(", call.name);
    for (at, (name, value)) in call.args.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        // Structures are written with their members, as strace does.
        if name.contains('.') {
            out.push_str(name);
            out.push('=');
        }
        for c in value.chars().take(1024) {
            if c.is_control() {
                out.extend(c.escape_default());
            } else {
                out.push(c);
            }
        }
    }
    out.push(')');
    out
}

/// The line of strace for a call that a filter answered with SIGSYS.
#[must_use]
pub fn killed(pid: i32, call: &DecodedCall) -> String {
    format!(
        "[pid {pid}] --- SIGSYS {{si_signo=SIGSYS, si_code=SYS_SECCOMP, si_syscall=__NR_{}}} ---",
        call.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_whatever_it_holds() {
        let call = DecodedCall {
            name: "openat",
            args: vec![("dirfd", "AT_FDCWD".to_owned()), ("pathname", "\"/a\nb\"".to_owned())],
            object: None,
            second: None,
        };
        assert_eq!(
            line(7, &call, Errno::EACCES),
            "[pid 7] openat(AT_FDCWD, \"/a\\nb\") = -1 EACCES (Permission denied)"
        );
    }
}
