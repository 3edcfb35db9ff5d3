//! Profiles and rules as text.

use crate::pattern::Pattern;
use crate::profile::{Abi, Profile};
use crate::rule::{Access, Rule};
use std::fmt;

impl fmt::Display for Rule {
    /// The rule on one line, with its comma, without indentation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comment(text) => write!(f, "# {text}"),
            Self::Blank => Ok(()),
            Self::Include { name, if_exists } => {
                write!(f, "include {}<{name}>", if *if_exists { "if exists " } else { "" })
            }
            Self::Network { deny, family, kind } => {
                f.write_str(word(*deny, "network"))?;
                for part in [family, kind].into_iter().flatten() {
                    write!(f, " {part}")?;
                }
                f.write_str(",")
            }
            Self::Capability { deny, names } => {
                f.write_str(word(*deny, "capability"))?;
                for name in names.iter().filter_map(|c| c.name()) {
                    write!(f, " {}", name.to_ascii_lowercase())?;
                }
                f.write_str(",")
            }
            Self::AllFiles => f.write_str("file,"),
            Self::File { deny, owner, path, perms } => {
                let deny = if *deny { "deny " } else { "" };
                let owner = if *owner { "owner " } else { "" };
                write!(f, "{deny}{owner}{path} {perms},")
            }
            Self::Mount { deny, options, fstype, source, target } => {
                f.write_str(word(*deny, "mount"))?;
                set(f, "options", options)?;
                set(f, "fstype", fstype)?;
                if let Some(source) = source {
                    write!(f, " {source}")?;
                }
                if let Some(target) = target {
                    write!(f, " -> {target}")?;
                }
                f.write_str(",")
            }
            Self::Umount(None) => f.write_str("umount,"),
            Self::Umount(Some(path)) => write!(f, "umount {path},"),
            Self::PivotRoot => f.write_str("pivot_root,"),
            Self::Signal { access, set: signals, peer } => {
                f.write_str("signal")?;
                sides(f, access)?;
                set(f, "set", signals)?;
                value(f, "peer", peer.as_ref())?;
                f.write_str(",")
            }
            Self::Ptrace { access, peer } => {
                f.write_str("ptrace")?;
                sides(f, access)?;
                value(f, "peer", peer.as_ref())?;
                f.write_str(",")
            }
            Self::Unix { perms, kind, peer } => {
                f.write_str("unix")?;
                list(f, perms)?;
                value(f, "type", kind.as_ref())?;
                if let Some(peer) = peer {
                    write!(f, " peer=(label={peer})")?;
                }
                f.write_str(",")
            }
            Self::Dbus { access, bus, path, interface, member, name, peer_name, peer_label } => {
                f.write_str("dbus")?;
                list(f, access)?;
                value(f, "bus", bus.as_ref())?;
                value(f, "path", path.as_ref())?;
                value(f, "interface", interface.as_ref())?;
                value(f, "member", member.as_ref())?;
                value(f, "name", name.as_ref())?;
                let peers: Vec<String> = [("name", peer_name), ("label", peer_label)]
                    .into_iter()
                    .filter_map(|(k, v)| v.as_ref().map(|v| format!("{k}={v}")))
                    .collect();
                if !peers.is_empty() {
                    write!(f, " peer=({})", peers.join(", "))?;
                }
                f.write_str(",")
            }
            Self::Userns => f.write_str("userns,"),
            Self::Mqueue(None) => f.write_str("mqueue,"),
            Self::Mqueue(Some(name)) => {
                write!(f, "mqueue (create,read,write,open,delete) type=posix {name},")
            }
            Self::IoUring => f.write_str("io_uring,"),
            Self::Priority(priority, rule) => write!(f, "priority={priority} {rule}"),
            Self::ChangeProfile(target) => write!(f, "change_profile -> {target},"),
        }
    }
}

impl fmt::Display for Profile {
    /// The whole file, ending with a newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.head {
            writeln!(f, "# {line}")?;
        }
        match &self.abi {
            Some(Abi::Shipped(name)) => writeln!(f, "abi <abi/{name}>,\n")?,
            Some(Abi::File(path)) => writeln!(f, "abi \"{path}\",\n")?,
            None => {}
        }
        if self.tunables {
            writeln!(f, "include <tunables/global>\n")?;
        } else if self.own_proc {
            writeln!(f, "@{{PROC}}=/proc/\n")?;
        }
        write!(f, "profile {}", self.name)?;
        if let Some(attachment) = &self.attachment {
            write!(f, " {attachment}")?;
        }
        if !self.flags.is_empty() {
            let flags: Vec<&str> = self.flags.iter().map(|flag| flag.keyword()).collect();
            write!(f, " flags=({})", flags.join(","))?;
        }
        writeln!(f, " {{")?;
        for rule in &self.rules {
            match rule {
                Rule::Blank => writeln!(f)?,
                rule => writeln!(f, "  {rule}")?,
            }
        }
        writeln!(f, "}}")
    }
}

const fn word(deny: bool, keyword: &'static str) -> &'static str {
    match (deny, keyword.as_bytes()) {
        (true, b"network") => "deny network",
        (true, b"capability") => "deny capability",
        (true, _) => "deny mount",
        (false, _) => keyword,
    }
}

fn sides(f: &mut fmt::Formatter<'_>, access: &[Access]) -> fmt::Result {
    if access.is_empty() {
        return Ok(());
    }
    let words: Vec<&str> = access.iter().map(|a| a.keyword()).collect();
    write!(f, " ({})", words.join(","))
}

fn list(f: &mut fmt::Formatter<'_>, words: &[Pattern]) -> fmt::Result {
    if words.is_empty() {
        return Ok(());
    }
    let words: Vec<&str> = words.iter().map(Pattern::as_str).collect();
    write!(f, " ({})", words.join(","))
}

fn set(f: &mut fmt::Formatter<'_>, key: &str, words: &[Pattern]) -> fmt::Result {
    match words {
        [] => Ok(()),
        [one] => write!(f, " {key}={one}"),
        many => {
            let words: Vec<&str> = many.iter().map(Pattern::as_str).collect();
            write!(f, " {key}=({})", words.join(","))
        }
    }
}

fn value(f: &mut fmt::Formatter<'_>, key: &str, value: Option<&Pattern>) -> fmt::Result {
    value.map_or(Ok(()), |v| write!(f, " {key}={v}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Flag;
    use whodenied_kernel::Capability;

    fn p(word: &str) -> Pattern {
        Pattern::word(word).unwrap()
    }

    #[test]
    fn rules_print_as_the_manual_writes_them() {
        let signal = Rule::Signal {
            access: vec![Access::Receive],
            set: vec![p("term"), p("kill")],
            peer: Pattern::label("runc"),
        };
        assert_eq!(signal.to_string(), "signal (receive) set=(term,kill) peer=runc,");
        let mount = Rule::Mount {
            deny: false,
            options: vec![p("rw"), p("nosuid")],
            fstype: vec![p("fuse.sshfs")],
            source: None,
            target: Pattern::path("/mnt/a b/"),
        };
        assert_eq!(mount.to_string(), "mount options=(rw,nosuid) fstype=fuse.sshfs -> \"/mnt/a b/\",");
        assert_eq!(Rule::DENY_MOUNT.to_string(), "deny mount,");
        let caps = Rule::Capability { deny: false, names: vec![Capability::SYS_NICE] };
        assert_eq!(caps.to_string(), "capability sys_nice,");
        let dbus = Rule::Dbus {
            access: vec![p("send")],
            bus: Some(p("system")),
            path: Pattern::bus("/"),
            interface: Pattern::bus("org.freedesktop.DBus"),
            member: None,
            name: None,
            peer_name: Pattern::bus("org.freedesktop.DBus"),
            peer_label: None,
        };
        assert_eq!(
            dbus.to_string(),
            "dbus (send) bus=system path=/ interface=org.freedesktop.DBus peer=(name=org.freedesktop.DBus),"
        );
    }

    #[test]
    fn the_abi_stands_at_the_head() {
        let profile = Profile {
            head: vec!["why".into()],
            abi: Some(Abi::Shipped("4.0")),
            tunables: true,
            own_proc: false,
            name: "x".into(),
            attachment: None,
            flags: vec![Flag::AttachDisconnected, Flag::MediateDeleted],
            rules: vec![Rule::AllFiles],
        };
        assert_eq!(
            profile.to_string(),
            "# why\nabi <abi/4.0>,\n\ninclude <tunables/global>\n\nprofile x flags=(attach_disconnected,mediate_deleted) {\n  file,\n}\n"
        );
    }
}
