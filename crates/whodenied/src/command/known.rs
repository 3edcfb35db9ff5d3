//! `whodenied known [ID]`.

use crate::args::Known;
use crate::exit::Exit;
use crate::output::Output;
use crate::settings::Settings;
use whodenied_kernel::Layer;
use whodenied_report::terminal::{Section, sections};
use whodenied_runtimes::known::{ALL, KnownIssue, page};
use whodenied_text::escape;

pub(crate) fn run(known: &Known, settings: &Settings, output: &mut Output) -> Exit {
    let Some(id) = &known.id else {
        output.print(&list(settings));
        return Exit::Fine;
    };
    match ALL.iter().find(|issue| issue.id == id) {
        Some(issue) if known.markdown => {
            output.print(&page(issue));
            Exit::Fine
        }
        Some(issue) => {
            output.print(&show(issue, settings));
            Exit::Fine
        }
        None => {
            output.error(&format!(
                "no known issue has the id {}; whodenied known lists them",
                escape::clipped(id, 60)
            ));
            Exit::Usage
        }
    }
}

fn list(settings: &Settings) -> String {
    let mut parts = Vec::new();
    for layer in Layer::ALL {
        let issues: Vec<_> = ALL.iter().filter(|issue| issue.layer == *layer).collect();
        if !issues.is_empty() {
            parts.push(Section::Heading(layer.title().to_owned()));
        }
        parts.extend(issues.iter().map(|i| Section::Term(i.id.to_owned(), i.title.to_owned())));
    }
    sections(&parts, &settings.terminal)
}

fn show(issue: &KnownIssue, settings: &Settings) -> String {
    let mut parts = vec![
        Section::Heading(issue.title.to_owned()),
        Section::Text(format!("{} · {}", issue.id, issue.layer.title())),
        Section::Heading("Cause".to_owned()),
        Section::Text(issue.cause.to_owned()),
    ];
    parts.extend(issue.turns.iter().map(|turn| {
        let release: Vec<_> = turn.since.iter().map(u32::to_string).collect();
        let since = format!("{} {} ({}) {}", turn.component, release.join("."), turn.date, turn.what);
        Section::Term("Since".to_owned(), since)
    }));
    if !issue.fixed_in.is_empty() {
        parts.push(Section::Term("Fixed in".to_owned(), issue.fixed_in.join(", ")));
    }
    parts.push(Section::Heading("Fix".to_owned()));
    parts.push(Section::Text(issue.fix.prefer.to_owned()));
    parts.extend(issue.fix.alternatives.iter().map(|a| Section::Term("Or".to_owned(), (*a).to_owned())));
    parts.extend(issue.fix.avoid.iter().map(|a| Section::Term("Avoid".to_owned(), (*a).to_owned())));
    parts.push(Section::Heading("Sources".to_owned()));
    parts.extend(issue.sources.iter().map(|s| Section::Text((*s).to_owned())));
    sections(&parts, &settings.terminal)
}
