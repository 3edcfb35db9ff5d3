//! AppArmor policy that was in force, as it was read from the kernel: evidence beside captures.
//!
//! One line of JSON in a saved case. Hostile as any evidence: a load is only bytes until it is decoded.

use serde::{Deserialize, Serialize};

/// The schema of such a line.
pub const SCHEMA: &str = "whodenied-policy/1";

/// So many profiles are kept.
pub const MOST_PROFILES: usize = 16;
/// A load of more bytes is not kept.
pub const MOST_BYTES: usize = 4 << 20;
/// A line longer than this is neither written nor read.
pub const MOST_TEXT: usize = 900 << 10;

/// What a kernel held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// [`SCHEMA`].
    pub schema: String,
    /// The kernel, as `uname -r` says it.
    pub release: String,
    /// What it can mediate: its feature tree in the reference parser's text. "" where it could not be read.
    pub features: String,
    /// The module's parameter `mode`, which overrides the mode of every profile but for `enforce`.
    #[serde(default)]
    pub mode: String,
    /// The module's parameter `audit`: `normal`, or what is recorded instead.
    #[serde(default)]
    pub audit: String,
    /// The label that everything explained ran under, as its engine says it; "" where captures tell it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// True when nothing was loaded or removed between the beginning of what is explained and this reading; of
    /// a container, when its profiles were loaded before it was started.
    #[serde(default)]
    pub steady: bool,
    /// The profiles that were asked for.
    #[serde(default)]
    pub profiles: Vec<Held>,
    /// What was loaded: DEFLATE, base64. Profiles name one by its place.
    #[serde(default)]
    pub loads: Vec<String>,
    /// What could not be read, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The namespace as labels name it, "" for the reader's own.
    #[serde(default)]
    pub namespace: String,
    /// Its name; hostile text.
    pub name: String,
    /// Its mode as the kernel says it.
    pub mode: String,
    /// The kernel's hash of it, with the algorithm: `sha256:…`. "" where it has none.
    #[serde(default)]
    pub hash: String,
    /// When it was loaded, in nanoseconds since 1970.
    #[serde(default)]
    pub loaded: Option<i64>,
    /// Which of the loads holds it; `None` where that could not be read.
    #[serde(default)]
    pub load: Option<usize>,
}
