//! Ending a trace: letting go of everything, or killing it.

use super::event::{Ending, Status};
use super::sys;
use super::sys::Tid;
use super::tracer::Tracer;
use std::collections::BTreeSet;
use std::io;

impl Tracer {
    /// Asks every process to end, also those that are stopped.
    pub(super) fn ask_to_end(&self) {
        let pids: BTreeSet<Tid> = self.threads.values().map(|t| t.pid).collect();
        for pid in pids {
            let _ = sys::kill(pid, libc::SIGTERM);
            let _ = sys::kill(pid, libc::SIGCONT);
        }
    }

    /// Lets go of everything.
    pub(super) fn detach_all(&mut self) {
        // Those that stand in a stop already would not stop again.
        for (tid, _) in self.later.take() {
            let _ = sys::detach(tid, 0);
            self.threads.remove(&tid);
        }
        for tid in self.threads.keys() {
            let _ = sys::interrupt(*tid);
        }
        while !self.threads.is_empty() {
            let (tid, status) = match sys::wait(-1, false) {
                Ok(Some(found)) => found,
                Err(error) if error.raw_os_error() == Some(libc::EINTR) => continue,
                _ => break,
            };
            if status & 0xff != 0x7f {
                self.threads.remove(&tid);
                continue;
            }
            let event = status >> 16;
            if matches!(event, sys::EVENT_FORK | sys::EVENT_VFORK | sys::EVENT_CLONE)
                && let Ok(child) = sys::event_message(tid)
                && let Ok(child) = Tid::try_from(child)
                && !self.threads.contains_key(&child)
            {
                self.add(child, child);
            }
            let signal = (status >> 8) & 0xff;
            let plain = event == 0 && signal != libc::SIGTRAP | 0x80;
            let _ = sys::detach(tid, if plain { signal } else { 0 });
            self.threads.remove(&tid);
        }
    }

    /// Kills everything and waits for its end.
    pub(super) fn kill_all(&mut self) {
        for thread in self.threads.values() {
            let _ = sys::kill(thread.pid, libc::SIGKILL);
        }
        while let Ok(Some((tid, status))) = self.wait_on() {
            if status & 0xff == 0x7f {
                let _ = sys::kill(tid, libc::SIGKILL);
                let _ = sys::resume(tid, 0);
                continue;
            }
            self.threads.remove(&tid);
            if tid == self.main && self.ending.is_none() {
                let signal = status & 0x7f;
                self.ending = Some(Ending::Ended(if signal == 0 {
                    Status::Code((status >> 8) & 0xff)
                } else {
                    Status::Signal { signal, core: status & 0x80 != 0 }
                }));
            }
        }
    }

    pub(super) fn wait_on(&self) -> io::Result<Option<(Tid, i32)>> {
        loop {
            match sys::wait(-1, false) {
                Err(error) if error.raw_os_error() == Some(libc::EINTR) => {}
                other => return other,
            }
        }
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        if self.threads.is_empty() {
            return;
        }
        if self.launched {
            self.kill_all();
        } else {
            self.detach_all();
        }
    }
}
