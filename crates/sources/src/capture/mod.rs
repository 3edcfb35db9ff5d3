//! What the kernel decided a failed call by, read while its thread still stands in it.

mod line;
mod mounts;
mod operation;
mod process;
mod sys;
mod walk;

use crate::trace::{Call, DecodedCall, Tracee};
use std::collections::BTreeMap;
pub use line::line;
use walk::{Untold, Walk};
use whodenied_access::{CapabilitySet, Settings, Subject, UserNamespace};
use whodenied_case::capture::{Capture, ProcessState, Question, SCHEMA};

/// The sysctls that decide calls, with their files.
const SYSCTLS: &[&str] = &[
    "kernel.yama.ptrace_scope",
    "kernel.unprivileged_bpf_disabled",
    "kernel.unprivileged_userns_clone",
    "kernel.apparmor_restrict_unprivileged_userns",
    "kernel.perf_event_paranoid",
    "kernel.dmesg_restrict",
    "kernel.kptr_restrict",
    "kernel.io_uring_disabled",
    "kernel.sched_rt_runtime_us",
    "kernel.modules_disabled",
    "kernel.kexec_load_disabled",
    "user.max_user_namespaces",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "vm.unprivileged_userfaultfd",
    "vm.overcommit_memory",
    "vm.mmap_min_addr",
    "fs.protected_symlinks",
    "fs.protected_hardlinks",
    "fs.protected_fifos",
    "fs.protected_regular",
];

/// Reads everything that can decide `call`. The thread must be stopped in it.
///
/// `line` is the line of the trace that tells of it. What can't be read is said in
/// [`Capture::missing`].
#[must_use]
pub fn capture(call: &Call, decoded: &DecodedCall, line: u32) -> Capture {
    let tracee = Tracee { tid: call.tid };
    let mut missing = Vec::new();
    let process = process::state(tracee, call.pid, &mut missing);
    let sysctls = sysctls(tracee);
    let question = match question(tracee, &process, decoded, &sysctls) {
        Ok(question) => question,
        Err(Untold(why)) => {
            missing.push(why);
            None
        }
    };
    Capture {
        schema: SCHEMA.to_owned(),
        line,
        syscall: decoded.name.to_owned(),
        errno: call.errno().map_or(0, |e| e.0),
        process,
        question,
        filter: None,
        sysctls,
        missing,
        blame: 0,
    }
}

/// Those of the tracee's own root: /proc there is of its network and user namespace.
fn sysctls(tracee: Tracee) -> BTreeMap<String, String> {
    SYSCTLS
        .iter()
        .filter_map(|key| {
            let file = format!("root/proc/sys/{}", key.replace('.', "/"));
            let text = std::fs::read_to_string(tracee.proc(&file)).ok()?;
            Some(((*key).to_owned(), text.split_whitespace().collect::<Vec<_>>().join(" ")))
        })
        .collect()
}

fn question(
    tracee: Tracee,
    process: &ProcessState,
    decoded: &DecodedCall,
    sysctls: &BTreeMap<String, String>,
) -> Result<Option<Question>, Untold> {
    let Some(asked) = operation::of(decoded) else { return Ok(None) };
    let mut walk = Walk::new(tracee, process)?;
    let mut bases: Vec<_> = asked.paths.iter().filter_map(|(path, _)| operation::base(path)).collect();
    bases.dedup();
    match bases.as_slice() {
        [] => {}
        [base] => walk.set_base(base)?,
        _ => return Err(Untold("The two paths are relative to different directories.".to_owned())),
    }
    for (path, follow) in &asked.paths {
        walk.path(&path.given, *follow)?;
    }
    if let whodenied_access::Operation::Execute { .. } = &asked.operation {
        interpreters(&mut walk)?;
    }
    if walk.foreign {
        return Err(Untold(
            "A file system on the way has rules of its own beside mode and owner.".to_owned(),
        ));
    }
    let subject = subject(process, walk.namespace().clone());
    let mut world = walk.into_tree();
    let level = |key: &str| sysctls.get(key).and_then(|v| v.parse().ok()).unwrap_or(0);
    world.settings = Settings {
        symlinks: level("fs.protected_symlinks"),
        hardlinks: level("fs.protected_hardlinks"),
        fifos: level("fs.protected_fifos"),
        regular: level("fs.protected_regular"),
    };
    Ok(Some(Question { subject, operation: asked.operation, world }))
}

/// Walks to the interpreters that a script names, as deep as the kernel follows them
/// (fs/exec.c, exec_binprm: five).
fn interpreters(walk: &mut Walk) -> Result<(), Untold> {
    for _ in 0..5 {
        let Some(next) = walk.interpreter() else { return Ok(()) };
        walk.path(&next, true)?;
    }
    Ok(())
}

fn subject(process: &ProcessState, namespace: UserNamespace) -> Subject {
    Subject {
        uid: process.uids[0],
        gid: process.gids[0],
        euid: process.uids[1],
        fsuid: process.uids[3],
        fsgid: process.gids[3],
        groups: process.groups.clone(),
        effective: CapabilitySet(process.effective),
        permitted: CapabilitySet(process.permitted),
        no_setuid_fixup: false,
        namespace,
    }
}
