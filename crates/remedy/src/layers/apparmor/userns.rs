//! Distributions that restrict unprivileged user namespaces through AppArmor (Ubuntu 24.04 and
//! newer): the program gets a name and one permission. The switch for the whole host is no fix.

use super::record;
use crate::fix::{Fix, Offer, whole};
use crate::place::Ctx;
use whodenied_apparmor::{Abi, Flag, Pattern, Profile, Rule};
use whodenied_case::{Engine, Environment, Risk, Where};
use whodenied_kernel::{Call, Layer};
use whodenied_runtimes::apparmor::ProfileKind;
use whodenied_text::{escape, quote};

pub(super) fn concerns(ctx: &Ctx<'_>, kind: Option<ProfileKind>, operation: &str) -> bool {
    if kind == Some(ProfileKind::UnprivilegedUserns)
        || ctx.d.known_issue.as_ref().is_some_and(|k| k.id == "ubuntu-userns-restriction")
    {
        return true;
    }
    let free = record(ctx).is_some_and(|r| r.profile() == Some("unconfined"));
    if operation == "userns_create" && free {
        return true;
    }
    restricted(ctx) && record(ctx).is_none()
}

/// True when the failing call is about user namespaces on a host that restricts them.
pub(crate) fn restricted(ctx: &Ctx<'_>) -> bool {
    let call = matches!(
        ctx.attempt.call,
        Some(
            Call::UsernsCreate
                | Call::IdMap
                | Call::Unshare
                | Call::Clone
                | Call::Netlink
                | Call::Sethostname
        )
    );
    let own =
        ctx.facts.engines().any(|e| matches!(e, Engine::Bubblewrap | Engine::OwnSandbox | Engine::Flatpak));
    (ctx.facts.has(Environment::UsernsRestriction) || ctx.d.layer == Layer::Apparmor)
        && (call || own)
        && !ctx.in_container()
}

pub(crate) fn offer(ctx: &Ctx<'_>, offer: &mut Offer) {
    let program = program(ctx);
    match &program {
        Some((name, Some(path), sure)) => {
            offer.add(named(name, path, *sure));
        }
        Some((name, None, _)) => {
            offer.add(by_hand(name));
        }
        None => {
            offer.add(by_hand("program"));
        }
    }
    if ctx.facts.has_engine(Engine::Bubblewrap) || program.as_ref().is_some_and(|(n, ..)| n == "bwrap") {
        offer.add(
            Fix::new(Where::Host, Risk::Low, "Or enable the distribution's own profile for bubblewrap, which also confines what runs inside")
                .widens("Every program that starts bwrap may build a sandbox; what runs inside gets no capabilities.")
                .run("sudo apt-get install apparmor-profiles")
                .run("sudo ln -s /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/")
                .run("sudo apparmor_parser -r -W /etc/apparmor.d/bwrap-userns-restrict")
                .undo("sudo apparmor_parser -R /etc/apparmor.d/bwrap-userns-restrict && sudo rm /etc/apparmor.d/bwrap-userns-restrict"),
        );
    }
    offer.stays(&[
        "user namespaces with capabilities for every other unprivileged program",
        "loading kernel modules, mounting and raw kernel writes outside the program's own namespace",
    ]);
}

/// The program that makes the namespace: a name, its path where it is known or usual, and whether
/// the path stands in the evidence.
fn program(ctx: &Ctx<'_>) -> Option<(String, Option<Pattern>, bool)> {
    let from_record = record(ctx).and_then(|r| r.get("execpath").or_else(|| r.get("exe")));
    let printed = ctx.attempt.subject.program.as_deref();
    let path = from_record.or(printed).filter(|p| p.starts_with('/'));
    if let Some(path) = path {
        let name = path.rsplit('/').next().unwrap_or(path);
        return Some((quote::file_name(name), Pattern::path(path), true));
    }
    if ctx.facts.has_engine(Engine::Bubblewrap) {
        return Some(("bwrap".to_owned(), Some(Pattern::glob("/usr/bin/bwrap")), false));
    }
    let name = record(ctx).and_then(|r| r.get("comm")).or(printed)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    // The kernel cuts comm at 15 bytes.
    let usual = (name.chars().all(plain) && name.len() < 15)
        .then(|| Pattern::path(&format!("/usr/bin/{name}")))
        .flatten();
    Some((quote::file_name(name), usual, false))
}

fn profile(name: &str, path: Option<Pattern>) -> Profile {
    Profile {
        head: vec![
            "Allows everything as before; it only gives the program a name and user namespaces.".to_owned(),
            "apparmor.service loads it at boot from this folder.".to_owned(),
        ],
        abi: Some(Abi::Shipped("4.0")),
        tunables: true,
        own_proc: false,
        name: name.to_owned(),
        attachment: path,
        flags: vec![Flag::DefaultAllow],
        rules: vec![Rule::Userns, Rule::Include { name: format!("local/{name}"), if_exists: true }],
    }
}

fn named(name: &str, path: &Pattern, sure: bool) -> Fix {
    let file = format!("/etc/apparmor.d/{name}");
    let text = profile(name, Some(path.clone())).to_string();
    let check = if sure { "" } else { "; check the path in it" };
    let mut fix = Fix::new(
        Where::Host,
        Risk::Low,
        format!("Give {path} a small AppArmor profile that allows user namespaces to it alone{check}"),
    )
    .widens("This one executable may create user namespaces and use the capabilities inside them; every other unprivileged program stays restricted.");
    if !sure {
        fix = fix.run(format!("command -v {}", quote::shell(name)));
    }
    fix.edit(whole(&file, "apparmor", text))
        .run(format!("sudo apparmor_parser -r -W {file}"))
        .undo(format!("sudo apparmor_parser -R {file} && sudo rm {file}"))
}

fn by_hand(name: &str) -> Fix {
    let name = if name == "program" { "<name>".to_owned() } else { name.to_owned() };
    let mut text = profile("NAME", None).to_string();
    text = text.replacen("profile NAME", &format!("profile {name} <path of the executable>"), 1);
    text = text.replacen("local/NAME", &format!("local/{name}"), 1);
    let file = format!("/etc/apparmor.d/{name}");
    Fix::new(
        Where::Host,
        Risk::Low,
        format!(
            "Give the program a small AppArmor profile that allows user namespaces to its executable alone{}",
            if name.starts_with('<') { String::new() } else { format!(" ({})", escape::clipped(&name, 40)) }
        ),
    )
    .widens("This one executable may create user namespaces and use the capabilities inside them; every other unprivileged program stays restricted.")
    .edit(whole(&file, "apparmor", text))
    .run(format!("sudo apparmor_parser -r -W {file}"))
    .undo(format!("sudo apparmor_parser -R {file} && sudo rm {file}"))
}
