//! Prints every failed call of a command: `trace [-q] [--portable] [--fast] [-t SECONDS] (-p PID | CMD [ARG…])`.
//!
//! A harness for measuring and for trying things out; exits as the command did.

#![allow(clippy::print_stderr, clippy::exit, reason = "a program of its own")]

use std::ffi::OsString;
use std::time::Duration;
use whodenied_sources::trace::{
    Ending, Event, Flow, Observer, Options, Status, Tracer, Until, decode, die_of,
};

struct Printer {
    quiet: bool,
}

impl Observer for Printer {
    fn wants_signal(&mut self, _signal: i32) -> bool {
        !self.quiet
    }

    fn event(&mut self, event: Event) -> Flow {
        if self.quiet {
            return Flow::Continue;
        }
        match event {
            Event::Failed(call) => {
                let decoded = decode(&call);
                eprintln!(
                    "{}/{} {decoded} = {}{} [{}]",
                    call.pid,
                    call.tid,
                    call.errno().map_or_else(String::new, |e| e.to_string()),
                    if call.launching { " (launching)" } else { "" },
                    decoded
                        .object
                        .iter()
                        .chain(&decoded.second)
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(" → "),
                );
            }
            other => eprintln!("{other:?}"),
        }
        Flow::Continue
    }
}

fn main() {
    let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut options = Options { forward_signals: true, ..Options::default() };
    let mut quiet = false;
    let mut pid = None;
    while let Some(first) = args.first().and_then(|a| a.to_str()).filter(|a| a.starts_with('-')) {
        let takes = matches!(first, "-p" | "-t");
        match first {
            "-q" => quiet = true,
            "--fast" => options.accelerate = true,
            "--portable" => options.portable = true,
            "--until-command" => options.until = Until::Command,
            "-p" => pid = args.get(1).and_then(|a| a.to_str()?.parse().ok()),
            "-t" => {
                options.timeout =
                    args.get(1).and_then(|a| a.to_str()?.parse().ok()).map(Duration::from_secs_f64);
            }
            _ => std::process::exit(64),
        }
        args.drain(..if takes { 2 } else { 1 });
    }
    let tracer = match pid {
        Some(pid) => Tracer::attach(pid, options),
        None => Tracer::launch(&args, options),
    };
    let outcome = tracer.and_then(|tracer| tracer.run(&mut Printer { quiet }));
    let code = match outcome {
        Ok(outcome) => {
            if !quiet {
                eprintln!("{outcome:?}");
            }
            match outcome.ending {
                Ending::Ended(Status::Code(code)) => code,
                Ending::Ended(Status::Signal { signal, .. }) => {
                    die_of(signal);
                    128 + signal
                }
                Ending::NotStarted(errno) => 126 + i32::from(errno.0 == 2),
                Ending::Detached => 0,
            }
        }
        Err(error) => {
            eprintln!("{error}");
            3
        }
    };
    std::process::exit(code);
}
