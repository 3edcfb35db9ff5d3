//! Which stop is served next.
//!
//! The kernel tells of the youngest threads first. Where hundreds of threads wait, each with a time
//! limit, for the one that works (an interpreter's lock is such), their timeouts alone keep a tracer
//! busy and the one that works would never be served. So with many threads the return of a call that
//! ran out of time is served after everything else, though never put off for ever.

use super::sys::{self, Tid};
use super::tracer::Tracer;
use std::collections::VecDeque;
use std::io;

/// With fewer threads than this the kernel's order does.
const MANY: usize = 64;
/// So many other stops are served before one that was put off.
const OTHERS: u32 = 16;
/// With so many threads it costs more to ask for any of them, which the kernel looks through one by
/// one, than to ask a few times for those that run since a moment ago.
const VERY_MANY: usize = 256;
/// So many stops of theirs are served before any thread is asked for.
const IN_A_ROW: u32 = 16;
/// So often each is asked for.
const TRIES: usize = 12;

/// Stops that were put off.
#[derive(Debug, Default)]
pub(super) struct Later {
    stops: VecDeque<(Tid, i32)>,
    others: u32,
    /// Whom the last stops were of.
    recent: [Tid; 3],
    in_a_row: u32,
}

impl Later {
    /// The thread is gone, or another has taken over its id.
    pub(super) fn forget(&mut self, tid: Tid) {
        if !self.stops.is_empty() {
            self.stops.retain(|(other, _)| *other != tid);
        }
    }

    fn served(&mut self, tid: Tid) {
        if !self.recent.contains(&tid) {
            self.recent.rotate_right(1);
            self.recent[0] = tid;
        }
    }

    /// All of them, to be served no more.
    pub(super) fn take(&mut self) -> VecDeque<(Tid, i32)> {
        std::mem::take(&mut self.stops)
    }
}

impl Tracer {
    /// Waits for the next stop or end to serve, as [`sys::wait`] tells it.
    pub(super) fn next_stop(&mut self) -> io::Result<Option<(Tid, i32)>> {
        if self.threads.len() < MANY && self.later.stops.is_empty() {
            return sys::wait(-1, false);
        }
        loop {
            if self.later.others >= OTHERS
                && let Some(found) = self.put_off()
            {
                return Ok(Some(found));
            }
            let found = match self.recently_served() {
                Some(found) => Some(found),
                None => sys::wait(-1, true)?,
            };
            match found {
                Some((tid, status)) if self.may_wait(tid, status) => {
                    self.later.stops.push_back((tid, status));
                }
                Some(found) => {
                    self.later.others += 1;
                    self.later.served(found.0);
                    return Ok(Some(found));
                }
                None => {
                    // Asking for any has taken so long that one of those may stand now.
                    self.later.in_a_row = 0;
                    if let Some(found) = self.recently_served() {
                        self.later.others += 1;
                        return Ok(Some(found));
                    }
                    return match self.put_off() {
                        Some(found) => Ok(Some(found)),
                        None => sys::wait(-1, false),
                    };
                }
            }
        }
    }

    /// A stop of a thread that was served a moment ago.
    fn recently_served(&mut self) -> Option<(Tid, i32)> {
        if self.threads.len() < VERY_MANY || self.later.in_a_row >= IN_A_ROW {
            self.later.in_a_row = 0;
            return None;
        }
        self.later.in_a_row += 1;
        let recent = self.later.recent;
        (0..TRIES).flat_map(|_| recent).filter(|tid| *tid > 0).find_map(|tid| sys::wait(tid, true).ok()?)
    }

    fn put_off(&mut self) -> Option<(Tid, i32)> {
        self.later.others = 0;
        self.later.stops.pop_front()
    }

    /// Whether a stop is the return of a call whose time ran out: nothing waits for its thread.
    #[cfg(target_arch = "x86_64")]
    fn may_wait(&self, tid: Tid, status: i32) -> bool {
        let returned =
            status >> 8 == libc::SIGTRAP | 0x80 && self.threads.get(&tid).is_some_and(|t| t.in_call);
        returned && sys::Registers::read(tid).is_ok_and(|regs| regs.value() == -i64::from(libc::ETIMEDOUT))
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn may_wait(&self, _tid: Tid, _status: i32) -> bool {
        false
    }
}
