//! `whodenied profile …`: AppArmor policy.

mod check;
mod files;
mod fmt;
mod loaded;
mod parse;
mod source;

use crate::exit::Exit;
use crate::output::Output;
use crate::settings::Settings;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Exit status of all of them: 0 all is well, it may, nothing differs; 1 something is wrong, it may not, something
/// differs; 3 whodenied failed.
#[derive(Debug, Subcommand)]
pub(crate) enum Profile {
    /// Read policy as the reference parser would: does it compile
    Parse(Parse),
    /// Find what is accepted and does not mean what it says (docs/lints.md)
    Check(Check),
    /// Lay policy out evenly; comments and meaning stay
    Fmt(Fmt),
    /// Show what a loaded or compiled profile mediates, allows and denies, class by class
    Show(loaded::Show),
    /// Show what a second loaded or compiled profile allows that a first does not, and the other way round
    Diff(loaded::Diff),
    /// Ask whether a loaded or compiled profile allows something
    #[command(after_help = whodenied_apparmor::evaluate::FORMS)]
    Can(loaded::Can),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) input: Input,
    /// A name under which something refers to a profile; names in YAML and units among the files count too
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Vec<String>,
    /// For a reader, one line of JSON a file, or SARIF 2.1.0
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    Text,
    Json,
    Sarif,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Fmt {
    /// Files to lay out, to standard output; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write the files instead, and name those that changed
    #[arg(long, conflicts_with = "check")]
    pub(crate) write: bool,
    /// Only name the files that would change, and exit with 1 if there are any
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Parse {
    #[command(flatten)]
    pub(crate) input: Input,
    /// For a reader, or one line of JSON a file
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// What is read and where it looks.
#[derive(Debug, ClapArgs)]
pub(crate) struct Input {
    /// Files to read; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) lookup: Lookup,
}

/// Where includes are looked for, and what policy is read for.
#[derive(Debug, ClapArgs)]
pub(crate) struct Lookup {
    /// Where `<…>` of includes and abi is looked for
    #[arg(short = 'b', long = "base", value_name = "DIR", default_value = "/etc/apparmor.d")]
    pub(crate) base: String,
    /// Further directories for `<…>`
    #[arg(short = 'I', long = "Include", value_name = "DIR")]
    pub(crate) include: Vec<String>,
    /// The kernel's features, and those the policy is written for where it has no abi rule
    #[arg(short = 'M', long = "features-file", value_name = "FEATURES")]
    pub(crate) features: Option<PathBuf>,
    /// The features a policy without abi rule is written for
    #[arg(long, value_name = "FEATURES")]
    pub(crate) policy_features: Option<PathBuf>,
    /// The kernel's features [default: this machine's]
    #[arg(long, value_name = "FEATURES")]
    pub(crate) kernel_features: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

pub(crate) fn run(profile: &Profile, settings: &Settings, output: &mut Output) -> anyhow::Result<Exit> {
    match profile {
        Profile::Parse(parse) => parse::run(parse, output),
        Profile::Check(check) => check::run(check, output),
        Profile::Fmt(fmt) => fmt::run(fmt, output),
        Profile::Show(show) => loaded::run_show(show, settings, output),
        Profile::Diff(diff) => loaded::run_diff(diff, settings, output),
        Profile::Can(can) => loaded::run_can(can, output),
    }
}
