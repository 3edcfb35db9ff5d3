//! Names of flags and numbers as a trace writes them.

/// `MS_*` of mount(2), `include/uapi/linux/mount.h`.
const MOUNT: &[(&str, u32)] = &[
    ("MS_RDONLY", 1),
    ("MS_NOSUID", 2),
    ("MS_NODEV", 4),
    ("MS_NOEXEC", 8),
    ("MS_SYNCHRONOUS", 16),
    ("MS_REMOUNT", 32),
    ("MS_MANDLOCK", 64),
    ("MS_DIRSYNC", 128),
    ("MS_NOSYMFOLLOW", 256),
    ("MS_NOATIME", 1024),
    ("MS_NODIRATIME", 2048),
    ("MS_BIND", 4096),
    ("MS_MOVE", 8192),
    ("MS_REC", 16384),
    ("MS_SILENT", 32768),
    ("MS_POSIXACL", 1 << 16),
    ("MS_UNBINDABLE", 1 << 17),
    ("MS_PRIVATE", 1 << 18),
    ("MS_SLAVE", 1 << 19),
    ("MS_SHARED", 1 << 20),
    ("MS_RELATIME", 1 << 21),
    ("MS_I_VERSION", 1 << 23),
    ("MS_STRICTATIME", 1 << 24),
    ("MS_LAZYTIME", 1 << 25),
];

/// The flags of a mount; `None` where one is not known.
pub(super) fn mount(text: &str) -> Option<u32> {
    let part = |word: &str| match word.trim() {
        "" | "0" => Some(0),
        word => MOUNT.iter().find(|(name, _)| *name == word).map(|(_, bit)| *bit).or_else(|| number(word)),
    };
    text.split('|').try_fold(0, |all, word| Some(all | part(word)?))
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A family of sockets by its name, `AF_*`.
pub(super) fn family(name: &str) -> Option<u16> {
    (0..=45).find(|f| whodenied_apparmor::compare::family_name(*f) == Some(name))
}

/// A type of sockets, without the flags beside it.
pub(super) fn socket_type(text: &str) -> Option<u16> {
    let word = text.split('|').next()?.trim();
    Some(match word {
        "SOCK_STREAM" => 1,
        "SOCK_DGRAM" => 2,
        "SOCK_RAW" => 3,
        "SOCK_RDM" => 4,
        "SOCK_SEQPACKET" => 5,
        "SOCK_DCCP" => 6,
        "SOCK_PACKET" => 10,
        _ => return None,
    })
}

/// A signal's number by its name or as it is written for those in real time.
pub(super) fn signal(text: &str) -> Option<u32> {
    let named = (1..=31u8).find(|n| whodenied_apparmor::compare::signal_name(*n) == text).map(u32::from);
    let real_time = || {
        let rest = text.strip_prefix("SIGRT_").or_else(|| text.strip_prefix("SIGRTMIN+"))?;
        Some(32 + rest.parse::<u32>().ok()?).filter(|n| *n <= 64)
    };
    named.or_else(|| text.parse().ok().filter(|n| *n <= 64)).or_else(real_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbers() {
        assert_eq!(mount("MS_BIND|MS_REC"), Some(0x5000));
        assert_eq!((mount("0"), mount("MS_RDONLY|0x100"), mount("MS_NEW")), (Some(0), Some(257), None));
        assert_eq!((family("AF_UNIX"), family("AF_ALG"), family("?")), (Some(1), Some(38), None));
        assert_eq!(socket_type("SOCK_STREAM|SOCK_CLOEXEC"), Some(1));
        assert_eq!((signal("SIGTERM"), signal("0"), signal("SIGNOT")), (Some(15), Some(0), None));
    }
}
