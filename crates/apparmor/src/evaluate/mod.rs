//! What a loaded profile answers to an attempt, as the kernel decides it.
//!
//! One profile is asked at a time; a label of several allows what every confined one of them allows
//! ([`all`]). What the kernel does not mediate for a profile is an answer of its own: nothing is refused, and no
//! rule could refuse it. With a refusal stands whether a record of it is written and what its `info=` would
//! say, which is how far the walk through the rules got.
//!
//! The paths, labels and addresses asked about are those the kernel matches: absolute, resolved, with a final
//! `/` for directories.
//!
//! Sources: kernel `file.c`, `net.c`, `af_unix.c`, `mount.c`, `ipc.c`, `task.c`, `capability.c`, `domain.c`,
//! `lib.c` (`aa_check_perms`, `aa_apply_modes_to_perms`), `label.c` (`aa_label_match`).

mod exec;
mod file;
mod ipc;
mod label;
mod mount;
mod net;
mod other;
mod question;
mod reach;

pub use exec::{Exec, Target, attachment, exec};
pub use file::{file, link};
pub use ipc::{PtraceAccess, ptrace, signal, signal_number};
pub use label::{Component, Label};
pub use mount::{MountAttempt, mount, ms, pivot_root, umount};
pub use net::{Address, Socket, SocketUse, net_bit, socket};
pub use other::{
    DbusMessage, QueueName, capability, change_profile, dbus_bind, dbus_message, io_uring_override,
    io_uring_sqpoll, mqueue, userns,
};
pub use question::{FORMS, Question};
pub use reach::never;

use crate::features::Features;
use crate::policy::{Class, Mode, Perms, Profile};
use whodenied_kernel::Errno;

/// What differs between kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel {
    /// `network_v9` with `network_v9/af_unix`: class 15 decides, and for Unix sockets addresses and labels do
    /// (6.17).
    pub network_v9: bool,
    /// User namespaces are mediated (6.7).
    pub userns: bool,
    /// io_uring is mediated (6.7).
    pub io_uring: bool,
    /// In complain mode a program whose profile is not found runs under one made for learning; kernels without
    /// that refuse it although they record that it was allowed (6.12 does; 7.2 and 7.3 do not; between is not
    /// known, and taken for refusing).
    pub learns: bool,
    /// Patched as Ubuntu patches it: Unix sockets by address and label also in classes 14 and 4, message
    /// queues. Known from sources only.
    pub patched: bool,
}

impl Kernel {
    /// Mainline by its version.
    #[must_use]
    pub const fn mainline(major: u32, minor: u32) -> Self {
        let v9 = major > 6 || (major == 6 && minor >= 17);
        let since_6_7 = major > 6 || (major == 6 && minor >= 7);
        Self { network_v9: v9, userns: since_6_7, io_uring: since_6_7, learns: major >= 7, patched: false }
    }

    /// The newest mainline that was looked at.
    pub const NEWEST: Self = Self::mainline(7, 3);

    /// By what the kernel says that it can mediate. The version is asked only for what no feature tells.
    #[must_use]
    pub fn from_features(features: &Features, release: &str) -> Option<Self> {
        let by_version = Self::from_release(release)?;
        Some(Self {
            network_v9: features.has("network_v9/af_unix"),
            userns: features.has("namespaces/userns_create") || features.has("namespaces/mask/userns_create"),
            io_uring: features.has("io_uring"),
            patched: features.has("network/af_unix") || features.has("ipc/posix_mqueue"),
            ..by_version
        })
    }

    /// By the version as `uname -r` says it. Distributions that patch the mediation are told by their suffix.
    #[must_use]
    pub fn from_release(release: &str) -> Option<Self> {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit());
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        let suffixes = ["-generic", "-pve", "-aws", "-azure", "-gcp", "-oracle", "-lowlatency", "-raspi"];
        let patched = suffixes.iter().any(|s| release.contains(s)) && !release.contains("cloud");
        Some(Self { patched, ..Self::mainline(major, minor) })
    }
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing of the kind is mediated for this profile by this kernel.
    Unmediated,
    /// The rules allow it.
    Allowed,
    /// The rules do not, the mode does (complain).
    Complained,
    /// A daemon in user space decides.
    Asked,
    /// Refused.
    Denied,
}

impl Outcome {
    /// Whether the call goes on.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::Unmediated | Self::Allowed | Self::Complained)
    }
}

/// The answer of one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What becomes of it.
    pub outcome: Outcome,
    /// The class that decided.
    pub class: Class,
    /// What was asked and is not allowed, as bits of `policy::bit`. For capabilities the bit of the number.
    pub denied: u64,
    /// Whether the kernel writes a record.
    pub recorded: bool,
    /// What the record's `info=` says.
    pub info: Option<&'static str>,
    /// What the caller gets when refused.
    pub errno: Option<Errno>,
    /// The task is killed as well.
    pub kills: bool,
    /// Whether the rules hold something for what was asked: a rule that says `deny` and stays silent.
    pub quiet: bool,
}

impl Answer {
    const fn plain(outcome: Outcome, class: Class) -> Self {
        Self {
            outcome,
            class,
            denied: 0,
            recorded: false,
            info: None,
            errno: None,
            kills: false,
            quiet: false,
        }
    }

    /// Nothing of the kind is mediated.
    #[must_use]
    pub const fn unmediated(class: Class) -> Self {
        Self::plain(Outcome::Unmediated, class)
    }

    fn with_info(mut self, info: Option<&'static str>) -> Self {
        if self.denied != 0 {
            self.info = info;
        }
        self
    }
}

/// `None` for a profile that mediates nothing at all.
fn confined(profile: &Profile) -> Option<&Profile> {
    (profile.mode != Mode::Unconfined).then_some(profile)
}

/// Applies a profile's mode to permissions and asks them. Kernel `aa_apply_modes_to_perms`,
/// `aa_check_perms`; `aa_audit_file` decides the same.
fn check(profile: &Profile, perms: &Perms, request: u32, class: Class, errno: Errno) -> Answer {
    let denied = request & (!perms.allow | perms.deny);
    if denied == 0 {
        let audit = profile.flags.audit || perms.audit & request != 0;
        return Answer { recorded: audit, ..Answer::plain(Outcome::Allowed, class) };
    }
    // Recording everything cancels silence.
    let quiet = if profile.flags.audit { 0 } else { perms.quiet };
    let hidden = denied & !perms.hide == 0;
    let silent = denied & !quiet == 0;
    let errno = if hidden { Errno::ENOENT } else { errno };
    let kills = !silent && (profile.mode == Mode::Kill || denied & perms.kill != 0);
    let complains = profile.mode == Mode::Complain || denied & !perms.complain == 0;
    // What stays silent is refused before the mode is asked: complain enforces a plain `deny`.
    let outcome = if silent || !complains || kills {
        if profile.mode == Mode::Prompt && !silent { Outcome::Asked } else { Outcome::Denied }
    } else {
        Outcome::Complained
    };
    Answer {
        outcome,
        class,
        denied: u64::from(denied),
        recorded: !silent,
        info: None,
        errno: (outcome == Outcome::Denied).then_some(errno),
        kills,
        quiet: silent,
    }
}

/// The answer of a label of several profiles: the first that refuses, else the first that says most.
/// `None` when there is no profile.
pub fn all(answers: impl IntoIterator<Item = Answer>) -> Option<Answer> {
    let rank = |a: &Answer| match a.outcome {
        Outcome::Denied => 4,
        Outcome::Asked => 3,
        Outcome::Complained => 2,
        Outcome::Allowed => 1,
        Outcome::Unmediated => 0,
    };
    let mut best: Option<Answer> = None;
    for answer in answers {
        if best.as_ref().is_none_or(|b| rank(&answer) > rank(b)) {
            best = Some(answer);
        }
    }
    best
}

#[cfg(test)]
mod tests;
