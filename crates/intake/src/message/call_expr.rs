//! Call expressions as tracers print them and people paste them: `openat(AT_FDCWD, "/x", O_RDONLY)`.

use std::ops::Range;
use whodenied_kernel::Call;

/// A call expression read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression {
    /// The function's name as printed.
    pub(crate) name: String,
    pub(crate) call: Call,
    /// Arguments by name.
    pub(crate) args: Vec<(String, String)>,
    /// The path, address or port among the arguments.
    pub(crate) object: Option<String>,
    /// Where the expression stands, both brackets included where they are there.
    pub(crate) at: Range<usize>,
}

/// Library functions whose failure is that of a system call.
const WRAPPERS: &[(&str, Call)] = &[
    ("fopen", Call::Open),
    ("opendir", Call::Readdir),
    ("scandir", Call::Readdir),
    ("mq_open", Call::Mqueue),
    ("shm_open", Call::Open),
    ("pthread_create", Call::Clone),
    ("io_uring_queue_init", Call::IoUring),
    ("io_uring_queue_init_params", Call::IoUring),
    ("getifaddrs", Call::Netlink),
    ("initgroups", Call::Setgroups),
    ("seteuid", Call::Setuid),
    ("setegid", Call::Setgid),
    ("execv", Call::Exec),
    ("execvp", Call::Exec),
    ("posix_spawn", Call::Exec),
    ("posix_spawnp", Call::Exec),
    ("daemon", Call::Clone),
    ("prlimit", Call::Setrlimit),
    ("pthread_setschedparam", Call::Sched),
    ("pthread_setaffinity_np", Call::Sched),
    ("posix_fadvise", Call::Fadvise),
    ("mkstemp", Call::Create),
    ("mkdtemp", Call::Mkdir),
    ("mkfifo", Call::Mknod),
    ("dlopen", Call::Mmap),
    ("sysctl", Call::SysctlWrite),
    ("umount", Call::Umount),
    ("send", Call::Send),
    ("recv", Call::Recv),
    ("lutimes", Call::Utime),
    ("futimens", Call::Utime),
    ("numa_set_preferred", Call::Mempolicy),
];

/// The call that a tracer older than it prints by its number: `syscall_0x1b7(…)`, `syscall_439(…)`. Such
/// a number is beyond the table of the tracer, where all architectures count alike.
pub(crate) fn numbered(name: &str) -> Option<&'static str> {
    let number = name.strip_prefix("syscall_")?;
    let number = match number.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    whodenied_kernel::syscall::Arch::X86_64.syscall_name(number).filter(|_| number >= 424)
}

/// The family of a system call or well-known library function.
pub(crate) fn family(name: &str) -> Option<Call> {
    let name = name.strip_prefix("SYS_").or_else(|| name.strip_prefix("__NR_")).unwrap_or(name);
    Call::from_syscall(numbered(name).unwrap_or(name))
        .or_else(|| WRAPPERS.iter().find(|(w, _)| *w == name).map(|(_, c)| *c))
        .or_else(|| name.strip_prefix("sys_").and_then(Call::from_syscall))
        .or_else(|| name.strip_prefix("fts_open").map(|_| Call::Readdir))
}

/// The first call expression of `text` at or after `from`.
pub(crate) fn find(text: &str, from: usize) -> Option<Expression> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(skip) = memchr::memchr(b'(', bytes.get(at..)?) {
        let open = at + skip;
        at = open + 1;
        let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
        let len = bytes.get(..open)?.iter().rev().take_while(|b| word(b)).count();
        let start = open - len;
        let Some(name) = text.get(start..open).filter(|n| !n.is_empty()) else { continue };
        let Some(call) = family(name) else { continue };
        let (inner, end) = balanced(text, open);
        let mut found =
            Expression { name: name.to_owned(), call, args: Vec::new(), object: None, at: start..end };
        name_arguments(&mut found, &split(inner));
        return Some(found);
    }
    None
}

/// The text between the bracket at `open` and its partner, and where it ends. An expression cut off
/// ends with the text.
fn balanced(text: &str, open: usize) -> (&str, usize) {
    let mut depth = 0usize;
    let mut quote = None;
    let mut escaped = false;
    for (i, c) in text.get(open..).unwrap_or("").char_indices().take(4096) {
        if escaped {
            escaped = false;
            continue;
        }
        match (quote, c) {
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some(c),
            (None, '(' | '{' | '[') => depth += 1,
            (None, ')' | '}' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (text.get(open + 1..open + i).unwrap_or(""), open + i + 1);
                }
            }
            _ => {}
        }
    }
    (text.get(open + 1..).unwrap_or(""), text.len())
}

/// The arguments between commas of the outermost level.
fn split(inner: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut depth, mut quote, mut escaped, mut start) = (0i32, false, false, 0);
    for (i, c) in inner.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' if quote => escaped = true,
            '"' => quote = !quote,
            '(' | '{' | '[' if !quote => depth += 1,
            ')' | '}' | ']' if !quote => depth -= 1,
            ',' if !quote && depth <= 0 => {
                out.push(inner.get(start..i).unwrap_or("").trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    out.push(inner.get(start..).unwrap_or("").trim());
    out.truncate(8);
    out
}

/// The names of the arguments by position; `-` for those that tell nothing.
fn positions(name: &str, call: Call) -> &'static [&'static str] {
    match name {
        "openat" | "openat2" => return &["-", "path", "flags", "mode"],
        "mkdirat" | "fchmodat" | "fchmodat2" | "faccessat" | "faccessat2" | "unlinkat" | "readlinkat" => {
            return &["-", "path", "mode", "flags"];
        }
        "mknodat" => return &["-", "path", "mode", "dev"],
        "fchownat" => return &["-", "path", "uid", "gid", "flags"],
        "newfstatat" | "utimensat" | "execveat" => return &["-", "path"],
        "statx" => return &["-", "path", "flags", "mask"],
        "renameat" | "renameat2" | "linkat" => return &["-", "path", "-", "target", "flags"],
        "symlinkat" => return &["target", "-", "path"],
        "symlink" => return &["target", "path"],
        "move_mount" => return &["-", "source", "-", "path", "flags"],
        "fsopen" => return &["fstype", "flags"],
        "tgkill" => return &["-", "pid", "signal"],
        "set_mempolicy" => return &["mode"],
        "mbind" => return &["-", "-", "mode"],
        "prlimit64" | "prlimit" => return &["pid", "resource"],
        "add_key" | "request_key" => return &["type", "description"],
        "sched_setaffinity" => return &["pid"],
        "seccomp" => return &["operation", "flags"],
        "inotify_add_watch" => return &["-", "path"],
        "fanotify_mark" => return &["-", "flags", "mask"],
        "ioprio_set" => return &["which", "who", "ioprio"],
        "setsockopt" | "getsockopt" => return &["-", "level", "option"],
        _ => {}
    }
    match call {
        Call::Open | Call::Create => &["path", "flags", "mode"],
        Call::Stat
        | Call::Readdir
        | Call::Readlink
        | Call::Chdir
        | Call::Unlink
        | Call::Exec
        | Call::Chroot => &["path"],
        Call::Access | Call::Mkdir | Call::Chmod => &["path", "mode"],
        Call::Mknod => &["path", "mode", "dev"],
        Call::Chown => &["path", "uid", "gid"],
        Call::Rename | Call::Link => &["path", "target"],
        Call::Xattr => &["path", "name"],
        Call::Truncate | Call::Utime | Call::Mqueue | Call::Swap | Call::Acct => &["path"],
        Call::Socket | Call::Socketpair => &["domain", "type", "protocol"],
        Call::Bind | Call::Connect => &["-", "address"],
        Call::Mount => &["source", "path", "fstype", "flags", "data"],
        Call::Umount => &["path", "flags"],
        Call::PivotRoot => &["path", "put_old"],
        Call::Kill => &["pid", "signal"],
        Call::Ptrace => &["request", "pid"],
        Call::Clone | Call::Unshare | Call::UsernsCreate => &["flags"],
        Call::Setns => &["-", "nstype"],
        Call::Mmap => &["-", "length", "prot", "flags"],
        Call::Mprotect => &["-", "length", "prot"],
        Call::Prctl => &["option", "arg2"],
        Call::Bpf => &["cmd"],
        Call::Keyctl => &["operation"],
        Call::Personality => &["persona"],
        Call::Sched => &["pid", "policy"],
        Call::Setpriority => &["which", "who", "priority"],
        Call::Setrlimit => &["resource"],
        Call::IoUring => &["entries"],
        Call::Ioctl => &["fd", "request"],
        Call::Setuid | Call::Setgid => &["id"],
        Call::Inotify => &["flags"],
        Call::PerfEventOpen => &["attr"],
        Call::SysctlWrite => &["sysctl"],
        _ => &[],
    }
}

fn name_arguments(found: &mut Expression, values: &[&str]) {
    // `ioctl(TUNSETIFF)`, `setns(CLONE_NEWNET)`: a program names the argument that tells.
    if let [value] = values
        && matches!(found.call, Call::Ioctl | Call::Setns)
    {
        let key = if found.call == Call::Ioctl { "request" } else { "nstype" };
        found.args.push((key.to_owned(), (*value).to_owned()));
        return;
    }
    for (value, position) in values.iter().zip(positions(&found.name, found.call)) {
        // perf trace prints the names itself: `filename: "/x"`.
        let value = value.split_once(": ").map_or(*value, |(key, v)| if is_key(key) { v } else { value });
        let value = value.trim();
        if *position == "-" || value.is_empty() || value == "NULL" {
            continue;
        }
        let text = unquote(value);
        match *position {
            "path" => {
                let key = if value.starts_with(['"', '\'']) { "path" } else { "path_expression" };
                if key == "path" {
                    found.object = Some(text.to_owned());
                }
                found.args.push((key.to_owned(), text.to_owned()));
            }
            "address" => address(found, value),
            "flags" if matches!(found.call, Call::Clone | Call::Unshare) => {
                let flags = field(value, "flags=").unwrap_or(value);
                if flags.contains("CLONE_NEWUSER") {
                    found.call = Call::UsernsCreate;
                } else if flags.contains("CLONE_NEW") {
                    found.call = Call::Unshare;
                }
                found.args.push(("flags".to_owned(), flags.to_owned()));
            }
            key => found.args.push((key.to_owned(), text.trim_start_matches("libc::").to_owned())),
        }
    }
    // glibc's clone() has its flags third: clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD).
    if found.call == Call::Clone
        && let Some(flags) = values.iter().find(|v| v.contains("CLONE_NEW"))
    {
        found.call = if flags.contains("CLONE_NEWUSER") { Call::UsernsCreate } else { Call::Unshare };
        let flags = field(flags, "flags=").unwrap_or(flags);
        found.args.retain(|(k, _)| k != "flags");
        found.args.push(("flags".to_owned(), flags.to_owned()));
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() < 20 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn unquote(value: &str) -> &str {
    let value = value.trim_end_matches("...");
    value.strip_prefix('"').map_or(value, |v| v.strip_suffix('"').unwrap_or(v))
}

fn field<'a>(value: &'a str, key: &str) -> Option<&'a str> {
    let rest = value.get(value.find(key)? + key.len()..)?;
    let end = rest.find([',', '}', ' ']).unwrap_or(rest.len());
    rest.get(..end)
}

/// `{sa_family=AF_INET, sin_port=htons(80), …}`, `{sa_family=AF_UNIX, sun_path="/x"}`.
fn address(found: &mut Expression, value: &str) {
    if let Some(family) = field(value, "sa_family=") {
        found.args.push(("domain".to_owned(), family.to_owned()));
    }
    for key in ["sin_port=htons(", "sin6_port=htons("] {
        let port = field(value, key).map(|p| p.trim_end_matches(')'));
        if let Some(port) = port.filter(|p| p.bytes().all(|b| b.is_ascii_digit()) && !p.is_empty()) {
            found.args.push(("port".to_owned(), port.to_owned()));
            found.object = Some(port.to_owned());
        }
    }
    if let Some(at) = value.find("sun_path=") {
        let abstract_name = value.get(at + 9..).is_some_and(|t| t.starts_with('@'));
        let path = value.get(at + 9..).unwrap_or("").trim_start_matches('@').trim_start_matches('"');
        let path = path.split('"').next().unwrap_or(path);
        found.object = Some(if abstract_name { format!("@{path}") } else { path.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arg<'a>(e: &'a Expression, key: &str) -> &'a str {
        e.args.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v)
    }

    #[test]
    fn calls_by_number() {
        assert_eq!(numbered("syscall_0x1b7"), Some("faccessat2"));
        assert_eq!(numbered("syscall_435"), Some("clone3"));
        assert_eq!(numbered("syscall_437"), Some("openat2"));
        // Below, numbers differ between architectures.
        assert_eq!(numbered("syscall_59"), None);
        assert_eq!(numbered("syscall_x"), None);
    }

    #[test]
    fn names_the_arguments() {
        let e = find("x = socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0)", 0).unwrap();
        assert_eq!(
            (e.call, arg(&e, "domain"), arg(&e, "type")),
            (Call::Socketpair, "AF_UNIX", "SOCK_STREAM|SOCK_CLOEXEC")
        );
        let e = find(r#"openat(AT_FDCWD, "/etc/x, y", O_RDONLY|O_CLOEXEC) = -1"#, 0).unwrap();
        assert_eq!((e.call, e.object.as_deref()), (Call::Open, Some("/etc/x, y")));
        let e = find(r#"mount("proc", "/proc", "proc", MS_NOSUID, NULL)"#, 0).unwrap();
        assert_eq!(
            (e.object.as_deref(), arg(&e, "fstype"), arg(&e, "source")),
            (Some("/proc"), "proc", "proc")
        );
        let e =
            find("bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"0.0.0.0\")}, 16)", 0)
                .unwrap();
        assert_eq!((e.call, arg(&e, "port")), (Call::Bind, "80"));
        let e = find("connect(3, {sa_family=AF_UNIX, sun_path=\"/run/docker.sock\"}, 110)", 0).unwrap();
        assert_eq!(e.object.as_deref(), Some("/run/docker.sock"));
        let e = find("clone3({flags=CLONE_VM|CLONE_FS, child_tid=0x7f}, 88)", 0).unwrap();
        assert_eq!((e.call, arg(&e, "flags")), (Call::Clone, "CLONE_VM|CLONE_FS"));
        let e = find("clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD)", 0).unwrap();
        assert_eq!(e.call, Call::UsernsCreate);
        let e = find("openat(dfd: CWD, filename: \"/etc/shadow\", flags: RDONLY)", 0).unwrap();
        assert_eq!(e.object.as_deref(), Some("/etc/shadow"));
        let e = find("if unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &rlimit) } != 0 {", 0).unwrap();
        assert_eq!((e.call, arg(&e, "resource")), (Call::Setrlimit, "RLIMIT_MEMLOCK"));
    }

    #[test]
    fn cut_off_and_hostile() {
        assert!(find("open((((((((((", 0).is_some());
        assert!(find("openat(AT_FDCWD, \"/x\\", 0).is_some());
        assert!(find("printf(\"x\")", 0).is_none());
        assert!(find("é(ü(", 0).is_none());
    }
}
