//! Following a command, all its threads and all that comes of it, with ptrace.
//!
//! The observer is told of a failed call while its thread is still stopped in it, so that what the
//! kernel decided by can be read as it was. Nothing is altered: no filter, no `no_new_privs`,
//! signals and job control as without us. What tracing itself changes is told: a set-user-ID file
//! that gives nothing ([`Event::PrivilegeLost`]) and a program that wanted to trace
//! ([`Event::TracedByUs`]).
//!
//! With CAP_SYS_ADMIN, and only when asked to ([`Options::accelerate`]), a filter lets calls by that
//! are hardly ever refused.
//!
//! Cost: two stops per call, at the first of which nothing is asked and at the second one request;
//! memory is read only for calls the observer wants. Kept per thread: three words and its entry.
//!
//! This module holds the tracer's `unsafe` code, in `sys`, `fork` and `signals`.

mod accelerate;
mod calls;
mod decode;
mod end;
mod event;
mod filter;
mod fork;
mod options;
mod outcome;
mod privilege;
mod queue;
mod signals;
mod sys;
mod threads;
mod tracee;
mod tracer;

pub use decode::{DecodedCall, Object, PathObject, decode};
pub use event::{
    Call, Ending, Event, Exec, FilterInstalled, Flow, Instruction, Observer, PrivilegeLost, Status,
};
pub use options::{Errnos, Options, Until};
pub use outcome::{Outcome, TraceError};
pub use signals::{Interrupt, die_of};
pub use sys::{SignalInfo, Tid};
pub use tracee::Tracee;
pub use tracer::Tracer;
