//! What a layer may look at beside the attempt: facts, trials, the other attempts; and what
//! several layers derive from them.

mod attempt;
mod confined;
mod filter;
mod gates;
mod namespaces;
mod place;
mod privilege;
mod trials;

pub(crate) use attempt::{family, file_call, is_path, never_refuses, plain_tool, under, unix_family, writes};
pub(crate) use confined::reads_public_file;
pub(crate) use gates::Covering;
pub(crate) use namespaces::{About, USERNS_SWITCH, namespaces};
pub(crate) use place::Presence;
pub(crate) use privilege::{needed, root_user};
pub(crate) use trials::{apparmor_off, seccomp_off, selinux_off};

use crate::policy::InForce;
use whodenied_case::{Attempt, Facts, Trial};

/// The surroundings of one attempt.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// What is known.
    pub(crate) facts: &'a Facts,
    /// Experiments and their outcome.
    pub(crate) trials: &'a [Trial],
    /// Every attempt of the case.
    pub(crate) attempts: &'a [Attempt],
    /// AppArmor policy that was in force.
    pub(crate) policy: Option<&'a InForce>,
}
