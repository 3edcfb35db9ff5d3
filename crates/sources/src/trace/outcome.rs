//! How a trace ends, or why there is none.

use super::event::Ending;
use super::sys::Tid;
use std::io;

/// Why a trace could not begin, or go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum TraceError {
    /// No child process could be made.
    Fork(io::Error),
    /// The process can't be traced: EPERM is another tracer, other credentials, a process that is
    /// not dumpable, or Yama.
    Seize(Tid, io::Error),
    /// There is no such process.
    NoProcess(Tid),
    /// Waiting failed.
    Wait(io::Error),
}

impl std::fmt::Display for TraceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fork(error) => write!(f, "can't start a process: {error}"),
            Self::Seize(pid, error) => write!(f, "can't trace process {pid}: {error}"),
            Self::NoProcess(pid) => write!(f, "there is no process {pid}"),
            Self::Wait(error) => write!(f, "can't wait for the traced processes: {error}"),
        }
    }
}

impl std::error::Error for TraceError {}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The end of the command.
    pub ending: Ending,
    /// It took longer than [`Options::timeout`].
    pub timed_out: bool,
    /// System calls seen.
    pub calls: u64,
    /// The most threads at one time.
    pub threads: usize,
}
