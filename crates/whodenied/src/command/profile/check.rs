//! `whodenied profile check`.

use super::{Check, CheckFormat, files};
use crate::exit::Exit;
use crate::output::Output;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use whodenied_apparmor::compile::conflict;
use whodenied_apparmor::features::effective::Lacks;
use whodenied_apparmor::lint::{ALL, Context, Finding, Level, check, unmediated};
use whodenied_apparmor::resolve::{Loader, Policy, Profile};
use whodenied_apparmor::syntax::decode;
use whodenied_report::snippet::{Message, Severity, render};
use whodenied_sources::policy::{Disk, loaded_profiles};

pub(super) fn run(args: &Check, output: &mut Output) -> anyhow::Result<Exit> {
    let kernel = args.input.lookup.kernel()?;
    let pin = args.input.lookup.pin()?;
    let mut loader = Loader::new(&Disk, args.input.lookup.paths());
    let mut exit = Exit::Fine;
    let mut referenced: BTreeSet<String> = args.name.iter().cloned().collect();
    let mut policies: Vec<Policy> = Vec::new();
    for path in &args.input.files {
        match files::read(path) {
            Ok((name, bytes)) => {
                references(&decode(&bytes), &mut referenced);
                // A compose file or a unit is here for the names in it, unless it stands where policy belongs.
                if args.input.files.len() == 1 || !is_reference(path) {
                    let mut policy = loader.resolve(&name, &bytes);
                    if policy.faults.is_empty() {
                        policy.faults = conflict::faults(&policy, kernel.as_ref());
                    }
                    policies.push(policy);
                }
            }
            Err(reason) => {
                output.error(&format!("{}: {reason}", path.display()));
                exit = Exit::Denied;
            }
        }
    }
    let names: Vec<String> = policies.iter().flat_map(|p| &p.profiles).map(Profile::full_name).collect();
    let referenced: Vec<String> = referenced.into_iter().collect();
    let loaded = loaded_profiles();
    let context = Context {
        kernel: kernel.as_ref(),
        pin: pin.as_ref(),
        referenced: &referenced,
        names: &names,
        loaded: loaded.as_deref(),
        files: Some(&Disk),
        base: &args.input.lookup.base,
    };
    let mut results = Vec::new();
    for policy in &policies {
        let findings = check(policy, &context);
        if findings.iter().any(|f| f.lint.level != Level::Note) {
            exit = Exit::Denied;
        }
        match args.format {
            CheckFormat::Text => text(policy, &context, &findings, output),
            CheckFormat::Json => output.print(&format!("{}\n", as_json(policy, &context, &findings))),
            CheckFormat::Sarif => results.extend(findings.iter().map(|f| sarif_result(policy, f))),
        }
    }
    if args.format == CheckFormat::Sarif {
        output.print(&format!("{}\n", sarif(results)));
    }
    Ok(exit)
}

/// Whether the file's name says that it is no policy.
fn is_reference(path: &Path) -> bool {
    let known = ["yaml", "yml", "json", "service", "container", "toml", "conf"];
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| known.contains(&e))
}

/// Names of profiles in compose files, pods, units and run lines.
fn references(text: &str, out: &mut BTreeSet<String>) {
    const BEFORE: [&str; 6] = [
        "apparmor=",
        "apparmor:",
        "localhostProfile:",
        "localhost/",
        "AppArmorProfile=",
        "lxc.apparmor.profile",
    ];
    for line in text.lines().filter(|l| !l.trim_start().starts_with('#')).take(100_000) {
        for before in BEFORE {
            let Some((_, behind)) = line.split_once(before) else { continue };
            let name = behind.trim_start_matches([' ', '=', '"', '\'', '-']);
            let end = name.find(|c: char| c.is_whitespace() || "\"',;)]".contains(c)).unwrap_or(name.len());
            let name = name.get(..end).unwrap_or_default();
            let name = name.strip_prefix("localhost/").unwrap_or(name);
            if !name.is_empty()
                && name.len() < 256
                && !name.contains(['{', '(', '<', '$'])
                && out.len() < 1000
            {
                out.insert(name.to_owned());
            }
        }
    }
}

const fn severity(level: Level) -> Severity {
    match level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Note => Severity::Note,
    }
}

fn text(policy: &Policy, context: &Context<'_>, findings: &[Finding], output: &mut Output) {
    for finding in findings {
        let mut help = finding.help.clone();
        help.extend(finding.fix.as_ref().map(|f| format!("write `{}`", f.text)));
        let also = policy
            .trail(&finding.place)
            .iter()
            .map(|p| ("included at".to_owned(), files::spot(policy, p)))
            .collect();
        output.print(&render(&Message {
            severity: severity(finding.lint.level),
            id: Some(finding.lint.id),
            text: finding.message.clone(),
            spot: files::spot(policy, &finding.place),
            also,
            help,
        }));
    }
    if let Some(missing) = unmediated(policy, context)
        && !policy.profiles.is_empty()
        && !missing.is_empty()
    {
        let words: Vec<&str> = missing.iter().map(|(k, _)| k.keyword()).collect();
        output.print(&format!("not mediated for this policy on this kernel: {}\n", words.join(", ")));
    }
}

fn as_json(policy: &Policy, context: &Context<'_>, findings: &[Finding]) -> Value {
    let file = policy.visits.first().map(|v| v.source.path.clone());
    let missing = unmediated(policy, context).map(|all| {
        let why = |why: &Lacks| match why {
            Lacks::Kernel => "kernel",
            Lacks::Policy => "policy",
            Lacks::Both => "both",
        };
        all.iter()
            .map(|(kind, lacks)| json!({ "class": kind.keyword(), "lacks": why(lacks) }))
            .collect::<Vec<_>>()
    });
    let findings: Vec<Value> = findings.iter().map(|f| {
        let spot = files::spot(policy, &f.place);
        let (line, column) = spot.line_column();
        let fix = f.fix.as_ref().map(|fix| {
            json!({ "start": fix.place.span.start, "end": fix.place.span.end, "text": fix.text })
        });
        json!({
            "id": f.lint.id, "level": severity(f.lint.level).word(), "path": spot.path, "line": line, "column": column,
            "message": f.message, "help": f.help, "fix": fix,
        })
    }).collect();
    json!({ "file": file, "findings": findings, "unmediated": missing })
}

/// Source: SARIF 2.1.0, sections 3.27 (result) and 3.30 (region).
fn sarif_result(policy: &Policy, finding: &Finding) -> Value {
    let spot = files::spot(policy, &finding.place);
    let (line, column) = spot.line_column();
    json!({
        "ruleId": finding.lint.id,
        "level": severity(finding.lint.level).word(),
        "message": { "text": std::iter::once(&finding.message).chain(&finding.help).cloned().collect::<Vec<_>>().join("\n") },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": spot.path },
            "region": { "startLine": line, "startColumn": column },
        }}],
    })
}

fn sarif(results: Vec<Value>) -> Value {
    let rules: Vec<Value> = ALL
        .iter()
        .map(|lint| {
            json!({ "id": lint.id, "shortDescription": { "text": lint.summary },
            "defaultConfiguration": { "level": severity(lint.level).word() } })
        })
        .collect();
    json!({
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{ "tool": { "driver": { "name": "whodenied", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": results }],
    })
}
