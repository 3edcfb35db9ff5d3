//! The command line as a person or a script meets it: the built binary, a scrubbed environment.

mod demo;
mod exits;
mod files;
mod hostile;
mod inputs;
mod shown;
mod support;
mod usage;
