//! Programs that put Landlock or another sandbox on themselves.

use super::rules::Rule;
use super::statements as s;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["landlock is not supported by the kernel"])
        .call(Call::LandlockRestrict)
        .errno(Errno::EOPNOTSUPP)
        .states(s::LANDLOCK_UNSUPPORTED),
    Rule::on(&["landlock", "not supported"])
        .call(Call::LandlockRestrict)
        .errno(Errno::EOPNOTSUPP)
        .states(s::LANDLOCK_UNSUPPORTED)
        .without(&["rule "]),
    Rule::on(&["landlock", "not enabled"])
        .call(Call::LandlockRestrict)
        .errno(Errno::EOPNOTSUPP)
        .states(s::LANDLOCK_UNSUPPORTED),
    Rule::on(&["landlock", "unsupported"])
        .call(Call::LandlockRestrict)
        .errno(Errno::EOPNOTSUPP)
        .states(s::LANDLOCK_UNSUPPORTED),
    Rule::on(&["landlock", "not available"])
        .call(Call::LandlockRestrict)
        .errno(Errno::EOPNOTSUPP)
        .states(s::LANDLOCK_UNSUPPORTED),
    Rule::on(&["landlock", "disabled"])
        .call(Call::LandlockRestrict)
        .errno(Errno::EOPNOTSUPP)
        .states(s::LANDLOCK_UNSUPPORTED),
    Rule::on(&["landlock ruleset could not be applied"])
        .call(Call::LandlockRestrict)
        .states(s::LANDLOCK_NOT_APPLIED),
    Rule::on(&["landlock", "failed to"]).call(Call::LandlockRestrict).states(s::LANDLOCK_NOT_APPLIED),
    Rule::on(&["restricting filesystem access failed"])
        .call(Call::LandlockRestrict)
        .states(s::LANDLOCK_NOT_APPLIED),
    Rule::refine(&["landlock_restrict_self"]).call(Call::LandlockRestrict).states(s::LANDLOCK_NOT_APPLIED),
    Rule::refine(&["landlock_create_ruleset"]).call(Call::LandlockRestrict).states(s::LANDLOCK_NOT_APPLIED),
    Rule::on(&["switching to sandbox user", "failed"]).states(s::SANDBOX_USER).call(Call::Setuid),
    Rule::refine(&["restricting syscalls via seccomp failed"])
        .call(Call::SeccompInstall)
        .states(s::SECCOMP_UNSUPPORTED),
    Rule::on(&["sandbox", "landlock", "denied"]).call_if_none(Call::Open),
];
