//! A loaded profile for a reader: what it mediates, allows and denies, class by class.

mod patterns;

use crate::compare::{family_name, permission_words, signal_name};
use crate::dfa::TRAP;
use crate::evaluate::{Kernel, signal_number};
use crate::policy::{Class, Database, Mode, PathFlags, Perms, Profile, Transition, TransitionKind, bit};
use patterns::patterns;
use std::collections::BTreeMap;
use whodenied_kernel::Capability;

/// A class of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Which.
    pub class: Class,
    /// Lines as rules write them, as near as can be told; hostile text: escape before printing.
    pub rules: Vec<String>,
    /// There are more than stand here.
    pub more: bool,
}

/// A profile for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its head: mode, flags, attachment.
    pub head: Vec<String>,
    /// What it mediates.
    pub sections: Vec<Section>,
    /// What it does not: everything of it is allowed.
    pub unmediated: Vec<Class>,
}

/// The most rules of a class.
const MOST: usize = 60;

/// Describes a profile as this kernel takes it.
#[must_use]
pub fn describe(profile: &Profile, kernel: &Kernel) -> Description {
    let mut out = Description { head: head(profile), sections: Vec::new(), unmediated: Vec::new() };
    if profile.mode == Mode::Unconfined {
        return out;
    }
    out.sections.push(Section { class: Class::Cap, rules: capabilities(profile), more: false });
    let files = match (&profile.file, &profile.policy) {
        (Some(db), _) => Some(db),
        (None, Some(db)) if db.class(Class::File).is_some() => Some(db),
        _ => None,
    };
    out.sections.push(files.map_or(Section { class: Class::File, rules: Vec::new(), more: false }, files_of));
    for class in shown(kernel) {
        let net = class == Class::NetV8;
        let with =
            if net && kernel.network_v9 && profile.mediates(Class::NetV9) { Class::NetV9 } else { class };
        match profile.policy.as_ref().and_then(|db| Some((db, db.class(with)?))) {
            Some((db, state)) => {
                let (rules, more) = match with {
                    Class::NetV8 | Class::NetV9 => (sockets(db, state, with), false),
                    Class::Signal => signals(db, state),
                    Class::Ptrace => {
                        let state =
                            db.dfa.next(db.dfa.next(db.start, Class::Label as u8), Class::Ptrace as u8);
                        labels(db, state, with, "ptrace")
                    }
                    Class::Mount => mounts(db, state),
                    Class::Namespace | Class::IoUring => (markers(db, state, with), false),
                    _ => labels(db, state, with, keyword(with)),
                };
                out.sections.push(Section { class: with, rules, more });
            }
            None => out.unmediated.push(class),
        }
    }
    out
}

fn shown(kernel: &Kernel) -> Vec<Class> {
    let mut classes = vec![Class::NetV8, Class::Mount, Class::Ptrace, Class::Signal];
    if kernel.userns {
        classes.push(Class::Namespace);
    }
    if kernel.io_uring {
        classes.push(Class::IoUring);
    }
    if kernel.patched {
        classes.extend([Class::PosixMqueue, Class::SysvMqueue]);
    }
    classes.push(Class::Dbus);
    classes
}

const fn keyword(class: Class) -> &'static str {
    match class {
        Class::Dbus => "dbus",
        Class::PosixMqueue | Class::SysvMqueue => "mqueue",
        _ => "rule",
    }
}

fn head(p: &Profile) -> Vec<String> {
    let mut head = Vec::new();
    head.push(match p.mode {
        Mode::Enforce => "enforced".to_owned(),
        Mode::Complain => {
            "complains: what the rules do not allow is allowed and recorded; a plain deny is enforced"
                .to_owned()
        }
        Mode::Kill => "enforced, and what is refused kills".to_owned(),
        Mode::Unconfined => "unconfined: it has a name and refuses nothing".to_owned(),
        Mode::Prompt => "a daemon in user space is asked".to_owned(),
    });
    if p.flags.audit {
        head.push("everything is recorded, deny rules too".to_owned());
    }
    if p.flags.hat() {
        head.push("a hat".to_owned());
    }
    if let Some(flags) = p.path_flags {
        let names = [
            (PathFlags::ATTACH_DISCONNECTED, "attach_disconnected"),
            (PathFlags::CHROOT_RELATIVE, "chroot_relative"),
            (PathFlags::MEDIATE_DELETED, "mediate_deleted"),
        ];
        let set: Vec<&str> = names.iter().filter(|(f, _)| flags.has(*f)).map(|(_, n)| *n).collect();
        if !set.is_empty() {
            head.push(format!("paths: {}", set.join(", ")));
        }
    }
    if let Some(attachment) = &p.attachment {
        let db = &attachment.database;
        let found = patterns(&db.dfa, db.start, 8, Some(0), |s| db.entry(s).owner.allow & bit::EXEC != 0);
        let list: Vec<&str> = found.found.iter().map(|(t, _)| t.as_str()).collect();
        head.push(format!("attaches to {}{}", list.join(" "), if found.more { " …" } else { "" }));
    } else if p.name.starts_with(b"/") {
        head.push("attaches to the path that is its name".to_owned());
    }
    if let Some(limits) = &p.rlimits {
        head.push(format!("{} resource limits are set at exec", limits.mask.count_ones()));
    }
    head
}

fn capabilities(p: &Profile) -> Vec<String> {
    let names = |mask: u64| permission_words(Class::Cap, mask).join(", ").to_lowercase().replace("cap_", "");
    let all = Capability::all().fold(0u64, |m, c| m | 1 << c.0);
    let mut rules = Vec::new();
    let allow = p.caps.allow & all;
    if allow == all {
        rules.push("capability,".to_owned());
    } else if allow != 0 && (all & !allow).count_ones() < allow.count_ones() {
        rules.push(format!("capability, but for: {}", names(all & !allow)));
    } else if allow != 0 {
        rules.push(format!("capability {},", names(allow)));
    }
    let quiet = p.caps.quiet & all & !p.caps.allow;
    if quiet != 0 {
        rules.push(format!("deny capability {},", names(quiet)));
    }
    rules
}

/// A file's permissions as rules write them.
fn letters(perms: &Perms) -> String {
    let mut out = String::new();
    for (bit, letter) in
        [(bit::READ, 'r'), (bit::WRITE, 'w'), (bit::MMAP, 'm'), (bit::LINK, 'l'), (bit::LOCK, 'k')]
    {
        if perms.allow & bit != 0 {
            out.push(letter);
        }
    }
    if perms.allow & bit::APPEND != 0 && perms.allow & bit::WRITE == 0 {
        out.push('a');
    }
    if perms.allow & bit::EXEC != 0 {
        let x = perms.xindex;
        let upper = |c: char| if x.has(Transition::UNSAFE) { c } else { c.to_ascii_uppercase() };
        let child = x.has(Transition::CHILD);
        match x.kind() {
            TransitionKind::None => {
                if x.has(Transition::INHERIT) {
                    out.push('i');
                } else {
                    out.push(upper('u'));
                }
            }
            _ => {
                out.push(upper(if child { 'c' } else { 'p' }));
                if x.has(Transition::INHERIT) {
                    out.push('i');
                } else if x.has(Transition::UNCONFINED) {
                    out.push('u');
                }
            }
        }
        out.push('x');
    }
    out
}

fn files_of(db: &Database) -> Section {
    let mut rules = Vec::new();
    let relevant = |p: &Perms| {
        let mask = bit::READ | bit::WRITE | bit::APPEND | bit::EXEC | bit::MMAP | bit::LINK | bit::LOCK;
        (p.allow | p.quiet) & mask != 0
    };
    let wanted = |s| relevant(&db.entry(s).owner) || relevant(&db.entry(s).other);
    let found = patterns(&db.dfa, db.file_start, MOST * 3, Some(0), wanted);
    for (text, state) in &found.found {
        let entry = db.entry(*state);
        // What a deny rule takes away has no profile to change to.
        let silent = letters(&Perms { allow: entry.other.quiet & !bit::EXEC, ..Perms::default() });
        let quiet = if entry.other.quiet & bit::EXEC == 0 { silent } else { silent + "x" };
        let (owner, other) = (letters(&entry.owner), letters(&entry.other));
        let target = match entry.owner.xindex.kind() {
            TransitionKind::Table(at) if entry.owner.allow & bit::EXEC != 0 => {
                let name = db.transitions.get(at as usize).map(|n| String::from_utf8_lossy(n).into_owned());
                name.map_or(String::new(), |n| format!(" -> {n}"))
            }
            _ => String::new(),
        };
        if !other.is_empty() {
            rules.push(format!("{text} {other}{target},"));
        }
        if owner != other && !owner.is_empty() {
            rules.push(format!("owner {text} {owner}{target},"));
        }
        if !quiet.is_empty() && text.starts_with('/') {
            rules.push(format!("deny {text} {quiet},"));
        }
    }
    rules.dedup();
    let more = found.more || rules.len() > MOST;
    // Silence is what a reader cannot see anywhere else: it comes first.
    rules.sort_by_key(|r| !r.starts_with("deny"));
    rules.truncate(MOST);
    Section { class: Class::File, rules, more }
}

/// A family, and those of its types that are alike.
type Family = (u16, Vec<u8>);

fn sockets(db: &Database, from: crate::dfa::StateId, class: Class) -> Vec<String> {
    let mut groups: BTreeMap<(u64, bool), Vec<Family>> = BTreeMap::new();
    for family in 0..=45u16 {
        let state = db.dfa.walk(from, &family.to_be_bytes());
        let mut by: BTreeMap<(u64, bool), Vec<u8>> = BTreeMap::new();
        for kind in [1u8, 2, 3, 4, 5, 6, 10] {
            let mut at = db.dfa.walk(state, &[0, kind]);
            if class == Class::NetV9 && family == 1 {
                at = db.dfa.walk(at, &[0, 0]);
            }
            let perms = db.entry(at).owner;
            let allow = u64::from(perms.allow & !bit::LOCK & !bit::CONT_MATCH);
            by.entry((allow, at != TRAP && perms.quiet != 0)).or_default().push(kind);
        }
        for (key, kinds) in by {
            groups.entry(key).or_default().push((family, kinds));
        }
    }
    let mut rules = Vec::new();
    for ((mask, quiet), list) in groups {
        let everything = list.len() == 46 && list.iter().all(|(_, k)| k.len() == 7);
        let names = |(family, kinds): &Family| {
            let name = family_name(*family).unwrap_or("other").trim_start_matches("AF_").to_lowercase();
            if kinds.len() == 7 {
                name
            } else {
                format!("{name} ({})", kinds.iter().map(|k| kind(*k)).collect::<Vec<_>>().join(" "))
            }
        };
        let which = if everything {
            "every family".to_owned()
        } else {
            list.iter().map(names).collect::<Vec<_>>().join(", ")
        };
        match (mask, quiet) {
            (0, true) => rules.push(format!("deny network {which},")),
            (0, false) => rules.push(format!("nothing on: {which}")),
            _ => {
                let words = permission_words(class, mask);
                let all = words.len() == 12;
                rules.push(format!(
                    "network {which}: {}",
                    if all { "everything".to_owned() } else { words.join(", ") }
                ));
            }
        }
    }
    if class == Class::NetV9 {
        rules
            .push("unix sockets are decided further by address and label: ask with `profile can`".to_owned());
    }
    rules
}

const fn kind(kind: u8) -> &'static str {
    match kind {
        1 => "stream",
        2 => "dgram",
        3 => "raw",
        4 => "rdm",
        5 => "seqpacket",
        6 => "dccp",
        _ => "packet",
    }
}

fn signals(db: &Database, from: crate::dfa::StateId) -> (Vec<String>, bool) {
    // Signals that lead to the same state are one rule.
    let mut by: BTreeMap<crate::dfa::StateId, Vec<u8>> = BTreeMap::new();
    for number in (0..=64).filter_map(signal_number) {
        by.entry(db.dfa.next(from, number)).or_default().push(number);
    }
    let mut rules = Vec::new();
    let mut more = false;
    for (state, numbers) in by {
        if state == TRAP {
            continue;
        }
        let set = if numbers.len() == 65 {
            String::new()
        } else {
            format!(" set=({})", numbers.iter().map(|n| signal_name(*n)).collect::<Vec<_>>().join(", "))
        };
        let (list, cut) = labels(db, state, Class::Signal, &format!("signal{set}"));
        rules.extend(list);
        more |= cut;
    }
    (rules, more)
}

fn labels(db: &Database, from: crate::dfa::StateId, class: Class, word: &str) -> (Vec<String>, bool) {
    let mask = |s| permission_words(class, u64::from(db.entry(s).owner.allow & !bit::LOCK));
    let found = patterns(&db.dfa, from, MOST, None, |s| !mask(s).is_empty());
    let mut rules: Vec<String> = Vec::new();
    for (text, state) in &found.found {
        let text = text.replace("\\x00", " ");
        let peer = if class == Class::Signal || class == Class::Ptrace {
            format!(" peer={text}")
        } else {
            format!(" {text}")
        };
        let peer = if text == "**" || text.is_empty() { String::new() } else { peer };
        rules.push(format!("{word} ({}){peer},", mask(*state).join(", ")));
    }
    rules.dedup();
    (rules, found.more)
}

fn markers(db: &Database, from: crate::dfa::StateId, class: Class) -> Vec<String> {
    let words = permission_words(class, u64::from(db.entry(from).owner.allow & !bit::LOCK));
    if words.is_empty() {
        vec!["nothing".to_owned()]
    } else {
        words.iter().map(|w| (*w).to_owned()).collect()
    }
}

fn mounts(db: &Database, from: crate::dfa::StateId) -> (Vec<String>, bool) {
    let found = patterns(&db.dfa, from, MOST, None, |s| db.entry(s).owner.allow & 7 != 0);
    let mut rules: Vec<String> = Vec::new();
    for (text, state) in &found.found {
        let mut parts = text.splitn(4, "\\x00");
        let target = parts.next().unwrap_or_default();
        let source = parts.next().unwrap_or_default();
        let allow = db.entry(*state).owner.allow;
        if allow & 4 != 0 {
            rules.push(format!("umount {target},"));
        }
        if allow & 1 != 0 {
            rules.push(format!("pivot_root oldroot={source} {target},"));
        }
        if allow & 2 != 0 {
            let kind = parts.next().unwrap_or_default();
            rules.push(format!("mount fstype={} {} -> {target},", or_any(kind), or_any(source)));
        }
    }
    rules.sort();
    rules.dedup();
    (rules, found.more)
}

fn or_any(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
