//! Commands whose message names only the object (`cat: /x: Permission denied`): the call that the
//! command makes on it. The table is part of the dialect `PROGRAM: OBJECT: STRERROR`.

use whodenied_case::ObjectKind;
use whodenied_kernel::Call;

/// The call and kind of object of a command's bare message, by the command's name.
pub(crate) fn default_call(program: &str) -> Option<(Call, ObjectKind)> {
    use Call as C;
    use ObjectKind as K;
    let name = program.rsplit('/').next().unwrap_or(program);
    Some(match name {
        "cat" | "head" | "tail" | "less" | "more" | "grep" | "egrep" | "fgrep" | "zgrep" | "sed" | "awk"
        | "gawk" | "mawk" | "cut" | "sort" | "wc" | "od" | "xxd" | "file" | "md5sum" | "sha256sum"
        | "source" | "." | "tac" | "diff" | "cmp" | "strings" | "dd" | "jq" | "gzip" | "xz" | "rg"
        | "source:" => (C::Open, K::Path),
        "tee" | "touch" | "cp" | "install" | "patch" | "split" => (C::Create, K::Path),
        "ls" | "find" | "du" | "tree" | "dir" => (C::Readdir, K::Directory),
        "stat" | "readlink" | "realpath" | "namei" => (C::Stat, K::Path),
        "cd" | "pushd" => (C::Chdir, K::Directory),
        "mkdir" => (C::Mkdir, K::Directory),
        "rm" | "rmdir" | "unlink" => (C::Unlink, K::Path),
        "mv" => (C::Rename, K::Path),
        "ln" => (C::Symlink, K::Path),
        "chmod" => (C::Chmod, K::Path),
        "chown" | "chgrp" => (C::Chown, K::Path),
        "mknod" | "mkfifo" => (C::Mknod, K::Device),
        "setcap" | "setfacl" | "setfattr" | "attr" | "chcon" | "restorecon" => (C::Xattr, K::Path),
        "chattr" | "lsattr" => (C::Ioctl, K::Path),
        "truncate" => (C::Truncate, K::Path),
        "exec" | "env" | "xargs" | "nohup" | "timeout" | "time" | "runuser" | "dumb-init" | "tini"
        | "su-exec" | "setpriv" | "make" | "gmake" | "ninja" | "stdbuf" | "chpst" => (C::Exec, K::Executable),
        "mount" | "mount.nfs" | "mount.nfs4" | "mount.cifs" | "mount.fuse" | "fusermount" | "fusermount3"
        | "sshfs" => (C::Mount, K::MountPoint),
        "umount" | "umount.nfs" => (C::Umount, K::MountPoint),
        "ping" | "ping6" | "fping" | "masscan" | "arp-scan" | "dhclient" | "udhcpc" | "arping"
        | "traceroute" | "mtr" | "mtr-packet" | "tcpdump" | "nmap" | "hping3" => (C::Socket, K::RawSocket),
        "kill" | "pkill" | "killall" | "skill" => (C::Kill, K::Process),
        "strace" | "gdb" | "gdbserver" | "ltrace" | "lldb" => (C::Ptrace, K::Process),
        "perf" => (C::PerfEventOpen, K::Unknown),
        "bpftool" | "bpftrace" => (C::Bpf, K::Unknown),
        "renice" | "nice" | "ionice" => (C::Setpriority, K::Process),
        "chrt" | "taskset" => (C::Sched, K::Process),
        "sysctl" => (C::SysctlWrite, K::Sysctl),
        "hostname" | "hostnamectl" => (C::Sethostname, K::Unknown),
        "chroot" => (C::Chroot, K::Directory),
        "unshare" => (C::Unshare, K::Namespace),
        "nsenter" => (C::Setns, K::Namespace),
        "newuidmap" | "newgidmap" => (C::IdMap, K::Namespace),
        "date" | "ntpd" | "chronyd" | "hwclock" => (C::Settime, K::Unknown),
        "dmesg" => (C::Syslog, K::Unknown),
        "insmod" | "modprobe" | "rmmod" => (C::Module, K::Unknown),
        "swapon" | "swapoff" => (C::Swap, K::Path),
        "prlimit" | "ulimit" => (C::Setrlimit, K::Unknown),
        "numactl" => (C::Mempolicy, K::Memory),
        "keyctl" => (C::Keyctl, K::Unknown),
        "setarch" => (C::Personality, K::Unknown),
        "ip" | "tc" | "bridge" | "iptables" | "ip6tables" | "nft" | "ipset" | "ebtables" | "arptables"
        | "iw" | "ipvsadm" | "wg" | "brctl" | "conntrack" => (C::Netlink, K::NetlinkSocket),
        "ifconfig" | "route" | "ethtool" => (C::Ioctl, K::OtherSocket),
        "losetup" | "blkdiscard" | "fstrim" | "hdparm" | "mkfs" | "fsck" | "blkid" => (C::Open, K::Device),
        "reboot" | "shutdown" | "poweroff" => (C::Reboot, K::Unknown),
        "pivot_root" | "switch_root" => (C::PivotRoot, K::MountPoint),
        "apparmor_parser" => (C::PolicyLoad, K::Label),
        _ => return None,
    })
}

/// True for command interpreters, whose message `SHELL: PATH: STRERROR` is about running PATH or
/// about redirecting to it.
pub(crate) fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program).trim_start_matches('-');
    matches!(
        name,
        "sh" | "bash"
            | "dash"
            | "ash"
            | "zsh"
            | "ksh"
            | "mksh"
            | "fish"
            | "busybox"
            | "-bash"
            | "-sh"
            | "rbash"
    )
}
