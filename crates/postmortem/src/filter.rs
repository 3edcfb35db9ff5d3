//! What the very seccomp profile of a container answers, where its text is at hand: of Docker a profile of
//! the container's own, which the engine keeps whole, and of engines that keep the runtime's configuration
//! any filter.
//!
//! A filter is run before the kernel looks at the call (`__seccomp_filter`, kernel/seccomp.c), so a filter
//! that answers with the error that was printed has decided. A log names the family of a call and seldom its
//! arguments: the answer counts only where it is the same for every call of the family, whatever they are.

use crate::dead::Dead;
use whodenied_case::Attempt;
use whodenied_case::capture::FilterAnswer;
use whodenied_kernel::syscall::Arch;
use whodenied_kernel::{Call, Capability};
use whodenied_seccomp::profile::{Abi, By, Host, Profile, Question, Resolved, read};
use whodenied_text::SourceId;

/// A profile as it was installed.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    profile: Profile,
    /// With and without runc's answer of ENOSYS above the highest number that the profile names.
    resolved: [Resolved; 2],
    host: Host,
}

/// The profile in `text`, for the container's capabilities on this machine; `None` where it can't be read.
pub(crate) fn installed(text: &str, bounding: Option<u64>) -> Option<Installed> {
    let profile = read(text, SourceId(0)).ok()?;
    let mut host = Host::new(arch()?);
    host.caps = Capability::all().filter(|c| bounding.is_some_and(|b| b >> c.0 & 1 == 1)).collect();
    host.kernel = kernel();
    let mut stubbed = host.clone();
    stubbed.options.enosys_stub = true;
    let resolved = [Resolved::new(&profile, &host), Resolved::new(&profile, &stubbed)];
    Some(Installed { profile, resolved, host })
}

const fn arch() -> Option<Arch> {
    if cfg!(target_arch = "x86_64") {
        Some(Arch::X86_64)
    } else if cfg!(target_arch = "aarch64") {
        Some(Arch::Aarch64)
    } else {
        None
    }
}

fn kernel() -> Option<(u32, u32)> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The container's filter's answer to a failure that its log tells of.
pub(crate) fn answer(dead: &Dead, attempt: &Attempt) -> Option<FilterAnswer> {
    let installed = dead.installed.as_ref()?;
    let errno = attempt.errno.filter(|_| !attempt.errno_inferred)?;
    let names: Vec<&str> = match (&attempt.syscall, attempt.call) {
        (Some(name), _) => vec![name.as_str()],
        (None, Some(Call::UsernsCreate)) => vec!["unshare"],
        (None, Some(call)) => call.syscalls().to_vec(),
        (None, None) => return None,
    };
    let mut code = None;
    let mut known = 0;
    for name in &names {
        let Some(one) = installed.decide(name) else {
            // A call that this architecture does not have was not made.
            if installed.has(name) {
                return None;
            }
            continue;
        };
        known += 1;
        if *code.get_or_insert(one) != one {
            return None;
        }
    }
    let code = code.filter(|_| known > 0)?;
    // SECCOMP_RET_ERRNO with the very error.
    let refuses = code == 0x0005_0000 | u32::try_from(errno.0).unwrap_or(0);
    let lets_through = code == 0x7fff_0000;
    if !refuses && !lets_through {
        return None;
    }
    let because = if refuses {
        format!(
            "The seccomp profile that the container was given answers {} with {errno}, before the kernel looks at the call.",
            list(&names)
        )
    } else {
        format!("The seccomp profile that the container was given lets {} through.", list(&names))
    };
    Some(FilterAnswer { code, filter: 1, complete: true, because, ..FilterAnswer::default() })
}

fn list(names: &[&str]) -> String {
    match names {
        [one] => (*one).to_owned(),
        _ => names.iter().take(4).copied().collect::<Vec<_>>().join(", "),
    }
}

impl Installed {
    fn has(&self, name: &str) -> bool {
        Abi::from(self.host.arch).number(name).is_some()
    }

    /// What the profile answers to a call whatever its arguments; `None` where they matter.
    fn decide(&self, name: &str) -> Option<u32> {
        let question = Question::named(&self.host, Abi::from(self.host.arch), name, [0; 6])?;
        let about = |e: &&whodenied_seccomp::profile::Entry| {
            e.names.iter().any(|n| n.text == name) && self.host.takes(e)
        };
        let conditional = self.profile.entries.iter().filter(about).any(|e| !e.args.is_empty());
        let [decision, stubbed] = [&self.resolved[0], &self.resolved[1]].map(|r| r.decide(&question.data));
        match decision.by {
            // One without conditions counts before those with some.
            By::Entry { entry, .. } if self.profile.entries.get(entry)?.args.is_empty() => {}
            By::Default if !conditional => {}
            _ => return None,
        }
        if stubbed.answer != decision.answer {
            return None;
        }
        Some(decision.answer.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::AttemptId;
    use whodenied_kernel::Errno;

    const OWN: &str = r#"{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "syscalls": [{"names": ["chmod", "fchmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
            {"names": ["mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
            {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
             "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]}"#;

    fn refuses(call: Call, syscall: Option<&str>, errno: Errno) -> Option<bool> {
        let dead = Dead { installed: installed(OWN, Some(0)), ..Dead::default() };
        let attempt = Attempt {
            call: Some(call),
            syscall: syscall.map(str::to_owned),
            errno: Some(errno),
            ..Attempt::new(AttemptId(0))
        };
        answer(&dead, &attempt).map(|a| a.code != 0x7fff_0000)
    }

    #[test]
    fn every_call_of_a_family_has_to_be_answered_alike() {
        assert_eq!(refuses(Call::Chmod, None, Errno::EPERM), Some(true));
        // With another error it was not the filter that answered, and nothing is claimed.
        assert_eq!(refuses(Call::Chmod, None, Errno::EACCES), None);
        assert_eq!(refuses(Call::Chown, None, Errno::EPERM), Some(false));
        // An argument decides.
        assert_eq!(refuses(Call::Personality, Some("personality"), Errno::EPERM), None);
        assert_eq!(refuses(Call::Mkdir, Some("mkdirat"), Errno::EPERM), Some(true));
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn one_call_that_passes_is_enough_for_doubt() {
        assert_eq!(refuses(Call::Mkdir, None, Errno::EPERM), None);
    }

    #[test]
    fn what_is_no_profile_says_nothing() {
        for text in ["", "{", "[]", "{\"defaultAction\": 1}"] {
            assert!(installed(text, None).is_none(), "{text}");
        }
    }
}
