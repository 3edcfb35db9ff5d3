//! Kubernetes events and pod status.

use super::rules::Rule;
use super::statements as s;
use whodenied_case::{ObjectKind as K, Phase};
use whodenied_kernel::Call;

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["apparmor profile not found"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(Phase::RuntimeSetup)
        .states(s::PROFILE_MISSING),
    Rule::on(&["cannot enforce apparmor"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(Phase::Engine)
        .own()
        .states(s::APPARMOR_UNSUPPORTED),
    Rule::on(&["apparmor is not enabled on the host"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(Phase::Engine)
        .own()
        .states(s::APPARMOR_UNSUPPORTED),
    Rule::on(&["apparmor is not supported"])
        .call(Call::LabelChange)
        .kind(K::Label)
        .phase(Phase::Engine)
        .own()
        .states(s::APPARMOR_UNSUPPORTED),
    Rule::on(&["violates podsecurity"]).own().phase(Phase::Engine),
    Rule::on(&["unable to validate against any security context constraint"]).own().phase(Phase::Engine),
    Rule::on(&["unable to validate against any pod security policy"]).own().phase(Phase::Engine),
    Rule::on(&["container has runasnonroot and image will run as root"])
        .own()
        .phase(Phase::Engine)
        .states(s::REFUSES_ROOT),
    Rule::on(&["container has runasnonroot and image has non-numeric user"])
        .own()
        .phase(Phase::Engine)
        .states(s::REFUSES_ROOT),
    Rule::refine(&["applyfsgroup failed"]).call_if_none(Call::Chown).phase(Phase::Engine),
    Rule::refine(&["failed to prepare subpath"]).phase(Phase::Engine),
    Rule::refine(&["mountvolume.setup failed"]).call_if_none(Call::Mount).phase(Phase::Engine),
    Rule::harmless(&["is forbidden: user"]),
    Rule::harmless(&["forbidden: user \"system:"]),
    Rule::harmless(&["cannot list resource"]),
    Rule::harmless(&["cannot get resource"]),
];
