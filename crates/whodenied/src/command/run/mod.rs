//! `whodenied run -- CMD`: follows a command and explains what it was refused.

mod blame;
pub(super) mod record;

use crate::args::{Format, Run};
use crate::exit::Exit;
use crate::output::Output;
use crate::pipeline;
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use record::Recorder;
use std::ffi::OsString;
use std::io::Cursor;
use whodenied_case::Origin;
use whodenied_case::capture::Start;
use whodenied_intake::Input;
use whodenied_sources::LiveHost;
use whodenied_sources::apparmor;
use whodenied_sources::capture::Domains;
use whodenied_sources::records::{Read, Records};
use whodenied_sources::trace::{Ending, Options, Status, Tracer, Until};
use whodenied_text::escape;

pub(crate) fn run(run: &Run, settings: &Settings, output: &mut Output) -> anyhow::Result<Exit> {
    if let Some(target) = run.of.target() {
        return super::clone::run(&target, run, settings, output);
    }
    let options = Options {
        forward_signals: true,
        timeout: run.timeout,
        // Under the accelerating filter nothing can be let go of.
        until: if run.fast { Until::All } else { Until::Command },
        accelerate: run.fast,
        // Path walkers ask it of every component, and it is refused only where another call is too,
        // or for the links of another's /proc/PID.
        let_by: vec!["readlink", "readlinkat"],
        successes: ["write", "writev"].into_iter().chain(Domains::CALLS).collect(),
        ..Options::default()
    };
    let records = Records::open();
    let revision = apparmor::revision();
    let (tracer, command) = match run.pid {
        Some(pid) => (Tracer::attach(pid, options), format!("process {pid}")),
        None => {
            let words: Vec<String> = run.command.iter().map(|w| w.to_string_lossy().into_owned()).collect();
            (Tracer::launch(&run.command, options), words.join(" "))
        }
    };
    let start = run.pid.is_none().then(|| start(&run.command)).flatten();
    let tracer = tracer.with_context(|| format!("can't follow {}", escape::line(&command)))?;
    let mut recorder = Recorder::new(start);
    recorder.followed(tracer.pid());
    let outcome = tracer.run(&mut recorder)?;
    let status = match outcome.ending {
        Ending::Ended(status) => Some(status),
        Ending::NotStarted(errno) => {
            output.remark(&format!("The command could not be executed: {errno}."));
            None
        }
        Ending::Detached => None,
    };
    if run.fast && !recorder.accelerated() {
        output
            .remark("--fast needs CAP_SYS_ADMIN and no seccomp filter around us: every call was stopped at.");
    }
    if outcome.timed_out {
        output.remark("The command took longer than --timeout and was ended.");
    }
    let well = status == Some(Status::Code(0)) && !outcome.timed_out;
    if recorder.accelerated() && !well {
        output.remark(
            "--fast did not look at read, readlink and calls like them: without it every call is looked at.",
        );
    }
    // Without a failure there is nothing that a record would tell more of.
    let records = if recorder.failed_any() { records.read(recorder.pids()) } else { Read::default() };
    let policy = apparmor::held(recorder.labels(), revision);
    let recorded = recorder.finish(status, outcome.timed_out, settings.terminal.all);
    for remark in &recorded.remarks {
        output.remark(remark);
    }
    if recorded.lines.is_empty() {
        if settings.format == Format::Terminal {
            output.print("No call of the command was denied.\n");
        } else {
            output.print(&pipeline::render(&whodenied_case::Case::default(), settings));
        }
        return Ok(ended(run, status, Exit::Fine));
    }
    let name = whodenied_postmortem::named(
        &recorded.captures,
        &whodenied_postmortem::Options::ours(whodenied_postmortem::Options::USUAL),
    );
    let mut inputs = vec![
        input(Origin::Trace { command: command.clone() }, recorded.lines),
        input(Origin::Captures, recorded.captures),
    ];
    if let Some(text) = policy.and_then(|policy| serde_json::to_string(&policy).ok()) {
        inputs.push(input(Origin::Policy, text));
    }
    if !recorded.printed.trim().is_empty() {
        inputs.push(input(Origin::Printed { command }, recorded.printed));
    }
    inputs.extend(name.map(|piece| input(piece.origin, piece.text)));
    if !records.text.is_empty() {
        inputs.push(input(Origin::Host { path: records.place }, records.text));
    }
    let host = whodenied_sources::read(&LiveHost);
    inputs.extend(host.facts.into_iter().map(|f| input(Origin::Host { path: f.path }, f.text)));
    let mut case = pipeline::explain(inputs);
    case.missing.extend(host.missing);
    case.missing.extend(records.missing);
    output.print(&pipeline::render(&case, settings));
    if let Some(path) = &run.save {
        super::explain::save(&case, path, settings.force)?;
        output.remark(&format!("Evidence saved: {}", path.display()));
    }
    pipeline::write_fix(&case, settings, output)?;
    let exit = Exit::of(&case);
    Ok(ended(run, status, exit))
}

fn input(origin: Origin, text: String) -> Input {
    Input { origin, reader: Box::new(Cursor::new(text.into_bytes())) }
}

/// How the command is started; nothing where an argument is not text.
fn start(command: &[OsString]) -> Option<Start> {
    let command = command.iter().map(|w| w.to_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
    whodenied_sources::capture::start(command)
}

/// The exit status: ours, or with `--propagate-exit` the command's own, as a shell gives it.
fn ended(run: &Run, status: Option<Status>, ours: Exit) -> Exit {
    match status {
        Some(Status::Code(code)) if run.propagate_exit => {
            Exit::Command(u8::try_from(code & 0xff).unwrap_or(1))
        }
        Some(Status::Signal { signal, .. }) if run.propagate_exit => {
            Exit::Command(u8::try_from(128 + (signal & 0x7f)).unwrap_or(255))
        }
        _ => ours,
    }
}

/// `10`, `10s`, `1.5m`, `2h`, `500ms` as a duration.
pub(crate) fn duration(text: &str) -> anyhow::Result<std::time::Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().context("no number")?;
    let seconds = match unit {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => bail!("the unit {unit} is not one of ms, s, m, h"),
    };
    std::time::Duration::try_from_secs_f64(seconds).context("too long")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn durations() {
        for (text, want) in [("10", 10_000), ("1.5m", 90_000), ("500ms", 500), ("2h", 7_200_000)] {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(want), "{text}");
        }
        for text in ["", "s", "10d", "-1", "1e400"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
