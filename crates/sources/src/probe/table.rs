//! The operations.

#![allow(unsafe_code, reason = "system calls with arguments of our own making")]

use super::Probe;
use std::ffi::{CStr, CString};

const fn probe(id: &'static str, what: &'static str, attempt: fn() -> i64) -> Probe {
    Probe { id, what, attempt }
}

fn call(number: libc::c_long, args: [u64; 6]) -> i64 {
    // SAFETY: every pointer handed in by the table is null, invalid on purpose, or of a constant that
    // lives for the whole program; the kernel checks them.
    let value = unsafe { libc::syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]) };
    if value < 0 { -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)) } else { value }
}

fn text(text: &'static CStr) -> u64 {
    text.as_ptr() as u64
}

fn open(path: &'static CStr, flags: i32) -> i64 {
    call(libc::SYS_openat, [cast(libc::AT_FDCWD), text(path), cast(flags), 0, 0, 0])
}

/// Makes a node of this kind and number in the first directory that takes it, and opens it.
fn node(kind: u32, device: u64, flags: i32) -> i64 {
    let mut last = -i64::from(libc::EPERM);
    for path in [c"/tmp/.whodenied-node", c"/dev/shm/.whodenied-node", c"/.whodenied-node"] {
        let made = call(
            libc::SYS_mknodat,
            [cast(libc::AT_FDCWD), text(path), u64::from(kind | 0o600), device, 0, 0],
        );
        if made < 0 {
            last = made;
            continue;
        }
        let opened = open(path, flags);
        call(libc::SYS_unlinkat, [cast(libc::AT_FDCWD), text(path), 0, 0, 0, 0]);
        return opened;
    }
    last
}

/// Of calls that ask for the right before they look for the thing: that it is not there is no refusal.
fn past(value: i64) -> i64 {
    if value == -i64::from(libc::ENOENT) { 0 } else { value }
}

/// Mounts on /tmp, and takes it away again: what is tried next finds /tmp as it was.
fn mount(source: &'static CStr, system: u64, how: u64) -> i64 {
    let mounted = call(libc::SYS_mount, [text(source), text(c"/tmp"), system, how, 0, 0]);
    if mounted >= 0 {
        call(libc::SYS_umount2, [text(c"/tmp"), flags(libc::MNT_DETACH), 0, 0, 0, 0]);
    }
    mounted
}

/// A signed argument in a register.
const fn cast(value: i32) -> u64 {
    (value as i64).cast_unsigned()
}

const fn flags(value: i32) -> u64 {
    (value as u32) as u64
}

const BAD: u64 = 1;

/// The operations, in the order of the table that is shown.
pub static PROBES: &[Probe] = &[
    probe("mount-tmpfs", "mount a tmpfs", || mount(c"none", text(c"tmpfs"), 0)),
    probe("mount-bind", "mount a directory elsewhere", || mount(c"/etc", 0, libc::MS_BIND)),
    probe("mount-proc", "mount a fresh /proc", || mount(c"proc", text(c"proc"), 0)),
    probe("fsopen", "make a file system by fsopen", || {
        call(libc::SYS_fsopen, [text(c"tmpfs"), 0, 0, 0, 0, 0])
    }),
    probe("umount", "unmount", || {
        call(libc::SYS_umount2, [text(c"/proc"), flags(libc::MNT_EXPIRE), 0, 0, 0, 0])
    }),
    probe("pivot-root", "change the root mount", || {
        let pivoted = call(libc::SYS_pivot_root, [text(c"/nonexistent-whodenied"), text(c"/"), 0, 0, 0, 0]);
        past(pivoted)
    }),
    probe("chroot", "change the root directory", || call(libc::SYS_chroot, [text(c"/"), 0, 0, 0, 0, 0])),
    probe("unshare-user", "make a user namespace", || {
        call(libc::SYS_unshare, [flags(libc::CLONE_NEWUSER), 0, 0, 0, 0, 0])
    }),
    probe("unshare-mount", "make a mount namespace", || {
        call(libc::SYS_unshare, [flags(libc::CLONE_NEWNS), 0, 0, 0, 0, 0])
    }),
    probe("unshare-net", "make a network namespace", || {
        call(libc::SYS_unshare, [flags(libc::CLONE_NEWNET), 0, 0, 0, 0, 0])
    }),
    probe("module-load", "load a kernel module", || {
        call(libc::SYS_finit_module, [cast(-1), text(c""), 0, 0, 0, 0])
    }),
    probe("module-unload", "unload a kernel module", || {
        let name = text(c"whodenied_no_such");
        past(call(libc::SYS_delete_module, [name, flags(libc::O_NONBLOCK), 0, 0, 0, 0]))
    }),
    probe("kexec", "load another kernel", || call(libc::SYS_kexec_load, [0, 0, 0, 0xffff_0000_ffff, 0, 0])),
    probe("reboot", "reboot", || call(libc::SYS_reboot, [0, 0, 0, 0, 0, 0])),
    probe("swapon", "turn swap on", || call(libc::SYS_swapon, [BAD, 0, 0, 0, 0, 0])),
    probe("acct", "turn process accounting on", || call(libc::SYS_acct, [BAD, 0, 0, 0, 0, 0])),
    probe("raw-disk", "read a disk directly", first_disk),
    probe("dev-mem", "open the machine's memory", || {
        node(libc::S_IFCHR, libc::makedev(1, 1), libc::O_RDONLY)
    }),
    probe("dev-kmsg", "open the kernel's log device", || {
        node(libc::S_IFCHR, libc::makedev(1, 11), libc::O_RDONLY)
    }),
    probe("mknod", "make a device node", || node(libc::S_IFCHR, libc::makedev(1, 3), libc::O_RDONLY)),
    probe("core-pattern", "write /proc/sys/kernel/core_pattern", || {
        open(c"/proc/sys/kernel/core_pattern", libc::O_WRONLY)
    }),
    probe("modprobe-path", "write /proc/sys/kernel/modprobe", || {
        open(c"/proc/sys/kernel/modprobe", libc::O_WRONLY)
    }),
    probe("sysrq", "write /proc/sysrq-trigger", || open(c"/proc/sysrq-trigger", libc::O_WRONLY)),
    probe("kcore", "read /proc/kcore", || read(c"/proc/kcore")),
    probe("proc-acpi", "read /proc/timer_list", || read(c"/proc/timer_list")),
    probe("sys-write", "write below /sys/kernel", || {
        open(c"/sys/kernel/mm/transparent_hugepage/enabled", libc::O_WRONLY)
    }),
    probe("cgroup-write", "write the control groups", || {
        open(c"/sys/fs/cgroup/cgroup.procs", libc::O_WRONLY)
    }),
    probe("uevent-helper", "write /sys/kernel/uevent_helper", || {
        open(c"/sys/kernel/uevent_helper", libc::O_WRONLY)
    }),
    probe("ptrace", "trace another process", || {
        call(libc::SYS_ptrace, [flags(libc::PTRACE_SEIZE as i32), ppid(), 0, 0, 0, 0])
    }),
    probe("read-memory", "read another process's memory", || open_parent(c"mem")),
    probe("pidfd-getfd", "take a descriptor of another process", take_descriptor),
    probe("keyctl", "use the kernel's keyrings", || call(libc::SYS_keyctl, [0, cast(-3), 0, 0, 0, 0])),
    probe("add-key", "add a key", || {
        call(libc::SYS_add_key, [text(c"user"), text(c"whodenied"), text(c"x"), 1, cast(-1), 0])
    }),
    probe("af-alg", "use AF_ALG sockets", || socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0)),
    probe("af-packet", "use packet sockets", || socket(libc::AF_PACKET, libc::SOCK_RAW, 0)),
    probe("raw-socket", "use raw sockets", || socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP)),
    probe("af-vsock", "talk to the hypervisor (AF_VSOCK)", || socket(libc::AF_VSOCK, libc::SOCK_STREAM, 0)),
    probe("bpf", "load eBPF programs", || call(libc::SYS_bpf, [5, BAD, 48, 0, 0, 0])),
    probe("perf", "count the whole machine's events", perf),
    probe("userfaultfd", "handle page faults of the kernel", || {
        call(libc::SYS_userfaultfd, [0, 0, 0, 0, 0, 0])
    }),
    probe("io-uring", "use io_uring", || call(libc::SYS_io_uring_setup, [1, BAD, 0, 0, 0, 0])),
    probe("open-by-handle", "open files by handle (container escape)", || {
        call(libc::SYS_open_by_handle_at, [cast(-1), BAD, 0, 0, 0, 0])
    }),
    probe("fanotify", "watch whole file systems", || call(libc::SYS_fanotify_init, [0, 0, 0, 0, 0, 0])),
    probe("syslog", "read the kernel's log", || call(libc::SYS_syslog, [10, 0, 0, 0, 0, 0])),
    probe("sethostname", "set the host name", || call(libc::SYS_sethostname, [BAD, 1, 0, 0, 0, 0])),
    probe("setuid-root", "become root", || call(libc::SYS_setuid, [0, 0, 0, 0, 0, 0])),
    probe("chown", "give files away", chown),
    probe("realtime", "run in real time", realtime),
    probe("raise-limit", "raise a hard limit", raise),
    probe("io-ports", "use I/O ports", ports),
    probe("quotactl", "set quotas", || call(libc::SYS_quotactl, [0x8000_0700, BAD, 0, BAD, 0, 0])),
];

fn ppid() -> u64 {
    // SAFETY: takes nothing and can't fail.
    u64::from(unsafe { libc::getppid() }.unsigned_abs())
}

fn socket(family: i32, kind: i32, protocol: i32) -> i64 {
    call(libc::SYS_socket, [flags(family), flags(kind), flags(protocol), 0, 0, 0])
}

/// Opens and reads: a masked file is there and holds nothing.
fn read(path: &'static CStr) -> i64 {
    let file = open(path, libc::O_RDONLY);
    if file < 0 {
        return file;
    }
    let mut byte = [0_u8; 1];
    let got = call(libc::SYS_read, [file.cast_unsigned(), byte.as_mut_ptr() as u64, 1, 0, 0, 0]);
    // As good as refused: /dev/null lies over it.
    if got == 0 { -i64::from(libc::EACCES) } else { got }
}

fn open_parent(name: &CStr) -> i64 {
    let path = format!("/proc/{}/{}", ppid(), name.to_string_lossy());
    let Ok(path) = CString::new(path) else { return -i64::from(libc::EINVAL) };
    call(libc::SYS_openat, [cast(libc::AT_FDCWD), path.as_ptr() as u64, flags(libc::O_RDWR), 0, 0, 0])
}

fn take_descriptor() -> i64 {
    let pidfd = call(libc::SYS_pidfd_open, [ppid(), 0, 0, 0, 0, 0]);
    if pidfd < 0 {
        return pidfd;
    }
    call(libc::SYS_pidfd_getfd, [pidfd.cast_unsigned(), 0, 0, 0, 0, 0])
}

/// A disk of the machine by the numbers in /proc/partitions.
fn first_disk() -> i64 {
    let text = std::fs::read_to_string("/proc/partitions").unwrap_or_default();
    let numbers = text.lines().skip(2).find_map(|l| {
        let mut words = l.split_whitespace();
        Some((words.next()?.parse::<u32>().ok()?, words.next()?.parse::<u32>().ok()?))
    });
    let Some((major, minor)) = numbers else { return -i64::from(libc::ENOENT) };
    node(libc::S_IFBLK, libc::makedev(major, minor), libc::O_RDONLY)
}

fn perf() -> i64 {
    // struct perf_event_attr: type SOFTWARE (1), its first size, config CPU_CLOCK (0).
    static ATTR: [u64; 8] = [1 | 64 << 32, 0, 0, 0, 0, 0, 0, 0];
    call(libc::SYS_perf_event_open, [ATTR.as_ptr() as u64, cast(-1), 0, cast(-1), 0, 0])
}

fn chown() -> i64 {
    let path = c"/tmp/.whodenied-file";
    let file = open(path, libc::O_CREAT | libc::O_RDWR);
    if file < 0 {
        return file;
    }
    let given = call(libc::SYS_fchown, [file.cast_unsigned(), 4242, 4242, 0, 0, 0]);
    call(libc::SYS_unlinkat, [cast(libc::AT_FDCWD), text(path), 0, 0, 0, 0]);
    given
}

fn realtime() -> i64 {
    static PRIORITY: i32 = 1;
    call(libc::SYS_sched_setscheduler, [0, flags(libc::SCHED_FIFO), (&raw const PRIORITY) as u64, 0, 0, 0])
}

fn raise() -> i64 {
    let mut limit = [0_u64; 2];
    let place = limit.as_mut_ptr() as u64;
    let got = call(libc::SYS_prlimit64, [0, u64::from(libc::RLIMIT_MEMLOCK), 0, place, 0, 0]);
    if got < 0 {
        return got;
    }
    if limit[1] == u64::MAX {
        return 0;
    }
    let wanted = [limit[0], limit[1] + 1];
    call(libc::SYS_prlimit64, [0, u64::from(libc::RLIMIT_MEMLOCK), wanted.as_ptr() as u64, 0, 0, 0])
}

#[cfg(target_arch = "x86_64")]
fn ports() -> i64 {
    call(libc::SYS_iopl, [3, 0, 0, 0, 0, 0])
}

#[cfg(not(target_arch = "x86_64"))]
fn ports() -> i64 {
    -i64::from(libc::ENOSYS)
}
