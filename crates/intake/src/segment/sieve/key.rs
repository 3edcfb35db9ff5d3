//! What makes two lines of a large log the same: all but time, process ids and other numbers that
//! change from event to event.

/// A fast hash over words of eight bytes; not against collisions made on purpose, which could only
/// hide one line of a log behind another.
#[derive(Debug)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(26) ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.word(u64::from_le_bytes(*chunk));
        }
        let mut last = [0u8; 8];
        if let Some(tail) = last.get_mut(..rest.len()) {
            tail.copy_from_slice(rest);
        }
        self.word(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    pub(super) fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

/// The key of a record: its body without the pairs that name one process or one moment.
pub(super) fn record(line: &[u8]) -> u64 {
    let line = message(line);
    let mut hash = Hash::new(1);
    let mut at = body(line);
    while at < line.len() {
        let end = word_end(line, at);
        let word = &line[at..end];
        if !is_volatile(word) {
            hash.bytes(word);
        }
        at = end + 1;
    }
    hash.finish()
}

/// The end of the word at `at`. Words are short: a search with vectors would cost more to set up.
fn word_end(line: &[u8], at: usize) -> usize {
    let mut end = at;
    while line.get(end).is_some_and(|b| *b != b' ') {
        end += 1;
    }
    end
}

/// The message of a log line that is a JSON object, else the line.
fn message(line: &[u8]) -> &[u8] {
    if line.first() != Some(&b'{') {
        return line;
    }
    let start = [&b"\"MESSAGE\""[..], b"\"log\""].iter().find_map(|key| {
        let at = memchr::memmem::find(line, key)? + key.len();
        Some(at + memchr::memchr(b'"', line.get(at..)?)? + 1)
    });
    let Some(body) = start.and_then(|at| line.get(at..)) else { return line };
    let mut from = 0;
    while let Some(quote) = memchr::memchr(b'"', &body[from..]).map(|n| from + n) {
        if !body[..quote].ends_with(b"\\") {
            return &body[..quote];
        }
        from = quote + 1;
    }
    body
}

/// Where the body starts: after the time and serial number of the head, or after the log prefix.
fn body(line: &[u8]) -> usize {
    if let Some((_, end)) = head(line) {
        return end + 1;
    }
    let early = line.get(..line.len().min(128)).unwrap_or(line);
    early.windows(3).position(|w| w == b"]: ").map_or(0, |at| at + 3)
}

/// The place after `audit(`, and of the bracket that closes it.
fn head(line: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    // A bracket may stand in a host name or comm before it.
    for _ in 0..4 {
        let open = from + memchr::memchr(b'(', line.get(from..)?)?;
        if line.get(..open)?.ends_with(b"audit") {
            let close = memchr::memchr(b')', line.get(open..line.len().min(open + 64))?)?;
            return Some((open + 1, open + close));
        }
        from = open + 1;
    }
    None
}

/// Pairs that differ between two records of the same refusal.
fn is_volatile(word: &[u8]) -> bool {
    match word.first() {
        Some(b'p') => word.starts_with(b"pid=") || word.starts_with(b"ppid="),
        Some(b'i') => word.starts_with(b"ino=") || word.starts_with(b"ip=") || word.starts_with(b"items="),
        Some(b'a') => {
            word.len() > 3 && word[1].is_ascii_digit() && word[2] == b'=' || word.starts_with(b"auid=")
        }
        Some(b's') => word.starts_with(b"ses="),
        Some(b'o') => word.starts_with(b"opid="),
        Some(b'd') => word.starts_with(b"domain="),
        Some(b't') => word.starts_with(b"tty="),
        // Ports that the kernel picks.
        Some(b'f') => word.starts_with(b"fport="),
        _ => false,
    }
}

/// The key of a SYSCALL record: call, result and program.
pub(super) fn syscall(line: &[u8]) -> u64 {
    const KEYS: [&[u8]; 6] = [b"arch=", b"syscall=", b"exit=", b"comm=", b"exe=", b"subj="];
    let mut hash = Hash::new(2);
    let mut at = body(line);
    while at < line.len() {
        let end = word_end(line, at);
        let word = &line[at..end];
        // `a0=`, `ppid=` and the ids need no closer look.
        let close = matches!(word.first(), Some(b'a' | b's' | b'e' | b'c')) && word.len() > 4;
        if close && KEYS.iter().any(|k| word.starts_with(k)) {
            hash.bytes(word);
        }
        at = end + 1;
    }
    hash.finish()
}

/// The key of a message: all but its numbers.
pub(super) fn prose(line: &[u8]) -> u64 {
    let line = message(line);
    let mut hash = Hash::new(3);
    let mut start = 0;
    let mut at = 0;
    while at < line.len() {
        if line[at].is_ascii_digit() {
            hash.bytes(&line[start..at]);
            while line.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            start = at;
        } else {
            at += 1;
        }
    }
    hash.bytes(&line[start..]);
    hash.finish()
}

/// The stamp of an audit record, `1632311788.047:856)`, which its companions share; with the bracket,
/// so that it is no part of a longer one.
pub(super) fn stamp(line: &[u8]) -> Option<&[u8]> {
    let (start, end) = head(line)?;
    line.get(start..=end).filter(|s| s.contains(&b':') && s.len() > 4)
}

/// A hasher for keys that are hashes already.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct AsIs(u64);

impl std::hash::Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*b);
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_refusal_has_one_key() {
        let a = b"type=AVC msg=audit(1632311788.047:856): avc:  denied  { read } for  pid=45869 comm=\"nginx\" name=\"x1\" ino=2498240 tclass=file";
        let b = b"type=AVC msg=audit(1732311799.001:9): avc:  denied  { read } for  pid=1 comm=\"nginx\" name=\"x1\" ino=5 tclass=file";
        let c = b"type=AVC msg=audit(1732311799.001:9): avc:  denied  { read } for  pid=1 comm=\"nginx\" name=\"x2\" ino=5 tclass=file";
        assert_eq!(record(a), record(b));
        assert_ne!(record(a), record(c));
        assert_eq!(stamp(a), Some(b"1632311788.047:856)".as_slice()));
        let d = b"[ 12.3] audit: type=1326 audit(1.000:1): pid=1 syscall=141 ip=0x1";
        let e = b"[ 99.3] audit: type=1326 audit(2.000:2): pid=2 syscall=142 ip=0x2";
        assert_ne!(record(d), record(e));
        assert_eq!(prose(b"2026-01-01 pid 12: denied"), prose(b"2027-11-30 pid 9999: denied"));
        assert_ne!(prose(b"a denied"), prose(b"b denied"));
        let json = |n: u32, what: &str| {
            format!(
                r#"{{"__CURSOR":"{n}","MESSAGE":"audit: type=1400 audit({n}.000:{n}): apparmor=\"DENIED\" name=\"{what}\" pid={n}","_PID":"{n}"}}"#
            )
        };
        assert_eq!(record(json(1, "x").as_bytes()), record(json(2, "x").as_bytes()));
        assert_ne!(record(json(1, "x").as_bytes()), record(json(1, "y").as_bytes()));
        for text in [&b""[..], b"{", b"{\"MESSAGE\"", b"{\"log\":\"", b"audit(", b"audit()", b"=", b"]: "] {
            let _ = (record(text), prose(text), syscall(text), stamp(text));
        }
    }
}
