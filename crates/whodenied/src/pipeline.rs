//! evidence → claims → facts → verdicts → diagnoses → remedies, and what is done with the report.

use crate::args::Format;
use crate::output::Output;
use crate::settings::Settings;
use anyhow::Context;
use std::path::Path;
use whodenied_case::{Case, FileEdit};
use whodenied_intake::Input;
use whodenied_report::{json, markdown, terminal};
use whodenied_text::{escape, quote};
use whodenied_trial::{Done, NewFile};

/// Understands, judges and mends.
pub(crate) fn explain(inputs: Vec<Input>) -> Case {
    decided(whodenied_intake::read(inputs))
}

/// Judges and mends what was understood.
pub(crate) fn decided(mut case: Case) -> Case {
    whodenied_judge::judge(&mut case);
    whodenied_remedy::offer(&mut case);
    case
}

/// The report of `case` in the form asked for.
pub(crate) fn render(case: &Case, settings: &Settings) -> String {
    match settings.format {
        Format::Terminal => terminal::render(case, &settings.terminal),
        Format::Json => json::render(case),
        Format::Markdown => markdown::render(case),
    }
}

/// Writes the files of the culprit's first remedy when asked to, and says how to take it back.
pub(crate) fn write_fix(case: &Case, settings: &Settings, output: &mut Output) -> anyhow::Result<()> {
    let edits = case.diagnoses.first().and_then(|d| d.remedies.first()).map_or(&[][..], |r| &r.edits);
    write_edits(edits.iter(), settings, output)
}

/// Writes the files of `edits` when asked to, and says how to take it back.
pub(crate) fn write_edits<'a>(
    edits: impl Iterator<Item = &'a FileEdit>,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let Some(directory) = &settings.write else { return Ok(()) };
    let files: Vec<NewFile> =
        edits.map(|edit| NewFile { name: name(edit), text: edit.text.clone() }).collect();
    if files.is_empty() {
        output.remark("Nothing written: the first fix has no file.");
        return Ok(());
    }
    let outcome = whodenied_trial::write(directory, &files, settings.force)
        .with_context(|| format!("can't write below {}", escape::line(&directory.to_string_lossy())))?;
    if outcome.recovered {
        output.remark("An interrupted earlier write was taken back first.");
    }
    for (file, done) in &outcome.files {
        let what = match done {
            Done::Created => "written",
            Done::Replaced => "replaced",
            Done::Unchanged => "already there",
        };
        output.remark(&format!("{what}: {}", directory.join(file).display()));
    }
    output.remark(&format!("Way back: whodenied undo {}", shell(directory)));
    Ok(())
}

fn shell(path: &Path) -> String {
    quote::shell(&path.to_string_lossy())
}

/// The name of an edit's file below the directory. A part of a file never stands under the name
/// of the whole one, so that it can't be taken for it.
fn name(edit: &FileEdit) -> String {
    if edit.whole && !edit.file.is_empty() {
        return edit.file.clone();
    }
    let file = edit.file.rsplit('/').next().unwrap_or("");
    let parts: Vec<&str> = [edit.spelling.as_str(), file].into_iter().filter(|p| !p.is_empty()).collect();
    format!("snippets/{}", quote::file_name(&parts.join("-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_no_whole_file() {
        let edit = |file: &str, spelling: &str, whole| FileEdit {
            file: file.to_owned(),
            format: "yaml".to_owned(),
            whole,
            text: String::new(),
            spelling: spelling.to_owned(),
        };
        assert_eq!(name(&edit("/etc/apparmor.d/x", "", true)), "/etc/apparmor.d/x");
        assert_eq!(name(&edit("compose.yaml", "compose", false)), "snippets/compose-compose.yaml");
        assert_eq!(name(&edit("", "docker", false)), "snippets/docker");
        assert_eq!(name(&edit("../../x", "", false)), "snippets/x");
        assert_eq!(name(&edit("", "", true)), "snippets/unnamed");
    }
}
