//! Large logs in one pass and bounded memory: keeps the lines that can matter, one of each kind,
//! and counts the rest.

mod key;
mod words;

use aho_corasick::{AhoCorasick, packed};
use memchr::memmem;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::io::Read;
use std::sync::LazyLock;
use words::{Class, WORDS};

/// Bytes taken at a time.
const CHUNK: usize = if cfg!(test) { 256 << 10 } else { 8 << 20 };
/// Bytes before them that stay: the window in which the records of one event are found, more than
/// 10 000 records.
const WINDOW: usize = CHUNK / 2;
/// A line longer than this is cut; of what follows, only the surroundings of words are kept.
const LONGEST_LINE: usize = 64 << 10;
/// What is kept around a word in an over-long line, before and after.
const AROUND: (usize, usize) = (2 << 10, 6 << 10);
/// Bytes kept of the start of the log, where versions stand, and of its end.
const EDGE: usize = 16 << 10;
/// Lines kept before a new message: tracebacks put the error last.
const LINES_BEFORE: usize = 6;
/// Keys remembered.
const MOST_KEYS: usize = 50_000;

/// Bytes kept per kind of line, so that none can crowd out another.
const BUDGETS: [(Share, usize); 5] = [
    (Share::Denied, 1 << 20),
    (Share::Logged, 128 << 10),
    (Share::Syscall, 128 << 10),
    (Share::Companion, 256 << 10),
    (Share::Prose, 512 << 10),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    /// Records of refusals.
    Denied,
    /// Records of what was only logged.
    Logged,
    /// Failed calls.
    Syscall,
    /// Records of an event that has a refusal.
    Companion,
    /// Messages and their surroundings.
    Prose,
}

/// What was kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) text: String,
    /// Bytes left out.
    pub(super) omitted: u64,
    /// Offsets in the text of lines that stand for several, and how many.
    pub(super) repeated: Vec<(u32, u32)>,
}

struct Line {
    /// Its place in the input.
    at: u64,
    bytes: Vec<u8>,
    count: u32,
}

/// The sieve.
pub(super) struct Sieve {
    finder: Finder,
    /// For audit logs: records only.
    records: Finder,
    lines: Vec<Line>,
    /// Places of lines already kept.
    places: HashSet<u64>,
    /// Key of a line to its index in `lines`; `None` when it was not kept.
    keys: HashMap<u64, Option<usize>, BuildHasherDefault<key::AsIs>>,
    left: [usize; BUDGETS.len()],
    /// Stamps of events whose companions are wanted, with the chunks they are still looked for in.
    wanted: Vec<(Vec<u8>, u8)>,
    total: u64,
    tail: Vec<u8>,
}

/// The search for words.
struct Finder {
    search: Search,
    /// What each pattern of the search stands for.
    classes: Vec<Class>,
}

enum Search {
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
    /// Never built: the words are constants.
    None,
}

impl Finder {
    /// A search for the words of every class that `pick` accepts.
    fn new(pick: impl Fn(Class) -> bool) -> Self {
        let (words, classes): (Vec<&str>, Vec<Class>) =
            WORDS.iter().filter(|(_, c)| pick(*c)).copied().unzip();
        let search = match packed::Searcher::new(&words) {
            Some(searcher) => Search::Packed(searcher),
            None => AhoCorasick::new(&words).map_or(Search::None, Search::Automaton),
        };
        Self { search, classes }
    }

    /// The first word at or after `from`: its class and its place.
    fn find(&self, bytes: &[u8], from: usize) -> Option<(Class, usize)> {
        let span = aho_corasick::Span::from(from..bytes.len());
        let found = match &self.search {
            Search::Packed(searcher) => searcher.find_in(bytes, span)?,
            Search::Automaton(automaton) => automaton.find(aho_corasick::Input::new(bytes).span(span))?,
            Search::None => return None,
        };
        self.classes.get(found.pattern().as_usize()).map(|class| (*class, found.start()))
    }
}

/// True when every line looked at here and there is an audit record: then no messages stand between
/// them, and the shorter list of words does.
fn is_audit_log(bytes: &[u8]) -> bool {
    const SAMPLES: usize = 32;
    let step = bytes.len() / SAMPLES;
    step > 2048
        && (0..SAMPLES).all(|i| {
            let window = bytes.get(i * step..i * step + 2048).unwrap_or(&[]);
            let line = window.split(|b| *b == b'\n').nth(1).unwrap_or(&[]);
            memmem::find(line, b"audit(").is_some()
        })
}

impl Sieve {
    pub(super) fn new() -> Self {
        Self {
            finder: Finder::new(|_| true),
            records: Finder::new(|class| class != Class::Prose),
            lines: Vec::new(),
            places: HashSet::new(),
            keys: HashMap::default(),
            left: BUDGETS.map(|(_, bytes)| bytes),
            wanted: Vec::new(),
            total: 0,
            tail: Vec::new(),
        }
    }

    /// Reads all of the input, of which `head` is the start.
    pub(super) fn run(&mut self, head: Vec<u8>, mut reader: impl Read) -> std::io::Result<()> {
        // The end of the chunk before stays in front, for the records of its events.
        let mut buffer = head;
        let mut filled = buffer.len();
        buffer.resize(filled.max(CHUNK + WINDOW), 0);
        // What has been looked at, and the place of the buffer in the input.
        let (mut old, mut at) = (0, 0u64);
        self.total = filled as u64;
        loop {
            let before = filled;
            let result = fill(&mut reader, &mut buffer, &mut filled);
            let last = filled < buffer.len();
            self.total += (filled - before) as u64;
            // Whole lines only; a line longer than a chunk is taken in pieces.
            let new = buffer.get(old..filled).unwrap_or(&[]);
            let cut = match memchr::memrchr(b'\n', new) {
                Some(newline) if !last => old + newline + 1,
                _ => filled,
            };
            self.chunk(buffer.get(..cut).unwrap_or(&[]), old, at);
            if last {
                self.tail = buffer.get(filled.saturating_sub(EDGE)..filled).unwrap_or(&[]).to_vec();
                return result;
            }
            let keep = cut.saturating_sub(WINDOW);
            buffer.copy_within(keep..filled, 0);
            filled -= keep;
            at += keep as u64;
            old = cut - keep;
        }
    }

    /// Looks at `bytes[from..]`; `at` is the place of `bytes` in the input.
    fn chunk(&mut self, bytes: &[u8], from: usize, at: u64) {
        let mut pos = from;
        let audit = is_audit_log(bytes.get(from..).unwrap_or(&[]));
        loop {
            let finder = if audit { &self.records } else { &self.finder };
            let Some((class, hit)) = finder.find(bytes, pos) else { break };
            // Looking further than the longest line would make an endless one cost its square.
            let back = hit.saturating_sub(LONGEST_LINE).max(pos);
            let ahead = (hit + LONGEST_LINE + 1).min(bytes.len());
            let start = memchr::memrchr(b'\n', &bytes[back..hit]).map_or(back, |n| back + n + 1);
            let end = memchr::memchr(b'\n', &bytes[hit..ahead]).map_or(ahead, |n| hit + n);
            if end - start > LONGEST_LINE {
                let (before, after) = AROUND;
                let (s, e) = (hit.saturating_sub(before).max(start), (hit + after).min(end));
                self.line(class, bytes, s..e, at);
                pos = e.max(hit + 1);
            } else {
                self.line(class, bytes, start..end, at);
                pos = (end + 1).min(bytes.len());
            }
        }
        self.companions(bytes, at);
        if at == 0 && from == 0 {
            self.start(bytes);
        }
    }

    /// Keeps the start of the log. Lines with a word in them are kept or counted already.
    fn start(&mut self, bytes: &[u8]) {
        let mut start = 0;
        while start < bytes.len().min(EDGE) {
            let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |n| start + n);
            let line = &bytes[start..end];
            if line.len() <= 1024 && self.finder.find(line, 0).is_none() {
                self.keep(Share::Prose, line, start as u64);
            }
            start = end + 1;
        }
    }

    /// Keeps or counts one line.
    fn line(&mut self, class: Class, bytes: &[u8], range: std::ops::Range<usize>, at: u64) {
        let line = bytes.get(range.clone()).unwrap_or(&[]);
        let (key, share) = match class {
            Class::Record => (key::record(line), Share::Denied),
            Class::Syscall => {
                if !is_refused_call(line) {
                    return;
                }
                (key::syscall(line), Share::Syscall)
            }
            Class::Prose => (key::prose(line), Share::Prose),
        };
        if let Some(known) = self.keys.get(&key) {
            if let Some(line) = known.and_then(|i| self.lines.get_mut(i)) {
                line.count = line.count.saturating_add(1);
            }
            return;
        }
        if self.keys.len() >= MOST_KEYS {
            return;
        }
        let share = if share == Share::Denied && is_logged_only(line) { Share::Logged } else { share };
        let kept = self.keep(share, line, at + range.start as u64);
        self.keys.insert(key, kept);
        if kept.is_none() {
            return;
        }
        match share {
            Share::Prose => self.surroundings(bytes, &range, at),
            Share::Denied => {
                if let Some(stamp) = key::stamp(line) {
                    self.wanted.push((stamp.to_vec(), 2));
                }
            }
            _ => {}
        }
    }

    /// Stores a line within its share; gives its index.
    fn keep(&mut self, share: Share, line: &[u8], at: u64) -> Option<usize> {
        let slot = BUDGETS.iter().position(|(s, _)| *s == share)?;
        let left = self.left.get_mut(slot)?;
        if *left < line.len() + 1 || !self.places.insert(at) {
            return None;
        }
        *left -= line.len() + 1;
        self.lines.push(Line { at, bytes: line.to_vec(), count: 1 });
        Some(self.lines.len() - 1)
    }

    /// Keeps a few lines before a message and one after it.
    fn surroundings(&mut self, bytes: &[u8], range: &std::ops::Range<usize>, at: u64) {
        let mut end = range.start.saturating_sub(1);
        for _ in 0..LINES_BEFORE {
            if end == 0 {
                break;
            }
            let start = memchr::memrchr(b'\n', &bytes[..end]).map_or(0, |n| n + 1);
            if end - start > 1024 {
                break;
            }
            self.keep(Share::Prose, &bytes[start..end], at + start as u64);
            end = start.saturating_sub(1);
        }
        let start = (range.end + 1).min(bytes.len());
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |n| start + n);
        if end > start && end - start <= 1024 {
            self.keep(Share::Prose, &bytes[start..end], at + start as u64);
        }
    }

    /// Keeps the SYSCALL, PATH, CWD and PROCTITLE records of the events whose refusal was kept.
    fn companions(&mut self, bytes: &[u8], at: u64) {
        if self.wanted.is_empty() {
            return;
        }
        let stamps: Vec<&[u8]> = self.wanted.iter().map(|(s, _)| s.as_slice()).collect();
        let Ok(finder) = AhoCorasick::new(&stamps) else { return };
        let places: Vec<usize> = finder.find_iter(bytes).map(|m| m.start()).take(20_000).collect();
        for hit in places {
            let start = memchr::memrchr(b'\n', &bytes[..hit]).map_or(0, |n| n + 1);
            let end = memchr::memchr(b'\n', &bytes[hit..]).map_or(bytes.len(), |n| hit + n);
            if end - start <= LONGEST_LINE {
                self.keep(Share::Companion, &bytes[start..end], at + start as u64);
            }
        }
        for (_, chunks) in &mut self.wanted {
            *chunks -= 1;
        }
        self.wanted.retain(|(_, chunks)| *chunks > 0);
    }

    /// The text of what was kept, in the order of the input.
    pub(super) fn finish(mut self) -> Kept {
        self.lines.sort_by_key(|l| l.at);
        let mut kept = Kept::default();
        let mut covered = 0u64;
        for line in &self.lines {
            // The surroundings of two messages may overlap in an over-long line.
            if line.at < covered {
                continue;
            }
            covered = line.at + line.bytes.len() as u64;
            if line.count > 1
                && let Ok(offset) = u32::try_from(kept.text.len())
            {
                kept.repeated.push((offset, line.count));
            }
            kept.text.push_str(&String::from_utf8_lossy(&line.bytes));
            kept.text.push('\n');
        }
        // The end of the log, without the lines that are kept or counted already.
        let mut at = self.total - self.tail.len() as u64;
        for (i, line) in self.tail.split(|b| *b == b'\n').enumerate() {
            let whole = i > 0 && line.len() <= 1024;
            if whole && at >= covered && self.finder.find(line, 0).is_none() {
                kept.text.push_str(&String::from_utf8_lossy(line));
                kept.text.push('\n');
            }
            at += line.len() as u64 + 1;
        }
        kept.omitted = self.total.saturating_sub(kept.text.len() as u64);
        kept
    }
}

/// Reads until the buffer is full or the input ends.
fn fill(reader: &mut impl Read, buffer: &mut [u8], filled: &mut usize) -> std::io::Result<()> {
    while let Some(room) = buffer.get_mut(*filled..).filter(|r| !r.is_empty()) {
        match reader.read(room) {
            Ok(0) => break,
            Ok(n) => *filled += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// True for a failed call that a layer may have refused, and not one that went wrong otherwise.
fn is_refused_call(line: &[u8]) -> bool {
    static EXIT: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b" exit="));
    let Some(at) = EXIT.find(line) else { return false };
    let value = line.get(at + 6..).unwrap_or(&[]);
    let value = &value[..memchr::memchr(b' ', value).unwrap_or(value.len())];
    matches!(value, b"-13" | b"-1" | b"-30")
        || [&b"EACCES"[..], b"EPERM", b"EROFS"].iter().any(|e| value.starts_with(e))
}

/// True for a record of what was allowed.
fn is_logged_only(line: &[u8]) -> bool {
    let has = |needle: &[u8]| memmem::find(line, needle).is_some();
    if has(b"apparmor=") {
        return !has(b"DENIED");
    }
    has(b"permissive=1") || has(b"avc:  granted") || has(b"code=0x7ffc0000")
}

#[cfg(test)]
mod tests;
