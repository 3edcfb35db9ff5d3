//! Values as text.

use super::names::{self, Set};
use super::net_names;
use whodenied_kernel::syscall::Arch;

/// Bits by name, joined by `|`; what has no name in hexadecimal; `0` for none.
pub(super) fn flags(value: u64, set: &Set) -> String {
    let mut left = value;
    let mut out = String::new();
    for (bits, name) in set {
        if *bits != 0 && left & bits == *bits {
            left &= !bits;
            add(&mut out, name);
        }
    }
    if left != 0 || out.is_empty() {
        add(&mut out, &if left == 0 { "0".to_owned() } else { format!("{left:#x}") });
    }
    out
}

fn add(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('|');
    }
    out.push_str(name);
}

/// One of a set; its number where it has no name.
pub(super) fn choice(value: u64, set: &Set) -> String {
    match set.iter().find(|row| row.0 == value) {
        Some(row) => row.1.to_owned(),
        None if value < 1024 => value.to_string(),
        None => format!("{value:#x}"),
    }
}

/// `0644`.
pub(super) fn mode(value: u64) -> String {
    format!("0{value:03o}")
}

/// `O_RDONLY|O_CLOEXEC`.
pub(super) fn open_flags(value: u64, arch: Option<Arch>) -> String {
    let own = match arch {
        Some(Arch::Aarch64 | Arch::Arm | Arch::Ppc64le) => names::OPEN_ARM,
        _ => names::OPEN_GENERIC,
    };
    let mut out = match value & 3 {
        0 => "O_RDONLY",
        1 => "O_WRONLY",
        2 => "O_RDWR",
        _ => "O_ACCMODE",
    }
    .to_owned();
    let all: Vec<(u64, &'static str)> = own.iter().chain(names::OPEN).copied().collect();
    let rest = value & 0xffff_ffff & !3;
    if rest != 0 {
        add(&mut out, &flags(rest, &all));
    }
    out
}

/// `SIGTERM`, `SIGRT_2`, or the number.
pub(super) fn signal(value: i32) -> String {
    match value {
        32..=64 => format!("SIGRT_{}", value - 32),
        _ => choice(u64::from(value.cast_unsigned()), names::SIGNALS),
    }
}

/// `makedev(1, 3)`. Source: `include/linux/kdev_t.h`, new_decode_dev.
pub(super) fn device(value: u64) -> String {
    let (major, minor) = ((value >> 8) & 0xfff, (value & 0xff) | ((value >> 12) & 0xf_ff00));
    format!("makedev({major}, {minor})")
}

/// `SOCK_STREAM|SOCK_CLOEXEC`.
pub(super) fn socket_type(value: u64) -> String {
    let mut out = choice(value & 0xf, net_names::SOCK);
    let rest = value & 0xffff_fff0;
    if rest != 0 {
        add(&mut out, &flags(rest, net_names::SOCK_FLAGS));
    }
    out
}

/// The protocol of a socket of this domain.
pub(super) fn protocol(domain: u64, value: u64) -> String {
    let value = value & 0xffff_ffff;
    match domain {
        2 | 10 => choice(value, net_names::IPPROTO),
        16 => choice(value, net_names::NETLINK),
        17 => choice(value, net_names::ETH),
        _ => value.to_string(),
    }
}

/// The name of an option at a level.
pub(super) fn socket_option(level: u64, value: u64) -> String {
    let set = match level & 0xffff_ffff {
        0 => net_names::IP,
        1 => net_names::SO,
        6 => net_names::TCP,
        41 => net_names::IPV6,
        _ => &[],
    };
    choice(value & 0xffff_ffff, set)
}

/// Bytes in quotes; what is no UTF-8 stands as U+FFFD.
pub(super) fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(open_flags(0o2_000_102, Some(Arch::X86_64)), "O_RDWR|O_CREAT|O_CLOEXEC");
        assert_eq!(open_flags(0o200_000, Some(Arch::X86_64)), "O_RDONLY|O_DIRECTORY");
        assert_eq!(open_flags(0o40_000, Some(Arch::Aarch64)), "O_RDONLY|O_DIRECTORY");
        assert_eq!(open_flags(0o20_200_001, Some(Arch::X86_64)), "O_WRONLY|O_TMPFILE");
        assert_eq!(flags(0x1002_0000, names::CLONE), "CLONE_NEWNS|CLONE_NEWUSER");
        assert_eq!(flags(0, names::CLONE), "0");
        assert_eq!(flags(1 << 40 | 1, names::MS), "MS_RDONLY|0x10000000000");
        assert_eq!(mode(0o640), "0640");
        assert_eq!(mode(0), "0000");
        assert_eq!(device(0x103), "makedev(1, 3)");
        assert_eq!(device(0xac8), "makedev(10, 200)");
        assert_eq!(socket_type(0o2_000_003), "SOCK_RAW|SOCK_CLOEXEC");
        assert_eq!(protocol(2, 1), "IPPROTO_ICMP");
        assert_eq!(protocol(16, 9), "NETLINK_AUDIT");
        assert_eq!(signal(9), "SIGKILL");
        assert_eq!(signal(34), "SIGRT_2");
    }
}
