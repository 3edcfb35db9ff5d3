//! Which feature set a profile should be compiled for, where AF_UNIX sockets were refused because
//! the policy was compiled without their details.
//!
//! Compiled and compared with parsers 4.1.0 and 5.0.2 for an Ubuntu-style 6.17 kernel under
//! Debian 13's feature pin: a `unix` rule changes nothing (the compiled policy is the same to the
//! byte); `abi/3.0` and `abi/4.0` make AF_UNIX work; both also begin to mediate D-Bus, `abi/4.0`
//! keeps user namespaces mediated and ceases to mediate io_uring, `abi/3.0` ceases to mediate both; an abi file made of
//! the pin and `network {af_unix {yes}}` changes AF_UNIX alone. `abi` counts at the head of the file only.

use crate::place::Ctx;
use whodenied_apparmor::{Abi, Rule};
use whodenied_case::Engine;

/// Where the file of one's own goes.
pub(super) const OWN_FILE: &str = "/etc/apparmor.d/abi/pinned-plus-unix";

/// The newest shipped abi that the host's parser surely has.
pub(super) fn shipped(ctx: &Ctx<'_>) -> &'static str {
    if parser_has_4(ctx) { "4.0" } else { "3.0" }
}

fn parser_has_4(ctx: &Ctx<'_>) -> bool {
    if let Some(parser) = ctx.facts.version("apparmor") {
        return parser.at_least(&[4]);
    }
    if let Some((id, version)) = ctx.facts.distro() {
        let at_least = |n: &[u32]| version.is_some_and(|v| v.at_least(n));
        let named = |words: &[&str]| {
            version.is_some_and(|v| words.iter().any(|w| v.text.to_ascii_lowercase().contains(w)))
        };
        match id {
            "debian" | "raspbian" => {
                return at_least(&[13]) || named(&["trixie", "forky", "sid", "unstable", "testing"]);
            }
            "ubuntu" => return at_least(&[24, 4]) || named(&["noble", "oracular", "plucky", "questing"]),
            "proxmox" if version.is_some() => return at_least(&[9]),
            "arch" => return true,
            _ => {}
        }
    }
    // A Proxmox kernel since 6.17 runs on Proxmox VE 9, whose userland is Debian 13; a guest of it
    // may have any.
    let guest = ctx.nested() || ctx.facts.engines().any(|e| matches!(e, Engine::Lxc | Engine::Incus));
    !guest && ctx.facts.version("kernel").is_some_and(|v| v.text.contains("pve") && v.at_least(&[6, 17]))
}

/// True when the host is known to pin its parser to a feature set without AF_UNIX: Debian's userland
/// under a Proxmox kernel, which is where such a pin meets a kernel that mediates AF_UNIX.
pub(super) fn surely_pinned(ctx: &Ctx<'_>) -> bool {
    let guest = ctx.nested() || ctx.facts.engines().any(|e| matches!(e, Engine::Lxc | Engine::Incus));
    let debian = ctx.facts.distro().is_none_or(|(id, _)| matches!(id, "debian" | "proxmox"));
    !guest && debian && ctx.facts.version("kernel").is_some_and(|v| v.text.contains("pve"))
}

/// The rules that keep free what was free before the change of feature set.
pub(super) fn keep_free(abi: &str) -> Vec<Rule> {
    let mut rules = vec![
        Rule::comment("The abi above brings these classes under control; they stay as free as before."),
        Rule::DBUS,
    ];
    if abi == "4.0" {
        rules.push(Rule::Mqueue(None));
    }
    rules
}

/// What the change opens.
pub(super) fn widens(abi: &Abi) -> &'static str {
    match abi {
        Abi::Shipped("4.0") => {
            "AF_UNIX sockets of every kind, as the default's `network,` always meant. AppArmor also ceases to check \
             io_uring (its credential override and polling thread), which seccomp still refuses by default on current \
             engines; user namespaces stay refused."
        }
        Abi::Shipped(_) => {
            "AF_UNIX sockets of every kind, as the default's `network,` always meant. This abi knows neither user \
             namespaces nor io_uring, so AppArmor ceases to check both for this container; seccomp and the kernel's \
             own checks remain. With AppArmor 4 or newer write `abi <abi/4.0>,` instead, which keeps user namespaces \
             refused."
        }
        Abi::File(_) => {
            "AF_UNIX sockets of every kind and nothing else: every other class is compiled as before."
        }
    }
}
