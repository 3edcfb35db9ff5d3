//! The kernel's own records of what happened while a command was followed.
//!
//! Three places may be open to us: the multicast group of the audit subsystem (CAP_AUDIT_READ), the
//! kernel's log (CAP_SYSLOG where `kernel.dmesg_restrict` is set) and the journal (its groups). The
//! first that is open is read; where none is, the report names it. Kept is what speaks of a process
//! that was followed. Sources: `kernel/audit.c` (AUDIT_NLGRP_READLOG), netlink(7), `kernel/printk/printk.c`
//! and `Documentation/ABI/testing/dev-kmsg`, systemd-journalctl(1).

#![allow(unsafe_code, reason = "netlink sockets have no safe form in the standard library")]

mod audit;
mod journal;
mod kmsg;

use std::collections::HashSet;

/// So many records are kept at most.
const MOST: usize = 1024;

/// Records are read from here on.
#[derive(Debug)]
pub struct Records {
    source: Source,
    closed: Vec<String>,
}

#[derive(Debug)]
enum Source {
    Audit(audit::Socket),
    Kmsg(kmsg::Log),
    Journal(journal::Since),
    None,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// Where from, as a report shows it.
    pub place: String,
    /// Records, one a line.
    pub text: String,
    /// What could not be read, one sentence.
    pub missing: Option<String>,
}

impl Records {
    /// Opens what is open to us, before the command is started.
    #[must_use]
    pub fn open() -> Self {
        let mut closed = Vec::new();
        let source = match audit::Socket::open() {
            Ok(socket) => Source::Audit(socket),
            Err(error) => {
                closed.push(format!("audit multicast (CAP_AUDIT_READ): {}", said(&error)));
                match kmsg::Log::open() {
                    Ok(log) => Source::Kmsg(log),
                    Err(error) => {
                        closed.push(format!("/dev/kmsg: {}", said(&error)));
                        journal::Since::now().map_or_else(
                            |why| {
                                closed.push(format!("journal: {why}"));
                                Source::None
                            },
                            Source::Journal,
                        )
                    }
                }
            }
        };
        Self { source, closed }
    }

    /// Reads what has come since, of the processes `pids` (ids of the first pid namespace).
    #[must_use]
    pub fn read(self, pids: &HashSet<i32>) -> Read {
        let (place, lines, lost) = match self.source {
            Source::Audit(socket) => {
                let (lines, lost) = socket.read();
                ("the audit records", lines, lost)
            }
            Source::Kmsg(log) => {
                let (lines, lost) = log.read();
                ("/dev/kmsg", lines, lost)
            }
            Source::Journal(since) => match since.read() {
                Ok(lines) => ("the journal", lines, false),
                Err(why) => {
                    let mut closed = self.closed;
                    closed.push(format!("journal: {why}"));
                    return Read { missing: Some(sentence(&closed)), ..Read::default() };
                }
            },
            Source::None => return Read { missing: Some(sentence(&self.closed)), ..Read::default() },
        };
        let mut text = String::new();
        for line in lines.iter().filter(|l| about(l, pids)).take(MOST) {
            text.extend(line.chars().map(|c| if c.is_control() { ' ' } else { c }));
            text.push('\n');
        }
        let missing = lost.then(|| format!("Some of {place} were lost: more came than could be read."));
        Read { place: place.to_owned(), text, missing }
    }
}

fn said(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or("").to_lowercase()
}

fn sentence(closed: &[String]) -> String {
    format!("The kernel's records could not be read beside the trace ({}).", closed.join("; "))
}

/// Whether a record is of one of these processes: `pid=` as a word of its own.
fn about(line: &str, pids: &HashSet<i32>) -> bool {
    let mut words = line.split([' ', '\'', '"']);
    words.any(|w| w.strip_prefix("pid=").and_then(|p| p.parse().ok()).is_some_and(|p| pids.contains(&p)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_apart_by_the_process() {
        let pids = HashSet::from([42]);
        assert!(about("type=1326 audit(1.0:2): auid=0 pid=42 comm=\"x\"", &pids));
        assert!(!about("type=1326 audit(1.0:2): auid=0 pid=421 ppid=42 comm=\"x\"", &pids));
        assert!(!about("nothing", &pids));
    }
}
