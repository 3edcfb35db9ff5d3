//! Resource limits: inotify, locked memory, open files, priorities, keys.

use super::rules::Rule;
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

/// A program that compares its limit of open files with what it needs.
const fn nofile(needs: &'static [&'static str]) -> Rule {
    Rule::on(needs).call(Call::Setrlimit).args(&[("resource", "RLIMIT_NOFILE")]).own()
}

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["inotify", "too many open files"])
        .call(Call::Inotify)
        .errno(Errno::EMFILE)
        .states(s::INOTIFY_LIMIT),
    Rule::on(&["inotify", "no space left on device"])
        .call(Call::Inotify)
        .errno(Errno::ENOSPC)
        .states(s::INOTIFY_LIMIT),
    Rule::on(&["system limit for number of file watchers reached"])
        .call(Call::Inotify)
        .errno(Errno::ENOSPC)
        .states(s::INOTIFY_LIMIT),
    Rule::on(&["upper limit on inotify watches reached"])
        .call(Call::Inotify)
        .errno(Errno::ENOSPC)
        .states(s::INOTIFY_LIMIT),
    Rule::on(&["upper limit on inotify instances reached"])
        .call(Call::Inotify)
        .errno(Errno::EMFILE)
        .states(s::INOTIFY_LIMIT),
    Rule::on(&["inotify cannot be used"]).call(Call::Inotify).states(s::INOTIFY_LIMIT),
    Rule::on(&["inotify", "limit", "reached"]).call(Call::Inotify).states(s::INOTIFY_LIMIT),
    Rule::on(&["directory watch", "too many open files"])
        .call(Call::Inotify)
        .errno(Errno::EMFILE)
        .states(s::INOTIFY_LIMIT),
    Rule::on(&["too many open files", "watch"])
        .call(Call::Inotify)
        .errno(Errno::EMFILE)
        .states(s::INOTIFY_LIMIT),
    Rule::on(&["failed to create fsnotify watcher"])
        .call(Call::Inotify)
        .errno(Errno::EMFILE)
        .states(s::INOTIFY_LIMIT),
    Rule::on(&["create fsnotify watcher", "too many"])
        .call(Call::Inotify)
        .errno(Errno::EMFILE)
        .states(s::INOTIFY_LIMIT),
    Rule::on(&["nospc", "watch"]).call(Call::Inotify).errno(Errno::ENOSPC).states(s::INOTIFY_LIMIT),
    Rule::on(&["unable to lock jvm memory"])
        .call(Call::Mlock)
        .kind(K::Memory)
        .errno(Errno::ENOMEM)
        .states(s::MEMLOCK_HINT),
    Rule::on(&["this can result in part of the jvm being swapped out"])
        .call(Call::Mlock)
        .kind(K::Memory)
        .states(s::MEMLOCK_HINT),
    Rule::on(&["memory locking requested", "but memory is not locked"])
        .call(Call::Mlock)
        .kind(K::Memory)
        .states(s::MEMLOCK_HINT),
    Rule::on(&["failed to lock memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "too low"]).call_if_none(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["failed to lock", "in memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["failed to lock", "into memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["failed to lock", "in ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["failed to lock", "into ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["could not lock", "in memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["could not lock", "into memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["could not lock", "in ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["could not lock", "into ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["unable to lock", "in memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["unable to lock", "into memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["unable to lock", "in ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["unable to lock", "into ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["cannot lock", "in memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["cannot lock", "into memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["cannot lock", "in ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["cannot lock", "into ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["can't lock", "in memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["can't lock", "into memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["can't lock", "in ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["can't lock", "into ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["error locking", "in memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["error locking", "into memory"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["error locking", "in ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["error locking", "into ram"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "must be"]).call_if_none(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "at least"]).call_if_none(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "should be"]).call_if_none(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "increase"]).call_if_none(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "raise"]).call_if_none(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "insufficient"]).call_if_none(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "not enough"]).call_if_none(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "is too small"]).call_if_none(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["memlock", "not high enough"])
        .call_if_none(Call::Mlock)
        .kind(K::Memory)
        .states(s::MEMLOCK_HINT),
    Rule::on(&["ulimit -l", "too low"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["locked memory", "too low"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["ulimit -l", "too small"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["locked memory", "too small"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["ulimit -l", "increase"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["locked memory", "increase"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["ulimit -l", "raise"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["locked memory", "raise"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["ulimit -l", "insufficient"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["locked memory", "insufficient"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["ulimit -l", "not enough"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["locked memory", "not enough"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["ulimit -l", "not high enough"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["locked memory", "not high enough"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::refine(&["mlockall"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::refine(&["mlock"]).call(Call::Mlock).kind(K::Memory).states(s::MEMLOCK_HINT),
    Rule::on(&["max file descriptors", "is too low"])
        .call(Call::Setrlimit)
        .args(&[("resource", "RLIMIT_NOFILE")])
        .states(s::MEMLOCK_HINT)
        .own(),
    nofile(&["max open files", "too low"]),
    nofile(&["max open files", "too small"]),
    nofile(&["max open files", "at least"]),
    nofile(&["max open files", "must be"]),
    nofile(&["max open files", "insufficient"]),
    nofile(&["open files limit", "too low"]),
    nofile(&["open files limit", "too small"]),
    nofile(&["open files limit", "at least"]),
    nofile(&["open files limit", "must be"]),
    nofile(&["open files limit", "insufficient"]),
    nofile(&["open file limit", "too low"]),
    nofile(&["open file limit", "too small"]),
    nofile(&["open file limit", "at least"]),
    nofile(&["open file limit", "must be"]),
    nofile(&["open file limit", "insufficient"]),
    nofile(&["file descriptor limit", "too low"]),
    nofile(&["file descriptor limit", "too small"]),
    nofile(&["file descriptor limit", "at least"]),
    nofile(&["file descriptor limit", "must be"]),
    nofile(&["file descriptor limit", "insufficient"]),
    nofile(&["rlimit_nofile", "too low"]),
    nofile(&["rlimit_nofile", "too small"]),
    nofile(&["rlimit_nofile", "at least"]),
    nofile(&["rlimit_nofile", "must be"]),
    nofile(&["rlimit_nofile", "insufficient"]),
    nofile(&["nofile limit", "too low"]),
    nofile(&["nofile limit", "too small"]),
    nofile(&["nofile limit", "at least"]),
    nofile(&["nofile limit", "must be"]),
    nofile(&["nofile limit", "insufficient"]),
    Rule::refine(&["ulimit:", "cannot modify limit"]).call(Call::Setrlimit),
    Rule::refine(&["cannot modify limit"]).call(Call::Setrlimit),
    Rule::refine(&["unable to set", "limit"]).call_if_none(Call::Setrlimit),
    Rule::refine(&["rlimit type 7"]).call(Call::Setrlimit).args(&[("resource", "RLIMIT_NOFILE")]),
    Rule::refine(&["rlimit type 8"]).call(Call::Setrlimit).args(&[("resource", "RLIMIT_MEMLOCK")]),
    Rule::refine(&["rlimit type 6"]).call(Call::Setrlimit).args(&[("resource", "RLIMIT_NPROC")]),
    Rule::refine(&["rlimit type 4"]).call(Call::Setrlimit).args(&[("resource", "RLIMIT_CORE")]),
    Rule::refine(&["rlimit_nofile"]).call(Call::Setrlimit).args(&[("resource", "RLIMIT_NOFILE")]),
    Rule::refine(&["setrlimit"]).call(Call::Setrlimit),
    Rule::on(&["disk quota exceeded", "key"])
        .call(Call::Keyctl)
        .errno(Errno::EDQUOT)
        .states(s::KEY_QUOTA)
        .without(&["write", "open", "mkdir"]),
    Rule::refine(&["pthread_create", "sched_fifo"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::refine(&["pthread_create", "sched_rr"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::fact(&["rt_runtime_us"], s::RT_BUDGET),
    Rule::fact(&["cpu_rt_runtime"], s::RT_BUDGET),
    Rule::fact(&["cpu-rt-runtime"], s::RT_BUDGET),
    Rule::fact(&["rt_group_sched"], s::RT_BUDGET),
    Rule::fact(&["realtime budget"], s::RT_BUDGET),
    Rule::fact(&["real-time budget"], s::RT_BUDGET),
    Rule::on(&["setscheduler", "fail"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::on(&["unable to set scheduler"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::refine(&["sched_setscheduler"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::on(&["failed to set real-time"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::on(&["failed to set realtime"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::on(&["cannot use real-time scheduling"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::on(&["failed to acquire real-time"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::on(&["sched_rr", "fail"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::on(&["sched_fifo", "fail"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::refine(&["real-time", "priority"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::refine(&["realtime", "priority"]).call(Call::Sched).kind(K::Process).states(s::RT_SCHED),
    Rule::on(&["rt_runtime_us"])
        .call(Call::Write)
        .kind(K::KernelFile)
        .states(s::RT_SCHED)
        .without(&["echo ", "="]),
    Rule::on(&["cpu_rt_runtime"])
        .states(s::RT_SCHED)
        .call_if_none(Call::Sched)
        .without(&["--cpu-rt-runtime"]),
    Rule::refine(&["setpriority"]).call(Call::Setpriority).kind(K::Process),
    Rule::refine(&["failed to set niceness"]).call(Call::Setpriority).kind(K::Process),
    Rule::refine(&["set priority of"]).call_if_none(Call::Setpriority),
    Rule::on(&["requested minimum is greater than the requested maximum"]).call(Call::Setrlimit).own(),
];
