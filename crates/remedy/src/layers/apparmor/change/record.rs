//! What a record asks for. A value that can't be written in a rule makes no rule at all: one
//! without it would allow more than was refused.

use super::peers::{peer_of, ptrace, signal};
use super::{Change, default_name};
use crate::place::Ctx;
use whodenied_apparmor::{Access, Pattern, Rule};
use whodenied_case::record::{ApparmorRecord, capability_of};

/// `info=` of a network rule that ended too early.
fn ends_early(record: &ApparmorRecord) -> bool {
    record.get("info").is_some_and(|i| {
        i.contains("protocol match") || i.contains("failed af match") || i.contains("failed type match")
    })
}

pub(super) fn change(ctx: &Ctx<'_>, record: &ApparmorRecord) -> Vec<Change> {
    let operation = record.get("operation").unwrap_or("");
    let class = record.get("class").unwrap_or("");
    if record.dbus || operation.starts_with("dbus") {
        return vec![dbus(record)];
    }
    if record.get("info").is_some_and(|i| i.contains("disconnected path")) {
        let mut changes = vec![Change::AttachDisconnected];
        changes.extend(path(record, true));
        return changes;
    }
    match (operation, class) {
        ("signal", _) | (_, "signal") => {
            let mut changes = vec![signal(ctx, record)];
            if record.get("peer").is_some_and(|p| p.contains("//&"))
                && let Some(peer) = peer_of(record)
            {
                let access = vec![Access::Trace, Access::Read, Access::TracedBy, Access::ReadBy];
                changes.push(Change::Rule(Rule::Ptrace { access, peer: Some(peer) }));
            }
            changes
        }
        ("ptrace", _) | (_, "ptrace") => vec![ptrace(record)],
        ("mount" | "remount" | "move_mount", _) => mount(record),
        ("umount", _) => vec![
            record
                .get("name")
                .and_then(Pattern::path)
                .map_or(Change::Unquotable("the mount point"), |p| Change::Rule(Rule::Umount(Some(p)))),
        ],
        ("pivotroot" | "pivot_root", _) => vec![Change::Rule(Rule::PivotRoot)],
        ("capable", _) | (_, "cap") => vec![
            capability_of(record)
                .map_or(Change::Silent, |c| Change::Rule(Rule::Capability { deny: false, names: vec![c] })),
        ],
        ("userns_create", _) | (_, "namespace") => vec![Change::Rule(Rule::Userns)],
        ("uring_override" | "uring_sqpoll", _) | (_, "io_uring") => vec![Change::Rule(Rule::IoUring)],
        (_, "posix_mqueue") => {
            let name = record.get("name").filter(|n| n.starts_with('/')).and_then(Pattern::path);
            vec![Change::Rule(Rule::Mqueue(name))]
        }
        ("change_profile" | "change_onexec" | "stack" | "stack_onexec", _) => {
            let target = record.get("target").or_else(|| record.get("name"));
            // Leaving all confinement is not what a launcher should be given: the engine's own
            // default is.
            let target = target.map(|t| if t == "unconfined" { default_name(ctx) } else { t });
            vec![
                target
                    .and_then(Pattern::label)
                    .map_or(Change::Unquotable("the target"), |t| Change::Rule(Rule::ChangeProfile(t))),
            ]
        }
        _ if record.get("family").is_some()
            && record.get("requested_mask").or(record.requested()).is_some() =>
        {
            network(record)
        }
        _ => path(record, false),
    }
}

/// The value of `key` as a pattern; `Err` when it is there and can't be written.
fn part(
    record: &ApparmorRecord,
    key: &str,
    make: impl Fn(&str) -> Option<Pattern>,
) -> Result<Option<Pattern>, &'static str> {
    match record.get(key).filter(|v| !v.is_empty() && *v != "none") {
        None => Ok(None),
        Some(value) => make(value).map(Some).ok_or("a name"),
    }
}

fn network(record: &ApparmorRecord) -> Vec<Change> {
    if record.get("family") == Some("unix") && ends_early(record) {
        return vec![Change::Abi];
    }
    let rule = || -> Result<Rule, &'static str> {
        let kind = part(record, "sock_type", Pattern::word)?;
        if record.get("family") == Some("unix") {
            let peer = part(record, "peer", Pattern::label)?;
            let perms = words(record.denied().or_else(|| record.requested()), UNIX_PERMS);
            // With a peer only these may stand.
            let both = ["send", "receive", "connect", "accept"];
            let peer = peer.filter(|_| perms.iter().all(|p| both.contains(&p.as_str())));
            return Ok(Rule::Unix { perms, kind, peer });
        }
        Ok(Rule::Network { deny: false, family: part(record, "family", Pattern::word)?, kind })
    };
    vec![rule().map_or_else(Change::Unquotable, Change::Rule)]
}

/// Source: apparmor.d(5), unix and dbus rules.
const UNIX_PERMS: &[&str] = &[
    "create", "bind", "listen", "accept", "connect", "shutdown", "getattr", "setattr", "getopt", "setopt",
    "send", "receive",
];
const DBUS_PERMS: &[&str] = &["send", "receive", "bind", "eavesdrop"];

/// `send receive` or `send,receive` as the words that the language knows.
fn words(mask: Option<&str>, known: &[&str]) -> Vec<Pattern> {
    let mask = mask.unwrap_or("");
    mask.split([' ', ',', '|']).filter(|w| known.contains(w)).filter_map(Pattern::word).take(16).collect()
}

/// The sides a mask names.
pub(super) fn sides(mask: Option<&str>) -> Vec<Access> {
    mask.unwrap_or("").split([' ', ',', '|']).filter_map(Access::from_keyword).collect()
}
/// Mount options that the language knows by name. Source: apparmor.d(5), MOUNT FLAGS.
const MOUNT_OPTIONS: &[&str] = &[
    "ro",
    "rw",
    "nosuid",
    "suid",
    "nodev",
    "dev",
    "noexec",
    "exec",
    "sync",
    "async",
    "mand",
    "nomand",
    "dirsync",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "bind",
    "rbind",
    "move",
    "verbose",
    "silent",
    "loud",
    "acl",
    "noacl",
    "unbindable",
    "runbindable",
    "private",
    "rprivate",
    "slave",
    "rslave",
    "shared",
    "rshared",
    "relatime",
    "norelatime",
    "iversion",
    "noiversion",
    "strictatime",
    "nostrictatime",
    "lazytime",
    "nolazytime",
    "nouser",
    "user",
    "symfollow",
    "nosymfollow",
    "remount",
];

fn mount(record: &ApparmorRecord) -> Vec<Change> {
    let flags = record.get("flags").unwrap_or("");
    let options: Vec<Pattern> =
        flags.split([',', ' ']).filter(|f| MOUNT_OPTIONS.contains(f)).filter_map(Pattern::word).collect();
    let unknown = flags.split([',', ' ']).any(|f| !f.is_empty() && !MOUNT_OPTIONS.contains(&f));
    let Ok(fstype) = part(record, "fstype", Pattern::word) else {
        return vec![Change::Unquotable("the file system type")];
    };
    let fstype: Vec<Pattern> = fstype.into_iter().collect();
    if unknown {
        return vec![Change::Unquotable("a mount flag")];
    }
    // A source that is a device or a directory is kept; of a network or FUSE source the name says
    // nothing that a rule should hang on.
    let source = record.get("srcname").filter(|s| s.starts_with('/')).and_then(Pattern::path);
    // A name that is no path (cut or masked by the reporter) is left out of the rule.
    let target = record.get("name").filter(|n| n.starts_with('/'));
    let point = target.and_then(Pattern::path);
    if target.is_some() && point.is_none() {
        return vec![Change::Unquotable("the mount point")];
    }
    vec![Change::Mount(Rule::Mount { deny: false, options, fstype, source, target: point })]
}

fn path(record: &ApparmorRecord, disconnected: bool) -> Vec<Change> {
    let Some(name) = record.get("name").filter(|n| !n.is_empty()) else { return vec![Change::Silent] };
    let name = if name.starts_with('/') { name.to_owned() } else { format!("/{name}") };
    let mask = record.denied().or_else(|| record.requested()).unwrap_or("");
    let mut perms = String::new();
    for c in mask.chars() {
        // Create and delete are part of write.
        let c = if matches!(c, 'c' | 'd') { 'w' } else { c };
        if "rwaklmx".contains(c) && !perms.contains(c) {
            perms.push(c);
        }
    }
    if perms.contains('w') {
        perms.retain(|c| c != 'a');
    }
    if perms.is_empty() {
        return if disconnected { Vec::new() } else { vec![Change::Silent] };
    }
    let perms = perms.replace('x', "ix");
    vec![Change::Path(name, perms)]
}

fn dbus(record: &ApparmorRecord) -> Change {
    let rule = || -> Result<Rule, &'static str> {
        let bus = |key: &str| part(record, key, Pattern::bus);
        let access = words(record.get("mask").or_else(|| record.requested()), DBUS_PERMS);
        let bind = access.iter().any(|a| a.as_str() == "bind");
        let name = bus("name")?.filter(|n| !n.as_str().starts_with(':'));
        let message = |key: &str| if bind { Ok(None) } else { bus(key) };
        Ok(Rule::Dbus {
            bus: bus("bus")?,
            path: message("path")?,
            interface: message("interface")?,
            member: message("member")?,
            name: name.clone().filter(|_| bind),
            peer_name: name.filter(|_| !bind),
            peer_label: None,
            access,
        })
    };
    rule().map_or_else(Change::Unquotable, Change::Rule)
}
