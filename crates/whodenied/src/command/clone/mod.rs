//! Containers tried anew as clones: followed, mended, proved.

mod follow;
pub(crate) mod hold;
mod mend;
mod original;
mod ourselves;
pub(crate) mod probes;
mod show;

use crate::args::{Fix, Format, Run};
use crate::exit::Exit;
use crate::output::Output;
use crate::pipeline;
use crate::settings::Settings;
use anyhow::bail;
use original::Known;
use std::time::Duration;
use std::time::Instant;
use whodenied_postmortem::Target;
use whodenied_report::{json, markdown, terminal};
use whodenied_sources::trace::Interrupt;

/// So long a clone may run where nothing else is said.
const USUAL: Duration = Duration::from_secs(20);

/// `run --container` and `run --compose`.
pub(crate) fn run(
    target: &Target,
    run: &Run,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<Exit> {
    let _interrupt = Interrupt::watch();
    original::clear(output);
    let known = Known::of(target, run.of.with_network)?;
    let program = ourselves::program()?;
    original::tell_withheld(&known.spec, output);
    let most = run.timeout.unwrap_or(USUAL);
    let followed = follow::follow(&known.shop, &known.spec, &[], &program, &known.around, None, most)?;
    for remark in &followed.remarks {
        output.remark(remark);
    }
    let mut case = followed.case;
    case.missing.extend(known.missing.iter().cloned());
    output.remark(&original::ending(&known.name, &followed.ended));
    if case.diagnoses.is_empty() && settings.format == Format::Terminal {
        output.print("No call of the clone was denied.\n");
        return Ok(Exit::Fine);
    }
    output.print(&pipeline::render(&case, settings));
    if let Some(path) = &run.save {
        super::explain::save(&case, path, settings.force)?;
        output.remark(&format!("Evidence saved: {}", path.display()));
    }
    pipeline::write_fix(&case, settings, output)?;
    Ok(Exit::of(&case))
}

/// `fix`.
pub(crate) fn fix(fix: &Fix, settings: &Settings, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(target) = fix.of.target() else { bail!("give --container NAME or --compose [FILE] SERVICE") };
    let interrupt = Interrupt::watch();
    original::clear(output);
    let began = Instant::now();
    let known = Known::of(&target, fix.of.with_network)?;
    let program = ourselves::program()?;
    original::tell_withheld(&known.spec, output);
    let story = mend::mend(&known, &program, fix.timeout.unwrap_or(USUAL), &interrupt)?;
    let report = show::Report::of(&known, &story, began.elapsed());
    output.print(&match settings.format {
        Format::Terminal => terminal::sections(&report.page(), &settings.terminal),
        Format::Markdown => markdown::sections(&report.page()),
        Format::Json => json::document(&report),
    });
    let works = story.steps.iter().filter_map(mend::Step::mended);
    pipeline::write_edits(works.flat_map(|t| &t.remedy.edits), settings, output)?;
    Ok(report.exit())
}
