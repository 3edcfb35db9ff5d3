//! What an AVC record says was tried.
//!
//! Source: Linux `security/selinux/include/classmap.h` and `hooks.c`.

use super::draft::{Draft, capability_call, path_kind, signal};
use whodenied_case::ObjectKind;
use whodenied_case::record::AvcRecord;
use whodenied_kernel::{Call, Capability, Errno};

/// The draft of one record.
pub(super) fn draft(avc: &AvcRecord) -> Draft {
    let mut draft = Draft { label: avc.scontext.clone(), errno: Some(Errno::EACCES), ..Draft::default() };
    draft.subject(&avc.fields);
    let class = avc.tclass.as_deref().unwrap_or_else(|| guess_class(avc));
    draft.arg("class", avc.tclass.as_deref());
    draft.arg("permissions", Some(avc.permissions.join(" ")));
    draft.arg("tcontext", avc.tcontext.as_deref());
    draft.object = avc.get("path").or_else(|| avc.get("name")).map(str::to_owned);
    let named = |p: &str| avc.permissions.iter().any(|q| q == p);
    draft.call = match class {
        "capability" | "capability2" | "cap_userns" | "cap2_userns" => {
            let capability = avc
                .get("capability")
                .and_then(|n| n.parse().ok().map(Capability).or_else(|| Capability::from_name(n)))
                .or_else(|| avc.permissions.iter().find_map(|p| Capability::from_name(p)));
            draft.errno = Some(Errno::EPERM);
            draft.kind = ObjectKind::Capability;
            draft.object = capability.map(|c| c.to_string());
            draft.arg("capability", draft.object.clone());
            capability.and_then(|c| c.name()).and_then(|n| capability_call(&n.to_ascii_lowercase()))
        }
        "dir" => {
            draft.kind = ObjectKind::Directory;
            directory(&named)
        }
        "file" | "lnk_file" | "chr_file" | "blk_file" | "sock_file" | "fifo_file" | "anon_inode" => {
            draft.kind = match class {
                "chr_file" | "blk_file" => ObjectKind::Device,
                "sock_file" => ObjectKind::UnixSocketPath,
                _ => draft.object.as_deref().map_or(ObjectKind::Path, path_kind),
            };
            let call = file(class, &named);
            if call == Some(Call::Exec) {
                draft.kind = ObjectKind::Executable;
            }
            call
        }
        "process" | "process2" => {
            draft.kind = ObjectKind::Process;
            draft.object = draft.object.take().or_else(|| avc.tcontext.clone());
            draft.arg("signal", avc.permissions.iter().find_map(|p| p.strip_prefix("sig")).map(signal));
            process(&named)
        }
        "filesystem" => {
            draft.kind = ObjectKind::MountPoint;
            if named("unmount") {
                Some(Call::Umount)
            } else if named("mount") || named("remount") || named("mounton") {
                Some(Call::Mount)
            } else if named("associate") {
                Some(Call::Create)
            } else {
                None
            }
        }
        "user_namespace" => {
            draft.kind = ObjectKind::Namespace;
            draft.object = Some("user namespace".to_owned());
            Some(Call::UsernsCreate)
        }
        "bpf" => Some(Call::Bpf),
        "perf_event" => Some(Call::PerfEventOpen),
        "io_uring" => Some(Call::IoUring),
        "key" => Some(Call::Keyctl),
        "sem" | "shm" | "msgq" | "msg" | "ipc" => Some(Call::Sysvipc),
        "system" if named("module_load") || named("module_request") => Some(Call::Module),
        "system" if named("syslog_read") || named("syslog_mod") || named("syslog_console") => {
            Some(Call::Syslog)
        }
        "security" => Some(Call::PolicyLoad),
        "dbus" => {
            draft.kind = ObjectKind::BusName;
            draft.object = avc.get("dest").or_else(|| avc.get("member")).map(str::to_owned);
            Some(Call::Dbus)
        }
        _ if class.ends_with("socket") => socket(class, avc, &named, &mut draft),
        _ => None,
    };
    draft
}

/// The class of a record that was cut before it, by what only that class has.
fn guess_class(avc: &AvcRecord) -> &'static str {
    let any = |names: &[&str]| avc.permissions.iter().any(|p| names.contains(&p.as_str()));
    if avc.get("capability").is_some() {
        "capability"
    } else if ["laddr", "faddr", "lport", "fport", "saddr", "daddr"].iter().any(|k| avc.get(k).is_some())
        || any(&[
            "name_bind",
            "name_connect",
            "node_bind",
            "listen",
            "accept",
            "shutdown",
            "setopt",
            "getopt",
        ])
    {
        "socket"
    } else if any(&["connectto"]) {
        "unix_stream_socket"
    } else if any(&["search", "add_name", "remove_name", "rmdir", "reparent"]) {
        "dir"
    } else if any(&["ptrace", "signal", "sigkill", "signull", "transition", "execmem", "dyntransition"]) {
        "process"
    } else if avc.get("path").is_some() || avc.get("name").is_some() {
        "file"
    } else {
        ""
    }
}

fn directory(named: &impl Fn(&str) -> bool) -> Option<Call> {
    Some(if named("rmdir") || named("remove_name") {
        Call::Unlink
    } else if named("create") {
        Call::Mkdir
    } else if named("add_name") || named("write") {
        Call::Create
    } else if named("mounton") {
        Call::Mount
    } else if named("setattr") {
        Call::Chmod
    } else if named("relabelfrom") || named("relabelto") {
        Call::Xattr
    } else if named("watch") {
        Call::Inotify
    } else if named("rename") || named("reparent") {
        Call::Rename
    } else if named("read") {
        Call::Readdir
    } else if named("getattr") {
        Call::Stat
    } else {
        // `search` and `open`: on the way to something below.
        Call::Open
    })
}

fn file(class: &str, named: &impl Fn(&str) -> bool) -> Option<Call> {
    let socket = class == "sock_file";
    Some(if named("execute") || named("execute_no_trans") || named("entrypoint") {
        Call::Exec
    } else if named("create") {
        match class {
            "sock_file" => Call::Bind,
            "lnk_file" => Call::Symlink,
            "chr_file" | "blk_file" | "fifo_file" => Call::Mknod,
            _ => Call::Create,
        }
    } else if socket && named("write") {
        Call::Connect
    } else if named("execmod") {
        Call::Mprotect
    } else if named("map") {
        Call::Mmap
    } else if named("unlink") {
        Call::Unlink
    } else if named("rename") {
        Call::Rename
    } else if named("link") {
        Call::Link
    } else if named("setattr") {
        Call::Chmod
    } else if named("relabelfrom") || named("relabelto") {
        Call::Xattr
    } else if named("mounton") {
        Call::Mount
    } else if named("ioctl") {
        Call::Ioctl
    } else if named("lock") {
        Call::Flock
    } else if named("watch") {
        Call::Inotify
    } else if named("write") || named("append") {
        Call::Write
    } else if class == "lnk_file" && named("read") {
        Call::Readlink
    } else if named("open") || named("read") {
        Call::Open
    } else if named("getattr") {
        Call::Stat
    } else {
        return None;
    })
}

fn process(named: &impl Fn(&str) -> bool) -> Option<Call> {
    Some(if named("ptrace") {
        Call::Ptrace
    } else if ["signal", "sigkill", "sigstop", "signull", "sigchld"].iter().any(|p| named(p)) {
        Call::Kill
    } else if named("transition") || named("nnp_transition") || named("nosuid_transition") {
        Call::Exec
    } else if named("dyntransition") || named("setexec") || named("setcurrent") {
        Call::LabelChange
    } else if named("execmem") || named("execstack") || named("execheap") {
        Call::Mprotect
    } else if named("setrlimit") || named("rlimitinh") {
        Call::Setrlimit
    } else if named("setsched") {
        Call::Sched
    } else if named("setcap") {
        Call::Capset
    } else if named("fork") {
        Call::Clone
    } else {
        return None;
    })
}

fn socket(class: &str, avc: &AvcRecord, named: &impl Fn(&str) -> bool, draft: &mut Draft) -> Option<Call> {
    let netlink = class.starts_with("netlink");
    draft.kind = match class {
        "unix_stream_socket" | "unix_dgram_socket" => {
            if avc.get("path").is_some_and(|p| p.starts_with('/')) {
                ObjectKind::UnixSocketPath
            } else {
                ObjectKind::UnixSocket
            }
        }
        "rawip_socket" | "packet_socket" => ObjectKind::RawSocket,
        "icmp_socket" => ObjectKind::PingSocket,
        _ if netlink => ObjectKind::NetlinkSocket,
        _ => ObjectKind::OtherSocket,
    };
    let port = ["dest", "fport", "src", "lport"].iter().find_map(|k| avc.get(k));
    if let Some(port) = port {
        draft.kind = ObjectKind::Port;
        draft.object = Some(port.to_owned());
        draft.arg("port", Some(port));
    }
    let domain = match class {
        "unix_stream_socket" | "unix_dgram_socket" => Some("AF_UNIX"),
        "packet_socket" => Some("AF_PACKET"),
        _ if netlink => Some("AF_NETLINK"),
        _ => None,
    };
    draft.arg("domain", domain);
    Some(if named("create") {
        Call::Socket
    } else if named("bind") || named("name_bind") || named("node_bind") {
        Call::Bind
    } else if named("connect") || named("name_connect") || named("connectto") {
        Call::Connect
    } else if named("listen") {
        Call::Listen
    } else if named("accept") {
        Call::Accept
    } else if named("shutdown") {
        Call::Shutdown
    } else if named("setopt") || named("getopt") {
        Call::Setsockopt
    } else if named("ioctl") {
        Call::Ioctl
    } else if named("nlmsg_write") || named("nlmsg_read") || named("nlmsg") || named("nlmsg_relay") {
        Call::Netlink
    } else if named("write") || named("sendto") || named("send_msg") || named("append") {
        Call::Send
    } else if named("read") || named("recvfrom") || named("recv_msg") {
        Call::Recv
    } else if named("getattr") {
        Call::Sockname
    } else {
        return None;
    })
}
