//! `whodenied profile show|diff|can`: policy as the kernel holds it. A profile is the name of a loaded one, a file
//! of compiled policy (what `apparmor_parser -o` writes, `raw_data`, a file of its cache), or a file in the policy
//! language, which is compiled for the kernel asked about.

use super::Lookup;
use super::source::PolicySource;
use crate::exit::Exit;
use crate::output::Output;
use crate::settings::Settings;
use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use serde_json::{Value, json};
use whodenied_apparmor::compare::{Difference, compare, permission_words, witness_words};
use whodenied_apparmor::describe::describe;
use whodenied_apparmor::evaluate::{Answer, Kernel, Outcome, Question};
use whodenied_apparmor::policy::{Class, Profile};
use whodenied_report::terminal::{Section, sections};
use whodenied_text::escape;

#[derive(Debug, ClapArgs)]
pub(crate) struct Show {
    /// A loaded profile's name, or a file of policy, compiled or not; FILE#NAME takes one of several
    #[arg(value_name = "NAME|FILE")]
    profile: String,
    #[command(flatten)]
    asked: ProfileAsked,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Diff {
    /// The first
    #[arg(value_name = "A")]
    first: String,
    /// The second
    #[arg(value_name = "B")]
    second: String,
    #[command(flatten)]
    asked: ProfileAsked,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Can {
    /// A loaded profile's name, or a file of policy, compiled or not; FILE#NAME takes one of several
    #[arg(value_name = "NAME|FILE")]
    profile: String,
    /// What it may: read /etc/shadow; mount tmpfs on /tmp; create unix stream
    #[arg(value_name = "OP", required = true, num_args = 1..)]
    question: Vec<String>,
    /// The file is not the task's own
    #[arg(long)]
    not_owner: bool,
    #[command(flatten)]
    asked: ProfileAsked,
}

/// How profiles are asked.
#[derive(Debug, ClapArgs)]
pub(crate) struct ProfileAsked {
    /// The kernel, as `uname -r` says it [default: this one]
    #[arg(long, value_name = "RELEASE")]
    pub(crate) kernel: Option<String>,
    /// Print JSON (schema whodenied-profile/1)
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) lookup: Lookup,
}

/// The schema of what `--json` prints.
const SCHEMA: &str = "whodenied-profile/1";
/// Differences of one kind are told together past this many.
const MOST: usize = 12;

pub(super) fn run_show(show: &Show, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let profile = PolicySource::of(&show.profile).profile(&show.asked)?;
    self::show(&profile, &show.asked, settings, output)
}

pub(super) fn run_diff(diff: &Diff, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let profiles = [
        PolicySource::of(&diff.first).profile(&diff.asked)?,
        PolicySource::of(&diff.second).profile(&diff.asked)?,
    ];
    self::diff(&profiles, [&diff.first, &diff.second], &diff.asked, settings, output)
}

pub(super) fn run_can(can: &Can, output: &mut Output) -> Result<Exit> {
    let words: Vec<&str> = can.question.iter().flat_map(|w| w.split_whitespace()).collect();
    let parsed = match Question::parse(&words) {
        Ok(parsed) => parsed,
        Err(why) => {
            output.error(&format!(
                "{}; whodenied profile can --help lists what can be asked",
                escape::clipped(&why, 200)
            ));
            return Ok(Exit::Usage);
        }
    };
    let profile = PolicySource::of(&can.profile).profile(&can.asked)?;
    self::can(&profile, &parsed, &words.join(" "), !can.not_owner, &can.asked, output)
}

pub(super) fn kernel(asked: &ProfileAsked) -> Result<Kernel> {
    match &asked.kernel {
        Some(release) => Kernel::from_release(release)
            .with_context(|| format!("{} is no kernel release", escape::clipped(release, 60))),
        None => {
            let here = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
            Ok(Kernel::from_release(here.trim()).unwrap_or(Kernel::NEWEST))
        }
    }
}

fn line(text: &str) -> String {
    escape::line(text).into_owned()
}

fn show(profile: &Profile, asked: &ProfileAsked, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let kernel = kernel(asked)?;
    let described = describe(profile, &kernel);
    if asked.json {
        let classes: Vec<Value> = described
            .sections
            .iter()
            .map(|s| json!({ "class": s.class.words(), "rules": s.rules, "more": s.more }))
            .collect();
        let unmediated: Vec<&str> = described.unmediated.iter().map(|c| c.words()).collect();
        print(
            output,
            &json!({
                "schema": SCHEMA, "command": "show", "profile": profile.display_name(), "head": described.head,
                "classes": classes, "unmediated": unmediated,
            }),
        );
        return Ok(Exit::Fine);
    }
    let mut parts = vec![Section::Heading(line(&profile.display_name()))];
    parts.extend(described.head.iter().map(|h| Section::Text(line(h))));
    for section in &described.sections {
        let order = if section.class == Class::File { ": of lines that match, the last counts" } else { "" };
        parts.push(Section::Heading(format!("{}{order}", section.class.words())));
        if section.rules.is_empty() {
            parts.push(Section::Text("nothing is allowed".to_owned()));
        }
        parts.extend(section.rules.iter().map(|r| Section::Text(line(r))));
        if section.more {
            parts.push(Section::Text(
                "… and more; ask about one thing with: whodenied profile can".to_owned(),
            ));
        }
    }
    if !described.unmediated.is_empty() {
        parts.push(Section::Heading("not mediated: all of it is allowed".to_owned()));
        parts.extend(described.unmediated.iter().map(|c| Section::Text(c.words().to_owned())));
    }
    output.print(&sections(&parts, &settings.terminal));
    Ok(Exit::Fine)
}

fn diff(
    profiles: &[Profile; 2],
    names: [&String; 2],
    asked: &ProfileAsked,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit> {
    let kernel = kernel(asked)?;
    let [first, second] = profiles;
    let found = compare(first, second, &kernel).map_err(|e| anyhow::anyhow!("{e}"))?;
    let exit = if found.is_empty() { Exit::Fine } else { Exit::Denied };
    if asked.json {
        let list: Vec<Value> = found
            .iter()
            .map(|d| {
                json!({
                    "class": d.class.words(), "allowed_by": if d.second_allows { "b" } else { "a" },
                    "permissions": permission_words(d.class, d.mask), "words": witness_words(d),
                    "owner": d.owner, "unmediated": d.unmediated,
                })
            })
            .collect();
        print(
            output,
            &json!({ "schema": SCHEMA, "command": "diff", "a": names[0], "b": names[1], "differences": list }),
        );
        return Ok(exit);
    }
    let mut parts = Vec::new();
    for second_allows in [true, false] {
        let (more, less) = if second_allows { (names[1], names[0]) } else { (names[0], names[1]) };
        let side: Vec<&Difference> = found.iter().filter(|d| d.second_allows == second_allows).collect();
        parts.push(Section::Heading(format!(
            "Allowed by {}, not by {}",
            escape::clipped(more, 60),
            escape::clipped(less, 60)
        )));
        if side.is_empty() {
            parts.push(Section::Text("nothing".to_owned()));
        }
        for class in Class::ALL {
            let of: Vec<&&Difference> = side.iter().filter(|d| d.class == class).collect();
            if of.iter().any(|d| d.unmediated) {
                parts.push(Section::Text(format!(
                    "{}: it does not mediate them at all; for one:",
                    class.words()
                )));
            }
            // Sockets differ for many families alike: the first that a reader knows stand for all.
            let mut of: Vec<&&&Difference> = of.iter().collect();
            of.sort_by_key(|d| (rank(d), d.witness.len()));
            parts.extend(of.iter().take(MOST).map(|d| Section::Text(line(&witness_words(d)))));
            if of.len() > MOST {
                parts.push(Section::Text(format!("… and {} more of {}", of.len() - MOST, class.words())));
            }
        }
    }
    output.print(&sections(&parts, &settings.terminal));
    Ok(exit)
}

/// Families that programs use come first.
fn rank(difference: &Difference) -> (u8, Option<u8>) {
    let sockets = matches!(difference.class, Class::NetV7 | Class::NetV8 | Class::NetV9);
    let family = match difference.witness.get(1).filter(|_| sockets) {
        None | Some(1) => 0,
        Some(2) => 1,
        Some(10) => 2,
        Some(16) => 3,
        Some(17 | 38 | 40) => 4,
        Some(_) => 5,
    };
    (family, difference.witness.get(3).copied().filter(|_| sockets))
}

fn can(
    profile: &Profile,
    question: &Question,
    words: &str,
    owner: bool,
    asked: &ProfileAsked,
    output: &mut Output,
) -> Result<Exit> {
    let answer = question.ask(profile, &kernel(asked)?, owner);
    let exit = if answer.outcome.passes() { Exit::Fine } else { Exit::Denied };
    if asked.json {
        print(
            output,
            &json!({
                "schema": SCHEMA, "command": "can", "profile": profile.display_name(), "question": words,
                "outcome": outcome(answer.outcome), "errno": answer.errno.and_then(whodenied_kernel::Errno::name),
                "recorded": answer.recorded, "info": answer.info, "kills": answer.kills,
            }),
        );
        return Ok(exit);
    }
    output.print(&format!("{}\n", say(profile, words, &answer)));
    Ok(exit)
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unmediated => "not-mediated",
        Outcome::Allowed => "allowed",
        Outcome::Complained => "allowed-by-complain",
        Outcome::Asked => "asked",
        Outcome::Denied => "denied",
    }
}

fn say(profile: &Profile, words: &str, answer: &Answer) -> String {
    let (name, words) = (line(&profile.display_name()), line(words));
    let mut said = match answer.outcome {
        Outcome::Unmediated => {
            format!(
                "Yes: {name} does not mediate {}, so no rule of it can refuse: {words}",
                answer.class.words()
            )
        }
        Outcome::Allowed => format!("Yes: {name} allows: {words}"),
        Outcome::Complained => format!("Yes: no rule of {name} allows it, but it only complains: {words}"),
        Outcome::Asked => format!("A daemon in user space decides for {name}: {words}"),
        Outcome::Denied => {
            let errno = answer.errno.and_then(whodenied_kernel::Errno::name).unwrap_or("an error");
            format!("No: {name} refuses with {errno}: {words}")
        }
    };
    if answer.outcome == Outcome::Denied {
        let missing = permission_words(answer.class, answer.denied);
        if !missing.is_empty() && answer.class != Class::Cap {
            said.push_str(&format!("\nNot allowed: {}", missing.join(", ")));
        }
        said.push_str(match (answer.recorded, answer.kills) {
            (_, true) => "\nThe kernel writes a record and kills the task.",
            (true, _) => "\nThe kernel writes a record.",
            (false, _) => "\nThe kernel writes no record: a rule says deny.",
        });
        if let Some(info) = answer.info.filter(|_| answer.recorded) {
            said.push_str(&format!("\nThe record says info=\"{info}\"."));
        }
    }
    said
}

fn print(output: &mut Output, value: &Value) {
    // Control characters in names are escaped by JSON itself.
    output.print(&format!("{value:#}\n"));
}
