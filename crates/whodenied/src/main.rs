//! Which layer of Linux said no, why, and the smallest change that lets this one thing through.
//!
//! This crate is glue: the command line ([`args`]), what follows from it and from the
//! surroundings ([`settings`]), the pipeline ([`pipeline`]), one file a command, and the only
//! place that prints ([`output`]).

mod args;
mod command;
mod exit;
mod inputs;
mod output;
mod pipeline;
mod settings;

use args::Command;
use clap::Parser;
use exit::Exit;
use output::Output;
use std::io::IsTerminal;
use std::process::ExitCode;

fn main() -> ExitCode {
    match args::Args::try_parse() {
        Ok(args) => {
            let settings = settings::Settings::new(&args);
            let mut output = Output::new(settings.color);
            let exit = run(args, &settings, &mut output).unwrap_or_else(|error| {
                output.error(&format!("{error:#}"));
                Exit::Failed
            });
            output.finish(exit).into()
        }
        Err(error) => output::usage(&error).into(),
    }
}

fn run(args: args::Args, settings: &settings::Settings, output: &mut Output) -> anyhow::Result<Exit> {
    match args.command {
        Some(Command::Explain(explain)) => command::explain::run(
            &explain.files,
            explain.dead.target(),
            explain.dead.wait,
            &explain.options,
            settings,
            output,
        ),
        Some(Command::Collect(collect)) => command::collect::run(&collect, output),
        Some(Command::Run(run)) => command::run::run(&run, settings, output),
        Some(Command::Can(can)) => Ok(command::can::run(&can, settings, output)),
        Some(Command::Default(args::DefaultCommand::Show(show))) => {
            Ok(command::default::run(&show, settings, output))
        }
        Some(Command::Doctor(doctor)) => command::doctor::run(&doctor, settings, output),
        Some(Command::Demo(demo)) => command::demo::run(&demo, settings, output),
        Some(Command::Known(known)) => Ok(command::known::run(&known, settings, output)),
        Some(Command::Layers) => Ok(command::layers::run(settings, output)),
        Some(Command::Profile(profile)) => command::profile::run(&profile, settings, output),
        Some(Command::Fix(fix)) => command::clone::fix(&fix, settings, output),
        Some(Command::Probe) => {
            output.print(&command::clone::probes::run());
            Ok(Exit::Fine)
        }
        Some(Command::Hold { gate, command }) => {
            Ok(Exit::Command(command::clone::hold::run(&gate, &command)))
        }
        Some(Command::Undo(undo)) => command::undo::run(&undo, output),
        None if std::io::stdin().is_terminal() => {
            output.usage_hint();
            Ok(Exit::Usage)
        }
        None => command::explain::run(&[], None, None, &args.options, settings, output),
    }
}
