//! FUSE: fusermount and the programs that call it.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::Call;

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["fuse: mount failed"]).call(Call::Mount).kind(K::MountPoint).args(&[("fstype", "fuse")]),
    Rule::refine(&["fusermount", "mount failed"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .args(&[("fstype", "fuse")]),
    Rule::on(&["option allow_other only allowed if"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .own()
        .states(s::FUSE_ALLOW_OTHER)
        .object(From::Nothing),
    // The same setting gates allow_root.
    Rule::on(&["only allowed if", "user_allow_other"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .own()
        .states(s::FUSE_ALLOW_OTHER)
        .object(From::Nothing),
    Rule::on(&["user has no write access to mountpoint"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .own()
        .states(s::FUSE_MOUNTPOINT_OWNER),
    Rule::on(&["mountpoint", "not owned by user"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .own()
        .states(s::FUSE_MOUNTPOINT_OWNER),
    // libfuse and fusermount: open(2) of the node gave ENODEV or ENOENT.
    Rule::on(&["fuse: device not found"])
        .call(Call::Open)
        .kind(K::Device)
        .states(s::DEVICE_ABSENT)
        .object(From::Fixed("/dev/fuse")),
    Rule::on(&["fuse device not found"])
        .call(Call::Open)
        .kind(K::Device)
        .states(s::DEVICE_ABSENT)
        .object(From::Fixed("/dev/fuse")),
    Rule::refine(&["fuse", "failed to open /dev/fuse"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/fuse")),
    Rule::refine(&["/dev/fuse"]).call_if_none(Call::Open).kind(K::Device).object(From::Fixed("/dev/fuse")),
    Rule::refine(&["failed to mount fuse fs"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .args(&[("fstype", "fuse")]),
    Rule::refine(&["fusermount", "bad mount point"]).call(Call::Stat).kind(K::MountPoint),
    Rule::refine(&["cannot mount appimage"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .args(&[("fstype", "fuse")]),
    Rule::refine(&["fusermount", "failed to access mountpoint"]).call(Call::Stat).kind(K::MountPoint),
];
