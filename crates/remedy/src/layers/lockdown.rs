//! Lockdown: there is nothing to grant; the mode is chosen at boot.

use crate::fix::{Fix, Offer};
use crate::place::Ctx;
use whodenied_case::{Environment, Risk, Where};
use whodenied_kernel::Call;

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    if ctx.attempt.call == Some(Call::Module) {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                "Sign the module with a key that the firmware knows, and load it as it is meant",
            )
            .widens("Modules signed with that one key.")
            .run("sudo mokutil --import <key>.der   # enrol the key at the next boot")
            .undo("sudo mokutil --delete <key>.der"),
        );
    } else {
        offer.add(
            Fix::new(Where::Program, Risk::Low, "Use a way that needs no raw kernel access: no setting of a container or user can grant this one")
                .widens("Nothing.")
                .run("cat /sys/kernel/security/lockdown   # the mode in brackets is in force"),
        );
    }
    offer.add(
        Fix::new(Where::Host, Risk::Medium, "Or boot with lockdown=integrity, where the mode is confidentiality: reading of kernel memory is allowed again, changing it is not")
            .widens("Root may read kernel memory (BPF, kprobes, perf); it still may not change the kernel.")
            .run("grep -o 'lockdown=[a-z]*' /proc/cmdline")
            .undo("boot with the former command line"),
    );
    if ctx.facts.has(Environment::SecureBoot) {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::High,
                "Or, knowingly, boot without Secure Boot, which is what switched lockdown on",
            )
            .widens("Root may change the running kernel, and unsigned kernels and modules may be loaded.")
            .undo("switch Secure Boot on again in the firmware"),
        );
    }
    offer.stays(&["changing the running kernel, from root as well"]);
    offer
}
