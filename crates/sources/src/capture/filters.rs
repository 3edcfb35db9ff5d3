//! The seccomp filters of every thread, as they were seen being installed, and their answer to a call.

use crate::trace::{Call, FilterInstalled, Tid, Tracee};
use std::collections::HashMap;
use std::rc::Rc;
use whodenied_case::capture::FilterAnswer;
use whodenied_kernel::Errno;
use whodenied_kernel::syscall::SeccompAction;
use whodenied_seccomp::bpf::{Instruction, Program, SeccompData, run_all};

/// A thread has no more filters than this in any real program; the kernel bounds their total size.
const MOST: usize = 128;

/// Who installed a filter.
#[derive(Debug, Clone)]
struct Origin {
    installer: Rc<str>,
    /// Another program has been executed since.
    launched: bool,
}

/// The filters of a thread, in the order of installation.
#[derive(Debug, Clone, Default)]
struct List {
    programs: Vec<Program>,
    origins: Vec<Origin>,
}

/// Filters by thread. A new thread or process has those of its maker.
#[derive(Debug, Default)]
pub struct Filters {
    threads: HashMap<Tid, Rc<List>>,
    /// Filters of ours, which the kernel counts among those of the thread.
    ours: usize,
}

impl Filters {
    /// True when no filter was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.threads.is_empty()
    }

    /// The command runs under an accelerating filter of ours.
    pub fn expect_ours(&mut self) {
        self.ours = 1;
    }

    /// A filter was installed. With TSYNC every thread of the process has it.
    pub fn installed(&mut self, installed: &FilterInstalled) {
        const TSYNC: u64 = 1;
        let instructions =
            installed.program.iter().map(|i| Instruction::new(i.code, i.jt, i.jf, i.k)).collect();
        // What the kernel took is valid; a program that could not be read is not.
        let Ok(program) = Program::new(instructions) else { return };
        let call = &installed.call;
        // Of a filter from before we came only the launcher of the program is a likely installer.
        let installer = match installed.before_us {
            true => std::path::PathBuf::new(),
            false => Tracee { tid: call.tid }.link("exe").unwrap_or_default(),
        };
        let origin = Origin { installer: installer.to_string_lossy().into(), launched: installed.before_us };
        let mut threads = vec![call.tid];
        if installed.flags & TSYNC != 0
            && let Ok(tasks) = std::fs::read_dir(format!("/proc/{}/task", call.pid))
        {
            let others = tasks.flatten().filter_map(|t| t.file_name().to_str()?.parse::<Tid>().ok());
            threads.extend(others.filter(|tid| *tid != call.tid));
        }
        for tid in threads {
            let list = Rc::make_mut(self.threads.entry(tid).or_default());
            if list.programs.len() < MOST {
                list.programs.push(program.clone());
                list.origins.push(origin.clone());
            }
        }
    }

    /// A thread or process was made.
    pub fn forked(&mut self, parent: Tid, child: Tid) {
        if let Some(list) = self.threads.get(&parent).cloned() {
            self.threads.insert(child, list);
        }
    }

    /// A program was executed by a thread that had another id before.
    pub fn executed(&mut self, former: Tid, tid: Tid) {
        if let Some(mut list) = self.threads.remove(&former) {
            Rc::make_mut(&mut list).origins.iter_mut().for_each(|o| o.launched = true);
            self.threads.insert(tid, list);
        }
    }

    /// A thread is gone.
    pub fn gone(&mut self, tid: Tid) {
        self.threads.remove(&tid);
    }

    /// True when the filters answer this call with this error.
    #[must_use]
    pub fn refuse(&self, call: &Call, errno: Errno) -> bool {
        const ERRNO: u32 = 0x0005_0000;
        let answer = self.threads.get(&call.tid).and_then(|list| run_all(&list.programs, &data(call)));
        answer.is_some_and(|a| {
            a.code & 0xffff_0000 == ERRNO && i64::from(a.code & 0xffff) == i64::from(errno.0)
        })
    }

    /// What the filters of the thread answer to the call; `None` where none was seen.
    #[must_use]
    pub fn answer(&self, call: &Call) -> Option<FilterAnswer> {
        let list = self.threads.get(&call.tid)?;
        let decision = run_all(&list.programs, &data(call))?;
        let (program, origin) = (list.programs.get(decision.filter)?, list.origins.get(decision.filter)?);
        let refuses = |p: &&Program| {
            let answer = run_all(std::slice::from_ref(*p), &data(call));
            answer.is_some_and(|a| !SeccompAction::decode(a.code).allows())
        };
        // `Seccomp_filters` of /proc/TID/status, since Linux 5.9.
        let all = Tracee { tid: call.tid }.status("Seccomp_filters").and_then(|n| n.parse::<usize>().ok());
        Some(FilterAnswer {
            code: decision.code,
            filter: u32::try_from(decision.filter + 1).unwrap_or(u32::MAX),
            instruction: u32::try_from(decision.at).unwrap_or(u32::MAX),
            because: decision.because,
            complete: all == Some(list.programs.len() + self.ours),
            installer: origin.installer.to_string(),
            launched: origin.launched,
            nr: call.nr as u32,
            arch: call.audit_arch,
            refusing: u32::try_from(list.programs.iter().filter(refuses).count()).unwrap_or(u32::MAX),
            program: program.instructions().iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect(),
        })
    }
}

fn data(call: &Call) -> SeccompData {
    SeccompData { nr: call.nr as u32, arch: call.audit_arch, instruction_pointer: call.ip, args: call.args }
}
