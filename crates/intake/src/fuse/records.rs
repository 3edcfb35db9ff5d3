//! What the records of the smaller families say was tried: seccomp, Landlock, lockdown, Yama and
//! kernel messages.

use super::draft::{Draft, path_kind};
use whodenied_case::ObjectKind;
use whodenied_case::record::{LandlockRecord, SeccompRecord};
use whodenied_kernel::syscall::{Arch, SeccompAction};
use whodenied_kernel::{Call, Errno};

/// A seccomp record; `None` when the filter only logged.
pub(super) fn seccomp(record: &SeccompRecord) -> Option<Draft> {
    let action = record.code.map(SeccompAction::decode);
    if action.is_some_and(SeccompAction::allows) {
        return None;
    }
    let mut draft = Draft::default();
    draft.subject(&record.fields);
    let arch = record.arch.and_then(Arch::from_audit);
    let name = record.syscall.zip(arch).and_then(|(n, arch)| arch.syscall_name(n));
    draft.call = name.and_then(Call::from_syscall);
    draft.syscall = name.map(str::to_owned).or_else(|| record.syscall.map(|n| format!("syscall {n}")));
    draft.arg("arch", arch.map(Arch::name));
    draft.errno = match action {
        Some(SeccompAction::Errno(errno)) if errno.0 > 0 => Some(errno),
        Some(SeccompAction::Trace(_)) => Some(Errno::ENOSYS),
        _ => None,
    };
    let killed =
        matches!(action, Some(SeccompAction::KillProcess | SeccompAction::KillThread | SeccompAction::Trap));
    draft.arg("signal", (killed || record.sig == Some(31)).then_some("SIGSYS"));
    let label = record.fields.iter().find(|(k, _)| k == "subj").map(|(_, v)| v.clone());
    draft.label = label;
    Some(draft)
}

/// A Landlock record. Errnos: Linux `security/landlock/fs.c`, `net.c`, `task.c`.
pub(super) fn landlock(record: &LandlockRecord) -> Draft {
    let get = |key: &str| record.fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    let mut draft = Draft::default();
    draft.subject(&record.fields);
    let has = |b: &str| record.blockers.iter().any(|x| x == b);
    let first = record.blockers.first().map_or("", String::as_str);
    draft.errno = Some(if has("fs.refer") {
        Errno::EXDEV
    } else if first.starts_with("scope.") || first == "ptrace" || has("fs.change_topology") {
        Errno::EPERM
    } else {
        Errno::EACCES
    });
    draft.call = match first {
        _ if has("fs.refer") => Some(Call::Rename),
        "fs.execute" => Some(Call::Exec),
        "fs.read_file" => Some(Call::Open),
        "fs.write_file" => Some(Call::Open),
        "fs.read_dir" => Some(Call::Readdir),
        // A rename asks to remove here and to make there, in one record.
        "fs.remove_file" | "fs.remove_dir" if record.blockers.len() > 1 => Some(Call::Rename),
        "fs.remove_file" | "fs.remove_dir" => Some(Call::Unlink),
        "fs.make_char" | "fs.make_block" | "fs.make_fifo" => Some(Call::Mknod),
        "fs.make_dir" => Some(Call::Mkdir),
        "fs.make_reg" => Some(Call::Create),
        "fs.make_sock" => Some(Call::Bind),
        "fs.make_sym" => Some(Call::Symlink),
        "fs.truncate" => Some(Call::Truncate),
        "fs.ioctl_dev" => Some(Call::Ioctl),
        "fs.change_topology" => Some(Call::Mount),
        "fs.resolve_unix" | "scope.abstract_unix_socket" => Some(Call::Connect),
        "net.bind_tcp" | "net.bind_udp" => Some(Call::Bind),
        "net.connect_tcp" | "net.connect_udp" => Some(Call::Connect),
        "scope.signal" => Some(Call::Kill),
        "ptrace" => Some(Call::Ptrace),
        _ => None,
    };
    draft.arg("blockers", Some(record.blockers.join(",")));
    if first.starts_with("net.") {
        let port = get("dest").or_else(|| get("src"));
        draft.kind = ObjectKind::Port;
        draft.object = port.map(str::to_owned);
        draft.arg("port", port);
    } else if first == "scope.signal" || first == "ptrace" {
        draft.kind = ObjectKind::Process;
        draft.object = get("ocomm").map(str::to_owned);
    } else if first == "scope.abstract_unix_socket" {
        draft.kind = ObjectKind::UnixSocket;
        draft.object = get("path").map(str::to_owned);
    } else {
        draft.object = get("path").map(str::to_owned);
        draft.kind = draft.object.as_deref().map_or(ObjectKind::Path, path_kind);
    }
    draft
}

/// A lockdown message. Source of the phrases: Linux `security/security.c`, `lockdown_reasons`.
pub(super) fn lockdown(comm: &str, what: &str) -> Draft {
    let lower = what.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    let call = if has(&["module"]) {
        Some(Call::Module)
    } else if has(&["kexec"]) {
        Some(Call::Kexec)
    } else if has(&["bpf"]) {
        Some(Call::Bpf)
    } else if has(&["perf", "kprobe"]) {
        Some(Call::PerfEventOpen)
    } else if has(&["io port"]) {
        Some(Call::Ioperm)
    } else if has(&["/dev/mem", "kcore", "debugfs", "tracefs", "msr", "efivar", "pci", "cmos", "acpi"]) {
        Some(Call::Open)
    } else {
        None
    };
    Draft {
        call,
        object: Some(what.to_owned()),
        kind: ObjectKind::KernelFile,
        errno: Some(Errno::EPERM),
        program: Some(comm.to_owned()).filter(|c| !c.is_empty()),
        ..Draft::default()
    }
}

/// A Yama message.
pub(super) fn yama(comm: &str, target: &str) -> Draft {
    Draft {
        call: Some(Call::Ptrace),
        object: Some(target.to_owned()),
        kind: ObjectKind::Process,
        errno: Some(Errno::EPERM),
        program: comm.split_whitespace().next().map(|c| c.rsplit('/').next().unwrap_or(c).to_owned()),
        ..Draft::default()
    }
}

/// Another kernel line.
pub(super) fn other(name: &str, fields: &[(String, String)]) -> Option<Draft> {
    let get = |key: &str| fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    let mut draft = Draft::default();
    draft.subject(fields);
    draft.object = get("path").or_else(|| get("name")).map(str::to_owned);
    draft.kind = draft.object.as_deref().map_or(ObjectKind::Unknown, path_kind);
    let (call, errno) = match name {
        "VFS" => {
            draft.kind = ObjectKind::MountPoint;
            (Some(Call::Mount), Errno::EPERM)
        }
        "cgroup" => (Some(Call::Clone), Errno::EAGAIN),
        "module" | "LoadPin" => (Some(Call::Module), Errno::EPERM),
        "filesystem" => (Some(Call::Write), Errno::EROFS),
        "SafeSetID" => (Some(Call::Setuid), Errno::EPERM),
        "FANOTIFY" if get("perm") == Some("execute") => {
            draft.program = get("exe").map(|e| e.rsplit('/').next().unwrap_or(e).to_owned());
            (Some(Call::Exec), Errno::EPERM)
        }
        "FANOTIFY" => (Some(Call::Open), Errno::EPERM),
        "IPE_ACCESS" => match get("ipe_op") {
            Some("EXECUTE") => (Some(Call::Exec), Errno::EACCES),
            Some("KMODULE") => (Some(Call::Module), Errno::EACCES),
            _ => (None, Errno::EACCES),
        },
        "INTEGRITY_DATA" | "INTEGRITY_METADATA" | "INTEGRITY_STATUS" => (Some(Call::Open), Errno::EACCES),
        "SMACK" | "TOMOYO" => (None, Errno::EACCES),
        _ => return None,
    };
    draft.call = call;
    draft.errno = Some(errno);
    if name == "SMACK" {
        draft.label = get("subject").map(str::to_owned);
    }
    Some(draft)
}
