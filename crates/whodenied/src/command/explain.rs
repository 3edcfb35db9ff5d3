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
use whodenied_case::{Case, Evidence, Origin, saved};
use whodenied_intake::Input;
use whodenied_postmortem::Target;
use whodenied_report::redact;
use whodenied_sources::{Host, LiveHost};
use whodenied_text::escape;

pub(crate) fn run(
    files: &[PathBuf],
    target: Option<Target>,
    wait: Option<u16>,
    options: &Options,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<Exit> {
    let mut opened = Opened::default();
    let mut stdin = false;
    let standard = [PathBuf::from("-")];
    // A container or unit is enough to read.
    let files = if files.is_empty() && target.is_none() { &standard } else { files };
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
    if opened.inputs.is_empty() && target.is_none() {
        return Ok(Exit::Failed);
    }
    let mut missing = opened.failures;
    if options.here {
        missing.extend(add_facts(&LiveHost, &mut opened.inputs));
    }
    let case = match &target {
        Some(target) => left_of(target, wait, opened.inputs),
        None => whodenied_intake::read(opened.inputs),
    };
    let mut case = pipeline::decided(case);
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

/// Everything that is left of `target`, understood, with captures of the failures that its log tells of.
pub(super) fn left_of(target: &Target, wait: Option<u16>, mut inputs: Vec<Input>) -> Case {
    use whodenied_postmortem::Options;
    let time = wait.map_or(Options::USUAL, |seconds| std::time::Duration::from_secs(seconds.into()));
    let gathered = whodenied_postmortem::gather(target, &Options::ours(time));
    inputs.extend(gathered.pieces.iter().map(|piece| Input {
        origin: piece.origin.clone(),
        reader: Box::new(Cursor::new(piece.text.clone().into_bytes())),
    }));
    let mut case = whodenied_intake::read(inputs);
    let mut evidence = case.evidence.clone();
    if whodenied_postmortem::decide(&gathered, &case, &mut evidence) {
        case = whodenied_intake::understood(evidence, std::mem::take(&mut case.missing));
    }
    case.missing.extend(gathered.missing);
    case
}

/// Adds the facts of `host` as evidence; returns what could not be read.
fn add_facts(host: &dyn Host, inputs: &mut Vec<Input>) -> Vec<String> {
    let reading = whodenied_sources::read(host);
    inputs.extend(reading.facts.into_iter().map(|fact| Input {
        origin: Origin::Host { path: fact.path },
        reader: Box::new(Cursor::new(fact.text.into_bytes())),
    }));
    reading.missing
}

/// Saves the evidence, secrets masked byte for byte, so that every offset stays true.
pub(super) fn save(case: &Case, path: &Path, force: bool) -> anyhow::Result<()> {
    save_evidence(case.evidence.clone(), path, force)
}

/// The same of evidence that no case was made of.
pub(super) fn save_evidence(mut evidence: Vec<Evidence>, path: &Path, force: bool) -> anyhow::Result<()> {
    redact::case(&mut evidence);
    write(evidence, path, force)
}

/// Writes evidence as a case file, as it stands.
pub(super) fn write(evidence: Vec<Evidence>, path: &Path, force: bool) -> anyhow::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::LsmState;
    use whodenied_kernel::Layer;
    use whodenied_sources::RecordedHost;

    fn understood(host: &dyn Host) -> Case {
        let mut inputs = Vec::new();
        add_facts(host, &mut inputs);
        whodenied_intake::read(inputs)
    }

    #[test]
    fn what_is_read_of_a_host_is_understood() {
        let host = RecordedHost::default()
            .with(
                "/etc/os-release",
                "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_ID=\"13\"\n",
            )
            .with("/proc/sys/kernel/osrelease", "7.3.4+deb13-cloud-amd64\n")
            .with("/sys/kernel/security/lsm", "lockdown,capability,landlock,yama,apparmor\n")
            .with("/sys/module/apparmor/parameters/enabled", "Y\n")
            .with("/proc/sys/kernel/yama/ptrace_scope", "1\n");
        let case = understood(&host);
        let facts = &case.facts;
        assert_eq!(facts.version("kernel").map(|v| v.numbers.clone()), Some(vec![7, 3, 4]), "{facts:#?}");
        assert_eq!(
            facts.distro().map(|(id, v)| (id, v.map(|v| v.text.as_str()))),
            Some(("debian", Some("13"))),
            "{facts:#?}"
        );
        assert_eq!(facts.lsm(Layer::Apparmor).map(|l| l.0), Some(LsmState::Enforcing), "{facts:#?}");
        assert!(facts.sysctl("kernel.yama.ptrace_scope").is_some_and(|(_, v)| v == "1"), "{facts:#?}");
    }

    #[test]
    fn selinux_is_told_by_its_state() {
        for (value, state) in [("1", LsmState::Enforcing), ("0", LsmState::Permissive)] {
            let case = understood(&RecordedHost::default().with("/sys/fs/selinux/enforce", value));
            assert_eq!(case.facts.lsm(Layer::Selinux).map(|l| l.0), Some(state));
        }
    }

    #[test]
    fn a_healthy_host_is_no_denial() {
        let host = RecordedHost::default()
            .with("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
            .with("/sys/fs/selinux/enforce", "1");
        let mut inputs = Vec::new();
        add_facts(&host, &mut inputs);
        assert!(pipeline::explain(inputs).diagnoses.is_empty());
    }
}
