//! Raw evidence and where it came from.

use serde::{Deserialize, Serialize};
use whodenied_text::SourceId;

/// Where evidence came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Origin {
    /// Free text a person gave: standard input (`-`) or a named file.
    Paste {
        /// The file's name as given, `-` for standard input.
        name: String,
    },
    /// A file of a running host, read by us.
    Host {
        /// Its path.
        path: String,
    },
    /// The failed calls of a command that we traced, one a line as strace writes them.
    Trace {
        /// The command, words parted by blanks.
        command: String,
    },
    /// The captures that belong to a trace, see [`crate::capture`].
    Captures,
    /// AppArmor policy that the kernel held, see [`crate::policy`].
    Policy,
    /// What a traced command printed on its standard error.
    Printed {
        /// The command.
        command: String,
    },
    /// What a container engine or service manager says of one thing: its configuration and state.
    Engine {
        /// The question, as a person would type it: `docker inspect mealie-1`.
        asked: String,
    },
    /// What a program wrote: its container's log or its unit's journal. Nothing in it is a record of
    /// the kernel, whatever it looks like.
    Log {
        /// Whose: `the log of mealie-1`.
        name: String,
    },
    /// Records of the kernel.
    KernelLog {
        /// The log they stand in: `/dev/kmsg`, `/var/log/audit/audit.log`, `the journal`.
        log: String,
        /// True when they can only be of the thing that is explained, or show what the policy answers to
        /// it whoever caused them; otherwise another program that ran at the time may have.
        sure: bool,
    },
    /// What was put together about the thing that is explained, `key: value` lines that
    /// [`crate::workload`] describes.
    State {
        /// Of what.
        of: String,
    },
    /// Shipped inside whodenied.
    Embedded {
        /// The name shown for it.
        name: String,
    },
}

impl Origin {
    /// The name a report shows. Hostile text: escape before printing.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Paste { name } if name == "-" => "standard input",
            Self::Paste { name } | Self::Embedded { name } => name,
            Self::Host { path } => path,
            Self::Trace { .. } => "the trace",
            Self::Captures => "the captures",
            Self::Policy => "the loaded policy",
            Self::Printed { .. } => "its standard error",
            Self::Engine { asked } => asked,
            Self::Log { name } => name,
            Self::KernelLog { log, .. } => log,
            Self::State { of } => of,
        }
    }
}

/// One piece of raw evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its id: the index in `Case::evidence`.
    pub id: SourceId,
    /// Where it came from.
    pub origin: Origin,
    /// The text; bytes that are not UTF-8 stand as U+FFFD. Of inputs past the size limit only
    /// the lines that can matter are kept, see `omitted`.
    pub text: String,
    /// How many bytes of the input were left out because they can't matter or the limit was reached.
    #[serde(default)]
    pub omitted: u64,
    /// Lines of the text that stand for several like them: the offset of the line and how many it
    /// stands for, in the order of the text. Only where lines were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<(u32, u32)>,
}

impl Evidence {
    /// Evidence whose text is complete.
    #[must_use]
    pub fn new(id: SourceId, origin: Origin, text: String) -> Self {
        Self { id, origin, text, omitted: 0, repeated: Vec::new() }
    }
}
