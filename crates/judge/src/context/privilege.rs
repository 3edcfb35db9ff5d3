//! Who the failing process is: root or not, with which capabilities; and which capability a call
//! asks for.

use super::Context;
use whodenied_case::{Attempt, CapSpec, Environment, FactId, Knob, ObjectKind, Phase, Predicate};
use whodenied_kernel::{Call, Capability, Errno};
use whodenied_runtimes::caps;

/// True for a user setting that means root.
pub(crate) fn root_user(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or(user).trim();
    name == "0" || name == "root"
}

impl Context<'_> {
    /// Does the failing process run as root, as its own namespace sees it? With the fact that says so.
    pub(crate) fn root(&self, attempt: &Attempt) -> Option<(bool, Option<FactId>)> {
        if self.same_as_root().is_some() {
            return Some((true, None));
        }
        if let Some(uid) = attempt.subject.uid {
            return Some((uid == 0, None));
        }
        if let Some(id) = self.environment(Environment::RunsAsRoot) {
            return Some((true, Some(id)));
        }
        if let Some(id) = self.environment(Environment::RunsAsNonRoot) {
            return Some((false, Some(id)));
        }
        let user = |k: &Knob| matches!(k, Knob::User(_));
        if let Some((id, Knob::User(user))) = self.facts.knob(user) {
            return Some((root_user(user), Some(id)));
        }
        if let Some(f) = self.facts.find(|p| matches!(p, Predicate::Ids { uid: Some(_), .. }))
            && let Predicate::Ids { uid: Some(uid), .. } = f.what
        {
            return Some((uid == 0, Some(f.id)));
        }
        if matches!(attempt.phase, Phase::RuntimeSetup | Phase::Stop | Phase::Engine) && !self.rootless() {
            return Some((true, None));
        }
        None
    }

    /// True when the process is known to be root.
    pub(crate) fn is_root(&self, attempt: &Attempt) -> bool {
        matches!(self.root(attempt), Some((true, _)))
    }

    /// True when the bounding set is known and holds `cap`.
    pub(crate) fn holds_by_bounding(&self, cap: Capability) -> bool {
        self.cap_bits("bnd").is_some_and(|(_, bits)| bits >> cap.0 & 1 == 1)
    }

    /// True when the process is known not to be root.
    pub(crate) fn is_user(&self, attempt: &Attempt) -> bool {
        matches!(self.root(attempt), Some((false, _)))
    }

    /// True when the process is known not to be root by more than an id that stands in the text: who
    /// changes owners was started as root, and the id is that of the user it drops to.
    pub(crate) fn is_stated_user(&self, attempt: &Attempt) -> bool {
        match self.root(attempt) {
            Some((false, Some(id))) => {
                !matches!(self.facts.get(id).map(|f| &f.what), Some(Predicate::Ids { .. }))
            }
            Some((false, None)) => true,
            _ => false,
        }
    }

    /// The bits of the effective or bounding set, where the evidence prints them.
    pub(crate) fn cap_bits(&self, name: &str) -> Option<(FactId, u64)> {
        self.facts.all.iter().find_map(|f| match &f.what {
            Predicate::CapSet { set, bits } if set == name => Some((f.id, *bits)),
            _ => None,
        })
    }

    /// The fact that drops every capability.
    pub(crate) fn all_dropped(&self) -> Option<FactId> {
        self.facts.knob(|k| *k == Knob::CapDrop(CapSpec::All)).map(|(id, _)| id)
    }

    /// Does a root process of this container hold `cap`? `None` when nothing tells.
    pub(crate) fn container_has(&self, cap: Capability) -> Option<(bool, Option<FactId>)> {
        if let Some((id, bits)) = self.cap_bits("eff") {
            return Some((bits >> cap.0 & 1 == 1, Some(id)));
        }
        // What the bounding set lacks, nobody in it can hold.
        if let Some((id, _)) = self.cap_bits("bnd").filter(|(_, bits)| bits >> cap.0 & 1 == 0) {
            return Some((false, Some(id)));
        }
        if let Some((id, _)) = self.facts.knob(|k| *k == Knob::Privileged(true)) {
            return Some((true, Some(id)));
        }
        if let Some(id) = self.facts.cap_added(cap) {
            return Some((true, Some(id)));
        }
        if let Some(id) = self.facts.cap_dropped(cap) {
            return Some((false, Some(id)));
        }
        if let Some((id, set)) = self.facts.unit("CapabilityBoundingSet") {
            return Some((unit_set_has(set, cap), Some(id)));
        }
        // What the engine gave is known, and root starts with it.
        if let Some((id, bits)) =
            self.cap_bits("bnd").filter(|_| self.facts.statement("starts-as-root").is_some())
        {
            return Some((bits >> cap.0 & 1 == 1, Some(id)));
        }
        let runtime = self.runtime()?;
        let has = caps::has(runtime, self.runtime_version(), cap);
        // Nobody adds what is there already, unless everything was dropped first.
        let over_again = |k: &Knob| {
            matches!(k, Knob::CapAdd(CapSpec::One(c)) if COMMON.contains(c)
                && caps::has(runtime, self.runtime_version(), *c))
        };
        let mut listed = self.facts.knobs().filter(|(_, k)| over_again(k)).map(|(id, _)| id);
        match (listed.next(), listed.next()) {
            (Some(id), Some(_)) if has => Some((false, Some(id))),
            _ => Some((has, None)),
        }
    }
}

/// Capabilities that every engine gives and that are listed only to give them back.
const COMMON: &[Capability] = &[
    Capability::CHOWN,
    Capability::DAC_OVERRIDE,
    Capability::FOWNER,
    Capability::FSETID,
    Capability::KILL,
    Capability::SETGID,
    Capability::SETUID,
    Capability::SETPCAP,
];

/// Does a unit's `CapabilityBoundingSet=` hold `cap`? A leading `~` lists what is taken away.
fn unit_set_has(set: &str, cap: Capability) -> bool {
    let trimmed = set.trim();
    let (inverted, list) = trimmed.strip_prefix('~').map_or((false, trimmed), |rest| (true, rest));
    let listed = list.split_whitespace().any(|name| Capability::from_name(name) == Some(cap));
    listed != inverted
}

/// The capability that an attempt asks for beyond ids and modes; `None` when none decides.
#[must_use]
pub(crate) fn needed(attempt: &Attempt) -> Option<Capability> {
    if let Some(named) = attempt.arg("capability").and_then(Capability::from_name) {
        return Some(named);
    }
    if attempt.object.kind == ObjectKind::Capability
        && let Some(named) = Capability::from_name(attempt.object_name())
    {
        return Some(named);
    }
    Some(match attempt.call? {
        Call::Chown => Capability::CHOWN,
        Call::Chmod | Call::Utime => Capability::FOWNER,
        // `xattr_permission` (fs/xattr.c): EPERM for trusted.* without it; an unknown prefix is EOPNOTSUPP.
        Call::Xattr if attempt.errno == Some(Errno::EPERM) => Capability::SYS_ADMIN,
        Call::Setuid => Capability::SETUID,
        Call::Setgid | Call::Setgroups => Capability::SETGID,
        Call::Socket if raw(attempt) || refused_socket(attempt) => Capability::NET_RAW,
        Call::Mknod => Capability::MKNOD,
        Call::Mount | Call::Umount | Call::PivotRoot | Call::Unshare | Call::Setns | Call::Sethostname => {
            Capability::SYS_ADMIN
        }
        Call::Swap | Call::Quota | Call::Fanotify => Capability::SYS_ADMIN,
        Call::Chroot => Capability::SYS_CHROOT,
        Call::Kill => Capability::KILL,
        Call::Ptrace => Capability::SYS_PTRACE,
        Call::Bind if attempt.object.kind == ObjectKind::Port && !above_range(attempt) => {
            Capability::NET_BIND_SERVICE
        }
        Call::Netlink | Call::Setsockopt => {
            if attempt.arg("protocol") == Some("audit") {
                Capability::AUDIT_WRITE
            } else {
                Capability::NET_ADMIN
            }
        }
        Call::Ioctl => return of_ioctl(attempt),
        // `net_ctl_permissions`, and handlers that ask for themselves.
        Call::SysctlWrite if attempt.errno == Some(Errno::EPERM) && !attempt.errno_inferred => {
            if attempt.object_name().trim_start_matches("/proc/sys/").starts_with("net") {
                Capability::NET_ADMIN
            } else {
                Capability::SYS_ADMIN
            }
        }
        Call::Setrlimit => Capability::SYS_RESOURCE,
        Call::Sched | Call::Setpriority | Call::Mempolicy => Capability::SYS_NICE,
        Call::Mlock => Capability::IPC_LOCK,
        Call::Settime => Capability::SYS_TIME,
        Call::Syslog => Capability::SYSLOG,
        Call::Module => Capability::SYS_MODULE,
        Call::Reboot | Call::Kexec => Capability::SYS_BOOT,
        Call::PerfEventOpen => Capability::PERFMON,
        Call::Bpf => Capability::BPF,
        Call::Ioperm => Capability::SYS_RAWIO,
        Call::Acct => Capability::SYS_PACCT,
        Call::Capset => Capability::SETPCAP,
        Call::PolicyLoad => Capability::MAC_ADMIN,
        Call::Sysvipc => Capability::IPC_OWNER,
        Call::Userfaultfd => Capability::SYS_PTRACE,
        _ => return None,
    })
}

/// EPERM from making a socket of an ordinary family: only raw and packet sockets ask for anything.
fn refused_socket(attempt: &Attempt) -> bool {
    attempt.errno == Some(Errno::EPERM)
        && !attempt.errno_inferred
        && attempt.arg("domain").is_none()
        && matches!(attempt.object.kind, ObjectKind::Unknown)
}

/// A port that no range of privileged ports holds by default.
fn above_range(attempt: &Attempt) -> bool {
    let port = attempt.arg("port").and_then(|p| p.parse::<u32>().ok());
    port.is_some_and(|p| p >= 1024)
}

/// What a driver asks for: interfaces and routes, inode flags, terminals, loop devices.
fn of_ioctl(attempt: &Attempt) -> Option<Capability> {
    let request = attempt.arg("request").or_else(|| attempt.arg("cmd")).unwrap_or("");
    let name = attempt.object_name();
    if request.starts_with("TUN") || request.starts_with("SIOC") || name.ends_with("/net/tun") {
        return Some(Capability::NET_ADMIN);
    }
    let flags = request.is_empty()
        && attempt.object.kind == ObjectKind::Path
        && name.starts_with('/')
        && !name.starts_with("/dev/");
    if request.contains("SETFLAGS") || flags {
        return Some(Capability::LINUX_IMMUTABLE);
    }
    (request.starts_with("LOOP") || name.starts_with("/dev/loop") || request == "FITRIM")
        .then_some(Capability::SYS_ADMIN)
}

/// A raw, packet or ICMP datagram socket.
fn raw(attempt: &Attempt) -> bool {
    matches!(attempt.object.kind, ObjectKind::RawSocket | ObjectKind::PingSocket)
        || attempt.arg("type").is_some_and(|t| t.contains("RAW"))
        || attempt.arg("domain").is_some_and(|d| d.contains("PACKET"))
        || attempt.arg("protocol").is_some_and(|p| p.contains("ICMP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_sets() {
        assert!(unit_set_has("CAP_NET_RAW CAP_CHOWN", Capability::CHOWN));
        assert!(!unit_set_has("CAP_NET_RAW", Capability::CHOWN));
        assert!(!unit_set_has("~CAP_SYS_ADMIN", Capability::SYS_ADMIN));
        assert!(unit_set_has("~CAP_SYS_ADMIN", Capability::CHOWN));
        assert!(!unit_set_has("", Capability::CHOWN));
    }

    #[test]
    fn root_by_name_and_number() {
        assert!(root_user("0:0") && root_user("root") && !root_user("1000:0"));
    }
}
