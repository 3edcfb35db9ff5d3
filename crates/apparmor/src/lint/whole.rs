//! Lints about profiles and their rules.

use super::{
    BLOCK, COMPLAIN_DENY, Context, DUPLICATE, Finding, LACKS_REFUSALS, LITERAL_TARGET, MISSING_CHILD,
    NAME_MISMATCH, NO_CAPABILITIES, NOT_LOADED, NOTHING_STARTS, PIVOT_TARGET, PRIORITY, PROMPT, QUIET_DENY,
    RLIMIT, SLASH, UNCONFINED_DENY, UNSCRUBBED,
};
use crate::compile::conflict::Texts;
use crate::compile::glob::{self, Kind};
use crate::compile::nfa;
use crate::resolve::{Dropped, Look, Placed, Policy, Profile, filter_slashes};
use crate::rules::file::{Fallback, File, Perms, Transition};
use crate::rules::flags::Mode;
use crate::rules::{Body, Decision};
use std::collections::HashMap;

pub(super) fn check(policy: &Policy, context: &Context<'_>, out: &mut Vec<Finding>) {
    names(policy, context, out);
    for profile in &policy.profiles {
        let mode = profile.head.mode.unwrap_or_default();
        substance(policy, profile, mode, context, out);
        let mut seen: HashMap<(&str, crate::rules::Qualifiers), ()> = HashMap::new();
        let mut quiet = None;
        for placed in &profile.rules {
            rule(policy, profile, placed, context, out);
            let denies = placed.qualifiers.decision == Decision::Deny;
            if denies && !placed.qualifiers.audit && placed.dropped.is_none() {
                match mode {
                    Mode::Complain => out.push(
                        Finding::new(
                            COMPLAIN_DENY,
                            &placed.place,
                            "refused although the profile is in complain mode, and without a record",
                        )
                        .help("`audit deny` only records here"),
                    ),
                    Mode::Unconfined | Mode::DefaultAllow => {}
                    _ => quiet = quiet.or(Some(&placed.place)).filter(|p| p.visit == 0),
                }
            }
            if denies && matches!(mode, Mode::Unconfined | Mode::DefaultAllow) {
                out.push(Finding::new(
                    UNCONFINED_DENY,
                    &placed.place,
                    "the kernel takes this profile as unconfined, so this refuses nothing",
                ));
            }
            let source = policy.source(&placed.place);
            let text = source.text.get(placed.rule.span.clone()).unwrap_or_default();
            if placed.place.visit == 0 && seen.insert((text, placed.qualifiers), ()).is_some() {
                out.push(Finding::new(DUPLICATE, &placed.place, "this rule stands in the profile already"));
            }
        }
        if let Some(place) = quiet {
            out.push(Finding::new(QUIET_DENY, place, "what this refuses leaves no record").help(
                "while something is searched for, `audit deny` shows it; no record does not mean no refusal",
            ));
        }
    }
}

fn names(policy: &Policy, context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(first) = policy.profiles.first() else { return };
    let all: Vec<String> = policy.profiles.iter().map(Profile::full_name).collect();
    for name in context.referenced {
        if !all.contains(name) && !context.names.contains(name) && !is_builtin(name) {
            out.push(
                Finding::new(NAME_MISMATCH, &first.place, format!("referred to as {name}, but what is declared here is {}", all.join(", ")))
                    .help("the name behind `profile` counts, not the file's; both have to be the same, letter for letter"),
            );
        }
    }
    if let Some(loaded) = context.loaded {
        for profile in policy.profiles.iter().filter(|p| p.parent.is_none()) {
            let name = profile.full_name();
            if !loaded.contains(&name) {
                out.push(
                    Finding::new(NOT_LOADED, &profile.place, format!("{name} is not loaded on this machine"))
                        .help("sudo apparmor_parser -r FILE loads it"),
                );
            }
        }
    }
}

/// Names that runtimes load or understand themselves.
fn is_builtin(name: &str) -> bool {
    matches!(name, "unconfined" | "docker-default" | "runtime/default" | "cri-containerd.apparmor.d")
        || name.starts_with("containers-default-")
        || name.starts_with("crio-default")
}

/// Whether anything could run in it.
fn substance(policy: &Policy, profile: &Profile, mode: Mode, context: &Context<'_>, out: &mut Vec<Finding>) {
    if matches!(mode, Mode::Complain | Mode::Unconfined | Mode::DefaultAllow) || profile.hat {
        return;
    }
    // A rule that can't be read could have been the one that is missed.
    if policy.faults.iter().any(|f| !f.message.contains("included file does not exist")) {
        return;
    }
    // What a missing include would have held is not known.
    let allows = |placed: &&Placed| placed.dropped.is_none() && placed.qualifiers.decision != Decision::Deny;
    let rules = || profile.rules.iter().filter(allows);
    let starts = rules().any(|p| match &p.rule.body {
        Body::All => true,
        Body::File(file) => file.perms.contains(Perms::READ) || file.perms.contains(Perms::MMAP),
        _ => false,
    });
    let missing = policy.faults.iter().any(|f| f.message.contains("included file does not exist"));
    let unless = if missing { ", unless the include that is missing allowed it" } else { "" };
    if !starts {
        out.push(
            Finding::new(NOTHING_STARTS, &profile.place, format!("no rule allows reading or mapping a file{unless}: not even a program's own libraries load"))
                .help("`file,` allows all files, as runtimes' defaults do; narrower: `include <abstractions/base>` and the program's own paths"),
        );
    }
    if !rules().any(|p| matches!(p.rule.body, Body::Capability(_) | Body::All)) {
        out.push(Finding::new(
            NO_CAPABILITIES,
            &profile.place,
            format!("no rule allows a capability{unless}; root in this profile is root without any"),
        ));
    }
    let referenced = context.referenced.iter().any(|n| *n == profile.full_name());
    let includes_container = |f: &crate::resolve::Fault| {
        policy
            .source(&f.place)
            .text
            .get(f.place.span.clone())
            .is_some_and(|t| t.contains("docker") || t.contains("container"))
    };
    let container = referenced
        || !context.referenced.is_empty()
        || ["docker-", "containerd", "cri-", "lxc-", "podman"].iter().any(|p| profile.name.starts_with(p))
        || policy.faults.iter().any(includes_container);
    if container {
        refusals(policy, profile, out);
    }
}

/// What the default of Docker and containerd refuses in so many words, each by one example.
/// Source: moby/profiles `apparmor/template.go`, containerd `contrib/apparmor/template.go`.
const REFUSALS: &[(&str, Perms)] = &[
    ("/proc/sysrq-trigger", Perms::WRITE),
    ("/proc/kcore", Perms::READ),
    ("/proc/sys/vm/drop_caches", Perms::WRITE),
    ("/proc/sys/kernel/core_pattern", Perms::WRITE),
    ("/sys/power/state", Perms::WRITE),
    ("/sys/fs/ext4/features/x", Perms::WRITE),
    ("/sys/firmware/acpi/tables/DSDT", Perms::READ),
    ("/sys/kernel/security/apparmor/profiles", Perms::READ),
];

/// Which of them a profile does not refuse in so many words, and what it does instead.
fn refusals(policy: &Policy, profile: &Profile, out: &mut Vec<Finding>) {
    let texts = Texts::new(policy, profile);
    let covers = |placed: &Placed, path: &str, perm: Perms| {
        let Body::File(rule) = &placed.rule.body else { return matches!(placed.rule.body, Body::All) };
        let Some(pattern) = &rule.path else { return true };
        let Ok(text) = texts.expand(&pattern.text()) else { return false };
        rule.perms.contains(perm)
            && glob::parse(&filter_slashes(&text), Kind::Path)
                .is_ok_and(|g| nfa::matches(&g.re, path.as_bytes()))
    };
    let rules = |decision: Decision| {
        profile.rules.iter().filter(move |p| p.dropped.is_none() && p.qualifiers.decision == decision)
    };
    let mut lacking = Vec::new();
    for (path, perm) in REFUSALS {
        if rules(Decision::Deny).any(|p| covers(p, path, *perm)) {
            continue;
        }
        let what = if *perm == Perms::WRITE { "writing" } else { "reading" };
        let now = if rules(Decision::Allow).any(|p| covers(p, path, *perm)) {
            "is allowed"
        } else {
            "is allowed by no rule so far"
        };
        lacking.push(format!("{what} {path} {now}"));
    }
    let mounts = |decision| rules(decision).any(|p| matches!(p.rule.body, Body::Mount(_) | Body::All));
    if !mounts(Decision::Deny) {
        lacking.push(format!(
            "mounting {}",
            if mounts(Decision::Allow) { "is allowed" } else { "is allowed by no rule so far" }
        ));
    }
    if lacking.is_empty() {
        return;
    }
    let mut finding = Finding::new(
        LACKS_REFUSALS,
        &profile.place,
        "the runtime's default refuses in so many words what this profile does not; a broad rule (`file,`) would allow it",
    );
    finding.help = lacking;
    out.push(finding);
}

fn rule(policy: &Policy, profile: &Profile, placed: &Placed, context: &Context<'_>, out: &mut Vec<Finding>) {
    match placed.dropped {
        Some(Dropped::Block) => {
            out.push(
                Finding::new(
                    BLOCK,
                    &placed.place,
                    "this rule is dropped without a word: blocks keep file and link rules only",
                )
                .help("write it outside of the block, with the block's qualifiers before it"),
            );
            return;
        }
        Some(Dropped::Conditional) => {
            out.push(
                Finding::new(RLIMIT, &placed.place, "a limit within `if` is dropped without a word")
                    .help("write it outside"),
            );
            return;
        }
        None => {}
    }
    match &placed.rule.body {
        Body::Capability(_) => {
            if placed.qualifiers.priority.is_some() {
                out.push(Finding::new(
                    PRIORITY,
                    &placed.place,
                    "the priority is read and ignored: of capabilities, what is denied stays denied",
                ));
            }
            if placed.qualifiers.decision == Decision::Prompt {
                out.push(Finding::new(PROMPT, &placed.place, "capabilities can't be asked for: this allows"));
            }
        }
        Body::PivotRoot(rule) if rule.target.is_some() => {
            out.push(Finding::new(
                PIVOT_TARGET,
                &placed.place,
                "the change of profile is read and never passed on to the kernel",
            ));
        }
        Body::File(rule) => file(policy, profile, placed, rule, context, out),
        _ => {}
    }
}

fn file(
    policy: &Policy,
    profile: &Profile,
    placed: &Placed,
    rule: &File,
    context: &Context<'_>,
    out: &mut Vec<Finding>,
) {
    if let Some(exec) = rule.exec.filter(|_| placed.qualifiers.decision == Decision::Allow) {
        if let Some(target) = &rule.target {
            if target.raw.contains("@{") {
                out.push(Finding::new(
                    LITERAL_TARGET,
                    &placed.place,
                    "the name behind `->` is taken letter for letter, `@{…}` included",
                ));
            } else if exec.transition == Transition::Child {
                let name = format!("{}//{}", profile.name, target.text());
                if !policy.profiles.iter().any(|p| p.name == name) {
                    let then = match exec.fallback {
                        Fallback::None => "the exec is refused",
                        Fallback::Inherit => "the program stays in this profile",
                        Fallback::Unconfined => "the program runs unconfined",
                    };
                    out.push(Finding::new(
                        MISSING_CHILD,
                        &placed.place,
                        format!("there is no child profile {}: {then}", target.raw),
                    ));
                }
            }
        }
        let escapes = exec.transition == Transition::Unconfined || exec.fallback == Fallback::Unconfined;
        if escapes && !exec.scrub {
            out.push(
                Finding::new(
                    UNSCRUBBED,
                    &placed.place,
                    "the program can run unconfined with an environment that was chosen inside (LD_PRELOAD)",
                )
                .help("capital letters (`Ux`, `Pux`) scrub the environment"),
            );
        }
    }
    // Only a path without any pattern names one thing, which can be looked at.
    let Some(path) = &rule.path else { return };
    let text = path.text();
    let literal = text.starts_with('/')
        && text.len() > 1
        && !text.ends_with('/')
        && !text.contains(['*', '?', '[', '{', '@', '\\']);
    if literal
        && placed.place.visit == 0
        && let Some(files) = context.files
        && matches!(files.look(&text), Look::Directory(_))
    {
        out.push(
            Finding::new(
                SLASH,
                &placed.place,
                "on this machine this path is a directory, which the rule does not match",
            )
            .help(format!("{text}/ is the directory itself, {text}/{{,**}} with all in it")),
        );
    }
}
