//! Chromium, Electron and Firefox: their own sandboxes.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["credentials.cc", "permission denied"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .errno(Errno::EACCES),
    Rule::on(&["credentials.cc", "operation not permitted"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .errno(Errno::EPERM),
    Rule::on(&["failed to move to new namespace"]).call(Call::UsernsCreate).kind(K::Namespace),
    Rule::on(&["zygote_host_impl_linux.cc", "no usable sandbox"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .errno(Errno::EPERM)
        .states(s::NO_USABLE_SANDBOX),
    Rule::on(&["no usable sandbox"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .errno(Errno::EPERM)
        .states(s::NO_USABLE_SANDBOX),
    Rule::on(&["suid sandbox helper binary was found, but is not configured correctly"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .states(s::SUID_HELPER)
        .object(From::After("make sure that")),
    Rule::on(&["chrome-sandbox is owned by root and has mode 4755"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .states(s::SUID_HELPER),
    Rule::on(&["running as root without --no-sandbox is not supported"])
        .call(Call::UsernsCreate)
        .own()
        .states(s::REFUSES_ROOT),
    Rule::on(&["sandbox: clone() failure: eperm"])
        .call(Call::UsernsCreate)
        .kind(K::Namespace)
        .errno(Errno::EPERM),
    Rule::refine(&["unshare(clone_newpid)"]).call(Call::UsernsCreate).kind(K::Namespace),
    Rule::on(&["sandbox_linux.cc", "initializesandbox() called with multiple threads"])
        .call(Call::SeccompInstall)
        .own(),
];
