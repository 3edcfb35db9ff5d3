//! Random worlds: what lies where, with which owners, modes, lists, flags and mount options.

use super::paths::path;
use super::questions::{ASKED, capabilities};
use super::random::Random;
use whodenied_access::{
    Acl, CapabilitySet, FileCapabilities, IdMaps, Inode, Kind, Mount, Settings, UserNamespace,
};

/// Ids that owners, groups and subjects are drawn from.
pub const IDS: &[u32] = &[0, 0, 1000, 1001, 1002, 100_000, 100_001, 65_534];

/// One name to be made.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Index of its directory in the zone; `None` for the zone's root.
    pub parent: Option<usize>,
    /// Its name.
    pub name: Vec<u8>,
    /// What it is.
    pub inode: Inode,
    /// Index of the name it is a hard link to.
    pub link_to: Option<usize>,
    /// Device number, major and minor.
    pub device: (u32, u32),
}

/// A directory whose content is planned, on a file system of its own.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Where the controller reaches it, writable.
    pub root: String,
    /// Names in its root that stay.
    pub keep: Vec<Vec<u8>>,
    /// The names, the root first, directories before what is in them.
    pub nodes: Vec<Spec>,
}

/// Options of the mounts a world is seen through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Of the bind mount `/b` of `/t`.
    pub bind: Mount,
    /// Of the tmpfs on `/t/mp`.
    pub inner: Mount,
    /// Of the tmpfs on `/r`.
    pub sealed: Mount,
    /// Of the ext4 on `/e`.
    pub disk: Mount,
    /// Of the idmapped bind mount `/i` of `/t`.
    pub mapped: Mount,
    /// Of the overlay on `/o`.
    pub overlay: Mount,
    /// Of the tmpfs of a user namespace on `/u`.
    pub foreign: Mount,
    /// The file system on `/r` is read-only.
    pub read_only: bool,
}

/// A world: zones and how they are mounted.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `/t`, then the roots of `/t/mp`, `/r` and, where there is a disk, `/e`.
    pub zones: Vec<Zone>,
    /// Mount options.
    pub options: Options,
    /// The map of `/i`, where there is such a mount.
    pub maps: Option<IdMaps>,
}

/// What this machine offers.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// An ext4 image is mounted.
    pub disk: bool,
    /// An overlay is mounted.
    pub overlay: bool,
    /// The map of the idmapped mount `/i`.
    pub maps: Option<IdMaps>,
    /// The user namespace in which the tmpfs on `/u` was mounted.
    pub foreign: Option<UserNamespace>,
    /// The sysctls.
    pub settings: Settings,
}

const MODES: &[u16] = &[
    0o755, 0o777, 0o700, 0o750, 0o711, 0o644, 0o600, 0o000, 0o1777, 0o1770, 0o770, 0o070, 0o007, 0o4755,
    0o2755, 0o2777, 0o4777,
];
pub(super) const NAMES: &[&[u8]] = &[b"a", b"b", b"c", b"d"];
const TARGETS: &[&[u8]] = &[
    b"a",
    b"b",
    b"../a",
    b"../b",
    b"/t/a",
    b"/t/b",
    b"a/",
    b"b/c",
    b".",
    b"..",
    b"/",
    b"/b/a",
    b"/r/a",
    b"/e/b",
    b"/t/mp/a",
    b"nowhere",
    b"../nowhere",
    b"c",
    b"d",
    b"./a",
    b"mp",
    b"/t/c/d",
    b"/i/a",
    b"/u/a",
];

fn mode(random: &mut Random) -> u16 {
    if random.chance(70) { random.pick(MODES) } else { u16::try_from(random.below(0o10000)).unwrap_or(0) }
}

fn acl(random: &mut Random, mode: u16, [users, groups]: Ids<'_>) -> (Acl, u16) {
    let bits = |random: &mut Random| u8::try_from(random.below(8)).unwrap_or(0);
    let list = |random: &mut Random, ids: &[u32]| {
        let mut list: Vec<(u32, u8)> = Vec::new();
        for _ in 0..random.below(3) {
            let id = random.pick(ids);
            if !list.iter().any(|(seen, _)| *seen == id) {
                list.push((id, bits(random)));
            }
        }
        list
    };
    let acl = Acl {
        owner: u8::try_from(mode >> 6 & 7).unwrap_or(0),
        users: list(random, users),
        group: bits(random),
        groups: list(random, groups),
        mask: Some(if random.chance(60) { 7 } else { bits(random) }),
        other: u8::try_from(mode & 7).unwrap_or(0),
    };
    let mode = mode & !0o070 | u16::from(acl.mask.unwrap_or(0)) << 3;
    (acl, mode)
}

/// The users and groups that a file system can store.
type Ids<'a> = [&'a [u32]; 2];

/// An inode of this type with random properties.
fn inode(random: &mut Random, kind: Kind, ids: Ids<'_>) -> Inode {
    let mut inode = Inode::new(kind, mode(random), random.pick(ids[0]), random.pick(ids[1]));
    if cfg!(target_arch = "x86_64") && kind == Kind::File && random.chance(30) {
        let some = capabilities(random).0 | CapabilitySet::default().with(random.pick(ASKED)).0;
        let permitted = CapabilitySet(some);
        inode.capabilities = Some(FileCapabilities {
            permitted,
            inheritable: if random.chance(50) { permitted } else { capabilities(random) },
            effective: random.chance(80),
            root: if random.chance(60) { 0 } else { random.pick(ids[0]) },
        });
        if random.chance(70) {
            inode.mode |= 0o755;
        }
    }
    // Most directories can be searched, so that what lies behind them is asked too.
    if kind == Kind::Directory && random.chance(60) {
        inode.mode |= random.pick(&[0o755, 0o777]);
    }
    if kind == Kind::Symlink {
        inode.mode = 0o777;
        inode.target = random.pick(TARGETS).to_vec();
    } else if random.chance(20) {
        let (acl, mode) = acl(random, inode.mode, ids);
        (inode.acl, inode.mode) = (Some(acl), mode);
    }
    if kind == Kind::File && inode.capabilities.is_none() && random.chance(40) {
        inode.interpreter = Some(path(random)).filter(|path| !path.is_empty());
    }
    let plain = matches!(kind, Kind::File | Kind::Directory);
    if plain && random.chance(15) {
        inode.attributes.push(b"user.note".to_vec());
    }
    if random.chance(10) {
        inode.attributes.push(random.pick(&[b"trusted.note".as_slice(), b"security.note"]).to_vec());
    }
    if kind == Kind::Directory && random.chance(5) {
        inode.attributes.push(b"system.posix_acl_default".to_vec());
    }
    if plain && random.chance(12) {
        if random.chance(50) { inode.immutable = true } else { inode.append_only = true }
    }
    inode
}

fn zone(random: &mut Random, root: &str, keep: &[&[u8]], size: usize, ids: Ids<'_>) -> Zone {
    let mut top = inode(random, Kind::Directory, ids);
    if random.chance(60) {
        top.mode |= 0o755;
        top.immutable = false;
        if let Some(acl) = &mut top.acl {
            acl.mask = Some(7);
            acl.owner = 7;
            acl.other |= 5;
            top.mode |= 0o070;
        }
    }
    let mut nodes = vec![Spec { parent: None, name: Vec::new(), inode: top, link_to: None, device: (0, 0) }];
    for _ in 0..size {
        let directories: Vec<usize> = (0..nodes.len())
            .filter(|i| nodes[*i].inode.is_directory() && nodes[*i].link_to.is_none())
            .collect();
        let parent = random.pick(&directories);
        let name = random.pick(NAMES).to_vec();
        if nodes.iter().any(|n| n.parent == Some(parent) && n.name == name) {
            continue;
        }
        let kind = match random.below(100) {
            0..35 => Kind::Directory,
            35..65 => Kind::File,
            65..80 => Kind::Symlink,
            80..86 => Kind::Fifo,
            86..92 => Kind::Socket,
            92..98 => Kind::Character,
            _ => Kind::Block,
        };
        let mut device = (0, 0);
        if kind == Kind::Character {
            device = random.pick(&[(1, 3), (240, 77)]);
        } else if kind == Kind::Block {
            device = (240, 77);
        }
        let files: Vec<usize> = (1..nodes.len())
            .filter(|i| !nodes[*i].inode.is_directory() && nodes[*i].link_to.is_none())
            .collect();
        if !files.is_empty() && random.chance(5) {
            let to = random.pick(&files);
            let inode = nodes[to].inode.clone();
            nodes.push(Spec { parent: Some(parent), name, inode, link_to: Some(to), device });
            continue;
        }
        nodes.push(Spec {
            parent: Some(parent),
            name,
            inode: inode(random, kind, ids),
            link_to: None,
            device,
        });
    }
    Zone { root: root.to_owned(), keep: keep.iter().map(|k| k.to_vec()).collect(), nodes }
}

fn options(random: &mut Random, read_only: u64) -> Mount {
    Mount {
        id: 0,
        read_only: random.chance(read_only),
        no_exec: random.chance(25),
        no_dev: random.chance(25),
        no_suid: random.chance(25),
        no_symfollow: random.chance(8),
        maps: None,
    }
}

/// A random world on this machine.
#[must_use]
pub fn plan(random: &mut Random, offer: &Offer) -> Plan {
    let mut zones = vec![
        zone(random, "/t", &[b"mp"], 9, [IDS, IDS]),
        zone(random, "/.h/1", &[], 5, [IDS, IDS]),
        zone(random, "/.h/2", &[], 5, [IDS, IDS]),
    ];
    if offer.disk {
        zones.push(zone(random, "/.h/3", &[], 6, [IDS, IDS]));
    }
    if let Some(namespace) = &offer.foreign {
        let users: Vec<u32> = IDS.iter().copied().filter(|id| namespace.has_user(*id)).collect();
        let groups: Vec<u32> = IDS.iter().copied().filter(|id| namespace.has_group(*id)).collect();
        zones.push(zone(random, "/.h/4", &[], 6, [&users, &groups]));
    }
    if offer.overlay {
        zones.push(zone(random, "/.h/5", &[], 6, [IDS, IDS]));
    }
    // Not planned, but put right again: the root, and what the mount on `/t/mp` covers.
    let fixed = |root: &str, keep: &[&[u8]]| {
        let top = Spec { parent: None, name: Vec::new(), inode: skeleton(), link_to: None, device: (0, 0) };
        Zone { root: root.to_owned(), keep: keep.iter().map(|k| k.to_vec()).collect(), nodes: vec![top] }
    };
    let mut keep: Vec<&[u8]> = vec![b"t", b"b", b"r", b".h", b"proc", b"u"];
    keep.extend(offer.disk.then_some(b"e".as_slice()));
    keep.extend(offer.overlay.then_some(b"o".as_slice()));
    keep.extend(offer.maps.is_some().then_some(b"i".as_slice()));
    zones.push(fixed("/", &keep));
    zones.push(fixed("/.h/0/mp", &[]));
    let options = Options {
        bind: options(random, 30),
        inner: options(random, 15),
        sealed: options(random, 15),
        disk: options(random, 15),
        mapped: options(random, 10),
        foreign: options(random, 10),
        overlay: options(random, 15),
        read_only: random.chance(50),
    };
    Plan { zones, options, maps: offer.maps.clone() }
}

/// A world of limits that chance does not reach: `/t` holds 45 links each of which points to the one
/// before, the first to a file, and scripts `s0` to `s8` each of which is run by the one before, the
/// first by a program.
#[must_use]
pub fn limits(offer: &Offer) -> Plan {
    let mut plan = plan(&mut Random::new(0), offer);
    plan.options = Options::default();
    let spec = |name: String, inode: Inode| Spec {
        parent: Some(0),
        name: name.into(),
        inode,
        link_to: None,
        device: (0, 0),
    };
    let top = Spec { parent: None, name: Vec::new(), inode: skeleton(), link_to: None, device: (0, 0) };
    let mut nodes = vec![top, spec("l0".to_owned(), Inode::new(Kind::File, 0o644, 0, 0))];
    for i in 1..=45 {
        let target = format!("l{}", i - 1).into();
        nodes.push(spec(format!("l{i}"), Inode { target, ..Inode::new(Kind::Symlink, 0o777, 0, 0) }));
    }
    for i in 0..=8 {
        let interpreter = (i > 0).then(|| format!("./s{}", i - 1).into());
        nodes.push(spec(format!("s{i}"), Inode { interpreter, ..Inode::new(Kind::File, 0o755, 0, 0) }));
    }
    plan.zones[0].nodes = nodes;
    plan
}

/// The directories that hold the world together, and never change.
pub(super) fn skeleton() -> Inode {
    Inode::new(Kind::Directory, 0o755, 0, 0)
}
