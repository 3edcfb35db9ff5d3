//! `cargo xtask defaults --apparmor ENGINE@VERSION=PROGRAM…`: the AppArmor profile that our data renders against
//! the template in the engine's own program, both compiled by the reference compilers for several kernels and
//! compared as automata. Nothing of a template is kept.

use crate::apparmor::compiled;
use crate::build::root;
use crate::defaults::engine;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use whodenied_apparmor::binary::{Limits, decode};
use whodenied_apparmor::compare::{compare, witness_words};
use whodenied_apparmor::evaluate::Kernel;
use whodenied_apparmor::policy::Profile;
use whodenied_runtimes::apparmor::{Host, default_profile};

const NAME: &str = "the-default";
/// Compilers and kernels that take the classes of rules in different forms.
const TARGETS: [(&str, &str); 3] = [("4.1.0", "linux-6.1"), ("4.1.0", "linux-6.12"), ("5.0.2", "linux-7.3")];

pub(crate) fn run(args: &[String]) -> Result<bool> {
    if args.is_empty() {
        bail!("--apparmor ENGINE@VERSION=PROGRAM…");
    }
    let mut clean = true;
    for arg in args {
        let (what, file) = arg.split_once('=').context("ENGINE@VERSION=PROGRAM")?;
        let (runtime, version) = engine(what)?;
        let program = std::fs::read(file).with_context(|| file.to_owned())?;
        let template = template(&program).with_context(|| format!("{file} holds no template"))?;
        let theirs = render(&template)?;
        let ours = default_profile(runtime, Some(&version), NAME, &Host::default()).context("a profile")?;
        let mut found = Vec::new();
        for (parser, tree) in TARGETS {
            let tree = root().join("crates/apparmor/data/features").join(tree);
            let profile = |text: &str| -> Result<Profile> {
                let blob = compiled(parser, &tree, text)?;
                let load = decode(&blob, &Limits::default())?;
                Ok(load.units.into_iter().next().context("no profile")?.profile)
            };
            let (theirs, ours) = (profile(&theirs)?, profile(&ours.to_string())?);
            let kernel = Kernel::NEWEST;
            let differences = compare(&theirs, &ours, &kernel).map_err(|e| anyhow::anyhow!("{e}"))?;
            for difference in &differences {
                let who = if difference.second_allows { "the data allows" } else { "the engine allows" };
                found.push(format!("{}: {who}: {}", tree.display(), witness_words(difference)));
            }
            let same =
                (theirs.path_flags, theirs.mode, theirs.caps) == (ours.path_flags, ours.mode, ours.caps);
            if !same {
                found.push(format!("{}: flags or capabilities differ", tree.display()));
            }
        }
        println!("{what}: {} differences under {} compilers and kernels", found.len(), TARGETS.len());
        found.iter().take(20).for_each(|line| println!("  {line}"));
        clean &= found.is_empty();
    }
    Ok(clean)
}

/// The text of the template in a program: Go keeps it as one string.
fn template(program: &[u8]) -> Option<String> {
    let find = |needle: &[u8], from: usize| {
        program.get(from..)?.windows(needle.len()).position(|w| w == needle).map(|at| at + from)
    };
    let head = ["profile {{.Name}} flags=", "profile \"{{.Name}}\" flags="];
    let at = head.iter().find_map(|h| find(h.as_bytes(), 0))?;
    let before = program.get(at.saturating_sub(400)..at)?;
    // It begins with what it includes, or with its abi.
    let starts: [&[u8]; 3] = [b"{{if .Abi}}", b"{{- if .Abi}}", b"{{range"];
    let begin = starts.iter().find_map(|s| before.windows(s.len()).rposition(|w| w == *s))?;
    let end = find(b"\n}\n", at)? + 3;
    String::from_utf8(program.get(at - before.len() + begin..end)?.to_vec()).ok()
}

/// The template on a host with everything that it asks for.
fn render(template: &str) -> Result<String> {
    let values: BTreeMap<&str, &str> = [
        (".Name", NAME),
        (".DaemonProfile", "unconfined"),
        (".Abi", "abi/3.0"),
        (".Imports", "include <tunables/global>"),
        (".InnerImports", "include <abstractions/base>"),
        // No value: the host has no rootlesskit on its path.
        (".RootlessKit", ""),
        (".Version", "400000"),
    ]
    .into();
    let mut out = String::new();
    // Open blocks: whether what is in them is written, and the value that goes through a list of one.
    let mut open: Vec<(bool, Option<&str>)> = Vec::new();
    let mut rest = template;
    while let Some((text, more)) = rest.split_once("{{") {
        let (action, after) = more.split_once("}}").context("an action without an end")?;
        let written = |open: &[(bool, Option<&str>)]| open.iter().all(|(w, _)| *w);
        if written(&open) {
            out.push_str(text);
        }
        let words: Vec<&str> = action.trim_matches('-').split_whitespace().collect();
        match words.as_slice() {
            ["range", .., list] => open.push((true, values.get(list).copied())),
            ["if", "ge", version, number] => {
                let has: u64 = values.get(version).context("a version")?.parse()?;
                open.push((has >= number.parse()?, None));
            }
            ["if", name] => open.push((values.get(name).is_some_and(|v| !v.is_empty()), None)),
            ["end"] => drop(open.pop()),
            ["else"] => {
                if let Some((written, _)) = open.last_mut() {
                    *written = !*written;
                }
            }
            [name] => {
                let inner = open.iter().rev().find_map(|(_, v)| *v);
                let value =
                    if name.starts_with('$') || *name == "." { inner } else { values.get(name).copied() };
                if written(&open) {
                    out.push_str(value.with_context(|| format!("{{{{{action}}}}}"))?);
                }
            }
            _ => bail!("{{{{{action}}}}} is not known"),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_found_and_filled() {
        let program = b"\0\x01{{range $v := .Imports}}\n{{$v}}\n{{end}}\nprofile {{.Name}} flags=(a) {\n{{if ge .Version 208096}} new,\n{{else}} old,\n{{end}}{{if .RootlessKit}} kit,\n{{end}}\n}\nmore\0";
        let text = render(&template(program).unwrap()).unwrap();
        assert_eq!(text, "\ninclude <tunables/global>\n\nprofile the-default flags=(a) {\n new,\n\n}\n");
        assert!(template(b"nothing").is_none() && render("{{what is this}}").is_err());
    }
}
