//! `cargo xtask score DIR`: how often the first layer named is the established one.

pub mod corpus;
pub mod meaning;
mod table;

use crate::build;
use anyhow::{Result, bail};
use corpus::{Case, Evidence, Half, Style};
use std::path::Path;

/// What one case in one style came to.
pub struct Outcome {
    pub case: usize,
    pub style: Style,
    pub layer: Option<String>,
    pub others: Vec<String>,
    pub certainty: String,
    pub right: bool,
    pub among_three: bool,
    pub operation: String,
    pub object: String,
    /// The operation, and the object, are the established ones by meaning.
    pub same: (bool, bool),
    pub known: Option<String>,
    pub broad: Option<String>,
    pub took_ms: f64,
}

/// Words that no first remedy may contain.
const BROAD: &[&str] = &["privileged", "unconfined", "setenforce", "777", "label=disable", "label:disable"];

/// Scores the cases of a folder. Returns true when every bar that is absolute holds: all cases
/// with a kernel record right, and every `proven` right.
pub fn run(args: &[String]) -> Result<bool> {
    let mut dir = None;
    let (mut only, mut style, mut misses, mut split, mut json) = (None, None, false, false, false);
    let mut args = args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        match arg {
            "--split" => split = true,
            "--misses" => misses = true,
            "--json" => json = true,
            "--only" => only = Some(Half::named(args.next().unwrap_or_default())?),
            "--style" => style = Some(Style::named(args.next().unwrap_or_default())?),
            other if dir.is_none() && !other.starts_with('-') => dir = Some(other),
            other => bail!("unknown option {other}"),
        }
    }
    let Some(dir) = dir else { bail!("which folder?") };
    let binary = build::release()?;
    let cases = corpus::load(Path::new(dir))?;
    let mut outcomes = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        if only.is_some_and(|half| half != case.half) {
            continue;
        }
        for one in Style::ALL.into_iter().filter(|s| style.is_none_or(|only| only == *s)) {
            outcomes.push(ask(&binary, index, case, one)?);
        }
    }
    if json {
        table::print_json(&cases, &outcomes);
    } else {
        table::print(&cases, &outcomes, split, misses);
    }
    let absolute = outcomes.iter().all(|o| {
        let recorded = cases[o.case].evidence == Evidence::Record;
        o.right || !(recorded || o.certainty == "proven")
    });
    Ok(absolute)
}

fn ask(binary: &Path, index: usize, case: &Case, style: Style) -> Result<Outcome> {
    let reply = build::explain(binary, &case.text(style))?;
    let outcome = read(index, case, style, &reply.report);
    Ok(Outcome { took_ms: reply.took.as_secs_f64() * 1000.0, ..outcome })
}

/// Compares a JSON report with the truth of a case.
pub fn read(index: usize, case: &Case, style: Style, report: &serde_json::Value) -> Outcome {
    let first = &report["denials"][0];
    let text = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
    let layer = first["layer"].as_str().map(str::to_owned);
    let mut others: Vec<String> = first["alternatives"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|a| a["layer"].as_str().map(str::to_owned))
        .collect();
    others.truncate(2);
    let accepted = |l: &str| case.layers.iter().any(|t| t == l);
    let right = layer.as_deref().is_some_and(accepted);
    let remedy = &first["remedies"][0];
    let said = format!("{} {} {}", remedy["summary"], remedy["commands"], remedy["edits"]).to_lowercase();
    // `ip_unprivileged_port_start` opens nothing broad.
    let said = said.replace("unprivileged", "");
    let (operation, object) = (text("operation"), text("object"));
    let same = (
        meaning::same_operation(&case.operation, &operation),
        meaning::same_object(&case.object, &object, &case.text(Style::Bare)),
    );
    Outcome {
        case: index,
        style,
        right,
        among_three: right || others.iter().any(|l| accepted(l)),
        layer,
        others,
        certainty: text("certainty"),
        operation,
        object,
        same,
        known: first["known_issue"]["id"].as_str().map(str::to_owned),
        broad: BROAD.iter().find(|w| said.contains(**w)).map(|w| (*w).to_owned()),
        took_ms: 0.0,
    }
}
