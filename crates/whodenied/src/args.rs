//! The command line, literally. What follows from it is decided in [`crate::settings`].

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  whodenied explain error.txt              explain what you would paste into a bug report
  journalctl -k --since=-10min | whodenied explain - error.txt compose.yaml
  docker logs app 2>&1 | whodenied         standard input, no command needed
  whodenied explain error.txt --write fix  write the files of the fix below fix/
  whodenied explain error.txt --format markdown > report.md
  whodenied demo                           see it at work on a recorded case

Exit status: 0 nothing was denied, 1 denied and explained, 2 denied and not decided,
3 whodenied failed, 64 the command line is wrong.";

/// Which layer of Linux said no, why, and the smallest change that lets this one thing through
#[derive(Debug, Parser)]
#[command(name = "whodenied", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// For `… | whodenied`, which explains standard input.
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Explain a denial from pasted text: errors, logs, kernel records, configuration
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Run a command and explain what it was refused
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Ask the layers whether a user or a process may do something, without trying it
    #[command(after_help = CAN_EXAMPLES)]
    Can(Can),
    /// Replay a recorded case: first the bare error, then with the kernel's record
    Demo(Demo),
    /// List the known breakages, or show one
    Known(Known),
    /// List the layers that can say no, with their ids
    Layers,
    /// Take back what --write wrote below a directory
    Undo(Undo),
}

const EXPLAIN_EXAMPLES: &str = "\
Give it everything you have, in any order: the error, the log, the kernel's records, the
compose file or unit, versions, and in your own words what you tried and what came of it.

Examples:
  whodenied explain error.txt docker-compose.yml
  dmesg | whodenied explain --here -       add the facts of this machine
  whodenied explain error.txt --all        every denial and every fix in full
  whodenied explain error.txt --save case.json && whodenied explain case.json";

const RUN_EXAMPLES: &str = "\
The command and all that comes of it are followed with ptrace; nothing about them is changed.
The report is printed when the command has ended.

Examples:
  whodenied run -- python3 server.py
  whodenied run --save case.json -- make install
  whodenied run --timeout 30s --propagate-exit -- ./start.sh
  sudo whodenied run --pid 4711";

const CAN_EXAMPLES: &str = "\
USER is a name, a uid, uid:gid, or pid:N for a running process with its own root and namespaces.
Names and groups are those of /etc/passwd and /etc/group.

Operations: read write append overwrite truncate create save execute list traverse stat readlink
delete rmdir mkdir mkfifo mknod symlink link rename chmod chown chgrp touch setfacl setxattr getxattr
removexattr chroot mount connect bind kill ptrace

Examples:
  whodenied can www-data read /srv/site/index.html
  whodenied can alice rename /srv/in/a /srv/out/a
  whodenied can 1000:1000 bind 80
  sudo whodenied can pid:4711 write /data/db
  sudo whodenied can --in 4711 33 execute /entrypoint.sh

Exit status: 0 allowed, or it fails for want of something else than a right; 1 denied; 2 not decided.";

/// What `can` takes.
#[derive(Debug, ClapArgs)]
pub(crate) struct Can {
    /// Who: a name, a uid, uid:gid, or pid:N
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// What, see below
    #[arg(value_name = "OP")]
    pub(crate) operation: String,
    /// Of what
    #[arg(value_name = "PATH", required = true)]
    pub(crate) arguments: Vec<std::ffi::OsString>,
    /// Ask in the root and the namespaces of this process
    #[arg(long = "in", value_name = "PID")]
    pub(crate) inside: Option<i32>,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

/// How what is no report of a denial is shown.
#[derive(Debug, ClapArgs)]
pub(crate) struct Plain {
    /// One screen, JSON, or Markdown
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub(crate) format: Format,
    /// Columns [default: those of the terminal, else 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=400))]
    pub(crate) width: Option<u16>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// The command and its arguments
    #[arg(value_name = "CMD", trailing_var_arg = true, allow_hyphen_values = true)]
    #[arg(required_unless_present = "pid", conflicts_with = "pid")]
    pub(crate) command: Vec<std::ffi::OsString>,
    /// Follow a running process with all its threads until it ends, or ^C
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<i32>,
    /// End the command after this time: 10s, 2m, 1h
    #[arg(long, value_name = "T", value_parser = crate::command::run::duration)]
    pub(crate) timeout: Option<std::time::Duration>,
    /// End with the command's own exit status
    #[arg(long)]
    pub(crate) propagate_exit: bool,
    /// With CAP_SYS_ADMIN: let calls that are hardly ever refused run without a stop, by a seccomp
    /// filter on the command. Much faster; the command can see that filter, refusals at reading an
    /// open file are not seen, and what the command leaves running is followed to its end too
    #[arg(long, conflicts_with = "pid")]
    pub(crate) fast: bool,
    /// Save the evidence as one file that `whodenied explain FILE` replays on any machine
    #[arg(long, value_name = "CASE")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// Files to read, `-` or none for standard input; a case saved with --save is read as such
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What `explain` takes besides files.
#[derive(Debug, ClapArgs)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) shown: Shown,
    /// Add the facts of this machine (kernel, distribution, security modules) as evidence
    #[arg(long)]
    pub(crate) here: bool,
    /// Save the evidence, without what looks like a secret, for another run elsewhere
    #[arg(long, value_name = "CASE")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// Only the bare error (1) or only with the kernel's record (2)
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) step: Option<u8>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Known {
    /// The id of one issue
    pub(crate) id: Option<String>,
    /// Print the manual page in Markdown
    #[arg(long, requires = "id")]
    pub(crate) markdown: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Undo {
    /// The directory given to --write
    pub(crate) directory: PathBuf,
}

/// How a report is shown and kept.
#[derive(Debug, ClapArgs)]
pub(crate) struct Shown {
    /// One screen, JSON (schema whodenied/1), or Markdown for an issue report (redacted)
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub(crate) format: Format,
    /// Show every denial, every fix and every file in full
    #[arg(long)]
    pub(crate) all: bool,
    /// Columns of the report [default: those of the terminal, else 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=400))]
    pub(crate) width: Option<u16>,
    /// Write the files of the first fix below this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) write: Option<PathBuf>,
    /// With --write and --save: overwrite files that differ
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Terminal,
    Json,
    Markdown,
}
