//! What a runtime's default seccomp filter answers. Filters run before the kernel asks anything else
//! (`__seccomp_filter`), so other layers want to know.

use super::Context;
use whodenied_case::{Attempt, CapSpec, Knob};
use whodenied_kernel::{Call, Capability};
use whodenied_runtimes::Runtime;
use whodenied_runtimes::seccomp::{Query, Refusal, answer};

impl Context<'_> {
    /// The default filter of the named runtime, at its version, where it refuses the attempt with the
    /// error that was seen.
    pub(crate) fn default_filter(&self, attempt: &Attempt) -> Option<(Runtime, Refusal)> {
        let runtime = self.runtime()?;
        let errno = attempt.errno?;
        if self.kubernetes()
            && self.facts.knob(|k| matches!(k, Knob::Seccomp(_))).is_none()
            && attempt.call != Some(Call::Clone)
        {
            // A pod that asks for no profile has no filter, unless the kubelet sets its default.
            return None;
        }
        let added: Vec<Capability> = self
            .facts
            .knobs()
            .filter_map(|(_, k)| match k {
                Knob::CapAdd(CapSpec::One(c)) => Some(*c),
                _ => None,
            })
            .collect();
        let all_caps = self.facts.knob(|k| *k == Knob::CapAdd(CapSpec::All)).is_some();
        calls(attempt).into_iter().find_map(|syscall| {
            let query = Query { syscall, args: &attempt.args, added: &added, all_caps };
            answer(runtime, self.runtime_version(), &query)
                .filter(|r| r.errno == errno || attempt.errno_inferred)
                .map(|refusal| (runtime, refusal))
        })
    }

    /// True when a default filter is known to be in force and refuses the attempt before any other layer
    /// is asked.
    pub(crate) fn filtered_first(&self, attempt: &Attempt) -> bool {
        let in_force = self.facts.statement("default-filter").is_some();
        in_force && self.default_filter(attempt).is_some()
    }
}

/// The system calls to ask a default filter about: the printed one, else those of the family.
fn calls(attempt: &Attempt) -> Vec<&str> {
    match (&attempt.syscall, attempt.call) {
        (Some(name), _) => vec![name.as_str()],
        (None, Some(Call::UsernsCreate)) => vec!["unshare"],
        (None, Some(Call::Clone)) => vec!["clone3"],
        // openat2 is what hardly any program calls.
        (None, Some(Call::Open)) => vec!["openat"],
        // Written through /proc; the system call of that name is long gone.
        (None, Some(Call::SysctlWrite)) => Vec::new(),
        (None, Some(call)) => call.syscalls().iter().take(3).copied().collect(),
        (None, None) => Vec::new(),
    }
}
