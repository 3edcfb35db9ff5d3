//! Who asks.

use crate::id::{CapabilitySet, UserNamespace};
use serde::{Deserialize, Serialize};
use whodenied_kernel::Capability;

/// The credentials of a task, `struct cred`; ids are global.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Real user, which `access(2)` asks for.
    pub uid: u32,
    /// Real group.
    pub gid: u32,
    /// Effective user.
    pub euid: u32,
    /// User for file access, nearly always the effective one.
    pub fsuid: u32,
    /// Group for file access.
    pub fsgid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// `CapEff`.
    pub effective: CapabilitySet,
    /// `CapPrm`, which `access(2)` uses for a real root.
    pub permitted: CapabilitySet,
    /// `CapInh`.
    pub inheritable: CapabilitySet,
    /// `CapBnd`, the most that a program can gain.
    pub bounding: CapabilitySet,
    /// The securebit `SECBIT_NO_SETUID_FIXUP`.
    pub no_setuid_fixup: bool,
    /// The user namespace in which the capabilities count.
    pub namespace: UserNamespace,
}

impl Subject {
    /// A user of the first namespace without capabilities.
    #[must_use]
    pub fn user(uid: u32, gid: u32) -> Self {
        Self {
            uid,
            gid,
            euid: uid,
            fsuid: uid,
            fsgid: gid,
            groups: Vec::new(),
            effective: CapabilitySet::default(),
            permitted: CapabilitySet::default(),
            inheritable: CapabilitySet::default(),
            bounding: CapabilitySet::all(),
            no_setuid_fixup: false,
            namespace: UserNamespace::first(),
        }
    }

    /// Root of the first namespace with all its capabilities.
    #[must_use]
    pub fn root() -> Self {
        let all = CapabilitySet::all();
        Self { effective: all, permitted: all, ..Self::user(0, 0) }
    }

    /// `in_group_p` (kernel/groups.c).
    #[must_use]
    pub fn in_group(&self, gid: u32) -> bool {
        self.fsgid == gid || self.groups.contains(&gid)
    }

    /// `cap_capable` (security/commoncap.c): whether `capability` counts in `namespace`.
    #[must_use]
    pub fn capable_in(&self, namespace: &UserNamespace, capability: Capability) -> bool {
        let mut at = namespace;
        loop {
            if at.id == self.namespace.id {
                return self.effective.has(capability);
            }
            if at.level() <= self.namespace.level() {
                return false;
            }
            let Some(parent) = &at.parent else { return false };
            if parent.id == self.namespace.id && at.owner == self.euid {
                return true;
            }
            at = parent;
        }
    }

    /// `capable`: whether it counts in the first namespace.
    #[must_use]
    pub fn capable(&self, capability: Capability) -> bool {
        self.namespace.is_first() && self.effective.has(capability)
    }

    /// The credentials under which `access(2)` asks, `access_override_creds` (fs/open.c): the real
    /// ids, and no capabilities unless the real user is root, who gets the permitted ones.
    #[must_use]
    pub fn as_real(&self) -> Self {
        let mut real = self.clone();
        real.fsuid = self.uid;
        real.fsgid = self.gid;
        if !self.no_setuid_fixup {
            let root = self.namespace.maps.users.down(0);
            real.effective = if root == Some(self.uid) { self.permitted } else { CapabilitySet::default() };
        }
        real
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::IdMaps;

    #[test]
    fn capabilities_count_downwards_only() {
        let first = UserNamespace::first();
        let child = UserNamespace {
            id: 7,
            owner: 1000,
            parent: Some(Box::new(first.clone())),
            maps: IdMaps::identity(),
        };
        let inside = Subject { namespace: child.clone(), ..Subject::root() };
        assert!(inside.capable_in(&child, Capability::CHOWN));
        assert!(!inside.capable_in(&first, Capability::CHOWN) && !inside.capable(Capability::CHOWN));
        assert!(Subject::root().capable_in(&child, Capability::CHOWN));
        // Who made a namespace has every capability in it, from the namespace above.
        assert!(Subject::user(1000, 1000).capable_in(&child, Capability::CHOWN));
        assert!(!Subject::user(1001, 1000).capable_in(&child, Capability::CHOWN));
    }

    #[test]
    fn access_asks_for_the_real_user() {
        let setuid = Subject { uid: 1000, gid: 1000, ..Subject::root() };
        assert_eq!(setuid.as_real().fsuid, 1000);
        assert_eq!(setuid.as_real().effective, CapabilitySet::default());
        let bare_root = Subject { effective: CapabilitySet::default(), ..Subject::root() };
        assert_eq!(bare_root.as_real().effective, CapabilitySet::all());
        let fixed = Subject { no_setuid_fixup: true, ..setuid };
        assert_eq!(fixed.as_real().effective, CapabilitySet::all());
    }
}
