//! What a profile answers to one call.

use super::{Abi, Answer, Host, Profile, Resolved};
use crate::bpf::SeccompData;
use whodenied_kernel::Errno;
use whodenied_kernel::syscall::{Arch, X32_BIT};
use whodenied_text::Span;

/// A call, and the machine and container it is made in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// The machine and the container.
    pub host: &'a Host,
    /// The call.
    pub data: SeccompData,
}

impl<'a> Question<'a> {
    /// A call by its name; `None` when the ABI has none of that name.
    #[must_use]
    pub fn named(host: &'a Host, abi: Abi, syscall: &str, args: [u64; 6]) -> Option<Self> {
        let nr = abi.number(syscall)?;
        Some(Self { host, data: SeccompData { nr, arch: abi.arch.audit(), instruction_pointer: 0, args } })
    }
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// No entry is about the call with these arguments.
    Default,
    /// An entry, by its index, and which of its names.
    Entry {
        /// Index in `entries`.
        entry: usize,
        /// Index in its names.
        name: usize,
    },
    /// The filter does not cover the call's ABI.
    Architecture,
    /// runc's stub: the number is above the highest that the profile names.
    Stub {
        /// That highest number.
        highest: u32,
    },
}

/// What a profile answers, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub answer: Answer,
    /// What decided.
    pub by: By,
    /// Where the text stands that decided: the call's name in the entry, or the default action.
    pub span: Option<Span>,
    /// Further entries that match with another answer: libseccomp does not promise which of them
    /// counts.
    pub contradicted_by: Vec<usize>,
}

impl Decision {
    /// The errno that the program sees.
    #[must_use]
    pub const fn errno(&self) -> Option<Errno> {
        self.answer.errno()
    }
}

/// Decides one call. For many calls, resolve once and ask [`Resolved::decide`].
///
/// Several entries for one call: one without conditions counts before all that have some, the first
/// of several counts; else any whose conditions hold. Conditions of an entry must all hold, unless
/// two are on one argument, then one is enough. On 32-bit ABIs the low halves are compared. An
/// entry that answers as the default does is dropped by runc and crun.
#[must_use]
pub fn decide(profile: &Profile, question: &Question<'_>) -> Decision {
    let resolved = Resolved::new(profile, question.host);
    let mut decision = resolved.decide(&question.data);
    decision.span = match decision.by {
        By::Entry { entry, name } => {
            profile.entries.get(entry).and_then(|e| e.names.get(name)).map(|n| n.span)
        }
        By::Default => Some(profile.default_span),
        By::Architecture | By::Stub { .. } => None,
    };
    decision
}

impl Resolved {
    /// Decides one call, without the place in the text.
    #[must_use]
    pub fn decide(&self, data: &SeccompData) -> Decision {
        let plain = |answer, by| Decision { answer, by, span: None, contradicted_by: Vec::new() };
        if let Some(highest) = self.stub(data) {
            let enosys = u16::try_from(Errno::ENOSYS.0).unwrap_or_default();
            return plain(Answer::Errno(enosys), By::Stub { highest });
        }
        let Some(abi) = self.abi(data) else {
            return plain(Answer::KillThread, By::Architecture);
        };
        let wide = abi.is_wide();
        let holds = |c: &super::Condition| {
            data.args.get(usize::from(c.index)).is_some_and(|argument| c.holds(*argument, wide))
        };
        let rules = self.rules.get(&(abi, data.nr)).map_or(&[] as &[_], Vec::as_slice);
        let mut matching = rules.iter().filter(|r| r.conditions.iter().all(holds));
        let Some(first) = matching.next() else { return plain(self.default, By::Default) };
        let mut decision = plain(first.answer, By::Entry { entry: first.entry, name: first.name });
        if !first.conditions.is_empty() {
            let other = matching.filter(|r| r.answer != first.answer).map(|r| r.entry);
            decision.contradicted_by.extend(other);
            decision.contradicted_by.dedup();
        }
        decision
    }

    /// The ABI of a call, where the filter covers it.
    fn abi(&self, data: &SeccompData) -> Option<Abi> {
        let arch = Arch::from_audit(data.arch)?;
        // A tracer's "no call" (-1) is no x32 call.
        let x32 = arch == Arch::X86_64 && u64::from(data.nr) >= X32_BIT && data.nr != u32::MAX;
        let abi = Abi { arch, x32 };
        self.abis.contains(&abi).then_some(abi)
    }

    /// runc's stub looks at the number before the rules do; it knows no x32 without x32 rules.
    fn stub(&self, data: &SeccompData) -> Option<u32> {
        let arch = Arch::from_audit(data.arch)?;
        let x32 = self.highest.get(&Abi::X32).filter(|_| arch == Arch::X86_64);
        let highest = match x32 {
            Some(highest) if u64::from(data.nr) & X32_BIT != 0 => *highest,
            _ => *self.highest.get(&Abi::from(arch))?,
        };
        (data.nr > highest).then_some(highest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, read};
    use super::*;
    use whodenied_kernel::Capability;
    use whodenied_text::SourceId;

    /// The shape of the engines' defaults, in small.
    const PROFILE: &str = r#"{
 "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
 "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
 "syscalls": [
  {"names": ["read", "no_such_call", "openat2"], "action": "SCMP_ACT_ALLOW"},
  {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]},
  {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"]},
   "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
  {"names": ["clone", "clone3", "mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
  {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
  {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
  {"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32"]}},
  {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]},
  {"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
  {"names": ["prctl"], "action": "SCMP_ACT_ALLOW", "args": [
    {"index": 0, "value": 3, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}]}
 ]}"#;

    fn ask(host: &Host, abi: impl Into<Abi>, call: &str, first: u64) -> Decision {
        let profile = read(PROFILE, SourceId(0)).unwrap();
        decide(&profile, &Question::named(host, abi.into(), call, [first, 0, 0, 0, 0, 0]).unwrap())
    }

    #[test]
    fn decides_as_the_engines_do() {
        use Answer::{Allow, Errno};
        let plain = Host::new(Arch::X86_64);
        let admin = Host { caps: vec![Capability::SYS_ADMIN], ..plain.clone() };
        let old = Host { kernel: Some((4, 4)), ..plain.clone() };
        for (host, call, first, answer, entry) in [
            (&plain, "read", 0, Allow, Some(0)),
            (&plain, "write", 0, Errno(1), None),
            (&plain, "personality", 8, Allow, Some(1)),
            (&plain, "personality", 0x4_0000, Errno(1), None),
            (&plain, "personality", 8 | 1 << 40, Errno(1), None),
            (&plain, "clone", 0x11, Allow, Some(2)),
            (&plain, "clone", 0x1000_0000, Errno(1), None),
            (&admin, "clone", 0x1000_0000, Allow, Some(3)),
            (&plain, "clone3", 0, Errno(38), Some(4)),
            (&admin, "clone3", 0, Allow, Some(3)),
            (&plain, "mount", 0, Errno(1), None),
            (&plain, "ptrace", 0, Allow, Some(5)),
            (&old, "ptrace", 0, Errno(1), None),
            (&plain, "arch_prctl", 0, Allow, Some(6)),
            (&plain, "socket", 40, Errno(1), None),
            (&plain, "bpf", 0, Errno(1), None), // dropped: answers as the default
            (&plain, "prctl", 3, Allow, Some(9)),
            (&plain, "prctl", 5, Allow, Some(9)),
            (&plain, "prctl", 4, Errno(1), None),
        ] {
            let d = ask(host, Arch::X86_64, call, first);
            let by = match d.by {
                By::Entry { entry, .. } => Some(entry),
                _ => None,
            };
            assert_eq!((d.answer, by), (answer, entry), "{call} {first:#x}");
        }
        assert_eq!(ask(&plain, Arch::X86_64, "openat2", 0).span.unwrap().of(PROFILE), "\"openat2\"");
        // 32 bits: the low half, and socketcall, which cannot be looked into.
        assert_eq!(ask(&plain, Arch::X86, "personality", 8 | 1 << 40).answer, Allow);
        assert_eq!(ask(&plain, Arch::X86, "socket", 40).answer, Errno(1));
        assert_eq!(ask(&plain, Arch::X86, "socketcall", 1).answer, Allow);
        assert_eq!(ask(&plain, Arch::X86, "socketcall", 2).answer, Errno(1));
        assert_eq!(ask(&plain, Abi::X32, "read", 0).by, By::Architecture);
        assert_eq!(ask(&plain, Arch::Aarch64, "read", 0).answer, Answer::KillThread);
    }

    #[test]
    fn the_stub_answers_above_the_highest_number() {
        let options = Options { enosys_stub: true, ..Options::default() };
        let host = Host { options, ..Host::new(Arch::X86_64) };
        let d = ask(&host, Arch::X86_64, "fsmount", 0); // 432; openat2 is 437
        assert_eq!((d.answer, d.by), (Answer::Errno(1), By::Default));
        let d = ask(&host, Arch::X86_64, "faccessat2", 0);
        assert_eq!((d.answer, d.by), (Answer::Errno(38), By::Stub { highest: 437 }));
        // Without x32 rules its calls are above any highest number.
        assert_eq!(ask(&host, Abi::X32, "read", 0).answer, Answer::Errno(38));
    }
}
