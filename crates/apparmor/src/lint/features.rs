//! Lints about what a kernel mediates for a policy.

use super::{Context, DENY_UNIX, Finding, NETWORK_ACCESS, NO_ABI, OWNER_LOST, UNMEDIATED};
use crate::features::Features;
use crate::features::effective::{Kind, Lacks, builtin, mediated};
use crate::resolve::{Placed, Policy};
use crate::rules::{Body, Decision, Owner};
use std::collections::BTreeSet;

/// The class of a rule that depends on features.
fn kind(body: &Body) -> Option<Kind> {
    Some(match body {
        Body::Network(_) => Kind::Network,
        Body::Unix(_) => Kind::Unix,
        Body::Dbus(_) => Kind::Dbus,
        Body::Signal(_) => Kind::Signal,
        Body::Ptrace(_) => Kind::Ptrace,
        Body::Mount(_) | Body::PivotRoot(_) => Kind::Mount,
        Body::Userns => Kind::Userns,
        Body::Mqueue(_) => Kind::Mqueue,
        Body::IoUring(_) => Kind::IoUring,
        _ => return None,
    })
}

/// The features that a policy is compiled for, as far as they are known.
#[must_use]
pub fn of_policy(policy: &Policy, context: &Context<'_>) -> Option<Features> {
    match &policy.abi {
        Some(abi) if abi.name == "kernel" => context.kernel.cloned(),
        Some(abi) if abi.name == "default" => Some(builtin()),
        Some(abi) => abi.features.clone(),
        None => Some(context.pin.cloned().unwrap_or_else(builtin)),
    }
}

/// Classes that are not mediated for the policy on the kernel, with the reason; `None` where the features of
/// either side are not known.
#[must_use]
pub fn unmediated(policy: &Policy, context: &Context<'_>) -> Option<Vec<(Kind, Lacks)>> {
    let (kernel, own) = (context.kernel?, of_policy(policy, context)?);
    Some(Kind::ALL.into_iter().filter_map(|k| mediated(kernel, &own, k).err().map(|why| (k, why))).collect())
}

pub(super) fn check(policy: &Policy, context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(first) = policy.profiles.first() else { return };
    if policy.abi.is_none() {
        let what = if context.pin.is_some() {
            "its pin"
        } else {
            "its pin, else its built-in default, which mediates no network on any mainline kernel"
        };
        out.push(
            Finding::new(NO_ABI, &first.place, format!("no abi: the parser compiles this for {what}"))
                .help("`abi <abi/4.0>,` at the head of the file makes it mean the same everywhere"),
        );
    }
    let (Some(kernel), Some(own)) = (context.kernel, of_policy(policy, context)) else { return };
    let lost_owner = kernel
        .value("policy/permstable32_version")
        .is_some_and(|v| !v.trim_start_matches("0x").trim_start_matches('0').starts_with('1'));
    let mut told = BTreeSet::new();
    for placed in policy.profiles.iter().flat_map(|p| &p.rules) {
        let denies = placed.qualifiers.decision == Decision::Deny;
        if placed.qualifiers.owner == Owner::Owner && lost_owner && told.insert("owner") {
            out.push(
                Finding::new(OWNER_LOST, &placed.place, "compiled by AppArmor 4.1.0 to 4.1.2 for this kernel, `owner` is not enforced")
                    .help("those write no halves for owners into the kernel's table of permissions; 4.1.3 and 5.0 do"),
            );
        }
        let Some(kind) = kind(&placed.rule.body) else { continue };
        network(placed, kernel, &own, out);
        let Err(why) = mediated(kernel, &own, kind) else { continue };
        if kind == Kind::Unix {
            // Allowing rules fall back to the family; those that deny are dropped.
            if denies {
                out.push(
                    Finding::new(DENY_UNIX, &placed.place, "this rule is dropped without a word, so Unix sockets stay as other rules have them")
                        .help("an abi that names network_v9/af_unix keeps it where the kernel has that; `deny network unix,` refuses them all"),
                );
            }
            continue;
        }
        // One finding a class is enough.
        if !told.insert(kind.keyword()) {
            continue;
        }
        let because = match why {
            Lacks::Kernel => "the kernel has no feature for it",
            Lacks::Policy => "the policy's abi does not name it",
            Lacks::Both => "the policy's abi names it in a form that this kernel does not have",
        };
        let effect = if denies { "nothing is refused by this" } else { "everything of this kind is allowed" };
        let finding = Finding::new(
            UNMEDIATED,
            &placed.place,
            format!("`{}` is not mediated here: {because}; {effect}", kind.keyword()),
        );
        out.push(match why {
            Lacks::Kernel => finding,
            _ => finding.help("an abi that lists it makes it hold: `abi <abi/4.0>,` or newer"),
        });
    }
}

/// Accesses and addresses of network rules.
fn network(placed: &Placed, kernel: &Features, own: &Features, out: &mut Vec<Finding>) {
    let Body::Network(rule) = &placed.rule.body else { return };
    let both = |feature: &str| kernel.has(feature) && own.has(feature);
    if both("network_v8/af_inet") || both("network_v9/af_inet") {
        return;
    }
    let addresses =
        rule.local != Default::default() || rule.peer != Default::default() || rule.interface.is_some();
    if addresses || rule.access_named {
        let what = if addresses { "addresses and ports" } else { "accesses" };
        out.push(Finding::new(
            NETWORK_ACCESS,
            &placed.place,
            format!("no {what} are enforced here: the rule holds for its whole family and type"),
        ));
    }
}
