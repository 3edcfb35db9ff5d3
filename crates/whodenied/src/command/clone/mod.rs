//! Containers tried anew as clones: followed, mended, proved.

mod follow;
pub(crate) mod hold;
mod original;
mod ourselves;

use crate::args::Run;
use crate::exit::Exit;
use crate::output::Output;
use crate::pipeline;
use crate::settings::Settings;
use original::Known;
use std::time::Duration;
use whodenied_postmortem::Target;

/// So long a clone may run where nothing else is said.
const USUAL: Duration = Duration::from_secs(20);

/// `run --container` and `run --compose`.
pub(crate) fn run(
    target: &Target,
    run: &Run,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<Exit> {
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
    if case.diagnoses.is_empty() && settings.format == crate::args::Format::Terminal {
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
