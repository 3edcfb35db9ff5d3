//! snapd.

use super::rules::Rule;
use super::statements as s;
use whodenied_case::{ObjectKind as K, Phase};
use whodenied_kernel::Call;

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["sorry, home directories outside of /home"]).own().states(s::SNAP_HOME),
    // snap-confine does so inside of the snap's own mounts and under a profile of its own.
    Rule::refine(&["cannot create user data directory"])
        .call(Call::Mkdir)
        .kind(K::Directory)
        .phase(Phase::RuntimeSetup),
    Rule::refine(&["cannot perform operation: mount"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(Phase::RuntimeSetup),
    Rule::refine(&["snap-confine", "has elevated permissions and is not confined"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(Phase::RuntimeSetup)
        .own(),
    Rule::on(&["snap-confine has elevated permissions and is not confined"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(Phase::RuntimeSetup)
        .own(),
    Rule::on(&["cannot change profile for the next exec call"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(Phase::RuntimeSetup)
        .states(s::PROFILE_NOT_APPLIED),
    Rule::on(&["cannot apply seccomp profile"])
        .call(Call::SeccompInstall)
        .phase(Phase::RuntimeSetup)
        .states(s::SECCOMP_UNSUPPORTED),
    Rule::on(&["snap-update-ns failed with code"])
        .call(Call::Mount)
        .kind(K::MountPoint)
        .phase(Phase::RuntimeSetup),
];
