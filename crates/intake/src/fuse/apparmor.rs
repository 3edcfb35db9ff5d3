//! What an AppArmor record says was tried.
//!
//! Source: Linux `security/apparmor/`: `lsm.c` (operations by hook), `file.c`, `net.c`, `mount.c`,
//! `ipc.c`, `capability.c`, `domain.c`; errnos from the same.

use super::draft::{Draft, capability_call, family, path_kind, signal, socket_kind, socket_type};
use whodenied_case::ObjectKind;
use whodenied_case::record::{ApparmorRecord, capability_of};
use whodenied_kernel::{Call, Errno};

/// The draft of one record.
pub(super) fn draft(record: &ApparmorRecord) -> Draft {
    let mut draft = Draft { label: record.profile().map(str::to_owned), ..Draft::default() };
    draft.subject(&record.fields);
    draft.errno = Some(Errno::EACCES);
    let operation = record.get("operation").unwrap_or("");
    draft.arg("operation", Some(operation).filter(|o| !o.is_empty()));
    draft.arg("requested", record.requested());
    draft.arg("denied", record.denied());
    draft.arg("info", record.get("info"));
    if record.dbus || operation.starts_with("dbus_") {
        bus(record, &mut draft);
    } else if record.get("class") == Some("posix_mqueue") || operation.starts_with("mq_") {
        draft.call = Some(Call::Mqueue);
        draft.object = record.get("name").map(str::to_owned);
        draft.kind = ObjectKind::Path;
    } else if record.get("family").is_some() {
        socket(operation, record, &mut draft);
    } else {
        other(operation, record, &mut draft);
    }
    if let Some(error) = record.get("error").and_then(|e| e.parse::<i32>().ok()).filter(|e| *e < 0) {
        draft.errno = error.checked_neg().map(Errno);
    }
    draft
}

fn other(operation: &str, record: &ApparmorRecord, draft: &mut Draft) {
    match operation {
        "capable" => {
            let capability = capability_of(record);
            draft.errno = Some(Errno::EPERM);
            draft.kind = ObjectKind::Capability;
            draft.object = capability.map(|c| c.to_string());
            draft.arg("capability", draft.object.clone());
            let name = capability.and_then(|c| c.name()).map(str::to_ascii_lowercase);
            draft.call = name.as_deref().and_then(capability_call);
        }
        "signal" => {
            draft.call = Some(Call::Kill);
            draft.kind = ObjectKind::Process;
            draft.object = record.get("peer").map(str::to_owned);
            draft.arg("signal", record.get("signal").map(signal));
            draft.arg("peer", record.get("peer"));
        }
        "ptrace" => {
            draft.call = Some(Call::Ptrace);
            draft.kind = ObjectKind::Process;
            draft.object = record.get("peer").map(str::to_owned);
            draft.arg("peer", record.get("peer"));
        }
        "mount" | "remount" | "umount" | "pivotroot" => {
            draft.call = Some(match operation {
                "umount" => Call::Umount,
                "pivotroot" => Call::PivotRoot,
                _ => Call::Mount,
            });
            draft.kind = ObjectKind::MountPoint;
            draft.object = record.get("name").map(str::to_owned);
            draft.arg("fstype", record.get("fstype"));
            draft.arg("flags", record.get("flags"));
            draft.arg("source", record.get("srcname"));
        }
        "setrlimit" => {
            draft.call = Some(Call::Setrlimit);
            draft.arg("rlimit", record.get("rlimit"));
            draft.arg("value", record.get("value"));
        }
        "userns_create" => {
            draft.call = Some(Call::UsernsCreate);
            draft.kind = ObjectKind::Namespace;
            draft.object = Some("user namespace".to_owned());
        }
        "uring_override" | "uring_sqpoll" => draft.call = Some(Call::IoUring),
        "change_profile" | "change_onexec" | "change_hat" | "stack" | "stack_onexec" | "setprocattr" => {
            draft.call = Some(Call::LabelChange);
            draft.kind = ObjectKind::Label;
            draft.object = record.get("target").or_else(|| record.get("name")).map(str::to_owned);
            draft.arg("target", draft.object.clone());
        }
        "profile_load" | "profile_replace" | "profile_remove" => {
            draft.call = Some(Call::PolicyLoad);
            draft.kind = ObjectKind::Label;
            draft.object = record.get("name").map(str::to_owned);
        }
        _ => file(operation, record, draft),
    }
}

/// Operations on paths. `mknod` is also every creation of a regular file and every bind of a
/// socket file.
fn file(operation: &str, record: &ApparmorRecord, draft: &mut Draft) {
    let name = record.get("name").unwrap_or("");
    let mask = record.denied().or_else(|| record.requested()).unwrap_or("");
    draft.object = Some(name.to_owned());
    draft.kind = path_kind(name);
    let kind = draft.kind;
    let socket = kind == ObjectKind::UnixSocketPath;
    draft.call = Some(match operation {
        "open" if mask.contains('c') => Call::Create,
        "open" if kind == ObjectKind::Sysctl && mask.contains(['w', 'a']) => Call::SysctlWrite,
        "open" if name.ends_with('/') && name.len() > 1 => Call::Readdir,
        "open" => Call::Open,
        "mknod" if socket => Call::Bind,
        "mknod" => Call::Create,
        "unlink" | "rmdir" => Call::Unlink,
        "mkdir" => Call::Mkdir,
        "symlink" => Call::Symlink,
        "rename_src" | "rename_dest" | "rename" => Call::Rename,
        "link" => Call::Link,
        "chmod" => Call::Chmod,
        "chown" => Call::Chown,
        "truncate" => Call::Truncate,
        "getattr" => Call::Stat,
        "file_perm" if mask.contains(['w', 'a']) => Call::Write,
        "file_perm" => Call::Read,
        "file_receive" => Call::Recv,
        "file_lock" => Call::Flock,
        "file_mmap" => Call::Mmap,
        "file_mprotect" => Call::Mprotect,
        "exec" | "file_inherit" => Call::Exec,
        "connect" => Call::Connect,
        "sendmsg" => Call::Send,
        "bind" => Call::Bind,
        _ => return,
    });
    match operation {
        "exec" => draft.kind = ObjectKind::Executable,
        "mkdir" | "rmdir" => draft.kind = ObjectKind::Directory,
        "connect" | "sendmsg" | "bind" => draft.kind = ObjectKind::UnixSocketPath,
        _ => {}
    }
    draft.arg("target", record.get("target"));
}

fn socket(operation: &str, record: &ApparmorRecord, draft: &mut Draft) {
    let (af, ty) = (record.get("family").unwrap_or(""), record.get("sock_type").unwrap_or(""));
    let protocol = record.get("protocol").unwrap_or("");
    draft.kind = socket_kind(af, ty, protocol);
    draft.arg("domain", Some(family(af)));
    draft.arg("type", Some(socket_type(ty)).filter(|_| !ty.is_empty()));
    draft.arg("protocol", record.get("protocol"));
    draft.call = Some(match operation {
        "bind" => Call::Bind,
        "connect" => Call::Connect,
        "listen" => Call::Listen,
        "accept" => Call::Accept,
        "sendmsg" | "file_perm" => Call::Send,
        "recvmsg" => Call::Recv,
        "getsockname" | "getpeername" | "getattr" => Call::Sockname,
        "getsockopt" | "setsockopt" => Call::Setsockopt,
        "socket_shutdown" => Call::Shutdown,
        _ => Call::Socket,
    });
    let address = |key: &str| record.get(key).filter(|a| *a != "none" && !a.is_empty());
    let peer_first = matches!(operation, "connect" | "sendmsg");
    let unix = if peer_first { address("peer_addr").or_else(|| address("addr")) } else { address("addr") };
    let port = |host: &str, port: &str| {
        let port = record.get(port)?;
        Some(format!("{}:{port}", record.get(host).unwrap_or("")))
    };
    let local = || port("laddr", "lport").or_else(|| port("saddr", "src"));
    let remote = || port("faddr", "fport").or_else(|| port("daddr", "dest"));
    draft.object = unix.map(str::to_owned).or_else(|| if peer_first { remote() } else { local() });
    if unix.is_some_and(|a| a.starts_with('/')) {
        draft.kind = ObjectKind::UnixSocketPath;
    } else if unix.is_none() && draft.object.is_some() {
        draft.kind = ObjectKind::Port;
    }
    if draft.kind == ObjectKind::Port {
        let number = draft.object.as_deref().and_then(|o| o.rsplit(':').next()).map(str::to_owned);
        draft.arg("port", number);
    }
    draft.arg("peer", record.get("peer"));
}

fn bus(record: &ApparmorRecord, draft: &mut Draft) {
    draft.call = Some(Call::Dbus);
    draft.kind = ObjectKind::BusName;
    let member = [record.get("interface"), record.get("member")].into_iter().flatten().collect::<Vec<_>>();
    draft.object = record.get("name").map(str::to_owned).or_else(|| Some(member.join(".")));
    for key in ["bus", "path", "interface", "member"] {
        draft.arg(key, record.get(key));
    }
    draft.arg("peer", record.get("peer_label").or_else(|| record.get("peer_profile")));
    // pid= is the sender's, peer_pid= the receiver's; exe= is dbus-daemon itself.
    draft.program = record.get("comm").map(str::to_owned);
}
