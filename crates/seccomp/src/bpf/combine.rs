//! Several filters on one task, and strict mode.

use super::{Program, SeccompData, run, words};
use whodenied_kernel::syscall::Arch;

/// What all filters of a task come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The SECCOMP_RET value that counts.
    pub code: u32,
    /// Index of the filter that returned it, in order of installation; the last one when all allow.
    pub filter: usize,
    /// Index of the instruction that returned it.
    pub at: usize,
    /// The conditions met on the way, in words.
    pub because: String,
}

/// The action of a code as the kernel ranks it: the lowest wins, and KILL_PROCESS is negative.
const fn rank(code: u32) -> i32 {
    (code & 0xffff_0000).cast_signed()
}

/// Runs every filter on a call, in order of installation. `None` without filters.
///
/// All of them are run, the newest first, and the most restrictive action wins: KILL_PROCESS,
/// KILL_THREAD, TRAP, ERRNO, USER_NOTIF, TRACE, LOG, ALLOW. Of equal actions the newest filter's counts,
/// with its data. Source: `kernel/seccomp.c`, `seccomp_run_filters`.
#[must_use]
pub fn run_all(programs: &[Program], data: &SeccompData) -> Option<Decision> {
    let mut best: Option<(usize, &Program, u32, usize)> = None;
    for (filter, program) in programs.iter().enumerate().rev() {
        let (code, at) = run::walk(program, data, |_| {});
        if best.is_none_or(|(_, _, best, _)| rank(code) < rank(best)) {
            best = Some((filter, program, code, at));
        }
    }
    best.map(|(filter, program, code, at)| Decision {
        code,
        filter,
        at,
        because: words::because(program, data),
    })
}

/// True when strict mode (`SECCOMP_MODE_STRICT`) lets a call through: read, write, exit, sigreturn.
/// All others end the task with SIGKILL.
///
/// Source: `kernel/seccomp.c`, `mode1_syscalls`; `asm/seccomp.h` for the sigreturn of each machine.
#[must_use]
pub fn strict(arch: Arch, nr: u32) -> bool {
    let name = arch.syscall_name(nr.into());
    // x32 numbers are compared as they are, so none of them is let through.
    let Some(name) = name.filter(|_| u64::from(nr) & whodenied_kernel::syscall::X32_BIT == 0) else {
        return false;
    };
    let sigreturn: &[&str] = match arch {
        Arch::X86 | Arch::S390x => &["sigreturn"],
        // The machine's own kernel takes rt_sigreturn, a 64-bit kernel sigreturn.
        Arch::Arm => &["sigreturn", "rt_sigreturn"],
        _ => &["rt_sigreturn"],
    };
    matches!(name, "read" | "write" | "exit") || sigreturn.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::super::Instruction;
    use super::*;

    fn always(code: u32) -> Program {
        Program::new(vec![Instruction::new(0x06, 0, 0, code)]).unwrap()
    }

    #[test]
    fn the_most_restrictive_wins_and_the_newest_among_equals() {
        let ranked = [
            0x8000_0000,
            0x0000_0000,
            0x0003_0007,
            0x0005_0001,
            0x7fc0_0000,
            0x7ff0_0002,
            0x7ffc_0000,
            0x7fff_0000,
        ];
        let data = SeccompData::call(0xC000_003E, 1);
        let run = |codes: &[u32]| {
            let programs: Vec<Program> = codes.iter().map(|c| always(*c)).collect();
            run_all(&programs, &data).map(|d| (d.code, d.filter))
        };
        for (n, strong) in ranked.iter().enumerate() {
            for weak in ranked.iter().skip(n + 1) {
                assert_eq!(run(&[*strong, *weak]), Some((*strong, 0)));
                assert_eq!(run(&[*weak, *strong]), Some((*strong, 1)));
            }
        }
        // Data never decides between equal actions.
        assert_eq!(run(&[0x0005_0001, 0x0005_0026, 0x7fff_0000]), Some((0x0005_0026, 1)));
        assert_eq!(run(&[0x7fff_0000, 0x7fff_0000]), Some((0x7fff_0000, 1)));
        assert_eq!(run(&[]), None);
    }

    #[test]
    fn strict_mode_lets_four_through() {
        let through = |arch: Arch| (0..500).filter(|nr| strict(arch, *nr)).collect::<Vec<u32>>();
        assert_eq!(through(Arch::X86_64), [0, 1, 15, 60]);
        assert_eq!(through(Arch::X86), [1, 3, 4, 119]);
        assert_eq!(through(Arch::Aarch64), [63, 64, 93, 139]);
        assert!(!strict(Arch::X86_64, 0x4000_0000));
    }
}
