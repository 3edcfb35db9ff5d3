//! Case files: what a reporter gave, and what was established.

use anyhow::{Context, Result, bail};
use std::path::Path;
use yaml_serde::Value;

/// The text of a case as `key: value` lines, or the values alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Labelled,
    Bare,
}

impl Style {
    pub const ALL: [Self; 2] = [Self::Labelled, Self::Bare];

    pub fn named(name: &str) -> Result<Self> {
        match name {
            "labelled" => Ok(Self::Labelled),
            "bare" => Ok(Self::Bare),
            other => bail!("no style {other:?}"),
        }
    }
}

/// Rules are written with the one, generalisation is measured on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Dev,
    Held,
}

impl Half {
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "dev" => Ok(Self::Dev),
            "held" => Ok(Self::Held),
            other => bail!("no part {other:?}"),
        }
    }

    /// A fixed third is held out: FNV-1a (32 bit) of the id, divisible by three.
    fn of(id: &str) -> Self {
        let hash = id.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
        if hash % 3 == 0 { Self::Held } else { Self::Dev }
    }
}

/// The best kind of evidence a case has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    Record,
    ErrorOrLog,
    ConfigOnly,
}

impl Evidence {
    pub const ALL: [Self; 3] = [Self::Record, Self::ErrorOrLog, Self::ConfigOnly];

    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "kernel record",
            Self::ErrorOrLog => "error or log",
            Self::ConfigOnly => "neither",
        }
    }
}

pub struct Case {
    pub id: String,
    /// Label and text of what the reporter gave, in the order of a report.
    pub fields: Vec<(&'static str, String)>,
    /// The established layer, then the accepted alternatives.
    pub layers: Vec<String>,
    pub operation: String,
    pub object: String,
    pub evidence: Evidence,
    /// The reporter gave logs.
    pub logs: bool,
    pub half: Half,
}

const FIELDS: [&str; 6] = ["software", "runtime", "host", "error", "logs", "config"];

impl Case {
    /// The paste: `key: value` (values of several lines start below their key), or values alone.
    pub fn text(&self, style: Style) -> String {
        let mut out = String::new();
        for (label, value) in &self.fields {
            let value = value.trim_end();
            match style {
                Style::Bare => out.push_str(value),
                Style::Labelled if value.contains('\n') => {
                    out.push_str(&format!("{label}:\n{value}"));
                }
                Style::Labelled => out.push_str(&format!("{label}: {value}")),
            }
            out.push('\n');
        }
        out
    }
}

/// Reads every `*.yaml` of a folder, sorted by name.
pub fn load(dir: &Path) -> Result<Vec<Case>> {
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .with_context(|| format!("can't read {}", dir.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| one(path).with_context(|| path.display().to_string())).collect()
}

fn one(path: &Path) -> Result<Case> {
    let value: Value = yaml_serde::from_str(&std::fs::read_to_string(path)?)?;
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let id = text(&value["id"]).context("no id")?;
    let fields: Vec<_> = FIELDS.iter().filter_map(|f| Some((*f, text(&value[*f])?))).collect();
    let truth = &value["truth"];
    let mut layers = vec![text(&truth["layer"]).context("no truth.layer")?];
    if let Some(also) = truth["layer_also"].as_sequence() {
        layers.extend(also.iter().filter_map(text));
    }
    let given = |name: &str| fields.iter().find(|(f, _)| *f == name).map_or("", |(_, v)| v.as_str());
    let evidence = evidence_of(given("error"), given("logs"));
    Ok(Case {
        half: Half::of(&id),
        id,
        evidence,
        logs: !given("logs").is_empty(),
        layers,
        operation: text(&truth["operation"]).unwrap_or_default(),
        object: text(&truth["object"]).unwrap_or_default(),
        fields,
    })
}

/// A kernel record is a line that an LSM, seccomp or lockdown wrote.
fn evidence_of(error: &str, logs: &str) -> Evidence {
    let marks =
        ["apparmor=\"", "avc: ", "SECCOMP ", "type=1326", "LANDLOCK_ACCESS", "type=1423", "Lockdown: "];
    if marks.iter().any(|m| error.contains(m) || logs.contains(m)) {
        Evidence::Record
    } else if error.is_empty() && logs.is_empty() {
        Evidence::ConfigOnly
    } else {
        Evidence::ErrorOrLog
    }
}
