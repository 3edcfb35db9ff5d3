//! `whodenied profile …`: AppArmor policy.

mod files;
mod parse;

use crate::exit::Exit;
use crate::output::Output;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Exit status of all of them: 0 all is well, 1 something is wrong, 3 whodenied failed.
#[derive(Debug, Subcommand)]
pub(crate) enum Profile {
    /// Read policy as the reference parser would: does it compile
    Parse(Parse),
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

pub(crate) fn run(profile: &Profile, output: &mut Output) -> anyhow::Result<Exit> {
    match profile {
        Profile::Parse(parse) => parse::run(parse, output),
    }
}
