//! What a container or unit that has died left behind, gathered as evidence that takes the same way as a
//! paste; and, for failures that its log tells of, captures put together from configuration and state.
//!
//! Nothing is started and nothing is changed. What can't be read is said and costs only itself. Of an
//! engine on another machine only its own answers are evidence: this machine's state would be the wrong
//! one's.
//!
//! Deliberately absent: any judgement. A capture says how certain its state is (`Afterwards::unless`), and
//! the judges decide what follows.

mod alike;
mod captures;
mod compose;
mod dead;
mod engines;
mod filter;
mod inspect;
mod kernel;
mod layout;
mod machine;
mod named;
mod oci;
mod records;
mod state;
mod tail;
mod time;
mod unit;
mod user;

pub use named::named;

use dead::Dead;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use whodenied_case::{Case, Evidence, Origin};
use whodenied_engine::{Limits, Surroundings};
use whodenied_sources::apparmor::held_of;
use whodenied_text::SourceId;

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
    /// When the policy of the container's label was loaded anew in its time, nanoseconds since 1970.
    reloads: Vec<i128>,
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
    /// By how much slower than usual this machine may be: the parts' own limits are multiplied by it.
    pub patience: u32,
    /// Where the kernel's logs and the package managers' lie: `/`, another only in tests.
    pub root: PathBuf,
}

impl Options {
    /// This machine, within `total`. More time than [`Options::USUAL`] gives every part more.
    #[must_use]
    pub fn ours(total: Duration) -> Self {
        let usual = Limits::default();
        let patience =
            u32::try_from(total.as_millis().div_ceil(Self::USUAL.as_millis()).clamp(1, 1000)).unwrap_or(1);
        Self {
            around: Surroundings::ours(),
            limits: Limits { connect: usual.connect * patience, total: usual.total * patience, ..usual },
            deadline: Instant::now() + total,
            patience,
            root: PathBuf::from("/"),
        }
    }

    /// The time within which an answer is there unless more is asked for.
    pub const USUAL: Duration = Duration::from_millis(1600);

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

/// Adds to the evidence of a case what follows from the failures that its log tells of: captures of them, as
/// far as the state that decides can be put together, and records of the kernel that decide them. True when
/// anything was added, so that the evidence has to be understood anew.
#[must_use]
pub fn decide(gathered: &Gathered, case: &Case, evidence: &mut Vec<Evidence>) -> bool {
    let Some(dead) = gathered.dead.as_ref() else { return false };
    let promoted = alike::promote(dead, case, &gathered.reloads, evidence);
    let text = captures::of(dead, case);
    if text.is_empty() {
        return promoted;
    }
    evidence.push(Evidence::new(SourceId(0), Origin::Captures, text));
    true
}

/// Flags of open(2): a pipe is not waited for, and with `link` a link not followed.
fn flags(link: bool) -> i32 {
    use rustix::fs::OFlags;
    let flags = if link { OFlags::NONBLOCK | OFlags::NOFOLLOW } else { OFlags::NONBLOCK };
    i32::try_from(flags.bits()).unwrap_or(0)
}
