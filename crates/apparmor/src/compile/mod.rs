//! From resolved profiles to what a kernel holds after loading them: the same [`crate::policy::Profile`] that
//! [`crate::binary::decode`] reads.
//!
//! Each rule becomes expressions over the strings that the kernel matches ([`classes`]), each with what it
//! claims ([`claim`]); all expressions of a database become one automaton, in whose states claims are decided
//! permission by permission ([`database`]). What the kernel or the policy's `abi` lacks is left out
//! ([`mediation`]): it is not mediated, and said so.

pub mod claim;
pub mod classes;
pub mod conflict;
mod database;
pub mod determinise;
pub mod explain;
pub mod glob;
mod head;
pub mod mediation;
pub mod nfa;
mod quick;

pub use classes::Expression;
pub use determinise::Limits;
pub use explain::{Deciding, Near, Provenance};
pub use glob::{GlobError, Re, parse as parse_glob};
pub use mediation::{Mediation, Target};

use crate::policy::{self, Caps, Class, FamilyMask, Mode, Rlimits};
use crate::resolve::{Fault, Files, Loader, Paths, Place, Policy, Profile, filter_slashes};
use crate::rules::{Body, Decision};
use classes::{Output, marker};
use conflict::Texts;
use mediation::Sockets;
use std::collections::HashMap;
use whodenied_kernel::Capability;

/// A profile, compiled.
#[derive(Debug)]
pub struct Compiled {
    /// As the kernel would hold it.
    pub profile: policy::Profile,
    /// Which rules decide what.
    pub provenance: Provenance,
    /// What was mediated in common.
    pub mediation: Mediation,
    /// Rules of classes that are not mediated, by their index in the profile: they do nothing.
    pub unenforced: Vec<usize>,
}

/// Compiles a text that stands under a path, with all it includes.
///
/// The second is an error where the reference compiler would refuse the text, or a limit is met.
pub fn text(
    path: &str,
    bytes: &[u8],
    files: &dyn Files,
    paths: Paths,
    target: &Target,
    limits: &Limits,
) -> (Policy, Result<Vec<Compiled>, Vec<Fault>>) {
    let policy = Loader::new(files, paths).resolve(path, bytes);
    let compiled =
        if policy.faults.is_empty() { compile(&policy, target, limits) } else { Err(policy.faults.clone()) };
    (policy, compiled)
}

/// Compiles every profile of a policy, parents before their children.
///
/// # Errors
/// Everything that is wrong, with places.
pub fn compile(policy: &Policy, target: &Target, limits: &Limits) -> Result<Vec<Compiled>, Vec<Fault>> {
    let mediation = mediation(policy, target);
    let mut faults = Vec::new();
    let mut out = Vec::new();
    for index in 0..policy.profiles.len() {
        match self::profile(policy, index, mediation, limits) {
            Ok(compiled) => out.push(compiled),
            Err(mut found) => faults.append(&mut found),
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

/// What a policy mediates on a target.
#[must_use]
pub fn mediation(policy: &Policy, target: &Target) -> Mediation {
    let abi = policy.abi.as_ref().and_then(|abi| match abi.name.as_str() {
        "kernel" => Some(&target.kernel),
        _ => abi.features.as_ref(),
    });
    Mediation::of(target, abi)
}

fn profile(policy: &Policy, index: usize, m: Mediation, limits: &Limits) -> Result<Compiled, Vec<Fault>> {
    let Some(profile) = policy.profiles.get(index) else { return Err(Vec::new()) };
    let parent = policy.profiles.iter().any(|p| p.parent == Some(index));
    let texts = Texts::new(policy, profile);
    let fault = |place: Option<Place>, message: String| {
        vec![Fault { place: place.unwrap_or_else(|| profile.place.clone()), message, hint: None }]
    };
    let local = profile.name.rsplit("//").next().unwrap_or_default();
    let mut output = Output {
        texts: &texts,
        profile: local,
        aliases: &policy.aliases,
        mediation: m,
        file: Vec::new(),
        policy: Vec::new(),
        targets: Vec::new(),
        mounts: Vec::new(),
        merged: HashMap::new(),
        rule: None,
        place: None,
    };
    let mut unenforced = Vec::new();
    output.merge_accesses(&profile.rules);
    for (index, placed) in profile.rules.iter().enumerate() {
        if let Err(broken) = output.add(index, placed) {
            return Err(fault(broken.place, broken.message));
        }
        if !enforced(&placed.rule.body, placed.qualifiers.decision, &m) {
            unenforced.push(index);
        }
    }
    output.finish_mounts();
    output.rule = None;
    // A parent may change into its children, hats or not.
    if profile.hat || parent {
        output.asking("/proc/[0-9]*/attr/{apparmor/,}current");
    }
    let disconnected = match &profile.head.disconnected_path {
        Some(value) => {
            let path = texts.expand(&value.text()).map_err(|e| fault(None, e.to_string()))?;
            Some(filter_slashes(&path).trim_end_matches('/').to_owned())
        }
        None => None,
    };
    let mut out = head::head(profile, disconnected.as_deref(), &m);
    markers(&mut output, &m, out.mode);
    let Output { file, policy: expressions, targets, .. } = output;
    let too_complex = |_| fault(None, format!("over {} states are needed for this profile", limits.states));
    let mut xattrs = Vec::new();
    if m.xattr {
        for (name, value) in profile.head.xattrs.iter().rev() {
            let value = texts.expand(&value.text()).map_err(|e| fault(None, e.to_string()))?;
            xattrs.push((name.text(), value));
        }
    }
    out.attachment = head::attachment(profile, &policy.aliases, &xattrs, limits).map_err(too_complex)?;
    out.caps = caps(profile);
    out.rlimits = rlimits(profile);
    if m.sockets == Sockets::Families {
        out.families = families(profile);
    }
    let mut conflicts = Vec::new();
    let combine = |claims: &[(usize, &claim::Claim)]| {
        let entry = claim::file_entry(claims, &mut conflicts);
        if m.owners { entry } else { policy::Entry::both(entry.owner) }
    };
    let mut database = database::database(&file, limits, combine).map_err(too_complex)?;
    if let Some(first) = conflicts.first() {
        let rule = |at: usize| file.get(at).and_then(|e| e.rule).and_then(|r| profile.rules.get(r));
        let place = rule(first.1).or_else(|| rule(first.0)).map(|placed| placed.place.clone());
        return Err(fault(
            place,
            "two rules of equal rank say differently how to execute the same program".into(),
        ));
    }
    database.transitions = targets;
    out.file = Some(database);
    if !expressions.is_empty() {
        out.policy = Some(database::database(&expressions, limits, claim::entry).map_err(too_complex)?);
    }
    Ok(Compiled {
        profile: out,
        provenance: Provenance { file, policy: expressions },
        mediation: m,
        unenforced,
    })
}

/// What makes classes mediated. Of a profile that confines nothing only user namespaces are.
fn markers(output: &mut Output<'_>, m: &Mediation, mode: Mode) {
    const CERTAIN: i32 = 1001;
    if m.userns {
        output.policy.push(marker(&[Class::Namespace as u8], -CERTAIN));
    }
    if mode == Mode::Unconfined {
        return;
    }
    if m.io_uring {
        output.policy.push(marker(&[Class::IoUring as u8], -CERTAIN));
    }
    for (mediated, class) in [
        (true, Class::File),
        (m.mount, Class::Mount),
        (m.dbus, Class::Dbus),
        (m.signal, Class::Signal),
        (m.ptrace, Class::Ptrace),
        (m.network_v8, Class::NetV8),
        (m.network_v9_unix, Class::NetV9),
        (m.network_v7, Class::NetV7),
        (m.posix_mqueue, Class::PosixMqueue),
        (m.sysv_mqueue, Class::SysvMqueue),
    ] {
        if mediated {
            output.policy.push(marker(&[class as u8], CERTAIN));
        }
    }
    // Meant for the family of Unix sockets, and written as the digit.
    for (mediated, class) in [(m.network_v9_unix, Class::NetV9), (m.network_v7_unix, Class::NetV7)] {
        if mediated {
            output.policy.push(marker(&[class as u8, 0, b'1'], CERTAIN));
        }
    }
}

/// Whether a rule's class is mediated at all.
fn enforced(body: &Body, decision: Decision, m: &Mediation) -> bool {
    match body {
        Body::Network(_) => m.sockets != Sockets::None,
        Body::Unix(_) => m.unix.is_some() || (decision != Decision::Deny && m.sockets != Sockets::None),
        Body::Dbus(_) => m.dbus,
        Body::Signal(_) => m.signal,
        Body::Ptrace(_) => m.ptrace,
        Body::Mount(_) | Body::PivotRoot(_) => m.mount,
        Body::Userns => m.userns,
        Body::IoUring(_) => m.io_uring,
        Body::Mqueue(_) => m.posix_mqueue || m.sysv_mqueue,
        _ => true,
    }
}

/// Capabilities know no priority, and prompting for one allows it.
fn caps(profile: &Profile) -> Caps {
    let (mut allow, mut deny, mut audit, mut quiet) = (0, 0, 0, 0);
    for placed in profile.rules.iter().filter(|placed| placed.dropped.is_none()) {
        let q = &placed.qualifiers;
        // `deny all` is the reverse of other rules: it is silent where it says `audit`.
        let quietly = q.audit == matches!(placed.rule.body, Body::All);
        let mask = match &placed.rule.body {
            Body::Capability(names) if names.is_empty() => u64::MAX,
            Body::Capability(names) => names.iter().fold(0, |mask, Capability(number)| mask | 1 << number),
            Body::All => u64::MAX,
            _ => continue,
        };
        if q.decision == Decision::Deny {
            deny |= mask;
            if quietly {
                quiet |= mask;
            }
        } else {
            allow |= mask;
            if q.audit {
                audit |= mask;
            }
        }
    }
    let allow = allow & !deny;
    Caps { allow, audit: audit & allow, quiet: quiet & deny, ..Caps::default() }
}

fn rlimits(profile: &Profile) -> Option<Rlimits> {
    let mut out = Rlimits::default();
    for placed in profile.rules.iter().filter(|placed| placed.dropped.is_none()) {
        if let Body::Rlimit(limit) = &placed.rule.body {
            out.mask |= 1 << limit.resource;
            if let Some(slot) = out.limits.get_mut(usize::from(limit.resource)) {
                *slot = limit.value;
            }
        }
    }
    (out.mask != 0).then_some(out)
}

/// Sockets by family, a bit a type, for kernels that have no class for them.
fn families(profile: &Profile) -> Vec<FamilyMask> {
    let mut allow = vec![0u16; usize::from(classes::net::FAMILY_COUNT)];
    let (mut deny, mut audit, mut quiet) = (allow.clone(), allow.clone(), allow.clone());
    for placed in profile.rules.iter().filter(|placed| placed.dropped.is_none()) {
        let q = &placed.qualifiers;
        let pairs = match &placed.rule.body {
            Body::Network(rule) => classes::net::pairs(rule),
            Body::All => classes::net::pairs(&crate::rules::network::Network::default()),
            _ => continue,
        };
        for (family, kind) in pairs {
            let mask = kind.map_or(u16::MAX, |kind| 1 << kind);
            let set = |masks: &mut Vec<u16>| {
                if let Some(slot) = masks.get_mut(usize::from(family)) {
                    *slot |= mask;
                }
            };
            if q.decision == Decision::Deny {
                set(&mut deny);
                if !q.audit {
                    set(&mut quiet);
                }
            } else {
                set(&mut allow);
                if q.audit {
                    set(&mut audit);
                }
            }
        }
    }
    (0..allow.len())
        .map(|at| {
            let allowed = allow[at] & !deny[at];
            FamilyMask { allow: allowed, audit: audit[at] & allowed, quiet: quiet[at] & deny[at] }
        })
        .collect()
}

#[cfg(test)]
mod tests;
