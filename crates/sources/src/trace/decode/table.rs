//! The arguments of each call that can be refused.
//!
//! Source: `include/linux/syscalls.h` and the manual pages, whose names of arguments stand here.
//! A call not in the table is told without arguments.

use super::names::{self as n, Set};
use super::net_names as net;

/// What an argument is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A signed integer of 32 bits.
    Int,
    /// An unsigned integer.
    Unsigned,
    /// An address, or bits without names.
    Hex,
    /// A user or group id, -1 for none.
    Id,
    /// A file mode.
    Mode,
    /// Bits.
    Flags(&'static Set),
    /// One of several numbers.
    Choice(&'static Set),
    /// A signal.
    Signal,
    /// A device number.
    Device,
    /// The directory that the next path is relative to.
    Dir,
    /// An open file.
    Fd,
    /// A path.
    Path,
    /// Another string.
    Text,
    /// A process id.
    Pid,
    /// The flags of open.
    OpenFlags,
    /// The mode of open, where the flags before it say that it counts.
    OpenMode,
    /// Type and flags of a socket.
    SocketType,
    /// Protocol of a socket, after domain and type.
    Protocol,
    /// A socket option, after its level.
    SockName,
    /// A socket address, its length after it.
    Address,
    /// A `struct msghdr`.
    Message,
    /// A `struct open_how`.
    OpenHow,
    /// Flags of clone, with a signal.
    Clone,
    /// A `struct clone_args`.
    Clone3,
    /// A `struct rlimit`.
    Rlimit,
    /// A `struct sched_param`.
    SchedParam,
    /// A `struct sched_attr`.
    SchedAttr,
    /// A `struct perf_event_attr`.
    PerfAttr,
    /// A `union bpf_attr`, after the command.
    BpfAttr,
    /// A `struct __user_cap_header_struct`.
    CapHeader,
    /// Two of `struct __user_cap_data_struct`.
    CapData,
    /// A `struct mount_attr`.
    MountAttr,
    /// What follows the option of prctl.
    Prctl,
    /// An array of group ids, after its length.
    Groups,
    /// A `struct landlock_ruleset_attr`, its size after it.
    LandlockAttr,
    /// A Landlock rule, after its type.
    LandlockRule,
    /// The value of fsconfig.
    FsValue,
}

use Kind::{
    Address, BpfAttr, CapData, CapHeader, Choice, Clone as CloneFlags, Clone3, Device, Dir, Fd, Flags,
    FsValue, Groups, Hex, Id, Int, LandlockAttr, LandlockRule, Message, Mode, MountAttr, OpenFlags, OpenHow,
    OpenMode, Path, PerfAttr, Pid, Prctl, Protocol, Rlimit, SchedAttr, SchedParam, Signal, SockName,
    SocketType, Text, Unsigned,
};

type Args = [(&'static str, Kind)];

const PATH: &Args = &[("pathname", Path)];
const FD: &Args = &[("fd", Fd)];
const FD_COUNT: &Args = &[("fd", Fd), ("buf", Hex), ("count", Unsigned)];
const VECTOR: &Args = &[("fd", Fd), ("iov", Hex), ("iovcnt", Int)];
const OWNER: &Args = &[("pathname", Path), ("owner", Id), ("group", Id)];
const XATTR: &Args = &[("path", Path), ("name", Text)];
const SETXATTR: &Args =
    &[("path", Path), ("name", Text), ("value", Hex), ("size", Unsigned), ("flags", Flags(n::XATTR))];
const AT_XATTR: &Args = &[("dirfd", Dir), ("pathname", Path), ("at_flags", Flags(n::AT)), ("name", Text)];
const SIGNAL_INFO: &Args = &[("tgid", Pid), ("sig", Signal)];
const EXEC: &Args = &[("pathname", Path)];
const MEMORY: &Args = &[("addr", Hex), ("length", Unsigned), ("prot", Flags(n::PROT))];
const VM: &Args = &[("pid", Pid)];
const UID: &Args = &[("uid", Id)];
const GID: &Args = &[("gid", Id)];
const MSG: &Args = &[("sockfd", Fd), ("msg", Message), ("flags", Flags(net::MSG))];

/// The arguments of a call, by the name that 64-bit architectures have for it.
#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn of(name: &str) -> &'static Args {
    match name {
        // Files by path.
        "open" => &[("pathname", Path), ("flags", OpenFlags), ("mode", OpenMode)],
        "openat" => &[("dirfd", Dir), ("pathname", Path), ("flags", OpenFlags), ("mode", OpenMode)],
        "openat2" => &[("dirfd", Dir), ("pathname", Path), ("how", OpenHow)],
        "open_by_handle_at" => &[("mount_fd", Fd), ("handle", Hex), ("flags", OpenFlags)],
        "name_to_handle_at" => &[("dirfd", Dir), ("pathname", Path)],
        "creat" | "mkdir" => &[("pathname", Path), ("mode", Mode)],
        "mkdirat" => &[("dirfd", Dir), ("pathname", Path), ("mode", Mode)],
        "mknod" => &[("pathname", Path), ("mode", Mode), ("dev", Device)],
        "mknodat" => &[("dirfd", Dir), ("pathname", Path), ("mode", Mode), ("dev", Device)],
        "rmdir" | "unlink" | "readlink" | "stat" | "lstat" | "uselib" | "oldstat" | "oldlstat" => PATH,
        "unlinkat" => &[("dirfd", Dir), ("pathname", Path), ("flags", Flags(n::AT))],
        "readlinkat" => &[("dirfd", Dir), ("pathname", Path)],
        "newfstatat" => &[("dirfd", Dir), ("pathname", Path), ("statbuf", Hex), ("flags", Flags(n::AT))],
        "statx" => &[("dirfd", Dir), ("pathname", Path), ("flags", Flags(n::AT)), ("mask", Hex)],
        "statfs" | "chdir" | "chroot" | "utime" | "utimes" | "swapoff" => &[("path", Path)],
        "swapon" => &[("path", Path), ("swapflags", Hex)],
        "access" => &[("pathname", Path), ("mode", Flags(n::ACCESS))],
        "faccessat" => &[("dirfd", Dir), ("pathname", Path), ("mode", Flags(n::ACCESS))],
        "faccessat2" => {
            &[("dirfd", Dir), ("pathname", Path), ("mode", Flags(n::ACCESS)), ("flags", Flags(n::AT_ACCESS))]
        }
        "rename" => &[("oldpath", Path), ("newpath", Path)],
        "renameat" => &[("olddirfd", Dir), ("oldpath", Path), ("newdirfd", Dir), ("newpath", Path)],
        "renameat2" => &[
            ("olddirfd", Dir),
            ("oldpath", Path),
            ("newdirfd", Dir),
            ("newpath", Path),
            ("flags", Flags(n::RENAME)),
        ],
        "link" => &[("oldpath", Path), ("newpath", Path)],
        "linkat" => &[
            ("olddirfd", Dir),
            ("oldpath", Path),
            ("newdirfd", Dir),
            ("newpath", Path),
            ("flags", Flags(n::AT)),
        ],
        // The target of a symbolic link is text: nothing is looked up.
        "symlink" => &[("target", Text), ("linkpath", Path)],
        "symlinkat" => &[("target", Text), ("newdirfd", Dir), ("linkpath", Path)],
        "chmod" => &[("pathname", Path), ("mode", Mode)],
        "fchmodat" => &[("dirfd", Dir), ("pathname", Path), ("mode", Mode)],
        "fchmodat2" => &[("dirfd", Dir), ("pathname", Path), ("mode", Mode), ("flags", Flags(n::AT))],
        "chown" | "lchown" => OWNER,
        "fchownat" => {
            &[("dirfd", Dir), ("pathname", Path), ("owner", Id), ("group", Id), ("flags", Flags(n::AT))]
        }
        "utimensat" => &[("dirfd", Dir), ("pathname", Path), ("times", Hex), ("flags", Flags(n::AT))],
        "futimesat" => &[("dirfd", Dir), ("pathname", Path)],
        "truncate" => &[("path", Path), ("length", Unsigned)],
        "setxattr" | "lsetxattr" => SETXATTR,
        "getxattr" | "lgetxattr" | "removexattr" | "lremovexattr" => XATTR,
        "listxattr" | "llistxattr" => &[("path", Path)],
        "setxattrat" | "getxattrat" | "removexattrat" => AT_XATTR,
        "file_getattr" | "file_setattr" => &[("dirfd", Dir), ("pathname", Path)],
        "acct" => &[("filename", Path)],
        "inotify_add_watch" => &[("fd", Int), ("pathname", Path), ("mask", Hex)],
        "inotify_init1" => &[("flags", OpenFlags)],
        "fanotify_init" => &[("flags", Flags(n::FANOTIFY)), ("event_f_flags", OpenFlags)],
        "fanotify_mark" => {
            &[("fanotify_fd", Int), ("flags", Hex), ("mask", Hex), ("dirfd", Dir), ("pathname", Path)]
        }
        "quotactl" => &[("cmd", Hex), ("special", Path), ("id", Id)],
        "execve" => EXEC,
        "execveat" => &[("dirfd", Dir), ("pathname", Path)],
        "memfd_create" => &[("name", Text), ("flags", Flags(n::MEMFD))],

        // Open files.
        "read" | "write" | "getdents" | "getdents64" => FD_COUNT,
        "pread64" | "pwrite64" => &[("fd", Fd), ("buf", Hex), ("count", Unsigned), ("offset", Unsigned)],
        "readv" | "writev" | "preadv" | "pwritev" | "preadv2" | "pwritev2" | "vmsplice" => VECTOR,
        "fstat" | "fstatfs" | "fchdir" | "fsync" | "fdatasync" | "syncfs" | "close" | "flistxattr"
        | "readahead" | "lseek" | "fadvise64" | "fstat64" => FD,
        "fchmod" => &[("fd", Fd), ("mode", Mode)],
        "fchown" => &[("fd", Fd), ("owner", Id), ("group", Id)],
        "ftruncate" => &[("fd", Fd), ("length", Unsigned)],
        "fallocate" => &[("fd", Fd), ("mode", Flags(n::FALLOCATE)), ("offset", Unsigned), ("len", Unsigned)],
        "fsetxattr" => {
            &[("fd", Fd), ("name", Text), ("value", Hex), ("size", Unsigned), ("flags", Flags(n::XATTR))]
        }
        "fgetxattr" | "fremovexattr" => &[("fd", Fd), ("name", Text)],
        "ioctl" => &[("fd", Fd), ("request", Choice(n::IOCTL)), ("arg", Hex)],
        "fcntl" => &[("fd", Fd), ("cmd", Choice(n::FCNTL)), ("arg", Hex)],
        "flock" => &[("fd", Fd), ("operation", Flags(n::FLOCK))],
        "sendfile" => &[("out_fd", Fd), ("in_fd", Int), ("offset", Hex), ("count", Unsigned)],
        "copy_file_range" | "splice" | "tee" => {
            &[("fd_in", Int), ("off_in", Hex), ("fd_out", Fd), ("off_out", Hex), ("len", Unsigned)]
        }
        "quotactl_fd" => &[("fd", Fd), ("cmd", Hex), ("id", Id)],

        // Memory.
        "mmap" => &[
            ("addr", Hex),
            ("length", Unsigned),
            ("prot", Flags(n::PROT)),
            ("flags", Flags(n::MAP)),
            ("fd", Fd),
            ("offset", Hex),
        ],
        "mprotect" | "pkey_mprotect" => MEMORY,
        "mlock" | "mlock2" | "munlock" | "brk" | "mremap" => &[("addr", Hex), ("length", Unsigned)],
        "mlockall" => &[("flags", Flags(n::MCL))],
        "madvise" => &[("addr", Hex), ("length", Unsigned), ("advice", Int)],
        "mbind" => &[("addr", Hex), ("len", Unsigned), ("mode", Int)],
        "set_mempolicy" => &[("mode", Int), ("nodemask", Hex)],
        "move_pages" | "migrate_pages" => VM,
        "userfaultfd" => &[("flags", Flags(n::USERFAULTFD))],

        // Sockets.
        "socket" => &[("domain", Choice(net::AF)), ("type", SocketType), ("protocol", Protocol)],
        "socketpair" => &[("domain", Choice(net::AF)), ("type", SocketType), ("protocol", Protocol)],
        "bind" | "connect" => &[("sockfd", Fd), ("addr", Address)],
        "listen" => &[("sockfd", Fd), ("backlog", Int)],
        "accept" | "getsockname" | "getpeername" => &[("sockfd", Fd)],
        "accept4" => &[("sockfd", Fd), ("addr", Hex), ("addrlen", Hex), ("flags", Flags(net::SOCK_FLAGS))],
        "send" | "recv" => &[("sockfd", Fd), ("buf", Hex), ("len", Unsigned), ("flags", Flags(net::MSG))],
        "sendto" => &[
            ("sockfd", Fd),
            ("buf", Hex),
            ("len", Unsigned),
            ("flags", Flags(net::MSG)),
            ("dest_addr", Address),
        ],
        "recvfrom" => &[("sockfd", Fd), ("buf", Hex), ("len", Unsigned), ("flags", Flags(net::MSG))],
        "sendmsg" | "sendmmsg" => MSG,
        "recvmsg" | "recvmmsg" => &[("sockfd", Fd)],
        "shutdown" => &[("sockfd", Fd), ("how", Int)],
        "setsockopt" | "getsockopt" => {
            &[("sockfd", Fd), ("level", Choice(net::LEVEL)), ("optname", SockName)]
        }

        // Mounts.
        "mount" => &[
            ("source", Text),
            ("target", Path),
            ("filesystemtype", Text),
            ("mountflags", Flags(n::MS)),
            ("data", Text),
        ],
        "umount2" | "umount" => &[("target", Path), ("flags", Flags(n::UMOUNT))],
        "pivot_root" => &[("new_root", Path), ("put_old", Path)],
        "fsopen" => &[("fsname", Text), ("flags", Flags(n::FSOPEN))],
        "fsconfig" => {
            &[("fd", Int), ("cmd", Choice(n::FSCONFIG)), ("key", Text), ("value", FsValue), ("aux", Int)]
        }
        "fsmount" => &[("fsfd", Int), ("flags", Flags(n::FSMOUNT)), ("attr_flags", Flags(n::MOUNT_ATTR))],
        "fspick" => &[("dirfd", Dir), ("pathname", Path), ("flags", Hex)],
        "open_tree" | "open_tree_attr" => {
            &[("dirfd", Dir), ("pathname", Path), ("flags", Flags(n::OPEN_TREE))]
        }
        "move_mount" => &[
            ("from_dirfd", Dir),
            ("from_pathname", Path),
            ("to_dirfd", Dir),
            ("to_pathname", Path),
            ("flags", Flags(n::MOVE_MOUNT)),
        ],
        "mount_setattr" => {
            &[("dirfd", Dir), ("pathname", Path), ("flags", Flags(n::AT)), ("attr", MountAttr)]
        }

        // Processes and namespaces.
        "clone" => &[("flags", CloneFlags)],
        "clone3" => &[("cl_args", Clone3)],
        "unshare" => &[("flags", Flags(n::CLONE))],
        "setns" => &[("fd", Fd), ("nstype", Flags(n::CLONE))],
        "kill" => &[("pid", Pid), ("sig", Signal)],
        "tkill" => &[("tid", Pid), ("sig", Signal)],
        "tgkill" | "rt_tgsigqueueinfo" => &[("tgid", Pid), ("tid", Int), ("sig", Signal)],
        "rt_sigqueueinfo" => SIGNAL_INFO,
        "pidfd_open" => &[("pid", Pid), ("flags", Hex)],
        "pidfd_send_signal" => &[("pidfd", Fd), ("sig", Signal)],
        "pidfd_getfd" => &[("pidfd", Fd), ("targetfd", Int)],
        "ptrace" => &[("request", Choice(n::PTRACE)), ("pid", Pid), ("addr", Hex), ("data", Hex)],
        "process_vm_readv" | "process_vm_writev" => VM,
        "process_madvise" => &[("pidfd", Fd)],
        "kcmp" => &[("pid1", Pid), ("pid2", Int), ("type", Int)],
        "prctl" => &[("option", Choice(n::PRCTL)), ("arg2", Prctl)],
        "arch_prctl" => &[("code", Hex), ("addr", Hex)],
        "personality" => &[("persona", Flags(n::PERSONALITY))],
        "seccomp" => &[("operation", Choice(n::SECCOMP_OP)), ("flags", Flags(n::SECCOMP_FLAG))],
        "landlock_create_ruleset" => &[("attr", LandlockAttr), ("size", Unsigned), ("flags", Hex)],
        "landlock_add_rule" => {
            &[("ruleset_fd", Int), ("rule_type", Choice(n::LANDLOCK_RULE)), ("rule_attr", LandlockRule)]
        }
        "landlock_restrict_self" => &[("ruleset_fd", Int), ("flags", Hex)],

        // Credentials.
        "setuid" => UID,
        "setgid" => GID,
        "setreuid" => &[("ruid", Id), ("euid", Id)],
        "setregid" => &[("rgid", Id), ("egid", Id)],
        "setresuid" => &[("ruid", Id), ("euid", Id), ("suid", Id)],
        "setresgid" => &[("rgid", Id), ("egid", Id), ("sgid", Id)],
        "setfsuid" => &[("fsuid", Id)],
        "setfsgid" => &[("fsgid", Id)],
        "setgroups" => &[("size", Int), ("list", Groups)],
        "capset" => &[("hdrp", CapHeader), ("datap", CapData)],
        "capget" => &[("hdrp", CapHeader)],
        "setpgid" => &[("pid", Pid), ("pgid", Int)],
        "getsid" | "getpgid" => VM,

        // Scheduling, priorities, limits.
        "sched_setscheduler" => &[("pid", Pid), ("policy", Choice(n::SCHED)), ("param", SchedParam)],
        "sched_setparam" => &[("pid", Pid), ("param", SchedParam)],
        "sched_setattr" => &[("pid", Pid), ("attr", SchedAttr), ("flags", Hex)],
        "sched_setaffinity" => &[("pid", Pid), ("cpusetsize", Unsigned)],
        "sched_getaffinity" | "sched_getattr" | "sched_getparam" | "sched_getscheduler" => VM,
        "setpriority" => &[("which", Choice(n::PRIO)), ("who", Pid), ("prio", Int)],
        "getpriority" => &[("which", Choice(n::PRIO)), ("who", Pid)],
        "ioprio_set" => &[("which", Choice(n::IOPRIO)), ("who", Pid), ("ioprio", Hex)],
        "nice" => &[("inc", Int)],
        "setrlimit" => &[("resource", Choice(n::RLIMIT)), ("rlim", Rlimit)],
        "prlimit64" => &[("pid", Pid), ("resource", Choice(n::RLIMIT)), ("new_limit", Rlimit)],

        // The system.
        "bpf" => &[("cmd", Choice(n::BPF)), ("attr", BpfAttr), ("size", Unsigned)],
        "perf_event_open" => {
            &[("attr", PerfAttr), ("pid", Pid), ("cpu", Int), ("group_fd", Int), ("flags", Hex)]
        }
        "keyctl" => &[("operation", Choice(n::KEYCTL)), ("arg2", Int), ("arg3", Hex)],
        "add_key" => &[("type", Text), ("description", Text)],
        "request_key" => &[("type", Text), ("description", Text), ("callout_info", Text)],
        "io_uring_setup" => &[("entries", Unsigned), ("params", Hex)],
        "io_uring_enter" => &[("fd", Fd), ("to_submit", Unsigned), ("min_complete", Unsigned)],
        "io_uring_register" => &[("fd", Fd), ("opcode", Unsigned)],
        "io_setup" => &[("nr_events", Unsigned)],
        "sethostname" | "setdomainname" => &[("name", Text), ("len", Unsigned)],
        "settimeofday" | "stime" => &[("tv", Hex)],
        "clock_settime" | "clock_adjtime" | "clock_gettime" => &[("clockid", Choice(n::CLOCK))],
        "timer_create" | "timerfd_create" => &[("clockid", Choice(n::CLOCK))],
        "adjtimex" => &[("buf", Hex)],
        "syslog" => &[("type", Choice(n::SYSLOG)), ("buf", Hex), ("len", Int)],
        "reboot" => &[("magic", Hex), ("magic2", Hex), ("cmd", Choice(n::REBOOT))],
        "init_module" => &[("module_image", Hex), ("len", Unsigned), ("param_values", Text)],
        "finit_module" => &[("fd", Fd), ("param_values", Text), ("flags", Hex)],
        "delete_module" => &[("name", Text), ("flags", OpenFlags)],
        "kexec_load" => &[("entry", Hex), ("nr_segments", Unsigned)],
        "kexec_file_load" => &[("kernel_fd", Fd), ("initrd_fd", Int)],
        "iopl" => &[("level", Int)],
        "ioperm" => &[("from", Unsigned), ("num", Unsigned), ("turn_on", Int)],
        "modify_ldt" => &[("func", Int)],
        "vhangup" => &[],
        "lookup_dcookie" => &[("cookie", Hex)],
        "mq_open" => &[("name", Text), ("oflag", OpenFlags), ("mode", OpenMode)],
        "mq_unlink" => &[("name", Text)],
        "shmget" => &[("key", Hex), ("size", Unsigned), ("shmflg", Mode)],
        "shmat" | "shmctl" => &[("shmid", Int), ("arg2", Hex), ("arg3", Hex)],
        "semget" => &[("key", Hex), ("nsems", Int), ("semflg", Mode)],
        "semctl" | "semop" | "semtimedop" => &[("semid", Int), ("arg2", Hex), ("arg3", Hex)],
        "msgget" => &[("key", Hex), ("msgflg", Mode)],
        "msgctl" | "msgsnd" | "msgrcv" => &[("msqid", Int), ("arg2", Hex), ("arg3", Hex)],
        "ipc" => &[("call", Unsigned), ("first", Int), ("second", Hex), ("third", Hex)],
        "lsm_set_self_attr" => &[("attr", Unsigned), ("ctx", Hex)],
        _ => &[],
    }
}
