//! `whodenied collect`: what is left of a container or unit, as one case file.

use super::explain;
use crate::args::Collect;
use crate::exit::Exit;
use crate::inputs::Opened;
use crate::output::Output;
use std::io::{BufRead as _, IsTerminal as _};
use whodenied_report::redact;
use whodenied_text::escape;

/// So many masked values are listed one by one.
const LISTED: usize = 100;

pub(crate) fn run(collect: &Collect, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(target) = collect.dead.target() else {
        output.error("name what to collect: --container NAME, --compose [FILE] SERVICE or --unit NAME");
        return Ok(Exit::Usage);
    };
    if collect.no_redact && !collect.yes && !agreed(output) {
        output.error("nothing written: --no-redact needs a yes, or --yes where nobody can be asked");
        return Ok(Exit::Usage);
    }
    let mut opened = Opened::default();
    collect.files.iter().for_each(|file| opened.add(file));
    if let Some(failure) = opened.failures.first() {
        output.error(failure);
        return Ok(Exit::Failed);
    }
    let mut case = explain::left_of(&target, collect.dead.wait, opened.inputs);
    for missing in &case.missing {
        output.remark(&format!("Not known: {missing}"));
    }
    if case.evidence.is_empty() {
        return Ok(Exit::Failed);
    }
    let masked = if collect.no_redact { Vec::new() } else { redact::case(&mut case.evidence) };
    explain::write(case.evidence, &collect.output, collect.force)?;
    let mut said = match masked.len() {
        _ if collect.no_redact => "Nothing was masked.\n".to_owned(),
        0 => "Nothing in it looked like a secret.\n".to_owned(),
        1 => "1 value was masked:\n".to_owned(),
        n => format!("{n} values were masked:\n"),
    };
    for place in masked.iter().take(LISTED) {
        said.push_str(&format!("  {place}\n"));
    }
    if masked.len() > LISTED {
        said.push_str(&format!("  and {} more\n", masked.len() - LISTED));
    }
    said.push_str("Read it before you publish it: names, paths and addresses are kept.\n");
    output.print(&escape::block(&said));
    output.remark(&format!("Evidence saved: {}", collect.output.display()));
    Ok(Exit::Fine)
}

/// Asks on the terminal.
fn agreed(output: &mut Output) -> bool {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return false;
    }
    output.remark("The case file will hold every value as it is, passwords and tokens too. Write it? [y/N]");
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).is_ok_and(|_| matches!(answer.trim(), "y" | "Y" | "yes"))
}
