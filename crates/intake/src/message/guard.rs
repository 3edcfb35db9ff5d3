//! What only mentions a refusal, and errors that are none.

use super::errno_text::Mention;
use super::object;
use super::unit::Unit;
use super::verbs;
use whodenied_case::{Failure, ObjectKind};
use whodenied_kernel::{Call, Errno};

/// Words that lead a line and name no program.
const STOP_WORDS: &[&str] = &[
    "erro",
    "debug1",
    "debug2",
    "debug3",
    "getcwd",
    "code",
    "syscall",
    "path",
    "kind",
    "name",
    "type",
    "stack",
    "fata",
    "debu",
    "got",
    "error.",
    "error",
    "warning",
    "warn",
    "fatal",
    "failed",
    "failure",
    "info",
    "debug",
    "notice",
    "alert",
    "crit",
    "critical",
    "panic",
    "emerg",
    "err",
    "exception",
    "note",
    "hint",
    "cause",
    "caused",
    "reason",
    "details",
    "message",
    "msg",
    "output",
    "result",
    "log",
    "logs",
    "stderr",
    "stdout",
    "status",
    "e",
    "w",
    "i",
    "f",
    "unknown",
    "trace",
    "time",
    "level",
    "title",
    "description",
    "summary",
    "expected",
    "actual",
    "problem",
    "issue",
    "bug",
    "runtime",
    "host",
    "software",
    "config",
    "events",
    "reply",
    "update",
    "edit",
    "errno",
    "oserror",
    "ioerror",
];

/// True for words that introduce a message.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.iter().any(|s| word.eq_ignore_ascii_case(s))
}

/// A refusal by a server, a database or an account system: nothing the kernel was asked.
const REMOTE: [&str; 42] = [
    "denied for user ",
    "(publickey",
    "publickey)",
    "publickey,",
    "gssapi",
    "keyboard-interactive",
    "please try again",
    "for user '",
    "for user \"",
    "access denied for user",
    "for table",
    "for schema",
    "for relation",
    "for database",
    "for sequence",
    "for function",
    "for view",
    "for materialized view",
    "for tablespace",
    "denied for type ",
    "using password",
    "http 403",
    "status 403",
    "status code 403",
    "403 forbidden",
    "code: 403",
    "status: 403",
    "requested access to the resource",
    "access token",
    "bearer",
    "sqlstate",
    "for organization",
    "to organization",
    "iam ",
    "s3://",
    " s3:",
    "assumerole",
    "google.rpc",
    "grpc-status: 7",
    "for resource",
    "auth failed",
    "login incorrect",
];

/// Words before a mention that make it a possibility, not an event.
const CONDITIONAL: [&str; 30] = [
    "if ",
    "in case ",
    "might ",
    "may get",
    "may fail",
    "could get",
    "would get",
    "to avoid ",
    "avoids ",
    "avoid ",
    "to prevent ",
    "prevents ",
    "e.g. ",
    "for example",
    "such as ",
    "make sure",
    "ensure ",
    "check that",
    "check whether",
    "check if",
    "whether ",
    "should be ",
    "must be ",
    "to fix ",
    "fixes ",
    "how to ",
    "no longer ",
    "instead of ",
    "without ",
    "never ",
];

/// Words that make a sentence the report of an event.
const EVENT: [&str; 34] = [
    "get ",
    "gets ",
    "got ",
    "getting ",
    "gives ",
    "gave ",
    "giving ",
    "fail",
    "error",
    "denied",
    "see ",
    "seeing ",
    "saw ",
    "throws ",
    "threw ",
    "returns ",
    "returned ",
    "receive",
    "cannot",
    "can't",
    "can not",
    "could not",
    "couldn't",
    "unable",
    "refus",
    "crash",
    "shows ",
    "says ",
    "said ",
    "prints",
    "results in",
    "with ",
    "ends in",
    "due to",
];

/// Whether the mention is a failure that happened: `None` when it is not, `Some(true)` when a person
/// tells it in a sentence, `Some(false)` when a program printed it.
pub(crate) fn telling(unit: &Unit, mention: &Mention, left: &str, right: &str) -> Option<bool> {
    let low = unit.low.as_str();
    if REMOTE.iter().any(|r| low.contains(r)) && !low.contains("docker.sock") {
        return None;
    }
    let before = left.trim_end();
    let bare = before.trim_start_matches(['#', '>', '-', '*', ' ', '`', '/']);
    let low_left = left.to_ascii_lowercase();
    let conditional = CONDITIONAL.iter().any(|c| low_left.contains(c));
    if mention.inferred
        && (conditional || low.contains("try ") && !low.contains("retry") || low.trim_end().ends_with('?'))
    {
        return None;
    }
    let by_name = unit
        .text
        .get(mention.at.start..)
        .is_some_and(|t| t.starts_with('E') && t.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase));
    let by_number =
        unit.text.get(mention.at.start..).is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()));
    // `Uncaught PermissionDenied: …`: the name of an exception.
    let exception = unit.text.get(mention.at.start..).is_some_and(|t| {
        let word: &str = t.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().skip(1).any(|c| c.is_ascii_uppercase())
            && word.chars().any(|c| c.is_ascii_lowercase())
    });
    // `device permission denied: /dev/i2c-1`: what was refused follows.
    let followed = [": /", ": '/", ": \"/", ": `/"].iter().any(|p| right.starts_with(p));
    let printed = bare.is_empty()
        || ((exception || followed) && !conditional)
        || (by_number && !conditional)
        || right.starts_with(" - ")
        || (by_name && !mention.inferred && !conditional)
        || before
            .ends_with([':', '(', '[', '=', '"', '\'', '`', ',', '|', '{', '：', '-', '>', '.', '“', '‘'])
        || verbs::verb(before).is_some_and(|v| v.strong && v.at.end == before.len());
    let quoted = before.ends_with(['"', '\'', '`', '“', '‘']);
    if printed && !(quoted && conditional) {
        let comment = before.ends_with(['-', '.']) && conditional;
        return (!comment).then_some(false);
    }
    if mention.inferred {
        // `/data is not writable` is what a program prints.
        return Some(false);
    }
    if conditional {
        return None;
    }
    let low_right = right.to_ascii_lowercase();
    let event = EVENT.iter().any(|e| low_left.contains(e))
        || low_right.trim_start().starts_with("while ")
        || low_right.trim_start().starts_with("when ");
    event.then_some(true)
}

/// True when this error of this call can be a refusal. Of EACCES, EPERM and EROFS always; other
/// errors only where a layer is known to answer with them.
pub(crate) fn plausible(failure: &Failure, low: &str) -> bool {
    use Call as C;
    let Some(errno) = failure.errno else { return true };
    let call = failure.call;
    let is = |calls: &[Call]| call.is_some_and(|c| calls.contains(&c));
    match errno {
        Errno::EACCES | Errno::EPERM | Errno::EROFS => true,
        // A call the kernel or a filter does not know.
        Errno::ENOSYS => {
            call.is_none_or(|c| !matches!(c, C::Dbus | C::Send | C::Recv))
                || low.contains("seccomp")
                || low.contains("syscall")
        }
        Errno::EAFNOSUPPORT | Errno::EPROTONOSUPPORT | Errno::ESOCKTNOSUPPORT => {
            !low.contains("::") && !low.contains("ipv6") && !low.contains("inet6")
        }
        Errno::EINVAL => {
            is(&[
                C::Chown,
                C::Setrlimit,
                C::Mount,
                C::LabelChange,
                C::Setuid,
                C::Setgid,
                C::Setgroups,
                C::IdMap,
                C::Capset,
                C::Unshare,
                C::UsernsCreate,
            ]) || (is(&[C::SysctlWrite, C::Write, C::Open, C::Create]) && low.contains("/proc/sys"))
                || (is(&[C::Socket]) && low.contains("audit"))
                || (is(&[C::Write, C::Open]) && (low.contains("cgroup") || low.contains("rt_runtime")))
        }
        Errno::EIO => is(&[C::Chmod, C::Chown, C::Utime, C::Xattr]),
        Errno::EMFILE | Errno::ENOSPC => {
            is(&[C::Inotify])
                || errno == Errno::ENOSPC && is(&[C::UsernsCreate, C::Unshare])
                || low.contains("inotify")
        }
        // `do_execveat_common` answers EAGAIN to a user who is over the limit of processes.
        Errno::EAGAIN => is(&[C::Clone, C::Mlock, C::Setuid, C::Exec]),
        Errno::ENOMEM => is(&[C::Mlock, C::IoUring, C::Bpf]) || low.contains("memlock"),
        Errno::EDQUOT => is(&[C::Keyctl]) || low.contains("key"),
        Errno::EOVERFLOW => call.is_some_and(object::on_files),
        Errno::EXDEV => is(&[C::Rename, C::Link]),
        // Interpreters number the error and name the file; the call stands in the traceback.
        Errno::EOPNOTSUPP
            if failure.object.as_deref().is_some_and(|o| o.starts_with('/'))
                && ["[errno 95]", "(os error 95)"].iter().any(|w| low.contains(w)) =>
        {
            true
        }
        Errno::EOPNOTSUPP => is(&[
            C::Xattr,
            C::LandlockRestrict,
            C::PerfEventOpen,
            C::Chmod,
            C::Chown,
            C::Symlink,
            C::Link,
            C::Flock,
        ]),
        // The label asked for is not loaded, or the program that loads policy is not there.
        Errno::ENOENT => {
            is(&[C::LabelChange]) && low.contains("attr/")
                || is(&[C::PolicyLoad]) && low.contains("apparmor_parser")
        }
        // A signature that lockdown or Secure Boot asks for.
        Errno::ENOKEY => is(&[C::Module]),
        Errno::EUSERS => is(&[C::Unshare, C::UsernsCreate]),
        _ => false,
    }
}

/// True when the object is a public address, so that a refusal is one of a network.
pub(crate) fn remote_object(failure: &Failure) -> bool {
    failure.kind == ObjectKind::Unknown
        && failure.object.as_deref().is_some_and(|o| o.contains("://") && !o.starts_with("unix"))
}
