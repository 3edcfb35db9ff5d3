//! The release that fixes a known breakage.

use crate::fix::Fix;
use crate::place::Ctx;
use whodenied_case::{Risk, Version, Where};
use whodenied_kernel::Layer;

/// One `Docker 29.4.3` of a known issue.
struct Release<'a> {
    text: &'a str,
    component: String,
    version: Option<Version>,
}

/// An upgrade to the nearest release that has the fix; `None` when no known issue is named, when
/// no release fixes it or when the version at hand is not older.
pub(crate) fn fix(ctx: &Ctx<'_>) -> Option<Fix> {
    let known = ctx.d.known_issue.as_ref()?;
    let releases: Vec<Release<'_>> = known
        .fixed_in
        .iter()
        .map(|text| {
            // `Podman 5.1 (containers/common 0.59)`: name, version, remark.
            let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
            Release { text: short(text), component: name.to_ascii_lowercase(), version: Version::parse(rest) }
        })
        .collect();
    let here: Vec<&Release<'_>> = releases.iter().filter(|r| named(ctx, &r.component)).collect();
    let here = if here.is_empty() { releases.iter().collect() } else { here };
    let wanted = nearest(ctx, &here);
    if wanted.is_empty() {
        return None;
    }
    let list: Vec<&str> = wanted.iter().take(3).map(|r| r.text).collect();
    let outer = wanted.iter().all(|r| matches!(r.component.as_str(), "lxc" | "incus" | "lxd" | "lxc-pve"));
    let on =
        if outer { if ctx.nested() { Where::OuterHost } else { Where::Host } } else { ctx.engine_host() };
    let mut fix = Fix::new(on, Risk::Low, format!("Upgrade to {} or newer", list.join(" or ")))
        .widens("What the vendor's fixed default allows, for every container of this engine.");
    if ctx.d.layer == Layer::Apparmor && !outer {
        fix = reload(ctx, fix);
    }
    Some(fix.undo("install the former version again"))
}

/// Without the remark after the version.
fn short(text: &str) -> &str {
    text.split([',', '(']).next().unwrap_or(text).trim_end()
}

/// An engine that finds its profile loaded leaves it as it is; Docker since 29.4.3 does not.
fn reload(ctx: &Ctx<'_>, fix: Fix) -> Fix {
    let Some(label) =
        ctx.d.policy.as_deref().filter(|l| *l == "docker-default" || *l == "cri-containerd.apparmor.d")
    else {
        return fix;
    };
    fix.run(format!("echo 'profile {label} {{}}' | sudo apparmor_parser -R  # or reboot: the old text stays loaded otherwise"))
        .run(if label == "docker-default" {
            "sudo systemctl restart docker"
        } else {
            "sudo systemctl restart containerd"
        })
}

fn named(ctx: &Ctx<'_>, component: &str) -> bool {
    ctx.facts.has_component(component)
        || ctx.runtime.is_some_and(|r| r.component() == component)
        || ctx
            .facts
            .engines()
            .chain(ctx.facts.outers())
            .any(|e| e.name().to_ascii_lowercase().contains(component))
}

/// Of each component the release nearest to the version at hand, the newest branch when that is
/// not known.
fn nearest<'a, 'b>(ctx: &Ctx<'_>, releases: &[&'b Release<'a>]) -> Vec<&'b Release<'a>> {
    let mut out: Vec<&Release<'_>> = Vec::new();
    let mut components: Vec<&str> = releases.iter().map(|r| r.component.as_str()).collect();
    components.sort_unstable();
    components.dedup();
    for component in components {
        let of: Vec<_> = releases.iter().copied().filter(|r| r.component == component).collect();
        let Some(now) = ctx.facts.version(component) else {
            out.extend(of.iter().max_by(|a, b| compare(a, b)).copied());
            continue;
        };
        let same_branch = |r: &Release<'_>| {
            r.version.as_ref().is_some_and(|v| {
                let n = if now.numbers.first() >= Some(&10) { 1 } else { 2 };
                v.numbers.get(..n) == now.numbers.get(..n)
            })
        };
        let fixed = |r: &Release<'_>| r.version.as_ref().is_some_and(|v| now.at_least(&v.numbers));
        if of.iter().any(|r| same_branch(r) && fixed(r)) || of.iter().all(|r| fixed(r)) {
            continue;
        }
        let later = of.iter().copied().filter(|r| !fixed(r));
        let mut later: Vec<_> = later.collect();
        later.sort_by(|a, b| compare(a, b));
        out.extend(later.iter().find(|r| same_branch(r)).or_else(|| later.first()).copied());
    }
    out
}

fn compare(a: &Release<'_>, b: &Release<'_>) -> std::cmp::Ordering {
    let numbers = |r: &Release<'_>| r.version.as_ref().map(|v| v.numbers.clone()).unwrap_or_default();
    numbers(a).cmp(&numbers(b))
}
