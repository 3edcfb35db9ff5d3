//! Random subjects and operations.

use super::plan::{IDS, Plan};
use super::random::Random;
use whodenied_access::{CapabilitySet, Kind, OpenFlags, Operation, RenameHow, Subject, Times, UserNamespace};
use whodenied_kernel::Capability;

/// The capabilities that file access asks for.
pub const ASKED: &[Capability] = &[
    Capability::CHOWN,
    Capability::DAC_OVERRIDE,
    Capability::DAC_READ_SEARCH,
    Capability::FOWNER,
    Capability::FSETID,
    Capability::SETFCAP,
    Capability::MKNOD,
    Capability::SYS_ADMIN,
    Capability::SYS_CHROOT,
];

/// Some of the capabilities that file access asks for, often none.
pub fn capabilities(random: &mut Random) -> CapabilitySet {
    let all = ASKED.iter().fold(CapabilitySet::default(), |set, c| set.with(*c));
    match random.below(100) {
        0..45 => CapabilitySet::default(),
        45..80 => (0..=random.below(3)).fold(CapabilitySet::default(), |s, _| s.with(random.pick(ASKED))),
        80..90 => all.without(random.pick(ASKED)),
        _ => all,
    }
}

/// A random subject whose ids its namespace maps.
#[must_use]
pub fn subject(random: &mut Random, namespace: &UserNamespace) -> Subject {
    let users: Vec<u32> = IDS.iter().copied().filter(|id| namespace.has_user(*id)).collect();
    let groups: Vec<u32> = IDS.iter().copied().filter(|id| namespace.has_group(*id)).collect();
    let fsuid = random.pick(&users);
    let fsgid = random.pick(&groups);
    let effective = capabilities(random);
    let extra = if random.chance(30) { capabilities(random) } else { CapabilitySet::default() };
    let asked = ASKED.iter().fold(CapabilitySet::default(), |set, c| set.with(*c));
    // What no one asks for stays as it is.
    let dropped = (0..random.below(7)).fold(CapabilitySet::default(), |s, _| s.with(random.pick(ASKED)));
    let bounding = CapabilitySet(CapabilitySet::all().0 & !dropped.0);
    let inheritable = if random.chance(60) {
        CapabilitySet::default()
    } else {
        CapabilitySet(capabilities(random).0 & asked.0 & bounding.0)
    };
    Subject {
        inheritable,
        bounding,
        uid: if random.chance(75) { fsuid } else { random.pick(&users) },
        gid: if random.chance(75) { fsgid } else { random.pick(&groups) },
        euid: fsuid,
        fsuid,
        fsgid,
        groups: (0..random.below(4)).map(|_| random.pick(&groups)).collect(),
        effective,
        permitted: CapabilitySet(effective.0 | extra.0),
        no_setuid_fixup: random.chance(6),
        namespace: namespace.clone(),
    }
}

fn open_flags(random: &mut Random) -> OpenFlags {
    let (read, write) = random.pick(&[(true, false), (true, false), (false, true), (true, true)]);
    OpenFlags {
        read,
        write,
        create: random.chance(30),
        exclusive: random.chance(12),
        truncate: random.chance(20),
        append: random.chance(20),
        directory: random.chance(12),
        no_follow: random.chance(12),
        no_atime: random.chance(12),
        temporary: random.chance(5),
        path_only: random.chance(5),
    }
}

const ATTRIBUTES: &[&[u8]] = &[
    b"user.note",
    b"user.none",
    b"trusted.note",
    b"security.note",
    b"system.posix_acl_access",
    b"system.posix_acl_default",
    b"system.other",
    b"other.note",
];

/// A random operation; ids in `namespace`'s own numbers, sometimes unmapped ones.
#[must_use]
pub fn operation(random: &mut Random, plan: &Plan, namespace: &UserNamespace) -> Operation {
    let path = |random: &mut Random| plan.path(random);
    let fresh = |random: &mut Random| plan.new_path(random);
    let follow = random.chance(75);
    let id = |random: &mut Random, user: bool| {
        if random.chance(30) {
            return None;
        }
        let map = if user { &namespace.maps.users } else { &namespace.maps.groups };
        let id = random.pick(IDS);
        Some(if random.chance(90) { map.up(id).unwrap_or(id) } else { id })
    };
    match random.below(100) {
        0..22 => {
            let flags = open_flags(random);
            let path = if flags.create { fresh(random) } else { path(random) };
            Operation::Open { path, flags }
        }
        22..32 => Operation::Access {
            path: path(random),
            want: u8::try_from(random.below(8)).unwrap_or(0),
            effective: random.chance(40),
            follow,
        },
        32..35 => Operation::Stat { path: path(random), follow },
        35..36 => Operation::ReadLink { path: plan.path_of(random, Kind::Symlink) },
        36..40 => Operation::ChangeDirectory { path: plan.path_of(random, Kind::Directory) },
        40..42 => Operation::ChangeRoot { path: plan.path_of(random, Kind::Directory) },
        42..45 => Operation::MakeDirectory { path: fresh(random) },
        45..48 => {
            let kind = random.pick(&[
                Kind::File,
                Kind::Fifo,
                Kind::Socket,
                Kind::Character,
                Kind::Block,
                Kind::Directory,
                Kind::Symlink,
            ]);
            let device = if random.chance(70) { (1, 3) } else { (0, 0) };
            Operation::MakeNode { path: fresh(random), kind, device }
        }
        48..50 => Operation::MakeSymlink { path: fresh(random) },
        50..54 => {
            let from = path(random);
            let to = plan.path_beside(random, &from);
            Operation::Link { from, to, follow: random.chance(40) }
        }
        54..62 => {
            let from = path(random);
            let to = plan.path_beside(random, &from);
            let how = [RenameHow::Replace, RenameHow::Replace, RenameHow::NoReplace, RenameHow::Exchange];
            Operation::Rename { from, to, how: random.pick(&how) }
        }
        62..67 => Operation::Unlink { path: path(random) },
        67..71 => Operation::RemoveDirectory { path: plan.path_of(random, Kind::Directory) },
        71..75 => Operation::ChangeMode {
            path: path(random),
            mode: u16::try_from(random.below(0o10000)).unwrap_or(0),
        },
        75..80 => Operation::ChangeOwner {
            path: path(random),
            uid: id(random, true),
            gid: id(random, false),
            follow,
        },
        80..83 => {
            let times = random.pick(&[Times::Now, Times::Given, Times::Neither, Times::Now, Times::Given]);
            Operation::SetTimes { path: path(random), times, follow }
        }
        83..86 => Operation::Truncate { path: plan.path_of(random, Kind::File) },
        86..90 => {
            let name = if random.chance(10) { b"security.capability" } else { random.pick(ATTRIBUTES) };
            Operation::SetAttribute { path: path(random), name: name.to_vec(), follow }
        }
        90..92 => {
            Operation::GetAttribute { path: path(random), name: random.pick(ATTRIBUTES).to_vec(), follow }
        }
        92..93 => {
            Operation::RemoveAttribute { path: path(random), name: random.pick(ATTRIBUTES).to_vec(), follow }
        }
        93..96 => Operation::Execute { path: plan.path_of(random, Kind::File) },
        96..98 => Operation::Connect { path: plan.path_of(random, Kind::Socket) },
        _ => Operation::Bind { path: fresh(random) },
    }
}

/// True when success of this operation may have changed what later decisions depend on.
#[must_use]
pub fn changes(operation: &Operation) -> bool {
    match operation {
        Operation::Open { flags, .. } => !flags.path_only && (flags.create || flags.truncate),
        Operation::Access { .. }
        | Operation::Stat { .. }
        | Operation::ReadLink { .. }
        | Operation::ChangeDirectory { .. }
        | Operation::ChangeRoot { .. }
        | Operation::SetTimes { .. }
        | Operation::GetAttribute { .. }
        | Operation::Execute { .. }
        | Operation::Connect { .. } => false,
        _ => true,
    }
}

/// The name of the call, for tallies.
#[must_use]
pub fn name(operation: &Operation) -> &'static str {
    match operation {
        Operation::Open { .. } => "open",
        Operation::Access { .. } => "access",
        Operation::Stat { .. } => "stat",
        Operation::ReadLink { .. } => "readlink",
        Operation::ChangeDirectory { .. } => "chdir",
        Operation::ChangeRoot { .. } => "chroot",
        Operation::MakeDirectory { .. } => "mkdir",
        Operation::MakeNode { .. } => "mknod",
        Operation::MakeSymlink { .. } => "symlink",
        Operation::Link { .. } => "link",
        Operation::Rename { .. } => "rename",
        Operation::Unlink { .. } => "unlink",
        Operation::RemoveDirectory { .. } => "rmdir",
        Operation::ChangeMode { .. } => "chmod",
        Operation::ChangeOwner { .. } => "chown",
        Operation::SetTimes { .. } => "utimensat",
        Operation::Truncate { .. } => "truncate",
        Operation::SetAttribute { .. } => "setxattr",
        Operation::GetAttribute { .. } => "getxattr",
        Operation::RemoveAttribute { .. } => "removexattr",
        Operation::Execute { .. } => "execve",
        Operation::Connect { .. } => "connect",
        Operation::Bind { .. } => "bind",
    }
}
