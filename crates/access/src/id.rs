//! Ids and how namespaces and mounts map them.
//!
//! Every id in this crate is global: the kernel's `kuid_t`, the number as the first user namespace
//! sees it. Only the ids that a program passes to `chown` are in that program's own namespace.

use serde::{Deserialize, Serialize};
use whodenied_kernel::Capability;

/// One line of `/proc/PID/uid_map`, in its three columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extent {
    /// First id inside the namespace.
    pub inside: u32,
    /// First id outside of it, global.
    pub outside: u32,
    /// How many.
    pub count: u32,
}

/// A map of ids, `struct uid_gid_map`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IdMap(pub Vec<Extent>);

impl IdMap {
    /// The map of the first user namespace: every id but -1 stands for itself.
    #[must_use]
    pub fn identity() -> Self {
        Self(vec![Extent { inside: 0, outside: 0, count: u32::MAX }])
    }

    /// From inside to outside, `map_id_down` (kernel/user_namespace.c).
    #[must_use]
    pub fn down(&self, inside: u32) -> Option<u32> {
        self.0.iter().find_map(|e| {
            let offset = inside.checked_sub(e.inside).filter(|o| *o < e.count)?;
            e.outside.checked_add(offset)
        })
    }

    /// From outside to inside, `map_id_up` (kernel/user_namespace.c).
    #[must_use]
    pub fn up(&self, outside: u32) -> Option<u32> {
        self.0.iter().find_map(|e| {
            let offset = outside.checked_sub(e.outside).filter(|o| *o < e.count)?;
            e.inside.checked_add(offset)
        })
    }
}

/// The maps of a namespace or of an idmapped mount.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IdMaps {
    /// Of users.
    pub users: IdMap,
    /// Of groups.
    pub groups: IdMap,
}

impl IdMaps {
    /// The maps of the first user namespace.
    #[must_use]
    pub fn identity() -> Self {
        Self { users: IdMap::identity(), groups: IdMap::identity() }
    }
}

/// A user namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserNamespace {
    /// Tells namespaces apart: the inode number of `/proc/PID/ns/user`, or any other unique number.
    pub id: u64,
    /// The user who made it (`NS_GET_OWNER_UID`).
    pub owner: u32,
    /// The namespace above; `None` for the first.
    pub parent: Option<Box<UserNamespace>>,
    /// Its maps to global ids.
    pub maps: IdMaps,
}

impl UserNamespace {
    /// The first user namespace.
    #[must_use]
    pub fn first() -> Self {
        Self { id: 0, owner: 0, parent: None, maps: IdMaps::identity() }
    }

    /// True for the first user namespace.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.parent.is_none()
    }

    /// True when `uid` has a mapping here, `kuid_has_mapping`.
    #[must_use]
    pub fn has_user(&self, uid: u32) -> bool {
        self.maps.users.up(uid).is_some()
    }

    /// True when `gid` has a mapping here, `kgid_has_mapping`.
    #[must_use]
    pub fn has_group(&self, gid: u32) -> bool {
        self.maps.groups.up(gid).is_some()
    }

    /// `in_userns` (kernel/user_namespace.c): whether it is `other` or lies below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        std::iter::successors(Some(self), |n| n.parent.as_deref()).any(|n| n.id == other.id)
    }

    /// `rootid_owns_currentns` (security/commoncap.c): whether `uid` is root here or in a namespace above.
    #[must_use]
    pub fn is_root_here_or_above(&self, uid: u32) -> bool {
        std::iter::successors(Some(self), |n| n.parent.as_deref()).any(|n| n.maps.users.up(uid) == Some(0))
    }

    /// How far below the first one it is.
    #[must_use]
    pub fn level(&self) -> usize {
        std::iter::successors(self.parent.as_deref(), |n| n.parent.as_deref()).count()
    }
}

/// A set of capabilities by bit, as in the `CapEff` line of `/proc/PID/status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CapabilitySet(pub u64);

impl CapabilitySet {
    /// Every capability known.
    #[must_use]
    pub fn all() -> Self {
        Capability::all().fold(Self(0), Self::with)
    }

    /// True when it holds `capability`.
    #[must_use]
    pub fn has(self, capability: Capability) -> bool {
        self.0.checked_shr(u32::from(capability.0)).is_some_and(|bits| bits & 1 == 1)
    }

    /// The set with `capability` added.
    #[must_use]
    pub fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1u64.checked_shl(u32::from(capability.0)).unwrap_or(0))
    }

    /// The names of those it holds, `CAP_CHOWN, CAP_KILL`; "" for none.
    #[must_use]
    pub fn names(self) -> String {
        let held: Vec<String> = Capability::all().filter(|c| self.has(*c)).map(|c| c.to_string()).collect();
        held.join(", ")
    }

    /// The set without `capability`.
    #[must_use]
    pub fn without(self, capability: Capability) -> Self {
        Self(self.0 & !1u64.checked_shl(u32::from(capability.0)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_go_both_ways() {
        let map = IdMap(vec![
            Extent { inside: 0, outside: 100_000, count: 1000 },
            Extent { inside: 5000, outside: 7, count: 1 },
        ]);
        assert_eq!((map.down(0), map.down(999), map.down(1000)), (Some(100_000), Some(100_999), None));
        assert_eq!((map.up(7), map.up(8), map.up(100_001)), (Some(5000), None, Some(1)));
        // The id -1 is nobody, even in the first namespace.
        assert_eq!(IdMap::identity().down(u32::MAX), None);
        assert_eq!(IdMap::identity().down(u32::MAX - 1), Some(u32::MAX - 1));
    }

    #[test]
    fn sets_hold_what_was_added() {
        let set = CapabilitySet::default().with(Capability::MKNOD);
        assert!(set.has(Capability::MKNOD) && !set.has(Capability::CHOWN));
        assert_eq!(set.0, 0x0800_0000);
        assert_eq!(CapabilitySet::all().0, 0x1ff_ffff_ffff);
    }
}
