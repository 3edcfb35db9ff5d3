//! `whodenied can USER OP PATH…`: asks the layers, tries nothing.

use crate::args::{Can, Format};
use crate::exit::Exit;
use crate::output::Output;
use crate::settings::Settings;
use serde::Serialize;
use std::os::unix::ffi::OsStrExt as _;
use whodenied_case::{Certainty, FileEdit};
use whodenied_doctor::can::{Answer, Question, SCHEMA, Verdict, ask};
use whodenied_report::terminal::{Section, sections};
use whodenied_report::{json, markdown};
use whodenied_sources::LiveHost;
use whodenied_sources::subject::{Who, resolve};

pub(crate) fn run(can: &Can, settings: &Settings, output: &mut Output) -> Exit {
    let arguments: Vec<Vec<u8>> = can.arguments.iter().map(|a| a.as_bytes().to_vec()).collect();
    let parsed =
        Who::parse(&can.user).and_then(|who| Ok((who, Question::parse(&can.operation, &arguments)?)));
    let (who, question) = match parsed {
        Ok(parsed) => parsed,
        Err(why) => {
            output.error(&format!("{why}; see whodenied can --help"));
            return Exit::Usage;
        }
    };
    let asking = match resolve(&who, can.inside) {
        Ok(asking) => asking,
        Err(why) => {
            output.error(&why);
            return Exit::Failed;
        }
    };
    let answer = ask(&asking, &LiveHost, &question);
    let words: Vec<String> = can.arguments.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let asked = format!("{} {}", can.operation, words.join(" "));
    output.print(&match settings.format {
        Format::Terminal => sections(&page(&answer, &asked), &settings.terminal),
        Format::Markdown => markdown::sections(&page(&answer, &asked)),
        Format::Json => json::document(&Document::new(&answer, &can.operation, &words)),
    });
    exit(&answer)
}

fn exit(answer: &Answer) -> Exit {
    match answer.verdict {
        Verdict::Allowed | Verdict::Fails => Exit::Fine,
        Verdict::Denied if answer.certainty == Certainty::Possible => Exit::Undecided,
        Verdict::Denied => Exit::Denied,
        Verdict::Unknown => Exit::Undecided,
    }
}

fn page(answer: &Answer, asked: &str) -> Vec<Section> {
    let word = match answer.verdict {
        Verdict::Allowed => "Allowed",
        Verdict::Denied => "Denied",
        Verdict::Fails => "Fails, but not for want of a right",
        Verdict::Unknown => "Not decided",
    };
    let layer = answer.layer.map_or_else(String::new, |layer| format!(" by {}", layer.title()));
    let errno = answer.errno.map_or_else(String::new, |errno| format!(" with {errno}"));
    let mut parts =
        vec![Section::Heading(format!("{word}{layer}{errno} ({}): {asked}", answer.certainty.id()))];
    parts.push(Section::Text(answer.because.clone()));
    parts.push(Section::Term("Who".to_owned(), answer.who.clone()));
    if !answer.at.is_empty() {
        parts.push(Section::Term("Where".to_owned(), answer.at.clone()));
    }
    if !answer.function.is_empty() {
        parts.push(Section::Term("Decided in".to_owned(), format!("{} of the kernel", answer.function)));
    }
    for (n, remedy) in answer.remedies.iter().enumerate() {
        if n == 0 {
            parts.push(Section::Heading(
                "What would let it through, the smallest first; each was tried on the model".to_owned(),
            ));
        }
        parts.push(Section::Term(
            format!("{}.", n + 1),
            format!("{}. Opens {}.", remedy.summary, remedy.widens),
        ));
        parts.push(Section::Code(remedy.commands.join("\n")));
        let undo: Vec<String> = remedy.undo.iter().map(|u| format!("# back: {u}")).collect();
        parts.push(Section::Code(undo.join("\n")));
    }
    if !answer.not_asked.is_empty() {
        parts.push(Section::Heading("Not asked, and could still refuse".to_owned()));
        parts.extend(
            answer.not_asked.iter().map(|a| Section::Term(a.layer.title().to_owned(), a.why.clone())),
        );
    }
    if !answer.doubts.is_empty() {
        parts.push(Section::Heading("Not known".to_owned()));
        parts.extend(answer.doubts.iter().map(|d| Section::Term("?".to_owned(), d.clone())));
    }
    if !answer.decide.is_empty() {
        parts.push(Section::Term("Next".to_owned(), answer.decide.clone()));
    }
    parts
}

/// The published JSON, `docs/schema/whodenied-can-1.schema.json`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    who: &'a str,
    operation: &'a str,
    arguments: &'a [String],
    verdict: Verdict,
    errno: String,
    layer: Option<&'static str>,
    at: &'a str,
    because: &'a str,
    function: &'a str,
    certainty: &'static str,
    remedies: Vec<Fix<'a>>,
    not_asked: Vec<Because<'a>>,
    doubts: &'a [String],
    decide: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    summary: &'a str,
    on: &'static str,
    risk: &'static str,
    widens: &'a str,
    edits: &'a [FileEdit],
    commands: &'a [String],
    undo: &'a [String],
}

#[derive(Serialize)]
struct Because<'a> {
    layer: &'static str,
    because: &'a str,
}

impl<'a> Document<'a> {
    fn new(answer: &'a Answer, operation: &'a str, arguments: &'a [String]) -> Self {
        Self {
            schema: SCHEMA,
            who: &answer.who,
            operation,
            arguments,
            verdict: answer.verdict,
            errno: answer.errno.map(|e| e.to_string()).unwrap_or_default(),
            layer: answer.layer.map(whodenied_kernel::Layer::id),
            at: &answer.at,
            because: &answer.because,
            function: answer.function,
            certainty: answer.certainty.id(),
            remedies: answer
                .remedies
                .iter()
                .map(|r| Fix {
                    summary: &r.summary,
                    on: r.on.id(),
                    risk: r.risk.id(),
                    widens: &r.widens,
                    edits: &r.edits,
                    commands: &r.commands,
                    undo: &r.undo,
                })
                .collect(),
            not_asked: answer
                .not_asked
                .iter()
                .map(|a| Because { layer: a.layer.id(), because: &a.why })
                .collect(),
            doubts: &answer.doubts,
            decide: &answer.decide,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hostile_is_escaped_in_every_form() {
        let who = Who::parse("65533:65533").unwrap();
        let asking = resolve(&who, None).unwrap();
        let path = b"/nowhere/\x1b[2J\n".to_vec();
        let question = Question::parse("read", &[path]).unwrap();
        let answer = ask(&asking, &LiveHost, &question);
        let asked = "read /nowhere/\u{1b}[2J";
        let words = vec!["/nowhere/\u{1b}[2J".to_owned()];
        for text in [
            sections(&page(&answer, asked), &whodenied_report::terminal::Options::default()),
            markdown::sections(&page(&answer, asked)),
            json::document(&Document::new(&answer, "read", &words)),
        ] {
            assert!(!text.contains('\u{1b}'), "{}", text.escape_debug());
        }
        assert_eq!((answer.verdict, exit(&answer)), (Verdict::Fails, Exit::Fine));
    }
}
