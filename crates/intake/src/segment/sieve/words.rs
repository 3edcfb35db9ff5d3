//! The words that make a line of a large log worth keeping.

/// What kind of line a word marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A record, or a kernel message that names a refusal.
    Record,
    /// A SYSCALL record of a call that failed.
    Syscall,
    /// A message.
    Prose,
}

/// Each is long or rare enough that ordinary logs seldom hold it, and its first four bytes are too: the
/// search looks for those.
pub(super) const WORDS: &[(&str, Class)] = &[
    // Without the quote, which JSON escapes.
    ("apparmor=", Class::Record),
    ("avc: ", Class::Record),
    (" type=1326", Class::Record),
    ("SECCOMP", Class::Record),
    ("blockers=", Class::Record),
    ("lsm=SMACK", Class::Record),
    ("Lockdown: ", Class::Record),
    ("ptrace attach of", Class::Record),
    ("Mount too revealing", Class::Record),
    ("by pids controller", Class::Record),
    ("IPE_ACCESS", Class::Record),
    (" type=1420", Class::Record),
    ("INTEGRITY_DATA", Class::Record),
    ("FANOTIFY", Class::Record),
    ("dec=deny", Class::Record),
    ("is preventing ", Class::Prose),
    // `success=no exit=-13`; the words before the sign stand in every record.
    ("=no exit=-1", Class::Syscall),
    ("=no exit=-30", Class::Syscall),
    ("=no exit=E", Class::Syscall),
    ("denied", Class::Prose),
    ("DENIED", Class::Prose),
    ("Denied", Class::Prose),
    ("not permitted", Class::Prose),
    ("EACCES", Class::Prose),
    ("EPERM", Class::Prose),
    ("EROFS", Class::Prose),
    ("ead-only file system", Class::Prose),
    ("not authorized", Class::Prose),
    ("nsufficient permission", Class::Prose),
    ("nsufficient privileges", Class::Prose),
    ("unction not implemented", Class::Prose),
    ("ot supported by protocol", Class::Prose),
    ("ad system call", Class::Prose),
    ("SIGSYS", Class::Prose),
    ("new privileges", Class::Prose),
    ("dubious ownership", Class::Prose),
    ("too large for defined", Class::Prose),
    ("Linux version ", Class::Prose),
    ("ermiso denegado", Class::Prose),
    ("ermission non accord", Class::Prose),
    ("Keine Berechtigung", Class::Prose),
    ("ermissão negada", Class::Prose),
    ("Отказано в доступе", Class::Prose),
    ("权限不够", Class::Prose),
];
