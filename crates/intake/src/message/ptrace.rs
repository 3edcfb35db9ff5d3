//! Debuggers and tracers: gdb, strace, py-spy, debugpy, rr, jattach.

use super::rules::Rule;
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["could not attach to process"])
        .call(Call::Ptrace)
        .kind(K::Process)
        .errno(Errno::EPERM)
        .states(s::YAMA_HINT),
    Rule::on(&["could not attach to pid"]).call(Call::Ptrace).kind(K::Process).errno(Errno::EPERM),
    Rule::on(&["yama/ptrace_scope"]).call(Call::Ptrace).kind(K::Process).states(s::YAMA_HINT).without(&[
        "echo ",
        "sysctl -w",
        "tee ",
        "failed to write '",
        "setting key",
        "couldn't write",
    ]),
    // It stops its own threads with a tracer.
    Rule::on(&["leaksanitizer has encountered a fatal error"])
        .call(Call::Ptrace)
        .kind(K::Process)
        .errno(Errno::EPERM)
        .object(super::rules::From::Nothing),
    Rule::on(&["leaksanitizer does not work under ptrace"])
        .call(Call::Ptrace)
        .kind(K::Process)
        .errno(Errno::EPERM)
        .object(super::rules::From::Nothing),
    Rule::fact(&["yama/ptrace_scope"], s::YAMA_HINT),
    Rule::fact(&["ptrace_scope"], s::YAMA_HINT),
    Rule::fact(&["pr_set_ptracer_any"], s::PTRACE_ANY_SET),
    Rule::on(&["is already traced by process"])
        .call(Call::Ptrace)
        .kind(K::Process)
        .own()
        .states(s::ALREADY_TRACED),
    Rule::refine(&["ptrace: operation not permitted"]).call(Call::Ptrace).kind(K::Process),
    Rule::refine(&["attach: ptrace"]).call(Call::Ptrace).kind(K::Process),
    // Some languages word EPERM and EACCES alike.
    Rule::refine(&["permission denied", "attach"]).call_if_none(Call::Ptrace).kind(K::Process).loose(),
    Rule::on(&["try running again with elevated permissions"])
        .call(Call::Ptrace)
        .kind(K::Process)
        .errno(Errno::EPERM)
        .loose(),
    // The tracee itself asks for it.
    Rule::refine(&["ptrace_traceme"])
        .call(Call::Ptrace)
        .kind(K::Process)
        .args(&[("request", "PTRACE_TRACEME")])
        .object(super::rules::From::Nothing),
    Rule::refine(&["ptrace("]).call(Call::Ptrace).kind(K::Process),
    Rule::refine(&["process_vm_readv"]).call(Call::Ptrace).kind(K::Process),
    Rule::on(&["could not trace the inferior process"])
        .call(Call::Ptrace)
        .kind(K::Process)
        .errno(Errno::EPERM),
    Rule::refine(&["error disabling address space randomization"])
        .call(Call::Personality)
        .errno(Errno::EPERM)
        .args(&[("persona", "ADDR_NO_RANDOMIZE")]),
    Rule::on(&["error disabling address space randomization"])
        .call(Call::Personality)
        .errno(Errno::EPERM)
        .args(&[("persona", "ADDR_NO_RANDOMIZE")]),
    Rule::on(&["personality set failed"])
        .call(Call::Personality)
        .errno(Errno::EPERM)
        .args(&[("persona", "ADDR_NO_RANDOMIZE")]),
    Rule::refine(&["failed to suspend", "ptrace"]).call(Call::Ptrace).kind(K::Process),
    Rule::on(&["timed out waiting for debug server to connect"]).call(Call::Ptrace).kind(K::Process),
    Rule::on(&["dotnet-dump", "permission"]).call(Call::Ptrace).kind(K::Process),
    Rule::on(&["unable to open socket file", "attach"]).call(Call::Ptrace).kind(K::Process),
    Rule::refine(&["/proc/", "/mem"]).kind(K::KernelFile).call_if_none(Call::Ptrace),
];
