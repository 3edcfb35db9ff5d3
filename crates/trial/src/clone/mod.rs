//! Clones: containers with the confinement of another, made to be tried and thrown away.
//!
//! A clone has the image, user, mounts, capabilities, filter and labels of its original, and nothing that
//! could do harm: its own name, no published port, no network unless asked for, no restart, volumes as
//! copies on write, and no door out of the container (see [`doors`]). It never has more than its original
//! but for the one change under trial.
//!
//! Everything made is written down before it is made ([`ledger`]), so that what a killed whodenied left is
//! removed by the next.
//!
//! Source: Docker Engine API v1.41, ContainerInspect and ContainerCreate.

mod change;
mod copies;
mod doors;
mod ledger;
mod mounts;
mod one;
mod spec;

pub use change::{Change, Unsuitable, applied, changes};
pub use doors::Withheld;
pub use ledger::{Cleared, clear};
pub use one::{Container, Ended, Instead, Wanted, Workshop};
pub use spec::{Original, Spec};

use whodenied_text::escape;

/// Why there is no clone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloneError {
    /// The engine refused or did not answer.
    #[error("{doing}: {}", escape::line(&error.to_string()))]
    Engine {
        /// What was being done.
        doing: &'static str,
        /// Its refusal.
        error: whodenied_engine::Error,
    },
    /// The original can't be cloned without harm, or tells too little.
    #[error("{}", escape::line(.0))]
    Unsuitable(String),
    /// The system refused.
    #[error("{}: {}", escape::line(.0), .1)]
    System(String, std::io::Error),
}

impl CloneError {
    fn engine(doing: &'static str) -> impl FnOnce(whodenied_engine::Error) -> Self {
        move |error| Self::Engine { doing, error }
    }

    fn system(path: &std::path::Path, error: impl Into<std::io::Error>) -> Self {
        Self::System(path.to_string_lossy().into_owned(), error.into())
    }
}
