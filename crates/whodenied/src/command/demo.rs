//! `whodenied demo`: a recorded case, replayed through the same pipeline as any other.

use crate::args::{Demo, Format};
use crate::exit::Exit;
use crate::output::Output;
use crate::pipeline;
use crate::settings::Settings;
use std::io::Cursor;
use whodenied_case::Origin;
use whodenied_intake::Input;
use whodenied_report::terminal::{Section, sections};

/// What the user had: the traceback, the compose file, and what was tried.
const REPORT: &str = include_str!("../../demo/report.txt");
/// What the machine says: its record of the denial and its versions.
const KERNEL: &str = include_str!("../../demo/kernel.txt");

struct Step {
    heading: &'static str,
    about: &'static str,
    evidence: &'static [(&'static str, &'static str)],
}

const STEPS: [Step; 2] = [
    Step {
        heading: "1. What the user had: a traceback, a compose file, and six things that were tried",
        about: "$ whodenied explain report.txt",
        evidence: &[("report.txt", REPORT)],
    },
    Step {
        heading: "2. The same, with what the kernel had to say",
        about: "$ whodenied explain report.txt kernel.txt",
        evidence: &[("report.txt", REPORT), ("kernel.txt", KERNEL)],
    },
];

/// Always ends with 0: nothing was asked but to be shown.
pub(crate) fn run(demo: &Demo, settings: &Settings, output: &mut Output) -> anyhow::Result<Exit> {
    // A document holds one report: without a choice, the last.
    let step = demo.step.or((settings.format != Format::Terminal).then_some(2));
    let wanted = |n: usize| step.is_none_or(|step| usize::from(step) == n + 1);
    let steps: Vec<&Step> = STEPS.iter().enumerate().filter(|(n, _)| wanted(*n)).map(|(_, s)| s).collect();
    for (n, step) in steps.iter().enumerate() {
        let case = pipeline::explain(step.evidence.iter().map(|(name, text)| input(name, text)).collect());
        if settings.format == Format::Terminal {
            let heading = [Section::Heading(step.heading.to_owned()), Section::Text(step.about.to_owned())];
            let gap = if n > 0 { "\n\n" } else { "" };
            output.print(&format!("{gap}{}\n", sections(&heading, &settings.terminal)));
        }
        output.print(&pipeline::render(&case, settings));
        if n + 1 == steps.len() {
            pipeline::write_fix(&case, settings, output)?;
        }
    }
    Ok(Exit::Fine)
}

fn input(name: &str, text: &'static str) -> Input {
    Input {
        origin: Origin::Embedded { name: name.to_owned() },
        reader: Box::new(Cursor::new(text.as_bytes())),
    }
}
