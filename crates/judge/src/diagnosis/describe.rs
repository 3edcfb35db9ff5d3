//! What was tried and on what, in the field's terms.

use crate::context::{family, writes};
use whodenied_case::{Attempt, ObjectKind, Phase, RecordKind};
use whodenied_kernel::{Call, Errno, Layer};

/// `socketpair(AF_UNIX, SOCK_STREAM)`, `mount(fstype=nfs)`, `open for write`.
pub(super) fn operation(attempt: &Attempt, others: &[&Attempt], layer: Layer) -> String {
    if let Some(recorded) = recorded(attempt, others) {
        // A capability is asked for on the way through a call that the error may name.
        let named = others.iter().find(|a| a.call.is_some() && a.records.is_empty());
        return match named.filter(|_| recorded.starts_with("capability ")) {
            Some(printed) => format!("{} ({recorded})", operation(printed, &[], layer)),
            None => recorded,
        };
    }
    if attempt.own_refusal && layer == Layer::Application {
        return "the program's own check".to_owned();
    }
    let arg = |name: &str| attempt.arg(name).or_else(|| others.iter().find_map(|a| a.arg(name)));
    let Some(call) = attempt.call.or_else(|| others.iter().find_map(|a| a.call)) else {
        return attempt.syscall.clone().unwrap_or_else(|| unnamed(attempt).to_owned());
    };
    let name = attempt.syscall.as_deref().filter(|s| call.syscalls().contains(s)).unwrap_or(call.name());
    match call {
        Call::Socket | Call::Socketpair | Call::Listen | Call::Accept => socket(attempt, name, call),
        Call::Mount | Call::Umount => {
            let mut inside: Vec<String> = Vec::new();
            inside.extend(arg("fstype").map(|t| format!("fstype={t}")));
            inside.extend(arg("flags").map(str::to_owned));
            if inside.is_empty() { name.to_owned() } else { format!("{name}({})", inside.join(", ")) }
        }
        Call::Open | Call::Create => {
            if call == Call::Create {
                "create".to_owned()
            } else if writes(attempt) {
                "open for write".to_owned()
            } else {
                name.to_owned()
            }
        }
        Call::Kill => {
            arg("signal").map_or_else(|| "send a signal".to_owned(), |s| format!("send signal {s}"))
        }
        Call::Bind => match attempt.object.kind {
            ObjectKind::Port => "bind to the port".to_owned(),
            _ => name.to_owned(),
        },
        Call::Exec => match attempt.object.kind {
            ObjectKind::Executable | ObjectKind::Path => "execve".to_owned(),
            _ => name.to_owned(),
        },
        Call::SysctlWrite => "write a sysctl".to_owned(),
        Call::Netlink => {
            arg("message").map_or_else(|| "netlink request".to_owned(), |m| format!("netlink {m}"))
        }
        Call::Setrlimit => arg("limit")
            .or_else(|| arg("resource"))
            .map_or_else(|| name.to_owned(), |l| format!("{name}({l})")),
        Call::Personality => "personality(ADDR_NO_RANDOMIZE)".to_owned(),
        Call::Clone if attempt.syscall.is_none() => "clone3 or clone (a new thread or process)".to_owned(),
        Call::Dbus => {
            arg("member").map_or_else(|| "D-Bus message".to_owned(), |m| format!("D-Bus message {m}"))
        }
        _ => name.to_owned(),
    }
}

fn unnamed(attempt: &Attempt) -> &'static str {
    match (attempt.object.kind, attempt.errno) {
        (_, Some(Errno::EROFS)) => "write",
        (ObjectKind::Executable, _) => "execve",
        (ObjectKind::UnixSocketPath, _) => "connect",
        (ObjectKind::Port, _) => "bind to the port",
        (ObjectKind::Process, _) => "act on a process",
        (ObjectKind::Namespace, _) => "make a namespace",
        _ => "access",
    }
}

fn socket(attempt: &Attempt, name: &str, call: Call) -> String {
    let domain = family(attempt).map(|f| {
        let upper = f.trim_start_matches("AF_").trim_start_matches("PF_").to_ascii_uppercase();
        format!("AF_{}", if upper == "LOCAL" { "UNIX".to_owned() } else { upper })
    });
    let domain = domain.or_else(|| match attempt.object.kind {
        ObjectKind::UnixSocket | ObjectKind::UnixSocketPath => Some("AF_UNIX".to_owned()),
        ObjectKind::NetlinkSocket => Some("AF_NETLINK".to_owned()),
        ObjectKind::PingSocket | ObjectKind::RawSocket => Some("AF_INET".to_owned()),
        _ if call == Call::Socketpair => Some("AF_UNIX".to_owned()),
        _ => None,
    });
    let kind = attempt.arg("type").or_else(|| attempt.arg("sock_type")).map(|t| {
        let first = t.split(['|', ' ', ',']).next().unwrap_or(t);
        let upper = first.trim_start_matches("SOCK_").to_ascii_uppercase();
        format!("SOCK_{upper}")
    });
    let kind = kind.or_else(|| match attempt.object.kind {
        ObjectKind::RawSocket => Some("SOCK_RAW".to_owned()),
        ObjectKind::PingSocket => Some("SOCK_DGRAM, IPPROTO_ICMP".to_owned()),
        _ => None,
    });
    match (domain, kind) {
        (Some(d), Some(k)) => format!("{name}({d}, {k})"),
        (Some(d), None) => format!("{name}({d})"),
        _ => name.to_owned(),
    }
}

/// A pair of sockets is two creations to the kernel's record; the program's message tells.
fn is_pair(attempt: &Attempt, others: &[&Attempt]) -> bool {
    std::iter::once(&attempt).chain(others).any(|a| a.call == Some(Call::Socketpair))
}

/// The operation as a record tells it.
fn recorded(attempt: &Attempt, others: &[&Attempt]) -> Option<String> {
    attempt.records.iter().find_map(|record| match &record.kind {
        RecordKind::Apparmor(r) => {
            let operation = r.get("operation")?;
            let asked = r.requested().or_else(|| r.denied()).unwrap_or("");
            Some(match operation {
                "signal" => format!("signal {asked} ({})", r.get("signal").unwrap_or("?")),
                "ptrace" => format!("ptrace ({asked})"),
                "capable" => format!("capability {}", r.get("capname").unwrap_or("?")),
                "mount" | "umount" | "remount" => {
                    let mut inside: Vec<String> = Vec::new();
                    inside.extend(r.get("fstype").map(|t| format!("fstype={t}")));
                    inside.extend(
                        r.get("flags")
                            .filter(|_| {
                                r.get("fstype").is_none()
                                    || r.get("info").is_some_and(|i| i.contains("flags"))
                            })
                            .map(str::to_owned),
                    );
                    format!("{operation}({})", inside.join(", "))
                }
                "change_onexec" | "change_profile" => format!("{operation} (profile transition)"),
                _ if r.get("class") == Some("posix_mqueue") => format!("message queue {asked}"),
                _ if r.get("family").is_some() => {
                    let family = r.get("family").unwrap_or("?").to_ascii_uppercase();
                    let kind = r.get("sock_type").unwrap_or("").to_ascii_uppercase();
                    let call = match operation {
                        "create" if family == "UNIX" && is_pair(attempt, others) => "socketpair",
                        "create" => "socket",
                        operation => operation,
                    };
                    if kind.is_empty() {
                        format!("{call}(AF_{family})")
                    } else {
                        format!("{call}(AF_{family}, SOCK_{kind})")
                    }
                }
                "open" => match asked {
                    "r" => "open for read".to_owned(),
                    m if m.contains('w') => "open for write".to_owned(),
                    m => format!("open ({m})"),
                },
                "mknod" => "create (mknod)".to_owned(),
                _ => operation.to_owned(),
            })
        }
        RecordKind::Selinux(avc) => {
            let permissions = avc.permissions.join(", ");
            Some(match (&attempt.syscall, &avc.tclass) {
                (Some(syscall), _) => format!("{syscall} ({permissions})"),
                (None, Some(class)) => format!("{permissions} ({class})"),
                (None, None) => permissions,
            })
        }
        RecordKind::Seccomp(r) => {
            let name = attempt.syscall.clone().or_else(|| r.syscall.map(|n| format!("system call {n}")))?;
            Some(name)
        }
        RecordKind::Landlock(r) => (!r.blockers.is_empty()).then(|| r.blockers.join(", ")),
        RecordKind::Lockdown { what, .. } => Some(what.clone()),
        RecordKind::Yama { .. } => Some("ptrace attach".to_owned()),
        _ => None,
    })
}

/// The object by name, or what kind of thing it is.
pub(super) fn object(attempt: &Attempt, others: &[&Attempt]) -> String {
    for record in &attempt.records {
        match &record.kind {
            RecordKind::Apparmor(r) => {
                let operation = r.get("operation").unwrap_or("");
                if matches!(operation, "signal" | "ptrace") {
                    let own = r.profile().unwrap_or("?");
                    return format!("a process under {own}, by {}", r.get("peer").unwrap_or("?"));
                }
                if let Some(target) = r
                    .get("target")
                    .filter(|_| operation.starts_with("change_") || operation == "userns_create")
                {
                    return format!("the profile {target}");
                }
                if r.get("class") == Some("posix_mqueue") {
                    return format!("the message queue {}", r.get("name").unwrap_or("?"));
                }
                // A capability asked for on the way through a call: the error names the object.
                if operation == "capable"
                    && let Some(named) = others.iter().find(|a| a.call == Some(Call::IdMap))
                {
                    let of = kind_of(named.object.kind, named.call, None);
                    return format!(
                        "{of} (needs CAP_{})",
                        r.get("capname").unwrap_or("?").to_ascii_uppercase()
                    );
                }
                if r.get("family").is_some() && r.get("name").is_none() {
                    let unix = r.get("family") == Some("unix") && operation == "create";
                    let call = if unix && is_pair(attempt, others) { Call::Socketpair } else { Call::Socket };
                    return kind_of(attempt.object.kind, Some(call), r.get("family")).to_owned();
                }
            }
            // A socket that is there is its label; only connecting and binding ask about a port.
            RecordKind::Selinux(r)
                if r.tclass.as_deref().is_some_and(|c| c.ends_with("_socket"))
                    && !r.permissions.iter().any(|p| matches!(p.as_str(), "name_connect" | "name_bind"))
                    && !attempt.object_name().contains('/') =>
            {
                if let Some(t) = &r.tcontext {
                    return format!("{} labelled {t}", r.tclass.as_deref().unwrap_or("a socket"));
                }
            }
            RecordKind::Selinux(r) if attempt.object.name.is_none() => {
                if let Some(t) = &r.tcontext {
                    return format!("{} labelled {t}", r.tclass.as_deref().unwrap_or("an object"));
                }
            }
            _ => {}
        }
    }
    let named = attempt.object.name.clone().filter(|n| !n.is_empty());
    let named = named.or_else(|| others.iter().find_map(|a| a.object.name.clone().filter(|n| !n.is_empty())));
    // A helper's file may be named by the message, and what was refused is the namespace.
    if attempt.call == Some(Call::UsernsCreate) && attempt.records.is_empty() {
        return kind_of(ObjectKind::Namespace, attempt.call, None).to_owned();
    }
    match named {
        Some(name) if attempt.object.kind == ObjectKind::Port && name.bytes().all(|b| b.is_ascii_digit()) => {
            format!("port {name}")
        }
        Some(name) if attempt.call == Some(Call::SysctlWrite) && !name.contains('/') => {
            format!("/proc/sys/{} ({name})", name.replace('.', "/"))
        }
        Some(name) => match name.strip_prefix("unix://") {
            Some(path) if path.starts_with('/') => path.to_owned(),
            _ => name,
        },
        None if attempt.phase == Phase::Stop => "the first process of the container".to_owned(),
        None => kind_of(attempt.object.kind, attempt.call, family(attempt)).to_owned(),
    }
}

fn kind_of(kind: ObjectKind, call: Option<Call>, family: Option<&str>) -> &'static str {
    match (kind, call) {
        (ObjectKind::UnixSocket, Some(Call::Socketpair)) | (_, Some(Call::Socketpair)) => {
            "a pair of Unix sockets without a path"
        }
        (ObjectKind::UnixSocket, _) => "a Unix socket without a path",
        (ObjectKind::RawSocket, _) => "a raw socket",
        (ObjectKind::PingSocket, _) => "an ICMP socket",
        (ObjectKind::NetlinkSocket, _) => "a netlink socket",
        (ObjectKind::OtherSocket, _) => "a socket",
        (ObjectKind::Namespace, _) | (_, Some(Call::UsernsCreate)) => "a user namespace",
        (ObjectKind::Process, _) | (_, Some(Call::Kill | Call::Ptrace)) => "a process",
        (ObjectKind::Device, _) => "a device",
        (ObjectKind::Memory, _) | (_, Some(Call::Mmap | Call::Mprotect | Call::Mlock)) => "memory",
        (_, Some(Call::Clone)) => "a new thread or process",
        (_, Some(Call::IoUring)) => "an io_uring instance",
        (_, Some(Call::Bpf)) => "a BPF program or map",
        (_, Some(Call::IdMap)) => "the id map of a user namespace",
        (_, Some(Call::Setuid | Call::Setgid | Call::Setgroups | Call::Capset)) => "the ids of the process",
        (_, Some(Call::Setrlimit)) => "a resource limit of the process",
        (_, Some(Call::Sched | Call::Setpriority)) => "the scheduling of the process",
        (_, Some(Call::LandlockRestrict)) => "the program's own sandbox",
        (_, Some(Call::Netlink)) => "the network namespace",
        (_, Some(Call::Socket)) if family.is_some_and(|f| f.eq_ignore_ascii_case("unix")) => {
            "a Unix socket without a path"
        }
        (_, Some(Call::Socket)) => "a socket",
        (_, Some(Call::Mount)) => "a mount point",
        (_, Some(Call::Inotify)) => "an inotify instance",
        (_, Some(Call::Fanotify)) => "a fanotify group",
        (_, Some(Call::PerfEventOpen)) => "a performance event",
        (_, Some(Call::Gettime | Call::Settime)) => "the clock",
        (_, Some(Call::Sethostname)) => "the host name",
        (_, Some(Call::Keyctl)) => "a key or keyring",
        (_, Some(Call::Syslog)) => "the kernel log",
        (_, Some(Call::Module)) => "a kernel module",
        (_, Some(Call::Kexec)) => "another kernel",
        (_, Some(Call::Mempolicy)) => "the memory policy of the process",
        (_, Some(Call::Personality)) => "the execution domain of the process",
        (_, Some(Call::Setns | Call::Unshare)) => "a namespace",
        (_, Some(Call::Dbus)) => "a service on the bus",
        (_, Some(Call::Setsockopt)) => "a socket option",
        _ => "not named in the evidence",
    }
}
