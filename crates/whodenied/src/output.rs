//! The only printing. What is handed in has been made safe by `report`, or is made so here.

use crate::exit::Exit;
use anstream::{AutoStream, ColorChoice};
use std::io::{ErrorKind, Write};
use whodenied_text::escape;

/// Standard output, and what became of it.
pub(crate) struct Output {
    out: AutoStream<std::io::Stdout>,
    closed: bool,
    failed: Option<std::io::Error>,
}

impl Output {
    pub(crate) fn new(color: ColorChoice) -> Self {
        Self { out: AutoStream::new(std::io::stdout(), color), closed: false, failed: None }
    }

    /// Prints a finished report.
    pub(crate) fn print(&mut self, text: &str) {
        if self.closed {
            return;
        }
        if let Err(error) = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            self.closed = true;
            // A reader that has seen enough (head, a pager) is no failure.
            if error.kind() != ErrorKind::BrokenPipe {
                self.failed = Some(error);
            }
        }
    }

    /// Prints an error on standard error, every line escaped.
    pub(crate) fn error(&mut self, text: &str) {
        let mut err = std::io::stderr();
        let _ = writeln!(err, "whodenied: {}", escape::line(text));
    }

    /// Prints a remark on standard error, which keeps reports on standard output clean.
    pub(crate) fn remark(&mut self, text: &str) {
        let mut err = std::io::stderr();
        let _ = writeln!(err, "{}", escape::block(text));
    }

    /// What is said when there is nothing to read.
    pub(crate) fn usage_hint(&mut self) {
        self.remark(
            "whodenied: nothing to explain: give a file, or pipe the error in\n\n  \
             whodenied explain error.txt\n  docker logs app 2>&1 | whodenied\n  whodenied demo\n\n\
             whodenied --help tells more",
        );
    }

    /// The status to end with: a reader that went away makes it 0, a full disk makes it 3.
    pub(crate) fn finish(mut self, exit: Exit) -> Exit {
        if let Some(error) = self.failed.take() {
            self.error(&format!("can't write: {error}"));
            return Exit::Failed;
        }
        if self.closed { Exit::Fine } else { exit }
    }
}

/// Prints what clap has to say: help and version on standard output, errors on standard error.
/// Errors quote the command line, which a shell's glob may have filled with hostile names.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        return match error.print() {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => Exit::Failed,
            _ => Exit::Fine,
        };
    }
    let text = error.render().to_string();
    let mut err = std::io::stderr();
    let _ = write!(err, "{}", escape::block(&text));
    Exit::Usage
}
