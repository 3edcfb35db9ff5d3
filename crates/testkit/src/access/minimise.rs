//! Making a difference small: whatever can go while model and kernel still disagree goes.

use super::plan::{Options, Plan, Spec, model};
use super::stage::Stage;
use whodenied_access::{CapabilitySet, Mount, Operation, Subject, decide};

/// A world and a subject for which model and kernel disagree.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The world.
    pub plan: Plan,
    /// Who asks.
    pub subject: Subject,
}

/// True when model and kernel disagree about `operation`. Leaves the situation's world built.
///
/// # Errors
/// When the world can't be built.
fn differs(
    stage: &mut Stage,
    which: usize,
    before: &Plan,
    now: &Situation,
    operation: &Operation,
) -> std::io::Result<bool> {
    stage.build(Some(before), &now.plan)?;
    let worker = &mut stage.workers[which];
    worker.become_subject(&now.subject)?;
    let real = worker.ask(operation)?;
    let tree = model(&now.plan, &stage.offer).tree;
    Ok(real != decide(&now.subject, &tree, operation).errno().map_or(0, |e| e.0))
}

/// The smallest situation found, built on the stage; `operation` stays as it is.
///
/// # Errors
/// When a world can't be built.
pub fn minimise(
    stage: &mut Stage,
    which: usize,
    plan: &Plan,
    subject: &Subject,
    operation: &Operation,
) -> std::io::Result<Situation> {
    let mut built = plan.clone();
    let mut best = Situation { plan: plan.clone(), subject: subject.clone() };
    loop {
        let mut smaller = false;
        for next in simpler(&best) {
            let still = differs(stage, which, &built, &next, operation)?;
            built = next.plan.clone();
            if still {
                best = next;
                smaller = true;
                break;
            }
        }
        if !smaller {
            stage.build(Some(&built), &best.plan)?;
            return Ok(best);
        }
    }
}

/// Every situation that is one step simpler.
fn simpler(situation: &Situation) -> Vec<Situation> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Situation) -> bool| {
        let mut next = situation.clone();
        if change(&mut next) {
            all.push(next);
        }
    };
    for zone in 0..situation.plan.zones.len() {
        let nodes = &situation.plan.zones[zone].nodes;
        for index in (0..nodes.len()).rev() {
            let used = |n: &Spec| n.parent == Some(index) || n.link_to == Some(index);
            if index > 0 && !nodes.iter().any(used) {
                with(&|s| {
                    remove(&mut s.plan.zones[zone].nodes, index);
                    true
                });
            }
            let spec = |s: &mut Situation, change: &dyn Fn(&mut Spec)| {
                let spec = &mut s.plan.zones[zone].nodes[index];
                let before = spec.inode.clone();
                change(spec);
                spec.inode != before
            };
            with(&|s| {
                spec(s, &|n| {
                    n.inode.acl = None;
                })
            });
            with(&|s| spec(s, &|n| n.inode.attributes.clear()));
            with(&|s| spec(s, &|n| n.inode.immutable = false));
            with(&|s| spec(s, &|n| n.inode.append_only = false));
            with(&|s| spec(s, &|n| n.inode.interpreter = None));
            with(&|s| spec(s, &|n| n.inode.capabilities = None));
            with(&|s| spec(s, &|n| n.inode.mode &= 0o777));
            with(&|s| spec(s, &|n| (n.inode.uid, n.inode.gid) = (0, 0)));
        }
    }
    let options = |change: &dyn Fn(&mut Options) -> &mut Mount| {
        let mut next = situation.clone();
        *change(&mut next.plan.options) = Mount::default();
        next
    };
    let mounts: [&dyn Fn(&mut Options) -> &mut Mount; 7] = [
        &|o| &mut o.bind,
        &|o| &mut o.inner,
        &|o| &mut o.sealed,
        &|o| &mut o.disk,
        &|o| &mut o.mapped,
        &|o| &mut o.foreign,
        &|o| &mut o.overlay,
    ];
    all.extend(mounts.iter().map(|m| options(*m)).filter(|n| n.plan.options != situation.plan.options));
    let subject = &situation.subject;
    let mut with = |subject: Subject| {
        if subject != situation.subject {
            all.push(Situation { plan: situation.plan.clone(), subject });
        }
    };
    for index in 0..subject.groups.len() {
        let mut groups = subject.groups.clone();
        groups.remove(index);
        with(Subject { groups, ..subject.clone() });
    }
    for bit in 0..41 {
        let without = |set: CapabilitySet| CapabilitySet(set.0 & !(1 << bit));
        let (effective, permitted) = (without(subject.effective), without(subject.permitted));
        with(Subject { effective, permitted, ..subject.clone() });
    }
    with(Subject { inheritable: CapabilitySet::default(), ..subject.clone() });
    with(Subject { bounding: CapabilitySet::all(), ..subject.clone() });
    with(Subject { no_setuid_fixup: false, ..subject.clone() });
    with(Subject { uid: subject.fsuid, gid: subject.fsgid, ..subject.clone() });
    all
}

fn remove(nodes: &mut Vec<Spec>, index: usize) {
    nodes.remove(index);
    let shift = |at: &mut Option<usize>| *at = at.map(|i| if i > index { i - 1 } else { i });
    for node in nodes {
        shift(&mut node.parent);
        shift(&mut node.link_to);
    }
}
