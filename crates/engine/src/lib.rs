//! What a container engine says of a container: the part of the Docker Engine API that a post-mortem
//! needs, over the engine's Unix socket or through its command line client. [`Api`] only reads; what makes
//! and removes containers is [`Control`], which only a trial has.
//!
//! Whatever answers at the other end is hostile: it may be silent, slow, endless or something else
//! entirely. So every exchange has one deadline and every answer a size, and an answer past either is an
//! error, not a wait. What comes back is the engine's own text, which becomes evidence as it stands.
//!
//! Deliberately absent: everything that changes a container which is there already, TLS and TCP. Of an
//! engine on another machine the local state is the wrong one, see [`Endpoint::Elsewhere`].

mod api;
mod client;
mod control;
mod find;
mod http;
mod logs;
mod socket;

pub use api::{Api, Flavour, History, Listed, MOST_LISTED};
pub use client::{Output, command};
pub use control::Control;
pub use find::{Endpoint, Found, Surroundings, endpoints};
pub use http::Answer;
pub use logs::undress;

use std::time::Duration;

/// What one exchange with an engine may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection is accepted.
    pub connect: Duration,
    /// From the connection to the last byte of the answer.
    pub total: Duration,
    /// Bytes of an answer's body.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_millis(300), total: Duration::from_millis(1200), body: 4 << 20 }
    }
}

/// Why an engine gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing listens there.
    #[error("there is no socket {0}")]
    Absent(String),
    /// The socket's mode does not let us connect.
    #[error("connecting to {0} is not permitted: run as a user who may, as root or in its group")]
    Denied(String),
    /// It did not accept or answer in time.
    #[error("{0} did not answer within {1} ms")]
    Late(String, u128),
    /// The answer is longer than it may be.
    #[error("the answer is longer than {0} bytes")]
    Large(usize),
    /// It is not HTTP, or not JSON where JSON was asked for.
    #[error("the answer is not what an engine sends: {0}")]
    Garbled(&'static str),
    /// An HTTP status that is no success, with the engine's message.
    #[error("the engine says {0}: {1}")]
    Status(u16, String),
    /// Anything else, in the system's words.
    #[error("{0}")]
    Io(String),
}

impl Error {
    /// True for the engine's own answer that it knows no such thing.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Status(404, _))
    }
}
