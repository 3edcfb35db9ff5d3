//! mount(8), mount.nfs, mount.cifs, overlay and read-only file systems.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    // util-linux says so of a mount that was to be read-only and got EACCES or EROFS.
    Rule::on(&["mount: ", "cannot mount", "read-only"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .errno(Errno::EACCES)
        .object(From::After("mount: ")),
    // A program that tried to make a node, or to run something, there before it goes on.
    Rule::on(&["mounted with noexec or nodev"]).call(Call::Mknod).kind(K::Device).errno(Errno::EPERM),
    // containerd's and BuildKit's own form of a mount.
    Rule::refine(&["type:bind source:"]).call(Call::Mount).kind(K::MountPoint).args(&[("fstype", "bind")]),
    Rule::refine(&["type:overlay source:"]).call(Call::Mount).kind(K::MountPoint),
    // Asked by name_to_handle_at or statx.
    Rule::refine(&["is a mount point"]).call(Call::Stat).without(&["failed to mount"]),
    Rule::refine(&["determine whether", "mount point"]).call(Call::Stat),
    // The options of the mount, printed beside the complaint, tell the error.
    Rule::on(&["not writable", "[ro "]).call(Call::Write).kind(K::Path).errno(Errno::EROFS),
    Rule::on(&["not writable", "[ro]"]).call(Call::Write).kind(K::Path).errno(Errno::EROFS),
    Rule::on(&["not writable", "(ro,"]).call(Call::Write).kind(K::Path).errno(Errno::EROFS),
    Rule::on(&["not writable", "ro,nosuid"]).call(Call::Write).kind(K::Path).errno(Errno::EROFS),
    Rule::on(&["not writable", "ro,relatime"]).call(Call::Write).kind(K::Path).errno(Errno::EROFS),
    Rule::on(&["access denied by server while mounting"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .errno(Errno::EACCES)
        .states(s::NFS_SERVER_DENIED)
        .object(From::After("while mounting"))
        .args(&[("fstype", "nfs")]),
    Rule::refine(&["mount.nfs"]).call_if_none(Call::Mount).kind(K::MountPoint).args(&[("fstype", "nfs")]),
    Rule::refine(&["mount error(13)"]).call(Call::Mount).kind(K::MountPoint).args(&[("fstype", "cifs")]),
    Rule::refine(&["mount error(1)"]).call(Call::Mount).kind(K::MountPoint).args(&[("fstype", "cifs")]),
    Rule::refine(&["mount.cifs"]).call_if_none(Call::Mount).kind(K::MountPoint).args(&[("fstype", "cifs")]),
    Rule::refine(&["overlayfs"]).call_if_none(Call::Mount).args(&[("fstype", "overlay")]),
    // mount(8) words EPERM of root as "permission denied" and EACCES as a failed system call.
    Rule::refine(&["mount: ", ": permission denied"])
        .without(&["system call failed", "mount failed", "fusermount", "fuse:"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .loose(),
    Rule::on(&["must be superuser to use mount"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .errno(Errno::EPERM)
        .states(s::NEEDS_ROOT),
    Rule::on(&["mount: only root can"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .errno(Errno::EPERM)
        .own()
        .states(s::NEEDS_ROOT),
    Rule::on(&["umount: only root can"]).call(Call::Umount).kind(K::MountPoint).own().states(s::NEEDS_ROOT),
    Rule::on(&["cannot remount", "read-write"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .args(&[("flags", "remount,rw")]),
    Rule::on(&["is write-protected", "mounting read-only"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .errno(Errno::EROFS),
    Rule::fact(&["remounting filesystem read-only"], s::REMOUNTED_RO),
    Rule::fact(&["remounting read-only"], s::REMOUNTED_RO),
    Rule::fact(&["errors=remount-ro"], s::REMOUNTED_RO),
    Rule::fact(&["root_squash"], s::ROOT_SQUASH),
    Rule::fact(&["root squash"], s::ROOT_SQUASH),
    Rule::fact(&["rootsquash"], s::ROOT_SQUASH),
    Rule::on(&["wrong fs type, bad option, bad superblock"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .errno(Errno::EINVAL)
        .without(&["/dev/sd", "/dev/nvme", "/dev/mapper", "/dev/vd", "helper program"]),
    Rule::refine(&["failed to setup loop device"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/loop-control")),
    Rule::refine(&["failed to set up loop device"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/loop-control")),
    Rule::refine(&["cannot find an unused loop device"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/loop-control")),
    Rule::refine(&["losetup"]).kind(K::Device),
    Rule::refine(&["failed to make mount private"]).call(Call::Mount).kind(K::MountPoint),
    Rule::refine(&["ms_shared"]).call(Call::Mount).kind(K::MountPoint),
];
