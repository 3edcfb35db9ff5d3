//! Fixes: edits and commands, each with its machine, risk, widening and way back.

use serde::{Deserialize, Serialize};

/// The machine a remedy is done on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Where {
    /// The machine whose kernel refused.
    Host,
    /// In the container's configuration (compose, run line, manifest).
    Container,
    /// In the image.
    Image,
    /// The LXC or virtual machine guest that runs the engine.
    Guest,
    /// The outer host of an LXC guest (Proxmox, Incus).
    OuterHost,
    /// The server of a network file system.
    Server,
    /// Where the client command is typed.
    Client,
    /// In the program's own settings.
    Program,
}

impl Where {
    /// The published id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Container => "container",
            Self::Image => "image",
            Self::Guest => "guest",
            Self::OuterHost => "outer-host",
            Self::Server => "server",
            Self::Client => "client",
            Self::Program => "program",
        }
    }
}

/// What the fix puts at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Opens this one thing.
    Low,
    /// Opens more than this one thing, or touches other programs.
    Medium,
    /// Opens a class of rights.
    High,
}

impl Risk {
    /// `low`, `medium` or `high`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A file to write or a snippet to put into one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEdit {
    /// The file, or what kind of file where its path isn't known (`compose.yaml`).
    pub file: String,
    /// The format for a reader: `apparmor`, `yaml`, `json`, `ini`, `text`.
    pub format: String,
    /// True when `text` is the whole file, false when it is the part to add.
    pub whole: bool,
    /// The text.
    pub text: String,
    /// For which surface the snippet is spelled: `compose`, `docker`, `kubernetes`, `quadlet`,
    /// `systemd`, `lxc`, or "" when it is not bound to one.
    #[serde(default)]
    pub spelling: String,
}

/// One fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// One line, imperative.
    pub summary: String,
    /// Where it is done.
    pub on: Where,
    /// Its risk.
    pub risk: Risk,
    /// What it newly allows, one sentence.
    pub widens: String,
    /// Files and snippets.
    pub edits: Vec<FileEdit>,
    /// Commands in order.
    pub commands: Vec<String>,
    /// The way back, in order.
    pub undo: Vec<String>,
}
