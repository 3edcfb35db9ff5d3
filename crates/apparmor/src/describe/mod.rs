//! A loaded profile for a reader: what it mediates, allows and denies, class by class.

mod patterns;
mod regions;

use crate::compare::{family_name, permission_words, signal_name};
use crate::dfa::{Builder, Dfa, StateId, TRAP};
use crate::evaluate::{Kernel, MountAttempt, mount, never, pivot_root, signal_number, umount};
use crate::policy::{
    Class, Database, Entry, Mode, PathFlags, Perms, Profile, Transition, TransitionKind, bit,
};
use patterns::patterns;
use regions::regions;
use std::collections::{BTreeMap, HashMap};
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

/// Describes a profile as this kernel takes it. Of several rules of files that match a path, the last counts;
/// so it is with labels.
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
                    Class::Mount => mounts(profile, db, state),
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

/// What a state of files comes to, as a reader tells it from others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
struct Worth {
    owner: String,
    other: String,
    target: String,
    /// Refused silently, of the owner and of others.
    quiet: [String; 2],
}

fn worth(db: &Database, entry: &Entry) -> Worth {
    // What a deny rule takes away has no profile to change to.
    let silent = |perms: &Perms| {
        let silent = letters(&Perms { allow: perms.quiet & !bit::EXEC, ..Perms::default() });
        if perms.quiet & bit::EXEC == 0 { silent } else { silent + "x" }
    };
    let target = match entry.owner.xindex.kind() {
        TransitionKind::Table(at) if entry.owner.allow & bit::EXEC != 0 => {
            let name = db.transitions.get(at as usize).map(|n| String::from_utf8_lossy(n).into_owned());
            name.map_or(String::new(), |n| format!(" -> {n}"))
        }
        _ => String::new(),
    };
    Worth {
        owner: letters(&entry.owner),
        other: letters(&entry.other),
        target,
        quiet: [silent(&entry.owner), silent(&entry.other)],
    }
}

/// A copy of an automaton without the strings behind a NUL, which are of pairs, whose accepts are indices into
/// a list of what a reader tells apart; minimal. The first is that of the trap.
fn told_apart<W: Clone + PartialEq + Default>(
    db: &Database,
    from: StateId,
    nul: bool,
    worth: impl Fn(&Entry) -> W,
) -> Option<(Dfa, StateId, Vec<W>)> {
    let mut list = vec![W::default()];
    let mut of_accept: HashMap<u32, u32> = HashMap::new();
    let mut builder = Builder::new(0);
    for state in db.dfa.states().skip(1) {
        let accept = *of_accept.entry(db.dfa.accept(state)).or_insert_with(|| {
            let one = worth(&db.entry(state));
            let at = list.iter().position(|known| *known == one).unwrap_or_else(|| {
                list.push(one);
                list.len() - 1
            });
            u32::try_from(at).unwrap_or(0)
        });
        let mut row = db.dfa.row(state);
        if !nul {
            row[0] = TRAP;
        }
        builder.row(accept, &row, TRAP);
    }
    let minimal = builder.build().ok()?.minimise(&[from], |accept| accept);
    let start = minimal.map.get(from.index()).copied().flatten()?;
    Some((minimal.dfa, start, list))
}

fn files_of(db: &Database) -> Section {
    let mut section = Section { class: Class::File, rules: Vec::new(), more: false };
    let slash = db.dfa.next(db.file_start, b'/');
    let Some((dfa, start, list)) = told_apart(db, slash, false, |e| worth(db, e)) else {
        section.more = true;
        return section;
    };
    let found = regions(&dfa, start, "/", true, MOST);
    section.more = found.more;
    for region in &found.found {
        let (Some(is), Some(was)) = (list.get(region.is as usize), list.get(region.was as usize)) else {
            continue;
        };
        section.rules.extend(file_rules(&region.text, is, was));
    }
    section
}

/// The lines that tell a place's worth from what was expected of it.
fn file_rules(text: &str, is: &Worth, was: &Worth) -> Vec<String> {
    let without = |all: &str, taken: &str| all.chars().filter(|c| !taken.contains(*c)).collect::<String>();
    let mut rules = Vec::new();
    let denied = without(&without(&was.other, &is.other), "i");
    let silent = !denied.is_empty() && without(&denied, &is.quiet[1]).is_empty();
    let grown = !without(&is.other, &was.other).is_empty() || is.target != was.target;
    // A deny rule takes from what holds around it.
    if silent && !grown && is.owner == is.other && was.owner == was.other {
        return vec![format!("deny {text} {},", is.quiet[1])];
    }
    if is.other.is_empty() && is.owner.is_empty() {
        return vec![if is.quiet[1].is_empty() {
            format!("nothing on {text}")
        } else {
            format!("deny {text} {},", is.quiet[1])
        }];
    }
    if is.owner == is.other {
        rules.push(format!("{text} {}{},", is.other, is.target));
    } else {
        rules.push(format!("owner {text} {}{},", is.owner, is.target));
        let other = if is.other.is_empty() { "nothing" } else { &is.other };
        rules.push(format!("other {text} {other}{},", is.target));
    }
    let quiet = without(&is.quiet[1], &is.other);
    if !quiet.is_empty() {
        rules.push(format!("deny {text} {quiet},"));
    }
    rules
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
            let whole: Vec<u16> = list.iter().filter(|(_, k)| k.len() == 7).map(|(f, _)| *f).collect();
            if whole.len() == list.len() && list.len() > 30 {
                let rest = (0..=45u16).filter(|f| !whole.contains(f)).map(|f| names(&(f, vec![0; 7])));
                format!("every family but {}", rest.collect::<Vec<_>>().join(", "))
            } else {
                list.iter().map(names).collect::<Vec<_>>().join(", ")
            }
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
        rules.push(
            "what else unix sockets may is decided by address and label: ask with `profile can`".to_owned(),
        );
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

/// A signal as rules name it.
fn signal_word(number: u8) -> String {
    match number {
        35 => "exists".to_owned(),
        _ => signal_name(number).trim_start_matches("SIG").to_lowercase(),
    }
}

fn signals(db: &Database, from: StateId) -> (Vec<String>, bool) {
    // Signals that lead to the same state are one rule.
    let mut by: BTreeMap<StateId, Vec<u8>> = BTreeMap::new();
    for number in (0..=64).filter_map(signal_number) {
        by.entry(db.dfa.next(from, number)).or_default().push(number);
    }
    let mut rules = Vec::new();
    let mut more = false;
    let mut sets: Vec<(StateId, Vec<u8>)> = by.into_iter().filter(|(s, _)| *s != TRAP).collect();
    // What is said of most signals comes first.
    sets.sort_by_key(|(_, numbers)| std::cmp::Reverse(numbers.len()));
    let told: usize = sets.iter().map(|(_, n)| n.len()).sum();
    let first = sets.first().map_or(0, |(_, n)| n.len());
    for (state, numbers) in sets {
        // Of the rest more is said below.
        let set = if numbers.len() == first && first > 32 && told == 65 {
            String::new()
        } else {
            format!(" set=({})", numbers.iter().map(|n| signal_word(*n)).collect::<Vec<_>>().join(", "))
        };
        let (list, cut) = labels(db, state, Class::Signal, &format!("signal{set}"));
        rules.extend(list);
        more |= cut;
    }
    (rules, more)
}

fn labels(db: &Database, from: StateId, class: Class, word: &str) -> (Vec<String>, bool) {
    let words = |e: &Entry| permission_words(class, u64::from(e.owner.allow & !bit::LOCK)).join(", ");
    let Some((dfa, start, list)) = told_apart(db, from, true, words) else { return (Vec::new(), true) };
    let found = regions(&dfa, start, "", false, MOST);
    let mut rules: Vec<String> = Vec::new();
    for region in &found.found {
        let text = region.text.replace("\\x00", " ");
        // No label is empty.
        if text.is_empty() {
            continue;
        }
        let peer = if class == Class::Signal || class == Class::Ptrace {
            format!(" peer={text}")
        } else {
            format!(" {text}")
        };
        let peer = if text == "**" { String::new() } else { peer };
        let what = list.get(region.is as usize).map_or("", String::as_str);
        rules.push(if what.is_empty() {
            format!("no {word}{peer}")
        } else {
            format!("{word} ({what}){peer},")
        });
    }
    rules.dedup();
    (rules, found.more)
}

fn markers(db: &Database, from: crate::dfa::StateId, class: Class) -> Vec<String> {
    let words = permission_words(class, u64::from(db.entry(from).owner.allow & !bit::LOCK));
    if words.is_empty() {
        vec!["nothing is allowed".to_owned()]
    } else {
        words.iter().map(|w| (*w).to_owned()).collect()
    }
}

fn mounts(profile: &Profile, db: &Database, from: StateId) -> (Vec<String>, bool) {
    let mut rules: Vec<String> = Vec::new();
    let mut more = false;
    for (bits, word) in [(2, "mount"), (4, "umount"), (1, "pivot_root")] {
        if never(profile, Class::Mount, &[], bits) {
            let path = b"/a/".to_vec();
            let silent = match word {
                "mount" => {
                    let attempt = MountAttempt {
                        source: Some(b"none".to_vec()),
                        target: path,
                        fstype: Some(b"tmpfs".to_vec()),
                        ..MountAttempt::default()
                    };
                    !mount(profile, &attempt).recorded
                }
                "umount" => !umount(profile, &path).recorded,
                _ => !pivot_root(profile, &path, &path).recorded,
            };
            rules.push(if silent { format!("deny {word},") } else { format!("no {word} at all") });
            continue;
        }
        let found = patterns(&db.dfa, from, MOST, None, |s| db.entry(s).owner.allow & bits != 0);
        more |= found.more;
        let mut list: Vec<String> = Vec::new();
        for (text, _) in &found.found {
            let mut parts = text.splitn(4, "\\x00");
            let target = parts.next().unwrap_or_default();
            let source = parts.next().unwrap_or_default();
            list.push(match word {
                "umount" if target == "**" => "umount,".to_owned(),
                "umount" => format!("umount {target},"),
                "pivot_root" => format!("pivot_root oldroot={source} {target},"),
                _ => {
                    let kind = parts.next().unwrap_or_default();
                    format!("mount fstype={} {} -> {target},", or_any(kind), or_any(source))
                }
            });
        }
        list.sort();
        list.dedup();
        rules.extend(list);
    }
    (rules, more)
}

fn or_any(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

#[cfg(test)]
mod tests;
