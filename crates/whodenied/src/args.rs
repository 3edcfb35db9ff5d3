//! The command line, literally. What follows from it is decided in [`crate::settings`].

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  whodenied explain --container mealie     why a container died: its log, configuration, state
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
    /// Explain a denial: of a container or unit that died, or from pasted text
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Write what is left of a container or unit as one redacted case file, to explain elsewhere
    #[command(after_help = COLLECT_EXAMPLES)]
    Collect(Collect),
    /// Run a command and explain what it was refused
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// From a container's name to a fix that was seen to work: tried on clones, nothing is changed
    #[command(after_help = FIX_EXAMPLES)]
    Fix(Fix),
    /// Ask the layers whether a user or a process may do something, without trying it
    #[command(after_help = CAN_EXAMPLES)]
    Can(Can),
    /// What every layer of this machine is set to, and what can be seen of it
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(Doctor),
    /// What a container engine gives a container by default, by version
    #[command(after_help = DEFAULT_EXAMPLES, subcommand)]
    Default(DefaultCommand),
    /// Replay a recorded case: first the bare error, then with the kernel's record
    Demo(Demo),
    /// List the known breakages, or show one
    Known(Known),
    /// List the layers that can say no, with their ids
    Layers,
    /// Read AppArmor policy: is it right, what does it mean
    #[command(subcommand)]
    Profile(crate::command::profile::Profile),
    /// Take back what --write wrote below a directory
    Undo(Undo),
    /// What is tried in a clone before and after a fix
    #[command(name = crate::command::clone::probes::NAME, hide = true)]
    Probe,
    /// What a clone runs until it is followed
    #[command(name = crate::command::clone::hold::NAME, hide = true)]
    Hold {
        /// Empty until it is followed
        gate: PathBuf,
        /// What it becomes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<std::ffi::OsString>,
    },
}

const EXPLAIN_EXAMPLES: &str = "\
Give it everything you have, in any order: the error, the log, the kernel's records, the
compose file or unit, versions, and in your own words what you tried and what came of it.

With --container, --compose or --unit nothing is run and nothing changed: the engine's answers,
the log, the kernel's records of its time, owners, mounts and history are read and judged alike.

Examples:
  whodenied explain --container mealie     by name or id; Docker or Podman
  whodenied explain --compose mealie       the service of the compose file here
  whodenied explain --compose /srv/compose.yaml mealie
  whodenied explain --unit nginx
  whodenied explain error.txt docker-compose.yml
  dmesg | whodenied explain --here -       add the facts of this machine
  whodenied explain error.txt --all        every denial and every fix in full
  whodenied explain error.txt --save case.json && whodenied explain case.json";

const COLLECT_EXAMPLES: &str = "\
Values of environment variables and what looks like a secret are masked; what was masked is listed.

Examples:
  whodenied collect --container mealie -o case.json
  whodenied explain case.json              the same answer, on any machine";

const RUN_EXAMPLES: &str = "\
The command and all that comes of it are followed with ptrace; nothing about them is changed.
The report is printed when the command has ended.

Examples:
  whodenied run -- python3 server.py
  whodenied run --save case.json -- make install
  whodenied run --timeout 30s --propagate-exit -- ./start.sh
  sudo whodenied run --pid 4711";

const FIX_EXAMPLES: &str = "\
A clone of the container is followed from its first instruction; then each fix is tried alone on
another clone: is the denied call let through, does the program get further, what is denied next?
Last, dangerous operations are tried before and after: they have to be refused as before.

A clone has the original's image, user, capabilities, filter and label. Its volumes are copies on
write, it has no network and no published port, and no door out of the container. It is removed.

Examples:
  sudo whodenied fix --container mealie
  sudo whodenied fix --compose /srv/compose.yaml mealie
  sudo whodenied fix --container mealie --format json

Exit status: 0 a fix was seen to work, or unchanged but made anew it does not fail; 1 denied, and no
fix was seen to work; 2 not decided; 3 whodenied failed.";

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

const DOCTOR_EXAMPLES: &str = "\
Examples:
  whodenied doctor
  whodenied doctor --format json > host.json && whodenied explain error.txt host.json
  whodenied doctor --format markdown          for an issue report
  sudo whodenied doctor                       what root sees";

/// What `doctor` takes.
#[derive(Debug, ClapArgs)]
pub(crate) struct Doctor {
    /// Save the facts as one file that `whodenied explain` reads beside an error
    #[arg(long, value_name = "CASE")]
    pub(crate) save: Option<PathBuf>,
    /// With --save: overwrite a file that differs
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

const DEFAULT_EXAMPLES: &str = "\
Engines: docker, containerd (nerdctl and CRI), podman, cri-o

Examples:
  whodenied default show docker@26.1
  whodenied default show podman@5.4 --seccomp";

/// `default`'s own commands.
#[derive(Debug, Subcommand)]
pub(crate) enum DefaultCommand {
    /// Show the defaults of ENGINE@VERSION, or the newest that is known without a version
    Show(DefaultShow),
}

/// What `default show` takes.
#[derive(Debug, ClapArgs)]
pub(crate) struct DefaultShow {
    /// docker@26.1, containerd@1.7, podman@5.4, cri-o@1.30
    #[arg(value_name = "ENGINE@VERSION")]
    pub(crate) engine: String,
    /// The AppArmor profile
    #[arg(long)]
    pub(crate) apparmor: bool,
    /// What the seccomp filter refuses on x86-64
    #[arg(long)]
    pub(crate) seccomp: bool,
    /// Capabilities of root in the container
    #[arg(long)]
    pub(crate) caps: bool,
    /// Masked and read-only paths
    #[arg(long)]
    pub(crate) paths: bool,
    /// Sysctls
    #[arg(long)]
    pub(crate) sysctls: bool,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

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
    #[arg(required_unless_present_any = ["pid", "container", "compose"], conflicts_with_all = ["pid", "container", "compose"])]
    pub(crate) command: Vec<std::ffi::OsString>,
    #[command(flatten)]
    pub(crate) of: Clones,
    /// Follow a running process with all its threads until it ends, or ^C
    #[arg(long, value_name = "PID", conflicts_with_all = ["container", "compose"])]
    pub(crate) pid: Option<i32>,
    /// End the command after this time: 10s, 2m, 1h
    #[arg(long, value_name = "T", value_parser = crate::command::run::duration)]
    pub(crate) timeout: Option<std::time::Duration>,
    /// End with the command's own exit status
    #[arg(long)]
    pub(crate) propagate_exit: bool,
    /// With CAP_SYS_ADMIN: let calls that are hardly ever refused run without a stop, by a seccomp
    /// filter on the command. Much faster; the command can see that filter, refusals at reading an
    /// open file or a link are not seen, and what the command leaves running is followed to its end too
    #[arg(long, conflicts_with = "pid")]
    pub(crate) fast: bool,
    /// Save the evidence as one file that `whodenied explain FILE` replays on any machine
    #[arg(long, value_name = "CASE")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// What `fix` takes.
#[derive(Debug, ClapArgs)]
pub(crate) struct Fix {
    #[command(flatten)]
    pub(crate) of: Clones,
    /// A clone may run for so long: 20s, 2m
    #[arg(long, value_name = "T", value_parser = crate::command::run::duration)]
    pub(crate) timeout: Option<std::time::Duration>,
    /// Write the files of the fixes that work below this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) write: Option<PathBuf>,
    /// With --write: overwrite files that differ
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

/// A container whose clone is followed.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct Clones {
    /// Follow a clone of this container (name or id) from its first instruction: the same image, user,
    /// capabilities, filter and label; its volumes are copies, and it has no network
    #[arg(long, value_name = "NAME")]
    pub(crate) container: Option<String>,
    /// Follow a clone of a compose file's service
    #[arg(long, value_names = ["FILE] [SERVICE"], num_args = 1..=2, conflicts_with = "container")]
    pub(crate) compose: Vec<String>,
    /// With a clone: give it the network of its original
    #[arg(long)]
    pub(crate) with_network: bool,
}

impl Clones {
    /// What was asked about.
    pub(crate) fn target(&self) -> Option<whodenied_postmortem::Target> {
        use whodenied_postmortem::Target;
        match (&self.container, self.compose.as_slice()) {
            (Some(name), _) => Some(Target::Container(name.clone())),
            (_, [service]) => Some(Target::Compose(None, service.clone())),
            (_, [file, service, ..]) => Some(Target::Compose(Some(file.into()), service.clone())),
            _ => None,
        }
    }
}

/// What left its traces on this machine.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct Dead {
    /// A container by name or id, of Docker, Podman or containerd
    #[arg(long, value_name = "NAME", conflicts_with_all = ["compose", "unit"])]
    pub(crate) container: Option<String>,
    /// A service of a compose file
    #[arg(long, value_names = ["FILE] [SERVICE"], num_args = 1..=2, conflicts_with = "unit")]
    pub(crate) compose: Vec<String>,
    /// A systemd unit
    #[arg(long, value_name = "NAME")]
    pub(crate) unit: Option<String>,
    /// With these: seconds that reading may take on a slow machine [default: 1.6]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) wait: Option<u16>,
}

impl Dead {
    /// What was asked about.
    pub(crate) fn target(&self) -> Option<whodenied_postmortem::Target> {
        use whodenied_postmortem::Target;
        match (&self.container, self.compose.as_slice(), &self.unit) {
            (Some(name), ..) => Some(Target::Container(name.clone())),
            (_, [service], _) => Some(Target::Compose(None, service.clone())),
            (_, [file, service, ..], _) => Some(Target::Compose(Some(file.into()), service.clone())),
            (.., Some(name)) => Some(Target::Unit(name.clone())),
            _ => None,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Collect {
    #[command(flatten)]
    pub(crate) dead: Dead,
    /// Files to take along, such as what the program printed where no log was kept
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The case file to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Keep every value as it is; asks first
    #[arg(long)]
    pub(crate) no_redact: bool,
    /// With --no-redact: do not ask
    #[arg(long, requires = "no_redact")]
    pub(crate) yes: bool,
    /// Overwrite a file that differs
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) dead: Dead,
    /// Files to read, `-` or none for standard input; a case saved with --save is read as such
    #[arg(value_name = "FILE")]
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
