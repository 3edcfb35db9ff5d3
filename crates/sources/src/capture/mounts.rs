//! The mounts of a process, from its mountinfo.
//!
//! Source: proc_pid_mountinfo(5).

use std::collections::HashMap;
use whodenied_access::{FileSystem, Mount, UserNamespace};

/// One line of mountinfo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The mount it is mounted on.
    pub(crate) parent: u64,
    pub(crate) device: (u32, u32),
    /// The directory of the file system that is seen, from the file system's own root.
    pub(crate) root: Vec<u8>,
    /// Where it is mounted, from the root of the process.
    pub(crate) point: Vec<u8>,
    options: String,
    pub(crate) fstype: String,
    super_options: String,
}

/// The mounts by their id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mounts(HashMap<u64, Line>);

impl Mounts {
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(parse).collect())
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Line> {
        self.0.get(&id)
    }

    /// Every mount with its id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Line)> {
        self.0.iter().map(|(id, line)| (*id, line))
    }

    /// True when a file system on this device is mounted.
    pub(crate) fn has_device(&self, device: (u32, u32)) -> bool {
        self.0.values().any(|line| line.device == device)
    }
}

fn parse(line: &str) -> Option<(u64, Line)> {
    let (head, tail) = line.split_once(" - ")?;
    let mut head = head.split(' ');
    let id = head.next()?.parse().ok()?;
    let parent = head.next()?.parse().ok()?;
    let (major, minor) = head.next()?.split_once(':')?;
    let (root, point) = (unescape(head.next()?), unescape(head.next()?));
    let options = head.next()?.to_owned();
    let mut tail = tail.split(' ');
    let fstype = tail.next()?.to_owned();
    let super_options = tail.nth(1).unwrap_or("").to_owned();
    let device = (major.parse().ok()?, minor.parse().ok()?);
    Some((id, Line { parent, device, root, point, options, fstype, super_options }))
}

/// Blanks and the like stand as `\\040` (fs/seq_file.c, mangle_path).
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let octal =
            behind.get(..3).filter(|d| *first == b'\\' && d.iter().all(|b| (b'0'..=b'7').contains(b)));
        let value = octal.map(|d| d.iter().fold(0_u32, |all, b| all * 8 + u32::from(b - b'0')));
        if let Some(value) = value.and_then(|v| u8::try_from(v).ok()) {
            out.push(value);
            rest = behind.get(3..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = behind;
        }
    }
    out
}

impl Line {
    fn has(&self, option: &str) -> bool {
        self.options.split(',').any(|o| o == option)
    }

    /// The file system itself is read-only.
    fn read_only(&self) -> bool {
        self.super_options.split(',').any(|o| o == "ro")
    }

    /// An idmapped mount: its map can't be read here.
    pub(crate) fn is_idmapped(&self) -> bool {
        self.has("idmapped")
    }

    pub(crate) fn mount(&self, id: u64) -> Mount {
        Mount {
            id,
            // `mount -o ro` sets both; the kernel answers alike, and one remount undoes both.
            read_only: self.has("ro") && !self.read_only(),
            no_exec: self.has("noexec"),
            no_dev: self.has("nodev"),
            no_suid: self.has("nosuid"),
            no_symfollow: self.has("nosymfollow"),
            maps: None,
        }
    }

    /// The file system; `namespace` is the one it was mounted in.
    pub(crate) fn file_system(&self, namespace: UserNamespace) -> FileSystem {
        let id = u64::from(self.device.0) << 32 | u64::from(self.device.1);
        // SB_I_NODEV is set on what is mounted in another user namespace than the first
        // (fs/super.c, alloc_super), SB_I_NOEXEC on proc and sysfs (fs/proc/root.c, fs/sysfs/mount.c).
        FileSystem {
            read_only: self.read_only(),
            no_dev: !namespace.is_first() || self.fstype == "proc",
            no_exec: matches!(self.fstype.as_str(), "proc" | "sysfs"),
            acls: !self.super_options.split(',').any(|o| o == "noacl"),
            strict_flags: matches!(self.fstype.as_str(), "ext2" | "ext3" | "ext4" | "f2fs"),
            no_whiteouts: self.fstype == "overlay",
            namespace,
            ..FileSystem::new(id)
        }
    }

    /// File systems whose server or driver decides in place of the ordinary checks.
    pub(crate) fn decides_itself(&self) -> bool {
        let fs = self.fstype.as_str();
        fs.starts_with("fuse")
            || fs.starts_with("nfs")
            || matches!(
                fs,
                "cifs"
                    | "smb3"
                    | "9p"
                    | "virtiofs"
                    | "ceph"
                    | "afs"
                    | "lustre"
                    | "glusterfs"
                    | "vboxsf"
                    | "drvfs"
                    | "ecryptfs"
                    | "autofs"
                    | "orangefs"
                    | "coda"
            )
    }

    /// File systems that check more than mode and owner: processes' files in proc, kernfs files without a write operation, the
    /// masks of vfat.
    pub(crate) fn checks_more(&self) -> bool {
        matches!(
            self.fstype.as_str(),
            "proc"
                | "sysfs"
                | "cgroup"
                | "cgroup2"
                | "securityfs"
                | "debugfs"
                | "tracefs"
                | "configfs"
                | "devpts"
                | "bpf"
                | "binfmt_misc"
                | "efivarfs"
                | "pstore"
                | "mqueue"
                | "vfat"
                | "exfat"
                | "ntfs"
                | "ntfs3"
                | "selinuxfs"
                | "hugetlbfs"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_mountinfo() {
        let text = "36 35 98:0 /mnt1 /mnt2 rw,noatime,noexec master:1 shared:2 - ext3 /dev/root ro,errors=continue\n40 35 0:35 / /data ro,idmapped - tmpfs tmpfs rw\n";
        let mounts = Mounts::parse(text);
        let line = mounts.get(36).unwrap();
        assert_eq!((line.device, line.fstype.as_str()), ((98, 0), "ext3"));
        assert_eq!((line.parent, &line.root[..], &line.point[..]), (35, &b"/mnt1"[..], &b"/mnt2"[..]));
        assert_eq!(unescape("/a\\040b\\x\\777"), b"/a b\\x\\777");
        let mount = line.mount(36);
        assert!(mount.no_exec && !mount.read_only && !line.is_idmapped());
        let fs = line.file_system(UserNamespace::first());
        assert!(fs.read_only && fs.strict_flags && !fs.no_dev);
        assert!(mounts.get(40).is_some_and(|l| l.is_idmapped() && l.mount(40).read_only));
        assert!(mounts.has_device((0, 35)) && !mounts.has_device((0, 36)));
    }
}
