//! A seccomp filter that the command, or what started it, installed on itself: the change of that
//! filter that lets this one call through and nothing else, tried on the filter as it was captured.
//!
//! Five instructions in front answer the one call; jumps are relative, so the rest stays as it is.

use super::sandbox::{base, program};
use crate::fix::{Fix, Offer};
use crate::place::Ctx;
use whodenied_case::capture::{Capture, FilterAnswer};
use whodenied_case::{Risk, Where};
use whodenied_kernel::syscall::{Arch, SeccompAction};
use whodenied_seccomp::bpf::{Instruction, Program, SeccompData, run};
use whodenied_text::escape;
use whodenied_text::quote::shell;

const ALLOW: u32 = 0x7fff_0000;
/// SECCOMP_RET_ERRNO with ENOSYS, on which libc falls back to the older call.
const NO_SUCH_CALL: u32 = 0x0005_0000 | 38;

pub(super) fn offer(ctx: &Ctx<'_>, offer: &mut Offer) {
    let Some(live) = ctx.attempt.live.as_deref() else { return };
    let Some(filter) = &live.filter else { return };
    if SeccompAction::decode(filter.code).allows() || ctx.in_container() {
        return;
    }
    let name = live.syscall.as_str();
    // glibc asks clone3 first and clone only when that does not exist.
    let (answer, what, widens) = if name == "clone3" {
        (
            NO_SUCH_CALL,
            "answer clone3 with ENOSYS, on which libc uses clone",
            "Nothing: clone3 stays refused, only with the errno on which libc falls back.".to_owned(),
        )
    } else {
        (
            ALLOW,
            "let this one call through",
            format!("{name}, for what runs under this filter; every other call is answered as before."),
        )
    };
    let Some(verified) = Delta::new(filter, answer) else { return };
    let tried = format!("tried on the captured filter: of {} calls only {name} changes", verified.compared);
    let more = if filter.refusing > 1 {
        format!(" ({} filters refuse it, and each needs the change)", filter.refusing)
    } else {
        String::new()
    };
    let who = escape::line(&filter.installer).into_owned();
    let place = match base(&filter.installer) {
        "bwrap" => "the filter that bubblewrap was given (--seccomp)".to_owned(),
        "systemd" | "systemd-executor" => "the filter of the unit (SystemCallFilter=)".to_owned(),
        _ if filter.launched => {
            format!("the filter that the launcher {who} installs before it starts the program")
        }
        _ => format!("the filter that {who} installs on itself"),
    };
    let how = if verified.default_allows {
        format!("take {name} out of the calls it refuses")
    } else if answer == ALLOW {
        format!(
            "add {name} to the calls it allows (libseccomp: seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS({name}), 0))"
        )
    } else {
        format!(
            "add a rule for {name} (libseccomp: seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS({name}), 0))"
        )
    };
    let summary = format!("In {place}, {what}{more}: {how}; {tried}");
    let mut fix = Fix::new(Where::Program, Risk::Low, summary).widens(widens);
    if base(&filter.installer) == "bwrap"
        && let Some((file, command)) = bubblewrap(live)
    {
        let new = shell(&format!("{file}.new"));
        fix = fix
            .run(format!("{{ printf '{}'; cat {}; }} > {new}", verified.octal(), shell(&file)))
            .run(format!("{command}<{new}"))
            .undo(format!("rm {new}"));
    }
    offer.add(fix);
    offer.stays(&["every other call that the filter refuses"]);
}

/// The filter's file, and the command with its descriptor at the end, ready for `<`.
fn bubblewrap(live: &Capture) -> Option<(String, String)> {
    let start = live.start.as_ref()?;
    if base(start.command.first()?) != "bwrap" {
        return None;
    }
    let end = program(live).unwrap_or(start.command.len());
    let options = start.command.get(..end)?;
    let mut given =
        options.windows(2).filter(|w| matches!(w, [o, _] if o == "--seccomp" || o == "--add-seccomp-fd"));
    // With more than one it can't be told which refused.
    let (Some([_, fd]), None) = (given.next(), given.next()) else { return None };
    let file = start.files.get(&fd.parse().ok()?)?;
    let words: Vec<String> = start.command.iter().map(|w| shell(w)).collect();
    Some((file.clone(), format!("{} {fd}", words.join(" "))))
}

/// Instructions that go in front of a filter.
struct Delta {
    instructions: [Instruction; 5],
    /// Calls compared to find that nothing else changes.
    compared: usize,
    /// The filter lets calls through that it does not know.
    default_allows: bool,
}

impl Delta {
    /// `None` when the filter is not known in full, or the change is not exact.
    fn new(filter: &FilterAnswer, answer: u32) -> Option<Self> {
        const LOAD: u16 = 0x20;
        const EQUAL: u16 = 0x15;
        const RETURN: u16 = 0x06;
        let instructions = [
            Instruction::new(LOAD, 0, 0, 4),
            Instruction::new(EQUAL, 0, 3, filter.arch),
            Instruction::new(LOAD, 0, 0, 0),
            Instruction::new(EQUAL, 0, 1, filter.nr),
            Instruction::new(RETURN, 0, 0, answer),
        ];
        let old: Vec<Instruction> =
            filter.program.iter().map(|(code, jt, jf, k)| Instruction::new(*code, *jt, *jf, *k)).collect();
        let new = Program::new(instructions.iter().chain(&old).copied().collect()).ok()?;
        let old = Program::new(old).ok()?;
        let x32 = u32::try_from(whodenied_kernel::syscall::X32_BIT).ok()?;
        let mut compared = 0;
        for arch in [Arch::X86_64, Arch::X86, Arch::Aarch64, Arch::Arm].map(Arch::audit) {
            for nr in (0..1024).chain(x32..x32 + 1024) {
                for value in [0, 1, u64::MAX] {
                    let mut data = SeccompData::call(arch, nr);
                    data.args = [value; 6];
                    let want =
                        if (arch, nr) == (filter.arch, filter.nr) { answer } else { run(&old, &data).code };
                    if run(&new, &data).code != want {
                        return None;
                    }
                }
                compared += 1;
            }
        }
        let unknown = SeccompData::call(filter.arch, 1023);
        let default_allows = SeccompAction::decode(run(&old, &unknown).code).allows();
        Some(Self { instructions, compared, default_allows })
    }

    /// The bytes in the form that printf(1) takes, as this machine has them.
    fn octal(&self) -> String {
        let bytes = self.instructions.iter().flat_map(|i| {
            let (code, k) = (i.code.to_le_bytes(), i.k.to_le_bytes());
            [code[0], code[1], i.jt, i.jf, k[0], k[1], k[2], k[3]]
        });
        bytes.map(|b| format!("\\{b:03o}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Allows all but one number, which gets EPERM.
    fn denies(nr: u32) -> FilterAnswer {
        FilterAnswer {
            arch: Arch::X86_64.audit(),
            nr,
            code: 0x0005_0001,
            program: vec![(0x20, 0, 0, 0), (0x15, 0, 1, nr), (6, 0, 0, 0x0005_0001), (6, 0, 0, ALLOW)],
            ..FilterAnswer::default()
        }
    }

    #[test]
    fn only_the_one_call_changes() {
        let delta = Delta::new(&denies(425), ALLOW).unwrap();
        assert!(delta.default_allows && delta.compared == 4 * 2048);
        let text = delta.octal();
        assert!(text.starts_with("\\040\\000\\000\\000\\004\\000"), "{text}");
        assert_eq!(text.len(), 5 * 8 * 4);
    }

    #[test]
    fn a_filter_that_is_not_known_gives_none() {
        let unknown = FilterAnswer { program: Vec::new(), ..denies(425) };
        assert!(Delta::new(&unknown, ALLOW).is_none());
    }
}
