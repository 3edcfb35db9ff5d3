//! `whodenied explain`.

use crate::args::Options;
use crate::exit::Exit;
use crate::inputs::Opened;
use crate::output::Output;
use crate::pipeline;
use crate::settings::Settings;
use anyhow::Context;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use whodenied_case::{Case, Origin, saved};
use whodenied_intake::Input;
use whodenied_report::redact;
use whodenied_sources::LiveHost;
use whodenied_text::escape;

pub(crate) fn run(
    files: &[PathBuf],
    options: &Options,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<Exit> {
    let mut opened = Opened::default();
    let mut stdin = false;
    for file in files {
        // Standard input can be read once.
        if file.as_os_str() == "-" && std::mem::replace(&mut stdin, true) {
            continue;
        }
        opened.add(file);
    }
    for failure in &opened.failures {
        output.error(failure);
    }
    if opened.inputs.is_empty() {
        return Ok(Exit::Failed);
    }
    let mut missing = opened.failures;
    if options.here {
        missing.extend(here(&mut opened.inputs));
    }
    let mut case = pipeline::explain(opened.inputs);
    if case.evidence.is_empty() {
        case.missing.iter().for_each(|why| output.error(why));
        return Ok(Exit::Failed);
    }
    case.missing.extend(missing);
    output.print(&pipeline::render(&case, settings));
    if let Some(path) = &options.save {
        save(&case, path, settings.force)?;
        output.remark(&format!("Evidence saved: {}", path.display()));
    }
    pipeline::write_fix(&case, settings, output)?;
    Ok(Exit::of(&case))
}

/// Adds the facts of this machine; returns what could not be read.
fn here(inputs: &mut Vec<Input>) -> Vec<String> {
    let reading = whodenied_sources::read(&LiveHost);
    inputs.extend(reading.facts.into_iter().map(|fact| Input {
        origin: Origin::Host { path: fact.path },
        reader: Box::new(Cursor::new(fact.text.into_bytes())),
    }));
    reading.missing
}

/// Saves the evidence, secrets masked byte for byte, so that every offset stays true.
fn save(case: &Case, path: &Path, force: bool) -> anyhow::Result<()> {
    let mut evidence = case.evidence.clone();
    for one in &mut evidence {
        one.text = redact::mask(&one.text).into_owned();
    }
    let saved = saved::SavedCase {
        schema: saved::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        evidence,
    };
    let mut text = serde_json::to_string_pretty(&saved)?;
    text.push('\n');
    whodenied_trial::save(path, &text, force)
        .with_context(|| format!("can't save {}", escape::line(&path.to_string_lossy())))?;
    Ok(())
}
