//! Yama: start the program under the debugger, or let the program name its tracer.

use crate::fix::{Fix, Offer, part};
use crate::place::Ctx;
use whodenied_case::{Risk, Where};

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let _ = ctx;
    offer.add(
        Fix::new(
            Where::Program,
            Risk::Low,
            "Start the program under the debugger instead of attaching to it: a parent may trace its child",
        )
        .widens("Nothing.")
        .run("gdb --args <program> <arguments>   # strace <program>, or the debugger's own launch mode"),
    );
    offer.add(
        Fix::new(
            Where::Program,
            Risk::Low,
            "Or let the program allow its tracer by itself, for debugging only",
        )
        .widens(
            "Any process of the same user may trace this one program (or only the one whose pid is given).",
        )
        .edit(part("early in the program", "text", "prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);\n"))
        .undo("remove the line"),
    );
    offer.add(
        Fix::new(Where::Host, Risk::Medium, "Or lower ptrace_scope for the length of the debugging session")
            .widens("Every process of a user may read and control every other process of the same user, on the whole host.")
            .run("sudo sysctl -w kernel.yama.ptrace_scope=0")
            .undo("sudo sysctl -w kernel.yama.ptrace_scope=1"),
    );
    offer.stays(&[
        "tracing of programs that are not the debugger's children",
        "tracing of other users' programs",
    ]);
    offer
}
