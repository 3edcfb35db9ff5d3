//! Making a planned tree on a real file system, and taking it away again.

use super::plan::{Spec, Zone};
use rustix::fs::{
    AtFlags, CWD, FileType, IFlags, Mode, OFlags, XattrFlags, chownat, ioctl_setflags, lsetxattr, mknodat,
    open,
};
use std::io::Result;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use whodenied_access::{Acl, FileCapabilities, Kind};

/// The kernel's form of an access control list, `struct posix_acl_xattr_header` and its entries.
#[must_use]
pub fn encode(acl: &Acl) -> Vec<u8> {
    let mut users = acl.users.clone();
    let mut groups = acl.groups.clone();
    users.sort_unstable();
    groups.sort_unstable();
    let mut entries: Vec<(u16, u8, u32)> = vec![(0x01, acl.owner, u32::MAX)];
    entries.extend(users.iter().map(|(id, bits)| (0x02, *bits, *id)));
    entries.push((0x04, acl.group, u32::MAX));
    entries.extend(groups.iter().map(|(id, bits)| (0x08, *bits, *id)));
    entries.extend(acl.mask.map(|bits| (0x10, bits, u32::MAX)));
    entries.push((0x20, acl.other, u32::MAX));
    let mut bytes = 2u32.to_le_bytes().to_vec();
    for (tag, bits, id) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(u16::from(bits).to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

/// The content of a file: a script's first line, a program, or nothing that could run.
fn content(spec: &Spec) -> Vec<u8> {
    match &spec.inode.interpreter {
        Some(path) => [b"#!".as_slice(), path, b"\n"].concat(),
        None if spec.inode.capabilities.is_some() => program(),
        None => b"nothing\n".to_vec(),
    }
}

/// A static ELF program for x86-64 that ends at once with status 0.
fn program() -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    const CODE: &[u8] = &[0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];
    let size = 64 + 56 + CODE.len() as u64;
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(16, 0);
    let half = |elf: &mut Vec<u8>, values: &[u16]| values.iter().for_each(|v| elf.extend(v.to_le_bytes()));
    let word = |elf: &mut Vec<u8>, values: &[u64]| values.iter().for_each(|v| elf.extend(v.to_le_bytes()));
    half(&mut elf, &[2, 62, 1, 0]);
    word(&mut elf, &[BASE + 120, 64, 0]);
    half(&mut elf, &[0, 0, 64, 56, 1, 0, 0, 0]);
    // One segment, readable and executable, the whole file.
    half(&mut elf, &[1, 0, 5, 0]);
    word(&mut elf, &[0, BASE, BASE, size, size, 0x1000]);
    elf.extend(CODE);
    elf
}

/// The kernel's form of file capabilities, `struct vfs_ns_cap_data`; revision 2 where they are the first
/// namespace's.
fn encode_capabilities(file: &FileCapabilities) -> Vec<u8> {
    let revision: u32 = if file.root == 0 { 0x0200_0000 } else { 0x0300_0000 };
    let mut bytes = (revision | u32::from(file.effective)).to_le_bytes().to_vec();
    for shift in [0, 32] {
        for set in [file.permitted, file.inheritable] {
            let half = u32::try_from(set.0 >> shift & 0xffff_ffff).unwrap_or(0);
            bytes.extend(half.to_le_bytes());
        }
    }
    if file.root != 0 {
        bytes.extend(file.root.to_le_bytes());
    }
    bytes
}

fn place(zone: &Zone, index: usize) -> PathBuf {
    match zone.nodes.get(index) {
        Some(Spec { parent: Some(parent), name, .. }) => {
            place(zone, *parent).join(std::ffi::OsStr::from_bytes(name))
        }
        _ => PathBuf::from(&zone.root),
    }
}

/// Makes what the zone plans, in an empty directory. As root, with umask 0.
///
/// # Errors
/// When the file system refuses.
pub fn make(zone: &Zone) -> Result<()> {
    let paths: Vec<PathBuf> = (0..zone.nodes.len()).map(|i| place(zone, i)).collect();
    for (spec, path) in zone.nodes.iter().zip(&paths).skip(1) {
        if let Some(to) = spec.link_to {
            std::fs::hard_link(&paths[to], path)?;
            continue;
        }
        let mode = Mode::from_raw_mode(0o700);
        let node = |kind| mknodat(CWD, path, kind, mode, rustix::fs::makedev(spec.device.0, spec.device.1));
        match spec.inode.kind {
            Kind::File => std::fs::write(path, content(spec))?,
            Kind::Directory => rustix::fs::mkdir(path, mode)?,
            Kind::Symlink => rustix::fs::symlink(spec.inode.target.as_slice(), path)?,
            Kind::Fifo => node(FileType::Fifo)?,
            Kind::Socket => node(FileType::Socket)?,
            Kind::Character => node(FileType::CharacterDevice)?,
            Kind::Block => node(FileType::BlockDevice)?,
        }
    }
    for (spec, path) in zone.nodes.iter().zip(&paths).rev() {
        if spec.link_to.is_none() {
            dress(spec, path)?;
        }
    }
    Ok(())
}

/// Owner, mode, list, attributes and flags, in the order in which none undoes another.
fn dress(spec: &Spec, path: &Path) -> Result<()> {
    let inode = &spec.inode;
    let (uid, gid) = (rustix::fs::Uid::from_raw(inode.uid), rustix::fs::Gid::from_raw(inode.gid));
    chownat(CWD, path, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    if inode.kind != Kind::Symlink {
        rustix::fs::chmod(path, Mode::from_raw_mode(u32::from(inode.mode)))?;
    }
    if let Some(acl) = &inode.acl {
        lsetxattr(path, "system.posix_acl_access", &encode(acl), XattrFlags::empty())?;
    }
    for name in &inode.attributes {
        let value = if name.starts_with(b"system.") {
            encode(&Acl { owner: 7, group: 5, ..Acl::default() })
        } else {
            b"value".to_vec()
        };
        lsetxattr(path, name.as_slice(), &value, XattrFlags::empty())?;
    }
    if let Some(file) = &inode.capabilities {
        lsetxattr(path, "security.capability", &encode_capabilities(file), XattrFlags::empty())?;
    }
    if inode.immutable || inode.append_only {
        let mut flags = IFlags::empty();
        flags.set(IFlags::IMMUTABLE, inode.immutable);
        flags.set(IFlags::APPEND, inode.append_only);
        set_flags(path, flags)?;
    }
    Ok(())
}

fn set_flags(path: &Path, flags: IFlags) -> Result<()> {
    let how = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(ioctl_setflags(open(path, how, Mode::empty())?, flags)?)
}

/// Empties a zone's directory but for the names it keeps, whatever flags are set in it.
///
/// # Errors
/// When the file system refuses.
pub fn wipe(zone: &Zone) -> Result<()> {
    let root = PathBuf::from(&zone.root);
    // Flags of the root itself: cleared even where none are known, for a child may have set them.
    if zone.nodes.first().is_some_and(|n| n.inode.immutable || n.inode.append_only) {
        set_flags(&root, IFlags::empty())?;
    }
    for name in ["user.note", "user.none", "trusted.note", "security.note", "security.capability"] {
        let _ = rustix::fs::lremovexattr(&root, name);
    }
    for name in ["system.posix_acl_access", "system.posix_acl_default"] {
        let _ = rustix::fs::lremovexattr(&root, name);
    }
    for entry in std::fs::read_dir(&root)? {
        let entry = entry?;
        if !zone.keep.iter().any(|k| k.as_slice() == entry.file_name().as_bytes()) {
            remove(&entry.path(), entry.file_type()?.is_dir())?;
        }
    }
    Ok(())
}

fn remove(path: &Path, directory: bool) -> Result<()> {
    if directory {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let (below, is_dir) = (entry.path(), entry.file_type()?.is_dir());
            if remove(&below, is_dir).is_err() {
                set_flags(path, IFlags::empty())?;
                remove(&below, is_dir)?;
            }
        }
    }
    let once = || if directory { rustix::fs::rmdir(path) } else { rustix::fs::unlink(path) };
    if once().is_err() {
        // Where the parent is flagged too, the caller clears that and comes again.
        let _ = set_flags(path, IFlags::empty());
        once()?;
    }
    Ok(())
}
