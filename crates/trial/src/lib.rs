//! The live world, acting: files written under a directory, with a way back; and [`clone`], containers
//! made to be tried and thrown away.
//!
//! Every file is written atomically (temporary file, fsync, rename), no symbolic link below the
//! directory is followed, nothing that differs is overwritten unless asked, and a journal written
//! before the first change lets [`undo`] take everything back, also after an interruption.

pub mod clone;
mod error;
mod journal;
mod tree;
mod undo;
mod write;

pub use error::TrialError;
pub use journal::JOURNAL;
pub use undo::{Undone, undo};
pub use write::{Done, NewFile, Outcome, save, write};

#[cfg(test)]
mod tests;
