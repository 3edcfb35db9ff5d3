//! A stream of units into profiles.
//!
//! Source: kernel `policy_unpack.c`, `aa_unpack`, `verify_header`, `unpack_profile`, `unpack_pdb`, and the
//! order in which parsers write what only some kernels read.

use super::compat::{self, Purpose};
use super::stream::{Stream, code};
use super::tables::{Tables, padding};
use super::{DecodeError, Layout, Limits, Unit};
use crate::dfa::{Dfa, START, StateId};
use crate::policy::{
    Attachment, Bytes, Caps, Class, Database, Entry, FamilyMask, Flags, Mode, PathFlags, Perms, Profile,
    Rlimits, Secmark, Tags, Transition, TransitionKind,
};
use std::collections::HashMap;

/// The load makes every profile complain, whatever it says itself.
const FORCE_COMPLAIN: u32 = 1 << 11;
/// The part of the version word that the kernel compares.
const INTERFACE: u32 = 0x3ff;

type Read<T> = Result<T, DecodeError>;

/// All units of a stream.
pub(super) fn units(bytes: &[u8], limits: &Limits) -> Read<Vec<Unit>> {
    let mut stream = Stream::new(bytes);
    let mut units = Vec::new();
    let mut version = None;
    let mut namespace: Option<Bytes> = None;
    while !stream.is_done() {
        if let Some(said) = stream.u32(Some("version")) {
            version = Some(said);
        }
        let version = version.ok_or_else(|| stream.error("the policy does not begin with a version"))?;
        let interface = version & INTERFACE;
        if !(5..=9).contains(&interface) {
            return Err(stream.error("no kernel takes policy of this version"));
        }
        if let Some(name) = stream.string(Some("namespace")) {
            if name.is_empty() {
                return Err(stream.error("the namespace has no name"));
            }
            // One write to the kernel speaks of one namespace; a compiler that writes to a file puts the
            // loads of several one after another.
            namespace = Some(name.to_vec());
        }
        if units.len() >= limits.profiles {
            return Err(stream.error("more profiles than are read"));
        }
        let layout = Layout { version, ..Layout::default() };
        let mut reader = Reader { stream, interface, layout, limits };
        let mut profile = reader.profile()?;
        if profile.namespace.is_none() {
            profile.namespace.clone_from(&namespace);
        }
        if version & FORCE_COMPLAIN != 0 {
            profile.mode = Mode::Complain;
        }
        stream = reader.stream;
        units.push(Unit { profile, layout: reader.layout });
    }
    if units.is_empty() {
        return Err(stream.error("the policy is empty"));
    }
    Ok(units)
}

struct Reader<'a> {
    stream: Stream<'a>,
    interface: u32,
    layout: Layout,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn need<T>(&self, value: Option<T>, what: &'static str) -> Read<T> {
        value.ok_or_else(|| self.stream.error(what))
    }

    fn end(&mut self, code: u8, what: &'static str) -> Read<()> {
        if self.stream.mark(code, None) { Ok(()) } else { Err(self.stream.error(what)) }
    }

    fn owned(&mut self, name: &str) -> Option<Bytes> {
        self.stream.string(Some(name)).map(<[u8]>::to_vec)
    }

    fn profile(&mut self) -> Read<Profile> {
        if !self.stream.mark(code::STRUCT, Some("profile")) {
            return Err(self.stream.error("there is no profile where one should be"));
        }
        let name = self.stream.string(None);
        let name = self.need(name.filter(|n| !n.is_empty()), "the profile has no name")?;
        let (namespace, name) = split_namespace(name);
        let name = self.need(Some(name).filter(|n| !n.is_empty()), "the profile has no name")?;
        let mut p = Profile::new(name);
        p.namespace = namespace.map(<[u8]>::to_vec);
        p.interface = self.interface;
        p.rename = self.owned("rename");
        p.attach = self.owned("attach");
        if let Some(database) = self.database(Purpose::Attachment)? {
            let length = self.stream.u32(None);
            let length = self.need(length, "the attachment has no length")?;
            p.attachment = Some(Attachment { database, length });
        }
        p.disconnected = self.owned("disconnected");
        p.disconnected_ipc = self.owned("disconnected_ipc");
        p.kill_signal = self.stream.u32(Some("kill"));
        p.error = self.stream.u32(Some("error"));
        self.flags(&mut p)?;
        p.path_flags = self.stream.u32(Some("path_flags")).map(PathFlags);
        p.caps = self.caps()?;
        if let Some(count) = self.stream.array(Some("identity")) {
            p.identities = self.strings(count)?;
            self.end(code::ARRAY_END, "the list of identities does not end")?;
        }
        p.xattrs = self.table("xattrs")?.unwrap_or_default();
        p.rlimits = self.rlimits()?;
        self.secmark(&mut p)?;
        self.families(&mut p)?;
        if self.stream.mark(code::STRUCT, Some("policydb")) {
            let database = self.database(Purpose::Policy)?;
            p.policy = Some(self.need(database, "the policy database has no automaton")?);
            self.end(code::STRUCT_END, "the policy database does not end")?;
        }
        p.file = self.database(Purpose::File)?;
        if let Some(policy) = &mut p.policy {
            // Files in the policy database: walks of paths begin after the class (kernel `unpack_profile`).
            if let Some(state) = policy.class(Class::File) {
                policy.file_start = state;
            }
        }
        self.data(&mut p)?;
        self.end(code::STRUCT_END, "the profile does not end")?;
        Ok(p)
    }

    fn flags(&mut self, p: &mut Profile) -> Read<()> {
        let what = "the profile's flags are damaged";
        if !self.stream.mark(code::STRUCT, Some("flags")) {
            return Err(self.stream.error("the profile has no flags"));
        }
        let bits = self.stream.u32(None);
        let mode = self.stream.u32(None);
        let audit = self.stream.u32(None);
        p.flags = Flags { bits: self.need(bits, what)?, audit: self.need(audit, what)? != 0 };
        p.mode = match self.need(mode, what)? {
            0 => Mode::Enforce,
            1 => Mode::Complain,
            2 => Mode::Kill,
            3 => Mode::Unconfined,
            4 => Mode::Prompt,
            _ => return Err(self.stream.error("the profile's mode is one that no kernel knows")),
        };
        self.end(code::STRUCT_END, what)
    }

    fn caps(&mut self) -> Read<Caps> {
        let mut caps = Caps::default();
        let low = self.words::<4>("the capabilities are damaged")?;
        let mut high = [0; 4];
        if self.stream.mark(code::STRUCT, Some("caps64")) {
            high = self.words::<4>("the upper capabilities are damaged")?;
            self.end(code::STRUCT_END, "the upper capabilities do not end")?;
        }
        let [allow, audit, quiet, kill] =
            std::array::from_fn(|at| u64::from(low[at]) | u64::from(high[at]) << 32);
        (caps.allow, caps.audit, caps.quiet, caps.kill) = (allow, audit, quiet, kill);
        if self.stream.mark(code::STRUCT, Some("capsx")) {
            let [low, high] = self.words::<2>("the extended capabilities are damaged")?;
            caps.extended = u64::from(low) | u64::from(high) << 32;
            self.end(code::STRUCT_END, "the extended capabilities do not end")?;
        }
        Ok(caps)
    }

    fn words<const N: usize>(&mut self, what: &'static str) -> Read<[u32; N]> {
        let mut words = [0; N];
        for word in &mut words {
            let value = self.stream.u32(None);
            *word = self.need(value, what)?;
        }
        Ok(words)
    }

    fn rlimits(&mut self) -> Read<Option<Rlimits>> {
        let what = "the resource limits are damaged";
        if !self.stream.mark(code::STRUCT, Some("rlimits")) {
            return Ok(None);
        }
        let [mask] = self.words::<1>(what)?;
        let count = self.stream.array(None);
        let count = usize::from(self.need(count, what)?);
        let mut rlimits = Rlimits { mask, ..Rlimits::default() };
        if count > rlimits.limits.len() {
            return Err(self.stream.error("there are more resource limits than the kernel has"));
        }
        for at in 0..count {
            let value = self.stream.u64(None);
            rlimits.limits[at] = self.need(value, what)?;
        }
        self.end(code::ARRAY_END, what)?;
        self.end(code::STRUCT_END, what)?;
        Ok(Some(rlimits))
    }

    fn secmark(&mut self, p: &mut Profile) -> Read<()> {
        let what = "the packet marks are damaged";
        if !self.stream.mark(code::STRUCT, Some("secmark")) {
            return Ok(());
        }
        let count = self.stream.array(None);
        for _ in 0..self.need(count, what)? {
            let audit = self.stream.u8(None);
            let deny = self.stream.u8(None);
            let label = self.stream.string(None);
            p.secmark.push(Secmark {
                audit: self.need(audit, what)? != 0,
                deny: self.need(deny, what)? != 0,
                label: self.need(label, what)?.to_vec(),
            });
        }
        self.end(code::ARRAY_END, what)?;
        self.end(code::STRUCT_END, what)
    }

    fn families(&mut self, p: &mut Profile) -> Read<()> {
        let what = "the families of sockets are damaged";
        let Some(count) = self.stream.array(Some("net_allowed_af")) else { return Ok(()) };
        for _ in 0..count {
            let masks = [self.stream.u16(None), self.stream.u16(None), self.stream.u16(None)];
            let [allow, audit, quiet] = masks;
            p.families.push(FamilyMask {
                allow: self.need(allow, what)?,
                audit: self.need(audit, what)?,
                quiet: self.need(quiet, what)?,
            });
        }
        self.end(code::ARRAY_END, what)
    }

    fn data(&mut self, p: &mut Profile) -> Read<()> {
        if !self.stream.mark(code::STRUCT, Some("data")) {
            return Ok(());
        }
        while let Some(key) = self.stream.string(None) {
            let value = self.stream.blob(None).map_or(&[][..], |(_, v)| v);
            p.data.push((key.to_vec(), value.to_vec()));
        }
        self.end(code::STRUCT_END, "the profile's data do not end")
    }

    fn strings(&mut self, count: u16) -> Read<Vec<Bytes>> {
        let what = "a table of strings is damaged";
        let mut strings = Vec::new();
        for _ in 0..count {
            let string = self.stream.string(None);
            strings.push(self.need(string, what)?.to_vec());
        }
        Ok(strings)
    }

    /// The profiles that exec changes to. `:ns` and `name`, parted by NUL, are one name (kernel
    /// `process_strs_entry`).
    fn transitions(&mut self) -> Read<Vec<Bytes>> {
        let mut names = self.table("xtable")?.unwrap_or_default();
        for name in &mut names {
            if name.first() == Some(&b':')
                && let Some(nul) = name.iter_mut().find(|b| **b == 0)
            {
                *nul = b':';
            }
            if name.contains(&0)
                || name.first().is_some_and(u8::is_ascii_whitespace)
                || name.starts_with(b"::")
            {
                return Err(self.stream.error("a name in the table of transitions is malformed"));
            }
        }
        Ok(names)
    }

    /// A named structure that holds one array of strings.
    fn table(&mut self, name: &str) -> Read<Option<Vec<Bytes>>> {
        let what = "a table of strings is damaged";
        if !self.stream.mark(code::STRUCT, Some(name)) {
            return Ok(None);
        }
        let count = self.stream.array(None);
        let count = self.need(count, what)?;
        let strings = self.strings(count)?;
        self.end(code::ARRAY_END, what)?;
        self.end(code::STRUCT_END, what)?;
        Ok(Some(strings))
    }

    fn tags(&mut self) -> Read<Tags> {
        let what = "the tags are damaged";
        let mut tags = Tags::default();
        if !self.stream.mark(code::STRUCT, Some("tags")) {
            return Ok(tags);
        }
        if self.stream.u32(Some("version")) != Some(1) {
            return Err(self.stream.error(what));
        }
        tags.strings = self.table("strs")?.unwrap_or_default();
        let count = self.stream.array(Some("hdrs"));
        for _ in 0..self.need(count, what)? {
            tags.headers.push(self.words::<4>(what)?);
        }
        self.end(code::ARRAY_END, what)?;
        let count = self.stream.array(Some("sets"));
        for _ in 0..self.need(count, what)? {
            let [word] = self.words::<1>(what)?;
            tags.sets.push(word);
        }
        self.end(code::ARRAY_END, what)?;
        self.end(code::STRUCT_END, what)?;
        Ok(tags)
    }

    fn permissions(&mut self) -> Read<Option<Vec<Perms>>> {
        let what = "the table of permissions is damaged";
        if !self.stream.mark(code::STRUCT, Some("perms")) {
            return Ok(None);
        }
        if self.stream.u32(Some("version")) != Some(1) {
            return Err(self.stream.error("the table of permissions has a version that no kernel knows"));
        }
        let count = self.stream.array(None);
        let mut perms = Vec::new();
        for _ in 0..self.need(count, what)? {
            let [
                _,
                allow,
                deny,
                subtree,
                cond,
                kill,
                complain,
                prompt,
                audit,
                quiet,
                hide,
                xindex,
                tag,
                label,
            ] = self.words::<14>(what)?;
            let xindex = Transition(xindex);
            let row = Perms {
                allow,
                deny,
                subtree,
                cond,
                kill,
                complain,
                prompt,
                audit,
                quiet,
                hide,
                xindex,
                tag,
                label,
            };
            if !row.is_consistent() {
                return Err(self.stream.error("a row of the table of permissions contradicts itself"));
            }
            perms.push(row);
        }
        self.end(code::ARRAY_END, what)?;
        self.end(code::STRUCT_END, what)?;
        Ok(Some(perms))
    }

    fn database(&mut self, purpose: Purpose) -> Read<Option<Database>> {
        let tags = self.tags()?;
        let perms = self.permissions()?;
        let version = if perms.is_some() { self.stream.u32(Some("permsv")) } else { None };
        let paired = version.is_some_and(|v| v > 2);
        let Some((at, blob)) = self.stream.blob(Some("aadfa")).filter(|(_, blob)| !blob.is_empty()) else {
            // Old compilers wrote the table of transitions without an automaton.
            self.transitions()?;
            return Ok(None);
        };
        let skip = padding(at, blob.len())?;
        let fail = |what| DecodeError { offset: at, what };
        let tables = blob.get(skip..).ok_or_else(|| fail("the automaton is cut short"))?;
        let tables = Tables::read(tables, perms.is_none() || paired).map_err(fail)?;
        self.layout.words |= perms.is_none();
        self.layout.table |= perms.is_some();
        self.layout.perms_version = self.layout.perms_version.max(version.unwrap_or(0));
        self.layout.wide |= tables.wide;
        self.layout.classes |= tables.classes.is_some();
        self.layout.differences |= tables.has_differences();
        self.layout.out_of_band |= tables.has_out_of_band();
        let (dfa, entries) = match perms {
            None => self.by_words(&tables, purpose).map_err(fail)?,
            Some(perms) => {
                self.by_table(&tables, &perms, paired && purpose == Purpose::File).map_err(fail)?
            }
        };
        let states = dfa.len();
        let start = self.start("start", states)?;
        let file_start = self.start("dfa_start", states)?;
        let transitions = self.transitions()?;
        let database = Database { dfa, start, file_start, entries, transitions, tags };
        self.verify(&database, purpose)?;
        Ok(Some(database))
    }

    fn start(&mut self, name: &str, states: usize) -> Read<StateId> {
        let state = self.stream.u32(Some(name)).map_or(START, StateId);
        self.need(
            (state.index() < states).then_some(state),
            "the automaton starts in a state that is not there",
        )
    }

    fn by_words(&self, tables: &Tables, purpose: Purpose) -> Result<(Dfa, Vec<Entry>), &'static str> {
        let mut numbers: HashMap<(bool, u32, u32), u32> = HashMap::new();
        let mut entries = Entries::default();
        let dfa = tables.dfa(self.limits.edges, |state| {
            let word = |cells: &[u32]| cells.get(state).copied().unwrap_or(0);
            let (accept, accept2) = (word(&tables.accept), word(&tables.accept2));
            // The trap is worth something of its own only where the kernel skips it.
            let trap = state == 0 && purpose != Purpose::File;
            *numbers.entry((trap, accept, accept2)).or_insert_with(|| {
                entries.number(compat::entry(purpose, self.interface, trap, accept, accept2))
            })
        })?;
        Ok((dfa, entries.list))
    }

    fn by_table(
        &self,
        tables: &Tables,
        perms: &[Perms],
        paired: bool,
    ) -> Result<(Dfa, Vec<Entry>), &'static str> {
        const OWNER: u32 = 1;
        let mut numbers: HashMap<(u32, bool), u32> = HashMap::new();
        let mut entries = Entries::default();
        let mut outside = false;
        let dfa = tables.dfa(self.limits.edges, |state| {
            let at = tables.accept.get(state).copied().unwrap_or(0);
            let pair = paired && tables.accept2.get(state).is_some_and(|flags| flags & OWNER != 0);
            *numbers.entry((at, pair)).or_insert_with(|| {
                let row = |at: usize| perms.get(at).copied();
                let owner = row(at as usize);
                let other = if pair { row(at as usize + 1) } else { owner };
                outside |= owner.is_none() || other.is_none();
                entries.number(Entry { owner: owner.unwrap_or_default(), other: other.unwrap_or_default() })
            })
        })?;
        if outside {
            return Err("a state refers to permissions that are not in the table");
        }
        Ok((dfa, entries.list))
    }

    /// Kernel `verify_perms`: what the permissions refer to is there.
    fn verify(&self, database: &Database, purpose: Purpose) -> Read<()> {
        for perms in database.entries.iter().flat_map(|e| [&e.owner, &e.other]) {
            if let TransitionKind::Table(index) = perms.xindex.kind()
                && purpose == Purpose::File
                && index as usize >= database.transitions.len()
                && perms.allow & crate::policy::bit::EXEC != 0
            {
                return Err(self.stream.error("an exec changes to a profile that is not in the table"));
            }
            if (perms.tag != 0 && perms.tag as usize >= database.tags.sets.len())
                || (perms.label != 0 && perms.label as usize >= database.transitions.len())
            {
                return Err(self.stream.error("permissions refer to a tag or label that is not there"));
            }
        }
        Ok(())
    }
}

/// Different entries, numbered as they are met.
#[derive(Default)]
struct Entries {
    list: Vec<Entry>,
    numbers: HashMap<Entry, u32>,
}

impl Entries {
    fn number(&mut self, entry: Entry) -> u32 {
        *self.numbers.entry(entry).or_insert_with(|| {
            self.list.push(entry);
            self.list.len() as u32 - 1
        })
    }
}

impl Perms {
    /// Kernel `verify_perm`: whether the masks agree with each other.
    #[must_use]
    pub const fn is_consistent(&self) -> bool {
        let decided = self.allow | self.deny;
        self.allow & self.deny == 0
            && self.subtree & !self.allow == 0
            && self.cond & decided == 0
            && self.kill & self.allow == 0
            && self.complain & decided == 0
            && self.prompt & decided == 0
            && self.complain & self.prompt == 0
            && self.hide & self.allow == 0
    }
}

/// `:ns:name` and `:ns://name` into their parts (kernel `lib.c`, `aa_splitn_fqname`).
fn split_namespace(name: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let Some(rest) = name.strip_prefix(b":") else { return (None, name) };
    let Some(end) = rest.iter().position(|b| *b == b':') else { return (Some(rest), b"") };
    let (namespace, name) = rest.split_at(end);
    let name = name.get(1..).unwrap_or(b"");
    (Some(namespace), name.strip_prefix(b"//").unwrap_or(name))
}
