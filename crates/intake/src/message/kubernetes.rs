//! Kubernetes events and pod status.

use super::rules::Rule;
use super::statements as s;
use whodenied_case::{ObjectKind as K, Phase};
use whodenied_kernel::Call;

/// A refusal by admission control, before anything has been started.
const fn admission(needs: &'static [&'static str]) -> Rule {
    Rule::on(needs).own().phase(Phase::Engine).states(s::ADMISSION)
}

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
    admission(&["violates podsecurity"]),
    admission(&["unable to validate against any security context constraint"]),
    admission(&["unable to validate against any pod security policy"]),
    admission(&["podsecuritypolicy: unable to admit pod"]),
    admission(&["is forbidden: podsecuritypolicy"]),
    admission(&["forbidden sysctl"]),
    admission(&["sysctlforbidden"]),
    admission(&["admission webhook", "denied the request"]),
    admission(&["validatingadmissionpolicy", "denied request"]),
    admission(&["hostpath volumes are not allowed to be used"]),
    admission(&["host network is not allowed to be used"]),
    admission(&["privileged containers are not allowed"]),
    admission(&["capability may not be added"]),
    admission(&["must be in the ranges:"]),
    admission(&["is not an allowed group"]),
    admission(&["running with the root gid is forbidden"]),
    admission(&["is not allowed to use", "security context constraint"]),
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

#[cfg(test)]
mod tests {
    use crate::read_text;

    fn states(text: &str, id: &str) -> bool {
        let case = read_text(text);
        !case.attempts.is_empty() && case.facts.statement(id).is_some()
    }

    #[test]
    fn admission_control() {
        for text in [
            "pods \"web-0\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostNetwork=true)",
            "Error creating: pods \"x-\" is forbidden: PodSecurityPolicy: unable to admit pod: [spec.hostPID: Invalid value]",
            "Error from server: admission webhook \"validation.gatekeeper.sh\" denied the request: [no-privileged] Privileged container is not allowed: x",
            "forbidden sysctl: \"net.core.somaxconn\" not allowlisted",
            "unable to validate against any security context constraint: [provider \"anyuid\": Forbidden: not usable by user or serviceaccount]",
        ] {
            assert!(states(text, "admission"), "{text}");
        }
        assert!(!states("mkdir: cannot create directory '/data': Permission denied", "admission"));
    }
}
