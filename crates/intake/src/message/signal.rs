//! Deaths by a filter: SIGSYS, and SIGTRAP after a failed check.

use super::rules::Rule;
use super::statements as s;

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["bad system call"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    // zsh's word for it.
    Rule::on(&["invalid system call"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS).without(&["errno"]),
    Rule::on(&["sigsys", "crash"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["sigsys", "terminated"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["sigsys", "died"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["sigsys", "received"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["sigsys", "aborted"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["sigsys", "core dump"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["sigsys", "code=killed"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["exited (159)"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["exited with 159"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["exitcode: 159"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["exitcode 159"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["exit code: 159"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["exit code=159"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["] error 159"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["killed by sigsys"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["status=31/sys"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    // systemctl status: how the process of a unit ended.
    Rule::on(&["signal=sys)"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["signal=sigsys"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["failed with result 'signal'", "sigsys"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["signal: bad system call"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["terminated by signal sigsys"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["signal 31"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["exit code 159"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["exit status 159"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["exited with code 159"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["si_signo=sigsys"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["program received signal sigsys"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::on(&["seccomp-bpf failure in syscall"]).args(&[("signal", "SIGSYS")]).states(s::SIGSYS),
    Rule::fact(&["trace/breakpoint trap"], s::SIGTRAP),
    Rule::fact(&["check seccomp filters"], s::SECCOMP_HINT),
    Rule::fact(&["seccomp", "might be blocking"], s::SECCOMP_HINT),
    Rule::fact(&["blocked by seccomp"], s::SECCOMP_HINT),
];
