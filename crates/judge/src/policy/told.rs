//! Attempts that only a text tells of: what the loaded profile says to every way that the text leaves open.
//!
//! Nothing of this is the state of the moment. It counts as configuration does, but for a refusal that no other
//! check can come before: of calls on mounts, whose hook is asked before a capability is.

use super::asks::{Ask, Standing};
use super::{InForce, confined};
use crate::context::Context;
use crate::layers::apparmor_profile;
use crate::say::{Say, allows, denies};
use whodenied_apparmor::evaluate::{Answer as Said, Label, Outcome, SocketUse};
use whodenied_apparmor::policy::bit;
use whodenied_case::{Attempt, Phase, Predicate, Support};
use whodenied_kernel::{Call, Capability, Errno, Layer};
use whodenied_text::escape;

pub(super) fn judged(attempt: &Attempt, cx: &Context<'_>, policy: &InForce) -> Option<Say> {
    let errno = attempt.errno.filter(|_| attempt.phase == Phase::Program && attempt.records.is_empty())?;
    let name = if policy.label.is_empty() { apparmor_profile(attempt, cx)? } else { policy.label.clone() };
    let label = Label::parse(name.as_bytes());
    let ways = ways(attempt)?;
    let mut refused: Option<(String, Said)> = None;
    let mut passes = true;
    for way in &ways {
        match asked(policy, &label, way) {
            Some(said) if said.outcome == Outcome::Denied => {
                passes = false;
                refused = refused.or(Some((way.words(&said), said)));
            }
            Some(said) if said.outcome.passes() => {
                if refused.is_some() || !passes {
                    return None;
                }
            }
            _ => return None,
        }
        if refused.is_some() && passes {
            return None;
        }
    }
    let shown = escape::line(&name).into_owned();
    let now = if policy.steady { "" } else { ", as it is loaded now," };
    let Some((words, said)) = refused else {
        // A capability that the profile denies may be what the call lacked.
        let parts: Vec<_> = confined(&label).map(|c| policy.part(c)).collect::<Option<_>>()?;
        let all = Capability::all().fold(0u64, |m, c| m | 1 << c.0);
        let whole = !parts.is_empty() && parts.iter().all(|p| p.profile.caps.allow & all == all);
        let because =
            format!("The loaded profile {shown}{now} allows this, in every way that the text leaves open.");
        return whole.then(|| allows(attempt, Layer::Apparmor, because));
    };
    if said.errno != Some(errno) {
        return None;
    }
    let mut because = format!("The loaded profile {shown}{now} does not allow to {words}");
    because.push_str(if said.recorded {
        ", and the kernel writes a record of that."
    } else {
        "; a rule says deny, so the kernel writes no record."
    });
    let certain = certain(attempt, cx, policy, errno).filter(|_| !said.recorded);
    let (support, weight) = match certain {
        Some(_) => (Support::State, 97),
        // It would have left a record, and none is here.
        None if said.recorded => (Support::Usual, 55),
        None => (Support::Configured, 92),
    };
    let say = denies(attempt, Layer::Apparmor, support, weight, because).policy(shown);
    Some(match certain {
        Some(fact) => say.fact(fact),
        None => say,
    })
}

/// The label's fact, where nothing but the profile can have answered: the hook of a mount is asked before a
/// capability, root walks every path, no filter answers with this error, and the policy was there before.
fn certain(
    attempt: &Attempt,
    cx: &Context<'_>,
    policy: &InForce,
    errno: Errno,
) -> Option<whodenied_case::FactId> {
    let mounts = matches!(attempt.call, Some(Call::Mount | Call::Umount | Call::PivotRoot));
    if !mounts || errno != Errno::EACCES || attempt.errno_inferred || !policy.steady {
        return None;
    }
    let walks = |p: &Predicate| matches!(p, Predicate::CapSet { set, bits } if set == "bnd" && bits >> Capability::DAC_OVERRIDE.0 & 1 == 1);
    cx.facts.find(walks).filter(|_| cx.is_root(attempt))?;
    let plain =
        |p: &Predicate| matches!(p, Predicate::Statement("default-filter") | Predicate::SeccompFilter(false));
    cx.facts.find(plain)?;
    let label = |p: &Predicate| matches!(p, Predicate::ProcessLabel(l) if *l == policy.label);
    cx.facts.find(label).map(|fact| fact.id)
}

/// The answer of every profile of a label; `None` where one is not known, or it depends.
fn asked(policy: &InForce, label: &Label, way: &Ask) -> Option<Said> {
    let mut strongest: Option<Said> = None;
    for component in confined(label) {
        let part = policy.part(component)?;
        let Standing::Said(said) = way.answer(&part.profile, &policy.kernel, None) else { return None };
        if said.outcome == Outcome::Denied {
            return Some(said);
        }
        strongest = strongest.filter(|s| s.outcome != Outcome::Unmediated).or(Some(said));
    }
    strongest
}

/// Every question that the attempt may have asked; `None` where they are not known.
fn ways(attempt: &Attempt) -> Option<Vec<Ask>> {
    let name = attempt.object_name();
    let arg = |key: &str| attempt.arg(key);
    let file = |requests: &[u32], directory: bool| {
        let plain = name.starts_with('/') && !name.split('/').any(|p| matches!(p, "." | ".."));
        let path = name.trim_end_matches('/');
        plain.then_some(())?;
        let mut paths = vec![path.as_bytes().to_vec()];
        if directory {
            paths.push(format!("{path}/").into_bytes());
        }
        let ask =
            |path: &Vec<u8>, request: &u32| Ask::File { path: path.clone(), owner: None, request: *request };
        Some(paths.iter().flat_map(|p| requests.iter().map(move |r| ask(p, r))).collect())
    };
    match attempt.call? {
        Call::Mount => Some(vec![Ask::AnyMount(2)]),
        Call::Umount => Some(vec![Ask::AnyMount(4)]),
        Call::PivotRoot => Some(vec![Ask::AnyMount(1)]),
        Call::UsernsCreate => Some(vec![Ask::Userns]),
        Call::Socket | Call::Socketpair => {
            let domain = arg("domain")?;
            let family = super::flags::family(domain)?;
            let kinds = arg("type").and_then(super::flags::socket_type).map_or(vec![1, 2, 3, 5], |k| vec![k]);
            let words = escape::clipped(domain, 40);
            Some(vec![Ask::Socket { family, kinds, protocol: 0, usage: SocketUse::Create, words }])
        }
        Call::Read | Call::Readdir => file(&[bit::READ], true),
        Call::Write | Call::SysctlWrite => file(&[bit::WRITE, bit::WRITE | bit::CREATE], false),
        Call::Create => file(&[bit::CREATE, bit::WRITE | bit::CREATE], false),
        Call::Open => file(&[bit::READ, bit::WRITE], true),
        Call::Mkdir => {
            let path = format!("{}/", name.trim_end_matches('/')).into_bytes();
            name.starts_with('/').then(|| vec![Ask::File { path, owner: Some(true), request: bit::CREATE }])
        }
        Call::Unlink => file(&[bit::DELETE], true),
        Call::Chmod => file(&[bit::CHMOD], true),
        Call::Chown => file(&[bit::CHOWN], true),
        Call::Exec if name.starts_with('/') => {
            Some(vec![Ask::Exec { path: name.as_bytes().to_vec(), owner: None }])
        }
        _ => None,
    }
}
