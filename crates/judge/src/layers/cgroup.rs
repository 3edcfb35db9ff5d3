//! Resource and real-time controllers of cgroups.
//!
//! With CONFIG_RT_GROUP_SCHED `__sched_setscheduler` (kernel/sched/syscalls.c) answers EPERM to a
//! real-time policy in a group whose cpu.rt_runtime_us is 0, capabilities or not. `pids_can_fork`
//! (kernel/cgroup/pids.c) answers EAGAIN at pids.max. `cgroup_attach_permissions`
//! (kernel/cgroup/cgroup.c) wants write access to cgroup.procs of the common ancestor and of the
//! destination (EACCES), so moving a process needs a delegated subtree. /sys/fs/cgroup mounted
//! read-only is another layer (EROFS).

use crate::context::{Context, under};
use crate::say::{Best, allows, denies};
use whodenied_case::{Attempt, Environment, Knob, ObjectKind, RecordKind, Support, Verdict};
use whodenied_kernel::{Call, Capability, Errno, Layer};

const LAYER: Layer = Layer::Cgroup;

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if attempt.records.iter().any(|r| matches!(&r.kind, RecordKind::Other { name, .. } if name == "cgroup")) {
        let because = "The kernel logged that the pids controller refused a fork: the group is at its limit of processes and threads.";
        return denies(attempt, LAYER, Support::Record, 95, because).policy("pids.max").into();
    }
    match attempt.call {
        Some(Call::Sched) => real_time(attempt, cx),
        Some(Call::Clone) => {
            if attempt.errno == Some(Errno::EPERM) && cx.stated_here(attempt, &["rt-sched"]).is_some() {
                return real_time(attempt, cx);
            }
            processes(attempt, cx)
        }
        _ => subtree(attempt, cx),
    }
}

fn real_time(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if attempt.errno.is_some_and(|e| e != Errno::EPERM) {
        return allows(attempt, LAYER, "A group without real-time budget is refused with EPERM.").into();
    }
    let look = "cat /sys/fs/cgroup/cpu/cpu.rt_runtime_us";
    let budget = cx.facts.knob(|k| {
        matches!(k, Knob::Other { key, .. } if key.contains("cpu_rt_runtime") || key.contains("cpu-rt-runtime"))
    });
    let granted = cx
        .facts
        .knob(|k| *k == Knob::Privileged(true))
        .map(|(id, _)| id)
        .or_else(|| cx.facts.cap_added(Capability::SYS_NICE));
    let contained = cx.contained() || cx.unit();
    // Who looks at the budget of a group has a kernel that keeps one.
    if let Some(fact) = cx.stated(&["rt-budget"]) {
        let because = "This kernel keeps real-time budgets per control group (cpu.rt_runtime_us), and a group that has none, or none left below its parent's, refuses real-time policies, root included.";
        let (support, weight) = match granted {
            Some(_) => (Support::Configured, 85),
            None if cx.is_user(attempt) => (Support::Usual, 55),
            None => (Support::Default, 76),
        };
        return denies(attempt, LAYER, support, weight, because)
            .fact(fact.id)
            .policy("cpu.rt_runtime_us")
            .step(look)
            .into();
    }
    if let (Some(id), true) = (granted, contained) {
        let because = "The process has CAP_SYS_NICE and is refused all the same: its control group has no real-time budget (cpu.rt_runtime_us is 0).";
        let weight = if budget.is_some() { 60 } else { 85 };
        return denies(attempt, LAYER, Support::Configured, weight, because)
            .fact(id)
            .policy("cpu.rt_runtime_us")
            .step(look)
            .into();
    }
    // Services of the system run as root unless told otherwise, and root needs no limit raised.
    let system_service =
        cx.unit() && !cx.contained() && !cx.is_user(attempt) && !cx.has(Environment::UserManager);
    if system_service && cx.facts.unit("User").is_none() && cx.facts.unit("CapabilityBoundingSet").is_none() {
        let because = "A service that runs as root has CAP_SYS_NICE and is refused a real-time policy only where its control group has no real-time budget.";
        return denies(attempt, LAYER, Support::Usual, 72, because)
            .policy("cpu.rt_runtime_us")
            .step(look)
            .into();
    }
    if contained {
        let because =
            "A control group without real-time budget refuses real-time policies, with the capability too.";
        return denies(attempt, LAYER, Support::Fits, 35, because)
            .policy("cpu.rt_runtime_us")
            .step(look)
            .into();
    }
    if cx.is_root(attempt) {
        let because =
            "Root is refused a real-time policy only where its control group has no real-time budget.";
        return denies(attempt, LAYER, Support::Usual, 70, because)
            .policy("cpu.rt_runtime_us")
            .step(look)
            .into();
    }
    None
}

fn processes(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if attempt.errno != Some(Errno::EAGAIN) {
        return None;
    }
    let look = "cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids.current";
    let limit = cx.facts.knob(|k| match k {
        Knob::Other { key, .. } => key.replace('-', "_").contains("pids_limit") || key == "pids",
        Knob::Unit { key, .. } => key == "TasksMax",
        _ => false,
    });
    let mut best = Best::new();
    if let Some((id, _)) = limit {
        let because = "The control group has a limit of processes and threads, and at the limit no more can be started.";
        best.offer(
            denies(attempt, LAYER, Support::Configured, 80, because).fact(id).policy("pids.max").step(look),
        );
    }
    if cx.contained() || cx.unit() {
        let because = "Containers and services have a limit of processes and threads (pids.max), and at the limit fork gives EAGAIN.";
        best.offer(denies(attempt, LAYER, Support::Usual, 65, because).policy("pids.max").step(look));
    }
    best.done()
}

fn subtree(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    let stated = cx.stated_here(attempt, &["cgroup-setup"]);
    let name = attempt.object_name();
    // `pids.max`, seen from the directory of the group.
    let bare = attempt.object.kind == ObjectKind::KernelFile && !name.contains('/') && name.contains('.');
    // systemd names a group by its place below the root of the tree.
    let slice = name.split('/').any(|part| part.ends_with(".slice") || part.ends_with(".scope"));
    if !under(name, "/sys/fs/cgroup") && !bare && !slice && stated.is_none() {
        return None;
    }
    match attempt.errno? {
        Errno::EROFS => {
            allows(attempt, LAYER, "The cgroup file system is mounted read-only; no controller was asked.")
                .into()
        }
        // Limits on the root of a delegated tree belong to the one who delegated it
        // (`cgroup_file_write`, nsdelegate, since 4.13): opening passes, writing does not.
        Errno::EPERM if attempt.call == Some(Call::Write) && cx.contained() => {
            let because = "The file of a control group may be opened and not written: the limits on the root of a container's own tree are set from outside only.";
            denies(attempt, LAYER, Support::Default, 88, because)
                .step("cat /proc/self/cgroup; grep cgroup2 /proc/self/mounts")
                .into()
        }
        Errno::EACCES | Errno::EPERM => {
            let because = "Making control groups and moving processes needs a subtree that was delegated to this user or container.";
            let own = cx.rootless() || cx.is_user(attempt);
            let (support, weight) = match (cx.rootless(), own) {
                (true, _) => (Support::Default, 85),
                // The manager of a container that an ordinary user starts.
                (false, _)
                    if attempt.phase == whodenied_case::Phase::RuntimeSetup && cx.system_container() =>
                {
                    (Support::Default, 84)
                }
                (false, true) => (Support::Usual, 60),
                (false, false) => (Support::Fits, 40),
            };
            denies(attempt, LAYER, support, weight, because)
                .facts(stated.map(|f| f.id))
                .step("cat /proc/self/cgroup; ls -ld /sys/fs/cgroup")
                .into()
        }
        Errno::EBUSY | Errno::EOPNOTSUPP => {
            let because = "A control group that holds processes can't hand controllers to its children.";
            denies(attempt, LAYER, Support::Exclusive, 70, because).into()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{allowed, attempt, denied, knob};
    use whodenied_case::{CapSpec, Engine, Predicate};

    #[test]
    fn a_group_without_real_time_budget() {
        let docker = Predicate::Engine(Engine::Docker);
        let sched = attempt(Call::Sched, Errno::EPERM, "");
        let nice = knob(Knob::CapAdd(CapSpec::One(Capability::SYS_NICE)));
        assert_eq!(denied(judge, &sched, &[docker.clone(), nice]), Some(Support::Configured));
        assert_eq!(
            denied(judge, &sched, &[docker.clone(), knob(Knob::Privileged(true))]),
            Some(Support::Configured)
        );
        assert_eq!(denied(judge, &sched, &[docker]), Some(Support::Fits));
        assert_eq!(
            denied(judge, &sched, &[Predicate::Environment(Environment::RunsAsRoot)]),
            Some(Support::Usual)
        );
        assert_eq!(denied(judge, &sched, &[]), None);
    }

    #[test]
    fn who_looks_at_the_budget_has_one() {
        let fifo = attempt(Call::Sched, Errno::EPERM, "");
        let looks = Predicate::Statement("rt-budget");
        let unit = Predicate::Engine(Engine::SystemdUnit);
        assert_eq!(denied(judge, &fifo, std::slice::from_ref(&looks)), Some(Support::Default));
        let privileged = knob(Knob::Privileged(true));
        assert_eq!(denied(judge, &fifo, &[looks, privileged]), Some(Support::Configured));
        assert_eq!(denied(judge, &fifo, std::slice::from_ref(&unit)), Some(Support::Usual));
        let user = Predicate::Environment(Environment::UserManager);
        assert_eq!(denied(judge, &fifo, &[unit, user]), Some(Support::Fits));
    }

    #[test]
    fn too_many_processes() {
        let fork = attempt(Call::Clone, Errno::EAGAIN, "");
        let limit = knob(Knob::Other { key: "pids_limit".to_owned(), value: "100".to_owned() });
        assert_eq!(denied(judge, &fork, &[limit]), Some(Support::Configured));
        assert_eq!(denied(judge, &fork, &[Predicate::Engine(Engine::Docker)]), Some(Support::Usual));
        assert_eq!(denied(judge, &fork, &[]), None);
    }

    #[test]
    fn limits_of_the_delegated_root() {
        let mut write = attempt(Call::Write, Errno::EPERM, "pids.max");
        write.object.kind = ObjectKind::KernelFile;
        assert_eq!(denied(judge, &write, &[Predicate::Engine(Engine::Nspawn)]), Some(Support::Default));
        assert_eq!(denied(judge, &attempt(Call::Write, Errno::EPERM, "notes.txt"), &[]), None);
    }

    #[test]
    fn cgroup_files() {
        let write = attempt(Call::Write, Errno::EACCES, "/sys/fs/cgroup/cgroup.procs");
        assert_eq!(
            denied(judge, &write, &[Predicate::Environment(Environment::Rootless)]),
            Some(Support::Default)
        );
        assert!(allowed(judge, &attempt(Call::Mkdir, Errno::EROFS, "/sys/fs/cgroup/x"), &[]));
    }
}
