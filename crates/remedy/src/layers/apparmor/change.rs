//! The smallest change of policy that a denial asks for.

use super::record;
use crate::place::Ctx;
use whodenied_apparmor::{Access, Pattern, Rule};
use whodenied_case::record::{ApparmorRecord, ApparmorVerdict, capability_of};
use whodenied_case::{ObjectKind, Phase, RecordKind};
use whodenied_kernel::{Call, Capability};
use whodenied_runtimes::Runtime;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// The head of the file: AF_UNIX compiled without its details.
    Abi,
    /// A rule more.
    Rule(Rule),
    /// A rule more, in whose way a `deny` of the default stands.
    Mount(Rule),
    /// The denied path and letters, in whose way a `deny` may stand.
    Path(String, String),
    /// A signal of the engine or runtime stopping the container.
    Stop(Rule),
    /// The objects have no name that the profile can match: attach them.
    AttachDisconnected,
    /// A value in the record can't be written in a rule; says which.
    Unquotable(&'static str),
    /// Nothing tells what is to be allowed: the denial must be logged first.
    Silent,
}

impl Change {
    pub(super) const fn is_stop(&self) -> bool {
        matches!(self, Self::Stop(_))
    }
}

/// The paths that one profile refused, all of them: what fails first is rarely alone. Other
/// kinds of denial stand alone, for programs probe for rights that they do without.
pub(super) fn of_all_alike(ctx: &Ctx<'_>) -> Vec<Change> {
    let mut changes = of(ctx);
    let Some(record) = record(ctx) else { return changes };
    if !matches!(changes.first(), Some(Change::Path(..))) {
        return changes;
    }
    let all = ctx.case.attempts.iter().flat_map(|a| &a.records);
    for other in all {
        if let RecordKind::Apparmor(other) = &other.kind
            && other.verdict == ApparmorVerdict::Denied
            && other.profile() == record.profile()
            && changes.len() < 8
        {
            for change in from_record(ctx, other) {
                if matches!(change, Change::Path(..)) && !changes.contains(&change) {
                    changes.push(change);
                }
            }
        }
    }
    changes
}

pub(super) fn of(ctx: &Ctx<'_>) -> Vec<Change> {
    match record(ctx) {
        Some(record) => from_record(ctx, record),
        None => from_attempt(ctx),
    }
}

/// The name of the engine's default profile.
const fn default_name(ctx: &Ctx<'_>) -> &'static str {
    match ctx.runtime {
        Some(Runtime::Containerd) => "cri-containerd.apparmor.d",
        Some(Runtime::CriO) => "crio-default",
        _ => "docker-default",
    }
}

/// `info=` of a network rule that ended too early.
fn ends_early(record: &ApparmorRecord) -> bool {
    record.get("info").is_some_and(|i| {
        i.contains("protocol match") || i.contains("failed af match") || i.contains("failed type match")
    })
}

fn from_record(ctx: &Ctx<'_>, record: &ApparmorRecord) -> Vec<Change> {
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

/// The value of `key` as a pattern: absent is fine, present and not to be written is not, for a
/// rule without it would allow more than was refused.
fn part(
    record: &ApparmorRecord,
    key: &str,
    make: impl Fn(&str) -> Option<Pattern>,
) -> Result<Option<Pattern>, Change> {
    match record.get(key).filter(|v| !v.is_empty() && *v != "none") {
        None => Ok(None),
        Some(value) => make(value).map(Some).ok_or(Change::Unquotable("a name")),
    }
}

fn network(record: &ApparmorRecord) -> Vec<Change> {
    if record.get("family") == Some("unix") && ends_early(record) {
        return vec![Change::Abi];
    }
    let rule = || -> Result<Rule, Change> {
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
    vec![rule().map_or_else(|unquotable| unquotable, Change::Rule)]
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
fn sides(mask: Option<&str>) -> Vec<Access> {
    mask.unwrap_or("").split([' ', ',', '|']).filter_map(Access::from_keyword).collect()
}

/// Peers that are runtimes or engines stopping a container.
fn stops(peer: &str) -> bool {
    let last = peer.rsplit('/').next().unwrap_or(peer);
    matches!(last, "runc" | "crun" | "podman" | "unconfined") || peer == "snap.docker.dockerd"
}

fn peer_of(record: &ApparmorRecord) -> Option<Pattern> {
    let peer = record.get("peer").or_else(|| record.get("peer_label"))?;
    if let Some((base, _)) = peer.split_once("//&") {
        return Pattern::stacked_on(base);
    }
    Pattern::label(peer)
}

fn signal(ctx: &Ctx<'_>, record: &ApparmorRecord) -> Change {
    let Some(peer) = peer_of(record) else { return Change::Unquotable("the peer's label") };
    if record.get("signal").is_some_and(|s| !s.starts_with("unknown") && !signal_name(s)) {
        return Change::Unquotable("the signal");
    }
    let mut access = sides(record.denied().or_else(|| record.requested()));
    let mut set = signals_of(ctx, record);
    let name = record.get("peer").unwrap_or("");
    if name.contains("//&") {
        // Both ends ask, and here both carry the container's own label.
        access = vec![Access::Send, Access::Receive];
        set.clear();
    }
    let stopping = access == [Access::Receive] && stops(name);
    if stopping && set.iter().any(|s| matches!(s.as_str(), "term" | "kill" | "quit" | "int")) {
        // A stop that is not heeded ends in a kill.
        for more in ["term", "kill"] {
            if let Some(word) = Pattern::word(more)
                && !set.contains(&word)
            {
                set.push(word);
            }
        }
    }
    let rule = Rule::Signal { access, set, peer: Some(peer) };
    if stopping { Change::Stop(rule) } else { Change::Rule(rule) }
}

/// A signal as the language spells it: `term`, `usr1`, `rtmin+3`.
fn signal_name(name: &str) -> bool {
    match name.strip_prefix("rtmin+") {
        Some(n) => n.parse::<u8>().is_ok_and(|n| n <= 32),
        None => {
            name.len() <= 8
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                && !name.is_empty()
        }
    }
}

/// Every signal that this profile refused this peer, in this evidence.
fn signals_of(ctx: &Ctx<'_>, record: &ApparmorRecord) -> Vec<Pattern> {
    let mut set = Vec::new();
    let all = ctx.case.attempts.iter().flat_map(|a| &a.records);
    for other in all {
        let RecordKind::Apparmor(other) = &other.kind else { continue };
        let same = other.profile() == record.profile() && other.get("peer") == record.get("peer");
        if same
            && let Some(name) = other.get("signal")
            && signal_name(name)
            && let Some(word) = Pattern::word(name)
            && !set.contains(&word)
            && set.len() < 32
        {
            set.push(word);
        }
    }
    set
}

fn ptrace(record: &ApparmorRecord) -> Change {
    let access = sides(record.denied().or_else(|| record.requested()));
    match peer_of(record) {
        Some(peer) => Change::Rule(Rule::Ptrace { access, peer: Some(peer) }),
        None => Change::Unquotable("the peer's label"),
    }
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
    let rule = || -> Result<Rule, Change> {
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
    rule().map_or_else(|unquotable| unquotable, Change::Rule)
}

fn from_attempt(ctx: &Ctx<'_>) -> Vec<Change> {
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
