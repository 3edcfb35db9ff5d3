//! Performance counters, BPF and kernel tracing.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["perf_event_paranoid"])
        .call(Call::PerfEventOpen)
        .errno(Errno::EACCES)
        .states(s::PERF_PARANOID_HINT)
        .without(&[
            "sysctl -w",
            "echo ",
            "tee ",
            "kernel.perf_event_paranoid =",
            "kernel.perf_event_paranoid=",
            // Told of the machine, not by a program.
            "paranoid is ",
            "paranoid already",
            "paranoid set to",
            "paranoid at ",
        ]),
    Rule::on(&["no permission to enable", "event"]).call(Call::PerfEventOpen).errno(Errno::EPERM),
    Rule::on(&["may not have permission to collect"])
        .call(Call::PerfEventOpen)
        .errno(Errno::EPERM)
        .states(s::PERF_PARANOID_HINT),
    Rule::on(&["access to performance monitoring and observability operations is limited"])
        .call(Call::PerfEventOpen)
        .errno(Errno::EACCES)
        .states(s::PERF_PARANOID_HINT),
    Rule::on(&["perf events unavailable"]).call(Call::PerfEventOpen).states(s::PERF_PARANOID_HINT),
    Rule::on(&["kernel symbols are unavailable due to restrictions"])
        .call(Call::PerfEventOpen)
        .states(s::PERF_PARANOID_HINT),
    Rule::refine(&["perf_event_open"]).call(Call::PerfEventOpen),
    Rule::on(&["kptr_restrict", "restrict"]).call(Call::Open).kind(K::KernelFile).without(&[
        "sysctl -w",
        "echo ",
        "=",
    ]),
    Rule::on(&["unable to read kallsyms"])
        .call(Call::Read)
        .kind(K::KernelFile)
        .errno(Errno::EPERM)
        .object(From::Fixed("/proc/kallsyms")),
    Rule::on(&["failed to read kernel symbols"])
        .call(Call::Read)
        .kind(K::KernelFile)
        .errno(Errno::EPERM)
        .object(From::Fixed("/proc/kallsyms")),
    Rule::fact(&["unprivileged_bpf_disabled"], s::BPF_UNPRIVILEGED_OFF),
    Rule::refine(&["rlimit_memlock"]).states(s::MEMLOCK_HINT).call_if_none(Call::Setrlimit),
    Rule::fact(&["failed to bump rlimit_memlock"], s::LIMIT_NOT_RAISED),
    Rule::fact(&["failed to raise rlimit_memlock"], s::LIMIT_NOT_RAISED),
    Rule::fact(&["failed to remove memlock"], s::LIMIT_NOT_RAISED),
    Rule::on(&["failed to set rlimit"]).call(Call::Setrlimit),
    Rule::refine(&["failed to increase rlimit_memlock"]).call(Call::Setrlimit).states(s::MEMLOCK_HINT),
    Rule::refine(&["removing memlock"]).call(Call::Setrlimit).states(s::MEMLOCK_HINT),
    Rule::refine(&["couldn't set", "memlock"]).call(Call::Setrlimit).states(s::MEMLOCK_HINT),
    Rule::refine(&["bpf", "map"]).call(Call::Bpf).without(&["rlimit", "mapped", "uid_map"]),
    Rule::refine(&["bpf()"]).call(Call::Bpf),
    Rule::refine(&["bpf: failed to load program"]).call(Call::Bpf),
    Rule::refine(&["failed to load", "bpf"]).call(Call::Bpf),
    Rule::refine(&["libbpf:"]).call(Call::Bpf),
    Rule::refine(&["load program"]).call(Call::Bpf),
    Rule::on(&["failed to compile bpf module"]).call(Call::Bpf).without(&["error:"]),
    Rule::refine(&["failed to attach bpf program"]).call(Call::Bpf),
    Rule::refine(&["attach", "kprobe"]).call(Call::PerfEventOpen).object(From::Nothing),
    Rule::refine(&["attach", "uprobe"]).call(Call::PerfEventOpen).object(From::Nothing),
    Rule::refine(&["attach", "tracepoint"]).call(Call::PerfEventOpen).object(From::Nothing),
    Rule::refine(&["kprobe_events"]).call_if_none(Call::Open).kind(K::KernelFile),
    Rule::refine(&["/sys/kernel/debug"]).kind(K::KernelFile).call_if_none(Call::Open),
    Rule::refine(&["/sys/kernel/tracing"]).kind(K::KernelFile).call_if_none(Call::Open),
    Rule::refine(&["tracefs"]).kind(K::KernelFile).call_if_none(Call::Open),
    Rule::fact(&["lockdown:"], s::LOCKDOWN),
    Rule::fact(&["kernel_lockdown"], s::LOCKDOWN),
    Rule::fact(&["kernel is locked down"], s::LOCKDOWN),
    Rule::fact(&["lockdown_"], s::LOCKDOWN),
    Rule::fact(&["lockdown mode"], s::LOCKDOWN),
    Rule::on(&["lockdown", "is restricted"]).states(s::LOCKDOWN),
    // `do_syslog` is asked on opening it (fs/proc/kmsg.c).
    Rule::refine(&["/proc/kmsg"]).call(Call::Syslog),
    Rule::on(&["read kernel buffer failed"]).call(Call::Syslog).errno(Errno::EPERM).states(s::DMESG_RESTRICT),
    Rule::fact(&["dmesg_restrict"], s::DMESG_RESTRICT),
    Rule::on(&["could not insert", "required key not available"]).call(Call::Module).states(s::LOCKDOWN),
    Rule::on(&["could not insert", "key was rejected"]).call(Call::Module).states(s::LOCKDOWN),
    Rule::on(&["loading of module", "is rejected"]).call(Call::Module).states(s::LOCKDOWN),
];
