//! Operation and object by meaning: the words that a case's truth uses for them against the words of
//! the report.
//!
//! Mechanical, and so an approximation: an operation is right when the two texts share a family of calls;
//! an object when they share a path (the same, one below the other, or the same last name), a port, or a
//! concept such as "a socket"; or when the report names only its kind, or nothing, and the truth's own name
//! stands nowhere in the evidence.

/// Words of one family of operations, in lower case.
const OPERATIONS: &[&[&str]] = &[
    &[
        "open",
        "openat",
        "openat2",
        "read",
        "write",
        "create",
        "creat",
        "truncate",
        "append",
        "stat",
        "lstat",
        "statx",
        "access",
        "faccessat",
        "faccessat2",
        "opendir",
        "scandir",
        "readdir",
        "list",
        "search",
        "lookup",
        "chdir",
        "getattr",
        "touch",
        "log",
        "enter",
        "traverse",
        "path",
        "file",
        "unlinkat",
    ],
    &["mkdir", "mkdirat", "create", "mknod", "directory"],
    &["mknod", "device", "node", "create"],
    &["unlink", "rmdir", "remove", "delete", "rename", "unlinkat"],
    &["link", "symlink", "hardlink"],
    &["chown", "lchown", "fchown", "fchownat", "ownership", "owner", "group", "relabel"],
    &["chmod", "fchmod", "fchmodat", "fchmodat2", "permissions", "mode", "utime", "utimensat", "attributes"],
    &["setxattr", "xattr", "label", "getxattr"],
    &["exec", "execve", "execute", "run", "spawn", "start", "setuid", "setgid", "binary"],
    &["mount", "remount", "umount", "umount2", "pivot_root", "bind-mount", "fuse"],
    &["socket", "socketpair", "af_unix", "af_inet", "sock_raw", "raw"],
    &["bind", "listen", "port"],
    &["connect", "dial", "sendmsg", "send"],
    &["shutdown", "accept", "recvmsg", "setsockopt", "getsockopt"],
    &["kill", "signal", "stop", "terminate"],
    &["ptrace", "attach", "trace", "process_vm_readv"],
    &[
        "unshare",
        "clone_newuser",
        "userns_create",
        "namespace",
        "uid_map",
        "gid_map",
        "newuidmap",
        "setns",
        "clone",
        "userns",
    ],
    &["clone", "clone3", "fork", "pthread_create", "thread"],
    &["setuid", "setgid", "setgroups", "capset", "credentials", "credential", "user"],
    &["mmap", "mprotect", "map", "execmem", "prot_exec"],
    &["mlock", "mlockall", "lock", "memlock"],
    &["setrlimit", "prlimit", "limit", "rlimit_memlock", "rlimit_nproc"],
    &["netlink", "rtm_newaddr", "iptables", "setsockopt", "getsockopt", "rtnetlink", "net_admin"],
    &["sysctl", "sysctls"],
    &["bpf", "kprobe", "ebpf", "bpf_map_create"],
    &["perf_event_open", "perf"],
    &["io_uring_setup", "io_uring"],
    &["keyctl", "add_key", "request_key", "keyring"],
    &["sched_setscheduler", "setpriority", "nice", "scheduling", "sched_setattr", "ioprio_set", "realtime"],
    &["inotify", "inotify_init", "inotify_init1", "inotify_add_watch"],
    &["dbus", "d-bus", "method", "bus", "message", "polkit"],
    &["ioctl", "fs_ioc_setflags", "chattr"],
    &["init_module", "finit_module", "module", "modprobe", "insmod"],
    &["landlock_restrict_self", "landlock_create_ruleset", "landlock", "sandbox"],
    &["change_onexec", "change_profile", "transition", "profile", "label"],
    &["clock_gettime", "clock_gettime64", "gettimeofday", "time", "clock"],
    &["clock_settime", "settimeofday", "adjtimex", "stime"],
    &["sethostname", "hostname", "setdomainname"],
    &["personality", "addr_no_randomize"],
    &["syslog", "dmesg"],
    &["check", "ownership", "refusal", "own"],
    &["capability", "capable", "cap_sys_admin"],
    &["message", "queue", "mqueue", "mq_open", "posix_mqueue"],
    &["kexec_load", "reboot", "swapon", "iopl", "ioperm"],
    &["mbind", "set_mempolicy", "get_mempolicy"],
    &["load", "policy", "profile"],
];

/// A write of a sysctl is an open or write of its file.
const BRIDGES: &[(&str, &str)] = &[("sysctl", "write"), ("sysctl", "open"), ("uid_map", "write")];

/// Words of one concept of an object.
const OBJECTS: &[&[&str]] = &[
    &["socket", "sockets", "pair", "channel"],
    &["process", "processes", "init", "pid", "credentials", "ids", "credential", "itself"],
    &["thread", "threads"],
    &["namespace", "namespaces", "uid_map", "userns"],
    &["memory", "map", "segment", "mmap", "pages", "page"],
    &["mount", "mountpoint", "fuse", "rootfs"],
    &["device", "devices", "node"],
    &["lo", "loopback", "interface", "address", "route"],
    &["profile", "label", "transition", "policy"],
    &["io_uring", "ring"],
    &["sandbox", "landlock"],
    &["scheduling", "nice", "rt", "bandwidth", "realtime", "scheduler", "sched_fifo"],
    &["limit", "limits", "rlimit_memlock", "rlimit_nproc", "rlimit_nofile", "pids"],
    &["bpf", "ebpf", "tracing", "kprobe", "perf", "event", "counters"],
    &["bus", "dbus", "service", "login1", "hostname1", "systemd1"],
    &["inotify", "watch", "instances"],
    &["queue", "mqueue"],
    &["clock", "time"],
    &["hostname", "name"],
    &["key", "keyring"],
    &["iptables", "nftables", "table", "netlink"],
    &["module", "kernel"],
    &["groups", "group", "gid", "uid", "user", "ids"],
    &["library", "executable", "program", "binary"],
];

/// Words that tell nothing.
const EMPTY: &[&str] = &[
    "the",
    "a",
    "an",
    "of",
    "in",
    "on",
    "by",
    "to",
    "for",
    "and",
    "or",
    "with",
    "without",
    "its",
    "own",
    "new",
    "not",
    "named",
    "evidence",
    "container",
    "containers",
    "file",
    "files",
    "directory",
    "path",
    "root",
    "host",
    "under",
    "from",
    "this",
    "that",
];

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

fn share(groups: &[&[&str]], a: &[String], b: &[String]) -> bool {
    let within = |group: &[&str], all: &[String]| all.iter().any(|w| group.contains(&w.as_str()));
    groups.iter().any(|g| within(g, a) && within(g, b))
}

/// True when the operation said is the established one.
pub fn same_operation(truth: &str, said: &str) -> bool {
    let (a, b) = (words(truth), words(said));
    let bridged = |x: &[String], y: &[String]| {
        BRIDGES.iter().any(|(p, q)| x.iter().any(|w| w == p) && y.iter().any(|w| w == q))
    };
    !truth.is_empty()
        && !said.is_empty()
        && (a.iter().any(|w| w.len() > 3 && !EMPTY.contains(&w.as_str()) && b.contains(w))
            || share(OPERATIONS, &a, &b)
            || bridged(&a, &b)
            || bridged(&b, &a))
}

/// Paths, dotted names and the like.
fn names(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';' | '"' | '\'' | '`'))
        .map(|w| w.trim_end_matches([':', '.', '/']).trim_start_matches('~').to_lowercase())
        .filter(|w| w.len() > 2 && w.contains(['/', '.', ':', '_', '-']))
        .collect()
}

fn base(name: &str) -> &str {
    name.rsplit(['/', '.']).find(|p| !p.is_empty()).unwrap_or(name)
}

fn same_name(a: &str, b: &str) -> bool {
    let parts = |n: &str| n.replace('/', ".").trim_matches('.').to_owned();
    let (x, y) = (parts(a), parts(b));
    let below = |n: &str, root: &str| {
        root.starts_with('/') && n.strip_prefix(root).is_some_and(|r| r.is_empty() || r.starts_with('/'))
    };
    x == y
        || below(a, b)
        || below(b, a)
        || (x.len() > 3
            && y.len() > 3
            && (x.ends_with(&y) || y.ends_with(&x) || x.starts_with(&y) || y.starts_with(&x)))
        || (base(a).len() > 3 && base(a) == base(b))
}

fn numbers(text: &str) -> Vec<String> {
    words(text).into_iter().filter(|w| w.len() > 1 && w.bytes().all(|b| b.is_ascii_digit())).collect()
}

/// True when the object said is the established one, given the whole evidence.
pub fn same_object(truth: &str, said: &str, evidence: &str) -> bool {
    if truth.is_empty() {
        return true;
    }
    let (ours, theirs) = (names(said), names(truth));
    if ours.iter().any(|a| theirs.iter().any(|b| same_name(a, b))) {
        return true;
    }
    if numbers(said).iter().any(|n| numbers(truth).contains(n)) {
        return true;
    }
    let (a, b) = (words(truth), words(said));
    let telling = |w: &&String| w.len() > 3 && !EMPTY.contains(&w.as_str());
    if share(OBJECTS, &a, &b) || a.iter().filter(telling).any(|w| b.contains(w)) {
        return true;
    }
    // Nothing in the evidence names what the truth names.
    let evidence = evidence.to_lowercase();
    let named = theirs.iter().any(|n| evidence.contains(base(n)))
        || a.iter().filter(telling).any(|w| evidence.contains(w.as_str()));
    let general = ["a ", "an ", "the ", "not named"].iter().any(|p| said.starts_with(p));
    general && !named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations() {
        for (truth, said) in [
            ("openat (re-open through /proc/self/fd) for write", "write a sysctl"),
            ("signal receive (quit, kill)", "send a signal"),
            ("clone(CLONE_NEWUSER) by the sandbox", "unshare(CLONE_NEWUSER)"),
            ("path search", "stat"),
            ("git ownership check", "the program's own check"),
            ("RTM_NEWADDR in the sandbox", "netlink request"),
        ] {
            assert!(same_operation(truth, said), "{truth} / {said}");
        }
        for (truth, said) in
            [("chmod", "open"), ("mount(fuse)", "access"), ("bind", "connect"), ("mkdir", "")]
        {
            assert!(!same_operation(truth, said), "{truth} / {said}");
        }
    }

    #[test]
    fn objects() {
        for (truth, said) in [
            ("/var/lib/pgsql on an NFS PVC", "/var/lib/pgsql"),
            ("TCP port 80", "0.0.0.0:80"),
            ("anonymous AF_UNIX stream socket pair", "a pair of Unix sockets without a path"),
            ("net.ipv4.ip_unprivileged_port_start", "/proc/sys/net/ipv4/ip_unprivileged_port_start"),
            ("/prometheus (volume root root:root 0755)", "/prometheus/queries.active"),
            ("container init", "the first process of the container"),
        ] {
            assert!(same_object(truth, said, ""), "{truth} / {said}");
        }
        assert!(!same_object("/dev/kvm", "/etc/passwd", ""));
        assert!(same_object("/srv/data", "not named in the evidence", "permission denied"));
        assert!(!same_object("/srv/data", "not named in the evidence", "can't open data in /srv/data"));
    }
}
