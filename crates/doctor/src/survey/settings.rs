//! Sysctls, limits, mounts and whatever else decides without a module.
//!
//! Sources: Documentation/admin-guide/sysctl of Linux, proc(5) and its pages, capabilities(7), seccomp(2).

use super::{Evidence, Group, Look, Row, row};
use whodenied_sources::Host;

/// A sysctl, what its values mean ("*" for any other).
type Meaning = (&'static str, &'static [(&'static str, &'static str)]);

const PRIVILEGES: &[Meaning] = &[
    (
        "kernel.unprivileged_bpf_disabled",
        &[
            ("0", "bpf(2) without privilege is possible"),
            ("1", "bpf(2) needs CAP_BPF, until the next boot"),
            ("2", "bpf(2) needs CAP_BPF"),
        ],
    ),
    (
        "kernel.perf_event_paranoid",
        &[
            ("-1", "perf is open to everyone"),
            ("0", "no raw tracepoints without privilege"),
            ("1", "no CPU-wide events without CAP_PERFMON"),
            ("2", "no kernel profiling without CAP_PERFMON"),
            ("*", "perf_event_open needs CAP_PERFMON (Debian, Ubuntu)"),
        ],
    ),
    (
        "kernel.dmesg_restrict",
        &[("0", "everyone may read the kernel log"), ("1", "the kernel log needs CAP_SYSLOG")],
    ),
    (
        "kernel.kptr_restrict",
        &[
            ("0", "kernel addresses are shown hashed"),
            ("1", "kernel addresses need CAP_SYSLOG"),
            ("2", "kernel addresses are hidden from everyone"),
        ],
    ),
    (
        "kernel.io_uring_disabled",
        &[
            ("0", "io_uring is open to everyone"),
            ("1", "io_uring needs CAP_SYS_ADMIN or the group kernel.io_uring_group"),
            ("2", "io_uring is off"),
        ],
    ),
    (
        "vm.unprivileged_userfaultfd",
        &[("0", "userfaultfd for user-mode faults only"), ("1", "userfaultfd is open to everyone")],
    ),
    ("dev.tty.legacy_tiocsti", &[("0", "TIOCSTI needs CAP_SYS_ADMIN"), ("1", "TIOCSTI is open")]),
    ("vm.mmap_min_addr", &[("*", "lower addresses need CAP_SYS_RAWIO to be mapped")]),
    (
        "vm.overcommit_memory",
        &[
            ("0", "memory is given by guess"),
            ("1", "memory is always promised"),
            ("2", "memory beyond the limit is refused with ENOMEM"),
        ],
    ),
    (
        "kernel.sched_rt_runtime_us",
        &[("-1", "real-time tasks are not limited"), ("*", "of each second for real-time tasks")],
    ),
];

const FILES: &[Meaning] = &[
    (
        "fs.protected_symlinks",
        &[
            ("0", "links in sticky directories are followed"),
            ("1", "links of others in sticky directories are not followed (EACCES)"),
        ],
    ),
    (
        "fs.protected_hardlinks",
        &[
            ("0", "anything may be hard-linked"),
            ("1", "files that one neither owns nor may write can't be hard-linked (EPERM)"),
        ],
    ),
    (
        "fs.protected_fifos",
        &[
            ("0", "not protected"),
            ("1", "O_CREAT on others' pipes in world-writable sticky directories fails (EACCES)"),
            ("2", "O_CREAT on others' pipes in group- or world-writable sticky directories fails (EACCES)"),
        ],
    ),
    (
        "fs.protected_regular",
        &[
            ("0", "not protected"),
            ("1", "O_CREAT on others' files in world-writable sticky directories fails (EACCES)"),
            ("2", "O_CREAT on others' files in group- or world-writable sticky directories fails (EACCES)"),
        ],
    ),
    (
        "fs.suid_dumpable",
        &[
            ("0", "programs that gained rights are hidden in /proc from their user"),
            ("1", "their user may dump them"),
            ("2", "they are dumped for root only"),
        ],
    ),
];

const NETWORK: &[Meaning] = &[
    (
        "net.ipv4.ip_unprivileged_port_start",
        &[
            ("0", "every port is open to every user"),
            ("*", "ports below it need CAP_NET_BIND_SERVICE (EACCES)"),
        ],
    ),
    (
        "net.ipv4.ping_group_range",
        &[
            ("1 0", "no group may ping without a raw socket"),
            ("0 2147483647", "every group may ping without a raw socket"),
            ("*", "these groups may ping without a raw socket"),
        ],
    ),
    (
        "net.ipv4.ip_nonlocal_bind",
        &[("0", "only own addresses can be bound"), ("1", "any address can be bound")],
    ),
];

const NAMESPACES: &[Meaning] = &[
    (
        "user.max_user_namespaces",
        &[("0", "no user namespace can be made (ENOSPC)"), ("*", "as many can be made by each user")],
    ),
    (
        "kernel.unprivileged_userns_clone",
        &[("0", "user namespaces need CAP_SYS_ADMIN (EPERM)"), ("1", "every user may make user namespaces")],
    ),
    (
        "user.max_mnt_namespaces",
        &[("0", "no mount namespace can be made (ENOSPC)"), ("*", "as many by each user")],
    ),
    (
        "user.max_net_namespaces",
        &[("0", "no network namespace can be made (ENOSPC)"), ("*", "as many by each user")],
    ),
];

const LOADING: &[Meaning] = &[
    ("kernel.modules_disabled", &[("0", "root may load modules"), ("1", "no module can be loaded any more")]),
    ("kernel.kexec_load_disabled", &[("0", "root may kexec"), ("1", "no kexec until the next boot")]),
    ("kernel.modprobe", &[("", "the kernel loads no module by itself"), ("*", "loads modules on demand")]),
];

fn sysctls(look: &mut Look<'_>, meanings: &[Meaning]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (key, values) in meanings {
        if let Some(value) = look.sysctl(key) {
            let means = values.iter().find(|(v, _)| *v == value || *v == "*").map_or("", |(_, means)| means);
            rows.push(row(*key, value, means));
        }
    }
    rows
}

pub(super) fn system(look: &mut Look<'_>) -> Group {
    let mut rows = Vec::new();
    if let Some(text) = look.text("/etc/os-release") {
        let name = text.lines().find_map(|l| l.strip_prefix("PRETTY_NAME="));
        rows.extend(name.map(|n| row("distribution", n.trim_matches('"'), "")));
    }
    rows.extend(look.text("/proc/sys/kernel/osrelease").map(|t| row("kernel", t, "")));
    rows.extend(look.text("/proc/sys/kernel/arch").map(|t| row("architecture", t, "")));
    // The kernel's own threads are seen from its first process id namespace only.
    let first = look.host.read("/proc/2/comm").is_ok_and(|name| name.trim() == "kthreadd");
    let mounts = look.host.read("/proc/self/mountinfo").unwrap_or_default();
    let machine = whodenied_sources::of_a_machine(first, &mounts);
    for (file, engine) in [("/run/.containerenv", "Podman"), ("/.dockerenv", "Docker")] {
        if look.host.metadata(file).is_ok() && !machine {
            rows.push(row("container", engine, "we run inside of it: much of the host is hidden"));
        }
    }
    if let Some(text) = look.text("/proc/1/comm") {
        rows.push(row("process 1", text, ""));
    }
    Group { id: "system", title: "System", rows }
}

pub(super) fn filters(look: &mut Look<'_>) -> Group {
    let mut rows = Vec::new();
    for (key, means) in [
        ("kernel.seccomp.actions_avail", "what a filter can answer"),
        ("kernel.seccomp.actions_logged", "what is logged, if the filter asks or audit is on"),
    ] {
        rows.extend(look.sysctl(key).map(|value| row(key, value, means)));
    }
    let status = look.text("/proc/self/status").unwrap_or_default();
    let field = |key: &str| status.lines().find_map(|l| Some(l.strip_prefix(key)?.strip_prefix(':')?.trim()));
    if let Some(mode) = field("Seccomp") {
        let means = match mode {
            "0" => "this shell runs under no filter",
            _ => "this shell itself runs under a filter, which its programs inherit",
        };
        rows.push(row("seccomp of this shell", mode, means));
    }
    if let Some(flag) = field("NoNewPrivs") {
        let means = match flag {
            "0" => "setuid programs and file capabilities work",
            _ => "set on this shell: setuid programs and file capabilities gain nothing",
        };
        rows.push(row("no_new_privs of this shell", flag, means));
    }
    if let Some(bounding) = field("CapBnd").and_then(|t| u64::from_str_radix(t, 16).ok()) {
        let all = whodenied_access::CapabilitySet::all().0;
        let lost: Vec<String> = whodenied_kernel::Capability::all()
            .filter(|c| bounding >> c.0 & 1 == 0)
            .map(|c| c.to_string())
            .collect();
        let value = if bounding & all == all { "full".to_owned() } else { format!("0x{bounding:x}") };
        let means = match lost.as_slice() {
            [] => String::new(),
            lost => format!("not even root here can get {}", lost.join(", ")),
        };
        rows.push(row("bounding set of this shell", value, means));
    }
    Group { id: "filters", title: "seccomp, no_new_privs, capabilities", rows }
}

pub(super) fn namespaces(look: &mut Look<'_>) -> Group {
    let mut rows = sysctls(look, NAMESPACES);
    if let Some(map) = look.text("/proc/self/uid_map") {
        let whole = map.split_whitespace().collect::<Vec<_>>() == ["0", "0", "4294967295"];
        let means = if whole { "the first user namespace" } else { "we are inside a user namespace" };
        rows.push(row("uid_map of this shell", map.split_whitespace().collect::<Vec<_>>().join(" "), means));
    }
    Group { id: "namespaces", title: "User namespaces", rows }
}

pub(super) fn privileges(look: &mut Look<'_>) -> Group {
    Group { id: "privileges", title: "What needs privilege", rows: sysctls(look, PRIVILEGES) }
}

pub(super) fn files(look: &mut Look<'_>) -> Group {
    Group { id: "files", title: "Files in shared directories", rows: sysctls(look, FILES) }
}

pub(super) fn network(look: &mut Look<'_>) -> Group {
    Group { id: "network", title: "Network", rows: sysctls(look, NETWORK) }
}

/// The limits that refuse something when they are reached.
const LIMITS: &[(&str, &str)] = &[
    ("Max locked memory", "mlock, BPF maps before Linux 5.11, io_uring before 5.12 (ENOMEM, EPERM)"),
    ("Max open files", "open (EMFILE)"),
    ("Max processes", "fork, clone (EAGAIN)"),
    ("Max realtime priority", "sched_setscheduler (EPERM)"),
    ("Max nice priority", "setpriority (EACCES)"),
    ("Max file size", "write (EFBIG)"),
    ("Max address space", "mmap (ENOMEM)"),
    ("Max core file size", "no core file at 0"),
];

pub(super) fn limits(look: &mut Look<'_>) -> Group {
    let text = look.text("/proc/self/limits").unwrap_or_default();
    let rows = LIMITS.iter().filter_map(|(name, means)| {
        let line = text.lines().find_map(|l| l.strip_prefix(name))?;
        let mut values = line.split_whitespace();
        let (soft, hard) = (values.next()?, values.next()?);
        Some(row(*name, format!("{soft} (hard {hard})"), *means))
    });
    Group { id: "limits", title: "Resource limits of this shell", rows: rows.collect() }
}

pub(super) fn cgroups(look: &mut Look<'_>) -> Group {
    let mut rows = Vec::new();
    if let Some(controllers) = look.text("/sys/fs/cgroup/cgroup.controllers") {
        rows.push(row(
            "version",
            "2",
            "devices are decided by BPF programs, which can't be listed without privilege",
        ));
        rows.push(row("controllers", controllers, ""));
    } else if let Ok(names) = look.host.list("/sys/fs/cgroup") {
        if names.iter().any(|n| n == "devices") {
            rows.push(row("version", "1", "devices are decided by devices.list of the process's cgroup"));
        } else if names.iter().any(|n| n == "unified") {
            rows.push(row("version", "hybrid", ""));
        }
        rows.push(row("hierarchies", names.join(" "), ""));
    }
    if let Some(own) = look.text("/proc/self/cgroup") {
        rows.push(row("of this shell", own.lines().next_back().unwrap_or("").to_owned(), ""));
    }
    Group { id: "cgroups", title: "Control groups", rows }
}

/// File systems of the kernel itself, whose options are no news.
const PSEUDO: &[&str] = &[
    "proc",
    "sysfs",
    "devpts",
    "cgroup",
    "cgroup2",
    "securityfs",
    "debugfs",
    "tracefs",
    "configfs",
    "bpf",
    "mqueue",
    "hugetlbfs",
    "pstore",
    "efivarfs",
    "binfmt_misc",
    "autofs",
    "fusectl",
    "rpc_pipefs",
    "nsfs",
    "selinuxfs",
    "devtmpfs",
    "ramfs",
];
/// So many mounts are listed; snaps alone can make a hundred.
const MOST_MOUNTS: usize = 40;

pub(super) fn mounts(look: &mut Look<'_>) -> Group {
    let text = look.text("/proc/self/mountinfo").unwrap_or_default();
    let mut rows = Vec::new();
    let mut more = 0;
    for line in text.lines() {
        let Some((head, tail)) = line.split_once(" - ") else { continue };
        let mut tail = tail.split(' ');
        let fstype = tail.next().unwrap_or("");
        let above = tail.nth(1).unwrap_or("");
        let mut head = head.split(' ').skip(4);
        let (Some(point), Some(options)) = (head.next(), head.next()) else { continue };
        let has = |name: &str| options.split(',').any(|o| o == name);
        let mut notes = Vec::new();
        if fstype == "proc" {
            let hidden = above
                .split(',')
                .find(|o| o.starts_with("hidepid=") && !o.ends_with("=0") && !o.ends_with("=off"));
            notes.extend(hidden.map(|_| "hides other users' processes"));
        } else if PSEUDO.contains(&fstype) || fstype == "squashfs" {
            continue;
        }
        if fstype != "proc" {
            let read_only = has("ro") || above.split(',').any(|o| o == "ro");
            notes.extend(read_only.then_some("read-only (EROFS)"));
            notes.extend(has("noexec").then_some("noexec: nothing on it can be executed (EACCES)"));
            notes.extend(has("nosuid").then_some("nosuid: setuid and file capabilities gain nothing"));
            notes.extend(has("nosymfollow").then_some("nosymfollow: links are not followed (ELOOP)"));
            notes.extend(has("idmapped").then_some("idmapped: ids are shown translated"));
            let own = fstype.starts_with("nfs")
                || fstype.starts_with("fuse")
                || matches!(fstype, "cifs" | "9p" | "virtiofs");
            notes.extend(own.then_some("its server decides for itself"));
        }
        if notes.is_empty() {
            continue;
        }
        if rows.len() == MOST_MOUNTS {
            more += 1;
            continue;
        }
        rows.push(row(point.replace("\\040", " "), format!("{fstype} {options}"), notes.join("; ")));
    }
    if more > 0 {
        rows.push(row("…", format!("{more} more"), ""));
    }
    Group { id: "mounts", title: "Mounts that refuse something", rows }
}

pub(super) fn loading(look: &mut Look<'_>) -> Group {
    let mut rows = sysctls(look, LOADING);
    if let Some(value) = look.text("/sys/module/module/parameters/sig_enforce") {
        let means =
            if value == "Y" { "only signed modules are loaded" } else { "unsigned modules are loaded" };
        rows.push(row("module.sig_enforce", value, means));
    }
    Group { id: "loading", title: "Kernel modules", rows }
}

/// Build options that decide whether a layer is there at all.
const OPTIONS: &[&str] = &[
    "CONFIG_SECURITY_APPARMOR",
    "CONFIG_SECURITY_SELINUX",
    "CONFIG_SECURITY_LANDLOCK",
    "CONFIG_SECURITY_YAMA",
    "CONFIG_SECURITY_LOCKDOWN_LSM",
    "CONFIG_SECCOMP_FILTER",
    "CONFIG_USER_NS",
    "CONFIG_BPF_SYSCALL",
    "CONFIG_BPF_LSM",
    "CONFIG_IO_URING",
    "CONFIG_AUDITSYSCALL",
    "CONFIG_USERFAULTFD",
    "CONFIG_STRICT_DEVMEM",
];

pub(super) fn features(look: &mut Look<'_>) -> Group {
    let release = look.text("/proc/sys/kernel/osrelease").unwrap_or_default();
    let safe = release.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-~".contains(&b));
    let mut rows = Vec::new();
    let path = format!("/boot/config-{release}");
    if safe
        && !release.is_empty()
        && let Some(text) = look.text(&path)
    {
        let set = |option: &&&str| {
            text.lines().any(|l| l.strip_prefix(**option).is_some_and(|r| r.starts_with('=')))
        };
        let on: Vec<&str> = OPTIONS.iter().filter(set).copied().collect();
        let off: Vec<&str> =
            OPTIONS.iter().filter(|o| text.contains(&format!("# {o} is not set"))).copied().collect();
        rows.push(row(
            path,
            on.join(" "),
            if off.is_empty() { String::new() } else { format!("not set: {}", off.join(" ")) },
        ));
    }
    if let Some(line) = look.text("/proc/cmdline") {
        let of_note = [
            "lsm=",
            "security=",
            "apparmor=",
            "selinux=",
            "audit=",
            "lockdown=",
            "enforcing=",
            "systemd.unified_cgroup_hierarchy=",
        ];
        let words: Vec<&str> =
            line.split_whitespace().filter(|w| of_note.iter().any(|n| w.starts_with(n))).collect();
        if !words.is_empty() {
            rows.push(row("boot line", words.join(" "), ""));
        }
    }
    Group { id: "features", title: "Kernel build and boot", rows }
}

/// The sysctls, limits and namespaces as lines that `intake` reads.
pub(super) fn evidence(host: &dyn Host) -> Vec<Evidence> {
    let mut text = String::new();
    for (key, _) in [PRIVILEGES, FILES, NETWORK, NAMESPACES, LOADING].into_iter().flatten() {
        let Ok(value) = host.read(&format!("/proc/sys/{}", key.replace('.', "/"))) else { continue };
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let plain = value.bytes().all(|b| b.is_ascii_digit() || b == b' ' || b == b'-');
        // Read already, with the modules.
        if plain && !value.is_empty() {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    let mut all = Vec::new();
    if !text.is_empty() {
        all.push(Evidence { path: "/proc/sys".to_owned(), text });
    }
    all
}
