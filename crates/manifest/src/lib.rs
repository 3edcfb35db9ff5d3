//! Views with spans on compose files, docker command lines, Kubernetes manifests, systemd units,
//! quadlets, LXC configuration, Dockerfiles, inspect output and CI workflows; and edits of compose
//! files that are verified before they are offered.
//!
//! Readers take undressed lines that may be damaged (fragments, lost indentation, foreign lines in
//! between) and never fail: they return the settings they are sure of.
//!
//! Deliberately absent: what a setting means for a denial (`judge`).

pub mod ci;
pub mod compose;
pub mod daemon;
pub mod dockerfile;
pub mod inspect;
pub mod knob;
pub mod kubernetes;
pub mod line;
pub mod loose;
pub mod lxc;
pub mod policy;
pub mod quadlet;
pub mod runline;
pub mod shell;
pub mod unit;
pub mod value;
pub mod yaml;

pub use knob::{CapSpec, Found, Knob, Surface};
pub use line::Line;

/// Every setting that any reader finds in `lines`, in the order of the lines. What two readers see
/// in the same bytes is given once.
#[must_use]
pub fn read(lines: &[Line<'_>]) -> Vec<Found> {
    let leaves = yaml::leaves(lines);
    let mut found = Vec::new();
    compose::view::read(&leaves, &mut found);
    kubernetes::read(&leaves, &mut found);
    inspect::read(&leaves, &mut found);
    ci::read(&leaves, &mut found);
    policy::read(&leaves, &mut found);
    daemon::read(&leaves, &mut found);
    runline::read(lines, &mut found);
    dockerfile::read(lines, &mut found);
    unit::read(lines, &mut found);
    quadlet::read(lines, &mut found);
    lxc::read(lines, &mut found);
    loose::read(lines, &mut found);
    found.sort_by_key(|f| (f.line, f.range.start));
    found.dedup_by(|b, a| a.line == b.line && a.range == b.range && a.knob == b.knob);
    found
}
