//! What a container or unit that has died left behind, gathered as evidence that takes the same way as a
//! paste; and, for failures that its log tells of, captures put together from configuration and state.
//!
//! Nothing is started and nothing is changed. What can't be read is said and costs only itself. Of an
//! engine on another machine only its own answers are evidence: this machine's state would be the wrong
//! one's.
//!
//! Deliberately absent: any judgement. A capture says how certain its state is (`Afterwards::unless`), and
//! the judges decide what follows.

mod captures;
mod compose;
mod dead;
mod engines;
mod inspect;
mod kernel;
mod layout;
mod machine;
mod oci;
mod records;
mod state;
mod tail;
mod time;
mod unit;
mod user;

use dead::Dead;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use whodenied_case::{Case, Origin};
use whodenied_engine::{Limits, Surroundings};
use whodenied_sources::apparmor::held_of;

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A container by name or id.
    Container(String),
    /// A service of a compose file; the file is looked for where none is given.
    Compose(Option<PathBuf>, String),
    /// A systemd unit.
    Unit(String),
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where it is from.
    pub origin: Origin,
    /// Its text.
    pub text: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The evidence.
    pub pieces: Vec<Piece>,
    /// What could not be read, one sentence each.
    pub missing: Vec<String>,
    /// True when the thing that was asked about was found.
    pub found: bool,
    dead: Option<Dead>,
}

impl Gathered {
    fn add(&mut self, origin: Origin, text: String) {
        if !text.trim().is_empty() {
            self.pieces.push(Piece { origin, text });
        }
    }
}

/// What the gathering may take.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where engines are looked for.
    pub around: Surroundings,
    /// What one exchange with an engine may take.
    pub limits: Limits,
    /// When everything has to be there.
    pub deadline: Instant,
    /// Where the kernel's logs and the package managers' lie: `/`, another only in tests.
    pub root: PathBuf,
}

impl Options {
    /// This machine, within `total`.
    #[must_use]
    pub fn ours(total: Duration) -> Self {
        Self {
            around: Surroundings::ours(),
            limits: Limits::default(),
            deadline: Instant::now() + total,
            root: PathBuf::from("/"),
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// Gathers what is left of `target`.
#[must_use]
pub fn gather(target: &Target, options: &Options) -> Gathered {
    let mut gathered = match target {
        Target::Container(name) => engines::container(name, None, options),
        Target::Compose(file, service) => compose::service(file.as_deref(), service, options),
        Target::Unit(name) => unit::gather(name, options),
    };
    policy(&mut gathered, options);
    gathered
}

/// What the kernel holds of the container's profile.
fn policy(gathered: &mut Gathered, options: &Options) {
    let Some(dead) = &gathered.dead else { return };
    let Some(mut policy) = held_of(&options.root, &dead.label, dead.started) else { return };
    gathered.missing.append(&mut policy.missing);
    if let Ok(text) = serde_json::to_string(&policy) {
        gathered.add(Origin::Policy, text);
    }
}

/// Captures of the failures that the log told of, as a piece of evidence; `None` where the state that
/// decides can't be put together for any of them.
#[must_use]
pub fn captures(gathered: &Gathered, case: &Case) -> Option<Piece> {
    let text = captures::of(gathered.dead.as_ref()?, case);
    (!text.is_empty()).then_some(Piece { origin: Origin::Captures, text })
}

/// Flags of open(2): a pipe is not waited for, and with `link` a link not followed.
fn flags(link: bool) -> i32 {
    use rustix::fs::OFlags;
    let flags = if link { OFlags::NONBLOCK | OFlags::NOFOLLOW } else { OFlags::NONBLOCK };
    i32::try_from(flags.bits()).unwrap_or(0)
}
