//! Signals and tracing: both ends ask, and each record names the other one.

use super::Change;
use super::record::sides;
use crate::place::Ctx;
use whodenied_apparmor::{Access, Pattern, Rule};
use whodenied_case::RecordKind;
use whodenied_case::record::ApparmorRecord;

/// Peers that are runtimes or engines stopping a container.
fn stops(peer: &str) -> bool {
    let last = peer.rsplit('/').next().unwrap_or(peer);
    matches!(last, "runc" | "crun" | "podman" | "unconfined") || peer == "snap.docker.dockerd"
}

pub(super) fn peer_of(record: &ApparmorRecord) -> Option<Pattern> {
    let peer = record.get("peer").or_else(|| record.get("peer_label"))?;
    if let Some((base, _)) = peer.split_once("//&") {
        return Pattern::stacked_on(base);
    }
    Pattern::label(peer)
}

pub(super) fn signal(ctx: &Ctx<'_>, record: &ApparmorRecord) -> Change {
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

pub(super) fn ptrace(record: &ApparmorRecord) -> Change {
    let access = sides(record.denied().or_else(|| record.requested()));
    match peer_of(record) {
        Some(peer) => Change::Rule(Rule::Ptrace { access, peer: Some(peer) }),
        None => Change::Unquotable("the peer's label"),
    }
}
