//! Calls that 32-bit x86, IBM Z and POWER also make through `socketcall` and `ipc`.
//!
//! libseccomp turns a rule on such a call into two: on the call's own number, where it has one, and
//! on the multiplexer with its first argument. Sources: Linux `include/uapi/linux/net.h` (`SYS_*`),
//! `include/uapi/linux/ipc.h`; libseccomp's manual `seccomp_rule_add(3)`.

use super::Abi;
use whodenied_kernel::syscall::Arch;

const SOCKETCALL: &[(&str, u64)] = &[
    ("socket", 1),
    ("bind", 2),
    ("connect", 3),
    ("listen", 4),
    ("accept", 5),
    ("getsockname", 6),
    ("getpeername", 7),
    ("socketpair", 8),
    ("send", 9),
    ("recv", 10),
    ("sendto", 11),
    ("recvfrom", 12),
    ("shutdown", 13),
    ("setsockopt", 14),
    ("getsockopt", 15),
    ("sendmsg", 16),
    ("recvmsg", 17),
    ("accept4", 18),
    ("recvmmsg", 19),
    ("sendmmsg", 20),
];

const IPC: &[(&str, u64)] = &[
    ("semop", 1),
    ("semget", 2),
    ("semctl", 3),
    ("semtimedop", 4),
    ("msgsnd", 11),
    ("msgrcv", 12),
    ("msgget", 13),
    ("msgctl", 14),
    ("shmat", 21),
    ("shmdt", 22),
    ("shmget", 23),
    ("shmctl", 24),
];

/// A number, and the first argument where it is a multiplexer's.
pub(crate) type Number = (u32, Option<u64>);

/// The numbers a rule on `name` is about: with the first argument of a multiplexer where it is one.
pub(crate) fn numbers(abi: Abi, name: &str) -> Vec<Number> {
    let mut out: Vec<Number> = abi.number(name).map(|n| (n, None)).into_iter().collect();
    if !abi.x32 && matches!(abi.arch, Arch::X86 | Arch::S390x | Arch::Ppc64le) {
        for (table, multiplexer) in [(SOCKETCALL, "socketcall"), (IPC, "ipc")] {
            let sub = table.iter().find(|row| row.0 == name);
            out.extend(sub.and_then(|row| Some((abi.number(multiplexer)?, Some(row.1)))));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_into_the_kernel() {
        assert_eq!(numbers(Arch::X86.into(), "socket"), [(359, None), (102, Some(1))]);
        assert_eq!(numbers(Arch::X86.into(), "accept"), [(102, Some(5))]);
        assert_eq!(numbers(Arch::X86.into(), "shmat"), [(397, None), (117, Some(21))]);
        assert_eq!(numbers(Arch::X86_64.into(), "socket"), [(41, None)]);
        assert_eq!(numbers(Arch::X86_64.into(), "socketcall"), []);
    }
}
