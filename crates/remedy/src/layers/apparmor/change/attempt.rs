//! What an attempt asks for where no record was pasted.

use super::{Change, default_name};
use crate::place::Ctx;
use whodenied_apparmor::{Access, Pattern, Rule};
use whodenied_case::{ObjectKind, Phase};
use whodenied_kernel::{Call, Capability};

pub(super) fn change(ctx: &Ctx<'_>) -> Vec<Change> {
    let attempt = ctx.attempt;
    let name = attempt.object_name();
    let unix = attempt.arg("domain").is_none_or(|d| d.contains("UNIX") || d.contains("LOCAL") || d == "1")
        || matches!(attempt.object.kind, ObjectKind::UnixSocket | ObjectKind::UnixSocketPath);
    match attempt.call {
        Some(
            Call::Socket
            | Call::Socketpair
            | Call::Bind
            | Call::Listen
            | Call::Connect
            | Call::Accept
            | Call::Send
            | Call::Recv
            | Call::Shutdown,
        ) if unix => vec![Change::Abi],
        Some(Call::Socket) => {
            match attempt.arg("domain").map(|d| d.trim_start_matches("AF_").to_ascii_lowercase()) {
                Some(family) => Pattern::word(&family).map_or_else(
                    || vec![Change::Silent],
                    |f| vec![Change::Rule(Rule::Network { deny: false, family: Some(f), kind: None })],
                ),
                None => vec![Change::Silent],
            }
        }
        Some(Call::Kill) => stop_rules(ctx),
        None if attempt.phase == Phase::Stop => stop_rules(ctx),
        Some(Call::Mount) => {
            let mut fstype: Vec<Pattern> =
                attempt.arg("fstype").into_iter().filter_map(Pattern::word).collect();
            if fstype.iter().any(|t| t.as_str() == "fuse") {
                // The program's name is part of the type as it is mounted.
                fstype.push(Pattern::glob("fuse.*"));
            }
            // A directory is matched with its final slash.
            let target =
                name.starts_with('/').then(|| Pattern::path(&format!("{}/", name.trim_end_matches('/'))));
            let rule = Rule::Mount {
                deny: false,
                options: Vec::new(),
                fstype,
                source: None,
                target: target.flatten(),
            };
            vec![Change::Mount(rule)]
        }
        Some(Call::PivotRoot) => vec![Change::Rule(Rule::PivotRoot)],
        Some(Call::UsernsCreate) => vec![Change::Rule(Rule::Userns)],
        Some(Call::Mqueue) => vec![Change::Rule(Rule::Mqueue(None))],
        Some(Call::IoUring) => vec![Change::Rule(Rule::IoUring)],
        Some(Call::Ptrace) => {
            let peer = attempt.object.name.as_deref().filter(|_| attempt.object.kind == ObjectKind::Label);
            let peer = peer.and_then(Pattern::label).unwrap_or_else(|| Pattern::glob("unconfined"));
            vec![Change::Rule(Rule::Ptrace { access: vec![Access::Read], peer: Some(peer) })]
        }
        Some(Call::Dbus) => {
            let name = Pattern::bus(name);
            let send = Pattern::word("send").into_iter().collect();
            vec![Change::Rule(Rule::Dbus {
                access: send,
                bus: attempt.arg("bus").and_then(Pattern::word).or_else(|| Pattern::word("system")),
                path: attempt.arg("path").and_then(Pattern::bus),
                interface: attempt.arg("interface").and_then(Pattern::bus),
                member: attempt.arg("member").and_then(Pattern::bus),
                name: None,
                peer_name: name,
                peer_label: None,
            })]
        }
        Some(Call::Open | Call::Read) if name.starts_with('/') => {
            vec![Change::Path(name.to_owned(), "r".into())]
        }
        Some(
            Call::Write
            | Call::Create
            | Call::Mkdir
            | Call::Mknod
            | Call::Unlink
            | Call::Rename
            | Call::Chmod
            | Call::Chown
            | Call::Truncate
            | Call::SysctlWrite,
        ) if name.starts_with('/') => vec![Change::Path(name.to_owned(), "rw".into())],
        Some(Call::LabelChange) => {
            let target = Pattern::label(name).filter(|_| !name.starts_with('/'));
            let target =
                target.filter(|t| t.as_str() != "unconfined").or_else(|| Pattern::label(default_name(ctx)));
            let Some(target) = target else { return vec![Change::Silent] };
            vec![Change::Rule(Rule::ChangeProfile(target))]
        }
        Some(Call::Exec) if name.starts_with('/') => vec![Change::Path(name.to_owned(), "mrix".into())],
        _ => match capability_in(ctx) {
            Some(cap) => vec![Change::Rule(Rule::Capability { deny: false, names: vec![cap] })],
            None => vec![Change::Silent],
        },
    }
}

fn capability_in(ctx: &Ctx<'_>) -> Option<Capability> {
    ctx.attempt.arg("capability").and_then(Capability::from_name)
}

/// Who stops a container where no record names the peer: the OCI runtimes by their AppArmor 4
/// names.
fn stop_rules(ctx: &Ctx<'_>) -> Vec<Change> {
    let set: Vec<Pattern> =
        match ctx.attempt.arg("signal").map(|s| s.trim_start_matches("SIG").to_ascii_lowercase()) {
            Some(s) if !matches!(s.as_str(), "term" | "kill") => {
                [s.as_str(), "term", "kill"].iter().filter_map(|s| Pattern::word(s)).collect()
            }
            _ => ["term", "kill"].iter().filter_map(|s| Pattern::word(s)).collect(),
        };
    ["runc", "crun"]
        .into_iter()
        .map(|peer| {
            Change::Stop(Rule::Signal {
                access: vec![Access::Receive],
                set: set.clone(),
                peer: Pattern::label(peer),
            })
        })
        .collect()
}
