//! What experiments say.

use super::Context;
use whodenied_case::{Change, Knob, Outcome, Trial};

impl<'a> Context<'a> {
    /// The first trial that `pick` accepts and that came out so.
    pub(crate) fn trial(&self, outcome: Outcome, mut pick: impl FnMut(&Change) -> bool) -> Option<&'a Trial> {
        self.trials.iter().find(|t| t.outcome == outcome && pick(&t.change))
    }

    /// "It works when …".
    pub(crate) fn works(&self, pick: impl FnMut(&Change) -> bool) -> Option<&'a Trial> {
        self.trial(Outcome::Works, pick)
    }

    /// "The same when …".
    pub(crate) fn same(&self, pick: impl FnMut(&Change) -> bool) -> Option<&'a Trial> {
        self.trial(Outcome::Same, pick)
    }

    /// It works as root.
    pub(crate) fn works_as_root(&self) -> Option<&'a Trial> {
        self.works(is_root)
    }

    /// It fails as root too.
    pub(crate) fn same_as_root(&self) -> Option<&'a Trial> {
        self.same(is_root)
    }

    /// It works with all confinement of the container off.
    pub(crate) fn works_privileged(&self) -> Option<&'a Trial> {
        self.works(|c| matches!(c, Change::Knob(Knob::Privileged(true))))
    }

    /// It fails with all confinement of the container off.
    pub(crate) fn same_privileged(&self) -> Option<&'a Trial> {
        self.same(|c| matches!(c, Change::Knob(Knob::Privileged(true))))
    }

    /// It works outside the container.
    pub(crate) fn works_on_host(&self) -> Option<&'a Trial> {
        self.works(|c| matches!(c, Change::OnHost))
    }
}

/// True for a change to root, by sudo or by the container's user.
pub(crate) fn is_root(change: &Change) -> bool {
    match change {
        Change::AsRoot => true,
        Change::Knob(Knob::User(user)) => super::privilege::root_user(user),
        _ => false,
    }
}

/// True for a knob that switches AppArmor off.
pub(crate) fn apparmor_off(change: &Change) -> bool {
    match change {
        Change::ApparmorUnloaded => true,
        Change::Knob(Knob::Apparmor(p)) => p == "unconfined",
        _ => false,
    }
}

/// True for a knob that switches SELinux separation off.
pub(crate) fn selinux_off(change: &Change) -> bool {
    match change {
        Change::SelinuxPermissive => true,
        Change::Knob(Knob::SelinuxLabel(l)) => l == "disable",
        Change::Knob(Knob::Volume { options, .. }) => options.iter().any(|o| o == "z" || o == "Z"),
        _ => false,
    }
}

/// True for a knob that switches the seccomp filter off.
pub(crate) fn seccomp_off(change: &Change) -> bool {
    matches!(change, Change::Knob(Knob::Seccomp(p)) if p == "unconfined")
}
