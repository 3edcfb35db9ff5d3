//! A filter by which calls that are never refused run without a stop.
//!
//! Only with CAP_SYS_ADMIN: without it a filter asks for no_new_privs, which would make the very
//! denials we look for. It answers SECCOMP_RET_TRACE for what may be refused and lets the rest by;
//! any answer of a filter of the program's own but "allow" and "log" takes precedence over that, so
//! threads with one are followed call by call.
//!
//! Source: `include/uapi/linux/seccomp.h`; seccomp(2).

use super::event::Instruction;
use super::tracee::status_line;
use whodenied_kernel::syscall::Arch;

/// Let by: what acts on the thread's own memory, descriptors, waiting or signals, or only reads
/// what it has opened. `read` is among them: a refusal at reading is not seen with acceleration.
const LET_BY: &[&str] = &[
    "read",
    "pread64",
    "readv",
    "close",
    "fstat",
    "lseek",
    "brk",
    "munmap",
    "madvise",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sigaltstack",
    "futex",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_wait",
    "epoll_pwait",
    "epoll_ctl",
    "nanosleep",
    "clock_nanosleep",
    "clock_gettime",
    "gettimeofday",
    "time",
    "times",
    "getrusage",
    "getpid",
    "gettid",
    "getppid",
    "getpgrp",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getrlimit",
    "getrandom",
    "getcwd",
    "getdents64",
    "uname",
    "umask",
    "sysinfo",
    "sched_yield",
    "set_tid_address",
    "set_robust_list",
    "rseq",
    "arch_prctl",
    "wait4",
    "waitid",
    "exit",
    "exit_group",
    "pipe",
    "pipe2",
    "dup",
    "dup2",
    "dup3",
    "restart_syscall",
];

const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const ANY_BIT: u16 = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K
const TRACE: u32 = 0x7ff0_0000;
const ALLOW: u32 = 0x7fff_0000;

/// The offset of the lower half of an argument in `struct seccomp_data` (little endian).
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

/// Whether a filter may be installed, and whether it would see everything: not when a filter we
/// were started under may answer first.
pub(super) fn possible() -> bool {
    const CAP_SYS_ADMIN: u64 = 21;
    let status = std::fs::read("/proc/thread-self/status").unwrap_or_default();
    let caps = status_line(&status, "CapEff").and_then(|v| u64::from_str_radix(&v, 16).ok()).unwrap_or(0);
    let filtered = status_line(&status, "Seccomp").is_none_or(|v| v != "0");
    cfg!(target_arch = "x86_64") && caps >> CAP_SYS_ADMIN & 1 == 1 && !filtered
}

/// The program.
pub(super) fn program() -> Vec<Instruction> {
    let arch = Arch::X86_64;
    let op = |code, k, jt, jf| Instruction { code, jt, jf, k };
    let mut out = vec![
        op(LOAD, 4, 0, 0),
        // Calls of 32 bits all stop.
        op(EQUAL, arch.audit(), 1, 0),
        op(RETURN, TRACE, 0, 0),
        op(LOAD, 0, 0, 0),
    ];
    let number = |name: &str| arch.syscall_number(name).and_then(|n| u32::try_from(n).ok());
    // Calls that are let by unless an argument has one of these bits (or for the last, has none).
    const PROT_EXEC: u32 = 4;
    const MAP_SHARED: u32 = 1;
    const AT_EMPTY_PATH: u32 = 0x1000;
    if let Some(nr) = number("mmap") {
        out.extend([
            op(EQUAL, nr, 0, 6),
            op(LOAD, argument(2), 0, 0),
            op(ANY_BIT, PROT_EXEC, 2, 0),
            op(LOAD, argument(3), 0, 0),
            op(ANY_BIT, MAP_SHARED, 0, 1),
            op(RETURN, TRACE, 0, 0),
            op(RETURN, ALLOW, 0, 0),
        ]);
    }
    if let Some(nr) = number("mprotect") {
        out.extend([
            op(EQUAL, nr, 0, 4),
            op(LOAD, argument(2), 0, 0),
            op(ANY_BIT, PROT_EXEC, 0, 1),
            op(RETURN, TRACE, 0, 0),
            op(RETURN, ALLOW, 0, 0),
        ]);
    }
    if let Some(nr) = number("newfstatat") {
        // With an empty path it is an fstat.
        out.extend([
            op(EQUAL, nr, 0, 4),
            op(LOAD, argument(3), 0, 0),
            op(ANY_BIT, AT_EMPTY_PATH, 1, 0),
            op(RETURN, TRACE, 0, 0),
            op(RETURN, ALLOW, 0, 0),
        ]);
    }
    for nr in LET_BY.iter().filter_map(|name| number(name)) {
        out.extend([op(EQUAL, nr, 0, 1), op(RETURN, ALLOW, 0, 0)]);
    }
    out.push(op(RETURN, TRACE, 0, 0));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the program answers, by the rules of classic BPF.
    fn answer(program: &[Instruction], arch: u32, nr: u32, args: [u64; 6]) -> u32 {
        let mut data = Vec::new();
        data.extend(nr.to_le_bytes());
        data.extend(arch.to_le_bytes());
        data.extend(0u64.to_le_bytes());
        args.iter().for_each(|a| data.extend(a.to_le_bytes()));
        let (mut at, mut acc) = (0, 0u32);
        loop {
            let i = program[at];
            let jump = |yes: bool| usize::from(if yes { i.jt } else { i.jf });
            at += 1;
            match i.code {
                LOAD => acc = u32::from_le_bytes(data[i.k as usize..][..4].try_into().unwrap()),
                EQUAL => at += jump(acc == i.k),
                ANY_BIT => at += jump(acc & i.k != 0),
                RETURN => return i.k,
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn stops_what_may_be_refused() {
        let program = program();
        let of = |name: &str, args: [u64; 6]| {
            let nr = u32::try_from(Arch::X86_64.syscall_number(name).unwrap()).unwrap();
            answer(&program, Arch::X86_64.audit(), nr, args)
        };
        for name in ["openat", "execve", "write", "socket", "seccomp", "prctl", "clone", "ptrace", "clone3"] {
            assert_eq!(of(name, [0; 6]), TRACE, "{name}");
        }
        for name in LET_BY {
            assert_eq!(of(name, [u64::MAX; 6]), ALLOW, "{name}");
        }
        assert_eq!(of("mmap", [0, 1, 3, 2, 5, 0]), ALLOW);
        assert_eq!(of("mmap", [0, 1, 5, 2, 5, 0]), TRACE);
        assert_eq!(of("mmap", [0, 1, 3, 1, 5, 0]), TRACE);
        assert_eq!(of("mprotect", [0, 1, 1, 0, 0, 0]), ALLOW);
        assert_eq!(of("mprotect", [0, 1, 5, 0, 0, 0]), TRACE);
        assert_eq!(of("newfstatat", [3, 1, 1, 0x1000, 0, 0]), ALLOW);
        assert_eq!(of("newfstatat", [3, 1, 1, 0x100, 0, 0]), TRACE);
        assert_eq!(answer(&program, Arch::X86.audit(), 3, [0; 6]), TRACE);
        // x32 shares the AUDIT_ARCH value, not the numbers.
        assert_eq!(answer(&program, Arch::X86_64.audit(), 0x4000_0000, [0; 6]), TRACE);
    }
}
