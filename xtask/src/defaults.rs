//! `cargo xtask defaults ENGINE@VERSION=config.json…`: the data on an engine's defaults against what it really
//! hands to the runtime: capabilities and paths by value, sysctls, and the seccomp filter by decision, every
//! call of x86-64 with probe arguments.
//!
//! A config.json is what the engine gives to `runc create --bundle`: a wrapper that copies it and then runs
//! runc is enough to get one, for Docker `--add-runtime`, for Podman `--runtime`, for containerd `ctr oci spec`.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use whodenied_kernel::syscall::Arch;
use whodenied_runtimes::seccomp::{Query, answer};
use whodenied_runtimes::{Runtime, caps, paths, sysctls};
use whodenied_seccomp::profile::{self, Abi, Answer, Host, Question, Resolved};
use whodenied_text::SourceId;

/// Arguments that are worth asking with: ordinary ones, and those that conditions speak of.
fn probes(call: &str) -> Vec<[u64; 6]> {
    let first = |values: &[u64]| values.iter().map(|v| [*v, 0, 0, 0, 0, 0]).collect::<Vec<_>>();
    match call {
        "personality" => first(&[0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff, 0x4_0000, 0x40_0000, 1]),
        // Each flag that makes a namespace, and none.
        "clone" => first(&[
            0,
            0x11,
            0x0002_0000,
            0x0200_0000,
            0x0400_0000,
            0x0800_0000,
            0x1000_0000,
            0x2000_0000,
            0x4000_0000,
        ]),
        "socket" | "socketpair" => first(&(0..46).collect::<Vec<u64>>()),
        _ => vec![[0; 6], [1; 6], [u64::MAX; 6]],
    }
}

/// The same question in the words that the data takes.
fn words(call: &str, args: &[u64; 6]) -> Vec<(String, String)> {
    const NAMESPACES: u64 = 0x7e02_0000;
    match call {
        "personality" => vec![("persona".to_owned(), args[0].to_string())],
        "socket" | "socketpair" => vec![("domain".to_owned(), args[0].to_string())],
        "clone" if args[0] & NAMESPACES != 0 => vec![("flags".to_owned(), "CLONE_NEWNS".to_owned())],
        _ => Vec::new(),
    }
}

pub(crate) fn engine(text: &str) -> Result<(Runtime, Vec<u32>)> {
    let (name, version) = text.split_once('@').context("ENGINE@VERSION")?;
    let runtime = Runtime::ALL.into_iter().find(|r| r.component() == name).context("an unknown engine")?;
    let numbers =
        version.split('.').map(|n| n.parse().context("a version is numbers")).collect::<Result<_>>()?;
    Ok((runtime, numbers))
}

pub(crate) fn run(args: &[String]) -> Result<bool> {
    if args.first().is_some_and(|a| a == "--apparmor") {
        return crate::default_profiles::run(args.get(1..).unwrap_or_default());
    }
    if args.is_empty() {
        bail!("ENGINE@VERSION=config.json… | --apparmor ENGINE@VERSION=PROGRAM…");
    }
    let mut differences = 0;
    for arg in args {
        let (what, file) = arg.split_once('=').context("ENGINE@VERSION=config.json")?;
        let (runtime, version) = engine(what)?;
        let text = std::fs::read_to_string(file).with_context(|| file.to_owned())?;
        let found = compare(runtime, &version, &text)?;
        println!("{what}: {} differences", found.len());
        found.iter().for_each(|line| println!("  {line}"));
        differences += found.len();
    }
    Ok(differences == 0)
}

fn compare(runtime: Runtime, version: &[u32], text: &str) -> Result<Vec<String>> {
    let config: Value = serde_json::from_str(text)?;
    let mut found = Vec::new();
    let strings = |value: &Value| -> BTreeSet<String> {
        value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let mut sets = |what: &str, real: BTreeSet<String>, ours: BTreeSet<String>| {
        found
            .extend(real.difference(&ours).map(|x| format!("{what}: the engine has {x}, the data does not")));
        found
            .extend(ours.difference(&real).map(|x| format!("{what}: the data has {x}, the engine does not")));
    };
    let own = |all: Vec<&'static str>| all.into_iter().map(str::to_owned).collect();
    sets(
        "capability",
        strings(&config["process"]["capabilities"]["bounding"]),
        caps::default(runtime, Some(version)).iter().map(ToString::to_string).collect(),
    );
    sets(
        "masked",
        strings(&config["linux"]["maskedPaths"]),
        own(paths::masked_paths(runtime, Some(version))),
    );
    sets("read-only", strings(&config["linux"]["readonlyPaths"]), own(paths::readonly_paths(runtime)));
    let real: BTreeMap<String, String> =
        serde_json::from_value(config["linux"]["sysctl"].clone()).unwrap_or_default();
    let pair = |(key, value): (String, String)| format!("{key}={value}");
    let ours = sysctls::set(runtime, Some(version));
    let ours = ours.into_iter().map(|(k, v)| format!("{k}={v}")).collect();
    // What an engine without a network of its own gives is asked of CRI, not of a bare specification.
    if !(runtime == Runtime::Containerd && real.is_empty()) {
        sets("sysctl", real.into_iter().map(pair).collect(), ours);
    }
    if config["linux"]["seccomp"].is_object() {
        found.extend(filters(runtime, version, text)?);
    }
    Ok(found)
}

fn filters(runtime: Runtime, version: &[u32], text: &str) -> Result<Vec<String>> {
    let profile = profile::read(text, SourceId(0)).map_err(|e| anyhow::anyhow!("{e}"))?;
    let mut host = Host::new(Arch::X86_64);
    host.options.enosys_stub = matches!(runtime, Runtime::Docker | Runtime::Containerd);
    let resolved = Resolved::new(&profile, &host);
    let (mut asked, mut found) = (0, Vec::new());
    for number in 0..512 {
        let Some(call) = Arch::X86_64.syscall_name(number) else { continue };
        let mut wrong = BTreeSet::new();
        for args in probes(call) {
            let Some(question) = Question::named(&host, Abi::from(Arch::X86_64), call, args) else {
                continue;
            };
            asked += 1;
            let real = match resolved.decide(&question.data).answer {
                Answer::Errno(errno) => Some(i32::from(errno)),
                answer if answer.lets_through() => None,
                other => bail!("{call}: {other:?}"),
            };
            let words = words(call, &args);
            let query = Query { syscall: call, args: &words, ..Query::default() };
            let ours = answer(runtime, Some(version), &query).map(|r| r.errno.0);
            if ours != real {
                let show = |e: Option<i32>| e.map_or_else(|| "allowed".to_owned(), |e| format!("errno {e}"));
                let which = words.first().map_or_else(String::new, |(k, v)| format!(" {k}={v}"));
                wrong.insert(format!(
                    "seccomp: {call}{which}: the engine {}, the data {}",
                    show(real),
                    show(ours)
                ));
            }
        }
        found.extend(wrong);
    }
    println!("  {asked} questions to the filter");
    Ok(found)
}
