//! Cgroup controllers: the budget or subtree that the operation needs.

use crate::fix::{Fix, Offer, part};
use crate::place::Ctx;
use crate::spell::systemd;
use crate::upgrade;
use whodenied_case::{Engine, Risk, Where};
use whodenied_kernel::Call;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    if matches!(ctx.attempt.call, Some(Call::Sched | Call::Setpriority)) {
        if ctx.in_container() {
            offer.add(
                Fix::new(Where::Container, Risk::Medium, "Give the container a real-time budget of its own, below one for the daemon")
                    .widens("This container's real-time threads may use that share of each second (microseconds per 1000000).")
                    .edit(part("docker run", "text", "--cpu-rt-runtime=950000 --ulimit rtprio=99 --cap-add SYS_NICE\n"))
                    .edit(part("dockerd options", "text", "--cpu-rt-runtime=950000\n"))
                    .run("cat /sys/fs/cgroup/cpu/cpu.rt_runtime_us   # the parent's budget: 0 means none")
                    .undo("remove the options"),
            );
        } else {
            offer.add(
                Fix::new(
                    Where::Host,
                    Risk::Medium,
                    "Give the group that the process runs in a real-time budget, or run it in the root group",
                )
                .widens("That group's real-time threads may use that share of each second.")
                .run("cat /proc/self/cgroup; cat /sys/fs/cgroup/cpu/<group>/cpu.rt_runtime_us")
                .run("echo 950000 | sudo tee /sys/fs/cgroup/cpu/<group>/cpu.rt_runtime_us")
                .undo("echo 0 | sudo tee /sys/fs/cgroup/cpu/<group>/cpu.rt_runtime_us"),
            );
        }
    } else if ctx.facts.engines().any(|e| matches!(e, Engine::SystemdUnit)) {
        offer.add(
            Fix::new(Where::Host, Risk::Low, format!("Delegate the subtree to {}", systemd::unit(ctx)))
                .widens("The unit may divide and limit its own processes.")
                .edits(systemd::drop_in(ctx, &["Delegate=yes".into()]))
                .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {}", systemd::unit(ctx)))
                .undo(format!("sudo systemctl revert {}", systemd::unit(ctx))),
        );
    } else {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                "Have systemd delegate the controllers that rootless containers need",
            )
            .widens("Each user's own processes may be limited by that user's containers.")
            .edit(part(
                "/etc/systemd/system/user@.service.d/delegate.conf",
                "ini",
                "[Service]\nDelegate=cpu cpuset io memory pids\n",
            ))
            .run("sudo systemctl daemon-reload   # then log in again")
            .undo("remove the file and run: sudo systemctl daemon-reload"),
        );
    }
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["the limits of every other group"]);
    offer
}
