//! A profile into the form in which it is loaded.

use super::compat::{self, Purpose};
use super::pack;
use super::stream::code;
use super::write::Writer;
use crate::policy::{Database, Entry, Mode, Perms, Profile};
use std::collections::HashMap;

/// How permissions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermsForm {
    /// As words, which every kernel takes and which cannot say everything.
    Words,
    /// As a table of version 3 (kernels whose features have `policy/permstable32_version` 3 or more).
    Table,
}

/// What to write for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// How permissions are written.
    pub perms: PermsForm,
    /// 32 bits a state (features `policy/state32`), which is taken anyway when there are too many for 16.
    pub wide: bool,
    /// The version word of the header; 0 takes that of current compilers for the profile's interface.
    pub version: u32,
}

impl Default for Target {
    fn default() -> Self {
        Self { perms: PermsForm::Words, wide: false, version: 0 }
    }
}

/// Why a profile cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// Its permissions are more than words can say: the table is needed.
    Words,
    /// More states, permissions or strings than the form can count.
    TooLarge,
}

impl std::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Words => "the permissions cannot be written as words",
            Self::TooLarge => "the policy has more states, permissions or strings than its form can count",
        })
    }
}

impl std::error::Error for EncodeError {}

/// Writes one unit, header and profile; units written one after another are a load.
///
/// # Errors
///
/// When the form cannot say it.
pub fn encode(profile: &Profile, target: &Target) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder { w: Writer::default(), target, interface: profile.interface };
    encoder.unit(profile)?;
    if encoder.w.overflow { Err(EncodeError::TooLarge) } else { Ok(encoder.w.bytes) }
}

struct Encoder<'a> {
    w: Writer,
    target: &'a Target,
    interface: u32,
}

impl Encoder<'_> {
    fn unit(&mut self, p: &Profile) -> Result<(), EncodeError> {
        // Parser interface 2 and policy version 2, as every compiler since 3.0 writes.
        let version = if self.target.version == 0 { 0x0020_2000 | p.interface } else { self.target.version };
        self.w.u32(Some("version"), version);
        if let Some(namespace) = &p.namespace {
            self.w.string(Some("namespace"), namespace);
        }
        self.w.mark(code::STRUCT, Some("profile"));
        self.w.string(None, &p.name);
        self.named("rename", p.rename.as_deref());
        self.named("attach", p.attach.as_deref());
        if let Some(attachment) = &p.attachment {
            self.database(&attachment.database, Purpose::Attachment)?;
            self.w.u32(None, attachment.length);
        }
        self.named("disconnected", p.disconnected.as_deref());
        self.named("disconnected_ipc", p.disconnected_ipc.as_deref());
        for (name, value) in [("kill", p.kill_signal), ("error", p.error)] {
            if let Some(value) = value {
                self.w.u32(Some(name), value);
            }
        }
        self.head(p);
        self.limits(p);
        if let Some(policy) = &p.policy {
            self.w.mark(code::STRUCT, Some("policydb"));
            self.database(policy, Purpose::Policy)?;
            self.w.mark(code::STRUCT_END, None);
        }
        if let Some(file) = &p.file {
            self.database(file, Purpose::File)?;
        }
        if !p.data.is_empty() {
            self.w.mark(code::STRUCT, Some("data"));
            for (key, value) in &p.data {
                self.w.string(None, key);
                self.w.blob(None, value, false);
            }
            self.w.mark(code::STRUCT_END, None);
        }
        self.w.mark(code::STRUCT_END, None);
        Ok(())
    }

    fn named(&mut self, name: &str, value: Option<&[u8]>) {
        if let Some(value) = value {
            self.w.string(Some(name), value);
        }
    }

    fn head(&mut self, p: &Profile) {
        self.w.mark(code::STRUCT, Some("flags"));
        self.w.u32(None, p.flags.bits);
        self.w.u32(
            None,
            match p.mode {
                Mode::Enforce => 0,
                Mode::Complain => 1,
                Mode::Kill => 2,
                Mode::Unconfined => 3,
                Mode::Prompt => 4,
            },
        );
        self.w.u32(None, u32::from(p.flags.audit));
        self.w.mark(code::STRUCT_END, None);
        if let Some(flags) = p.path_flags {
            self.w.u32(Some("path_flags"), flags.0);
        }
        let caps = [p.caps.allow, p.caps.audit, p.caps.quiet, p.caps.kill];
        for mask in caps {
            self.w.u32(None, mask as u32);
        }
        self.w.mark(code::STRUCT, Some("caps64"));
        for mask in caps {
            self.w.u32(None, (mask >> 32) as u32);
        }
        self.w.mark(code::STRUCT_END, None);
        if p.caps.extended != 0 {
            self.w.mark(code::STRUCT, Some("capsx"));
            self.w.u32(None, p.caps.extended as u32);
            self.w.u32(None, (p.caps.extended >> 32) as u32);
            self.w.mark(code::STRUCT_END, None);
        }
    }

    fn limits(&mut self, p: &Profile) {
        if !p.identities.is_empty() {
            self.w.array(Some("identity"), p.identities.len());
            for identity in &p.identities {
                self.w.string(None, identity);
            }
            self.w.mark(code::ARRAY_END, None);
        }
        if !p.xattrs.is_empty() {
            self.strings("xattrs", &p.xattrs);
        }
        if let Some(rlimits) = &p.rlimits {
            self.w.mark(code::STRUCT, Some("rlimits"));
            self.w.u32(None, rlimits.mask);
            self.w.array(None, rlimits.limits.len());
            for limit in rlimits.limits {
                self.w.u64(limit);
            }
            self.w.mark(code::ARRAY_END, None);
            self.w.mark(code::STRUCT_END, None);
        }
        if !p.secmark.is_empty() {
            self.w.mark(code::STRUCT, Some("secmark"));
            self.w.array(None, p.secmark.len());
            for mark in &p.secmark {
                self.w.u8(u8::from(mark.audit));
                self.w.u8(u8::from(mark.deny));
                self.w.string(None, &mark.label);
            }
            self.w.mark(code::ARRAY_END, None);
            self.w.mark(code::STRUCT_END, None);
        }
        if !p.families.is_empty() {
            self.w.array(Some("net_allowed_af"), p.families.len());
            for family in &p.families {
                self.w.u16(family.allow);
                self.w.u16(family.audit);
                self.w.u16(family.quiet);
            }
            self.w.mark(code::ARRAY_END, None);
        }
    }

    fn strings(&mut self, name: &str, strings: &[Vec<u8>]) {
        self.w.mark(code::STRUCT, Some(name));
        self.w.array(None, strings.len());
        for string in strings {
            self.w.string(None, string);
        }
        self.w.mark(code::ARRAY_END, None);
        self.w.mark(code::STRUCT_END, None);
    }

    fn database(&mut self, db: &Database, purpose: Purpose) -> Result<(), EncodeError> {
        if !db.tags.strings.is_empty() || !db.tags.sets.is_empty() || !db.tags.headers.is_empty() {
            self.tags(db);
        }
        let tables = match self.target.perms {
            PermsForm::Words => self.by_words(db, purpose)?,
            PermsForm::Table => self.by_table(db, purpose)?,
        };
        self.w.blob(Some("aadfa"), &tables, true);
        if db.start != crate::dfa::START {
            self.w.u32(Some("start"), db.start.0);
        }
        // In a policy database the kernel finds the class of files by itself.
        if db.file_start != crate::dfa::START && purpose == Purpose::File {
            self.w.u32(Some("dfa_start"), db.file_start.0);
        }
        if !db.transitions.is_empty() {
            let mut names = db.transitions.clone();
            for name in names.iter_mut().filter(|n| n.first() == Some(&b':')) {
                if let Some(colon) = name.iter_mut().skip(1).find(|b| **b == b':') {
                    *colon = 0;
                }
            }
            self.strings("xtable", &names);
        }
        Ok(())
    }

    fn tags(&mut self, db: &Database) {
        self.w.mark(code::STRUCT, Some("tags"));
        self.w.u32(Some("version"), 1);
        self.strings("strs", &db.tags.strings);
        self.w.array(Some("hdrs"), db.tags.headers.len());
        for word in db.tags.headers.iter().flatten() {
            self.w.u32(None, *word);
        }
        self.w.mark(code::ARRAY_END, None);
        self.w.array(Some("sets"), db.tags.sets.len());
        for word in &db.tags.sets {
            self.w.u32(None, *word);
        }
        self.w.mark(code::ARRAY_END, None);
        self.w.mark(code::STRUCT_END, None);
    }

    fn by_words(&self, db: &Database, purpose: Purpose) -> Result<Vec<u8>, EncodeError> {
        let mut known: HashMap<(bool, u32), (u32, u32)> = HashMap::new();
        let mut accept = Vec::with_capacity(db.dfa.len());
        let mut accept2 = Vec::with_capacity(db.dfa.len());
        for state in db.dfa.states() {
            let trap = state == crate::dfa::TRAP && purpose != Purpose::File;
            let key = (trap, db.dfa.accept(state));
            let words = match known.get(&key) {
                Some(words) => *words,
                None => {
                    let words = compat::words(purpose, self.interface, trap, &db.entry(state));
                    let words = words.ok_or(EncodeError::Words)?;
                    known.insert(key, words);
                    words
                }
            };
            accept.push(words.0);
            accept2.push(words.1);
        }
        pack::tables(&db.dfa, &accept, &accept2, self.target.wide)
    }

    fn by_table(&mut self, db: &Database, purpose: Purpose) -> Result<Vec<u8>, EncodeError> {
        let mut rows: Vec<Perms> = Vec::new();
        let mut at = Vec::with_capacity(db.entries.len());
        for &Entry { owner, other } in &db.entries {
            let paired = owner != other && purpose == Purpose::File;
            at.push((rows.len() as u32, u32::from(paired)));
            rows.push(owner);
            if paired {
                rows.push(other);
            }
        }
        self.w.mark(code::STRUCT, Some("perms"));
        self.w.u32(Some("version"), 1);
        self.w.array(None, rows.len());
        for p in &rows {
            let words = [
                0, p.allow, p.deny, p.subtree, p.cond, p.kill, p.complain, p.prompt, p.audit, p.quiet,
                p.hide, p.xindex.0, p.tag, p.label,
            ];
            for word in words {
                self.w.u32(None, word);
            }
        }
        self.w.mark(code::ARRAY_END, None);
        self.w.mark(code::STRUCT_END, None);
        self.w.u32(Some("permsv"), 3);
        let of = |state| at.get(db.dfa.accept(state) as usize).copied().unwrap_or_default();
        let accept: Vec<u32> = db.dfa.states().map(|s| of(s).0).collect();
        let accept2: Vec<u32> = db.dfa.states().map(|s| of(s).1).collect();
        pack::tables(&db.dfa, &accept, &accept2, self.target.wide)
    }
}
