//! Patterns (globs) as regular expressions over bytes.
//!
//! Sources: `apparmor.d(5)`, "Globbing", and the observed behaviour of the reference parser: `*` and `?` never
//! match `/`; directly behind a `/`, and up to the next or the end, `*` and `**` match at least one byte;
//! no wildcard but a negated class matches NUL, which separates the parts of compiled strings.

use crate::syntax::char_byte;

/// A set of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    /// No byte.
    pub const EMPTY: Self = Self([0; 4]);
    /// Every byte.
    pub const ALL: Self = Self([u64::MAX; 4]);

    /// One byte.
    #[must_use]
    pub const fn one(byte: u8) -> Self {
        let mut bits = [0; 4];
        bits[(byte >> 6) as usize] = 1 << (byte & 63);
        Self(bits)
    }

    /// Whether the byte is in it.
    #[must_use]
    pub const fn contains(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    /// With another byte.
    #[must_use]
    pub const fn with(mut self, byte: u8) -> Self {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
        self
    }

    /// Without a byte.
    #[must_use]
    pub const fn without(mut self, byte: u8) -> Self {
        self.0[(byte >> 6) as usize] &= !(1 << (byte & 63));
        self
    }

    /// What is not in it.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self([!self.0[0], !self.0[1], !self.0[2], !self.0[3]])
    }

    /// The only byte in it.
    #[must_use]
    pub fn single(&self) -> Option<u8> {
        let ones: u32 = self.0.iter().map(|w| w.count_ones()).sum();
        (ones == 1).then(|| self.0.iter().position(|w| *w != 0)).flatten().map(|i| {
            u8::try_from(i * 64).unwrap_or(0) + u8::try_from(self.0[i].trailing_zeros()).unwrap_or(0)
        })
    }
}

/// A regular expression over bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Re {
    /// One byte of a set.
    Set(ByteSet),
    /// One after the other; none is the empty string.
    Cat(Vec<Re>),
    /// Any of them.
    Alt(Vec<Re>),
    /// Any number of times, zero included.
    Star(Box<Re>),
    /// The separator that is in no string.
    OutOfBand,
}

impl Re {
    /// The empty string.
    #[must_use]
    pub const fn empty() -> Self {
        Self::Cat(Vec::new())
    }

    /// Exactly these bytes.
    #[must_use]
    pub fn literal(bytes: &[u8]) -> Self {
        Self::Cat(bytes.iter().map(|b| Self::Set(ByteSet::one(*b))).collect())
    }

    /// Any number of any bytes.
    #[must_use]
    pub fn anything() -> Self {
        Self::Star(Box::new(Self::Set(ByteSet::ALL)))
    }

    /// Any number of bytes that are not NUL.
    #[must_use]
    pub fn any_string() -> Self {
        Self::Star(Box::new(Self::Set(ByteSet::ALL.without(0))))
    }

    /// One after the other.
    #[must_use]
    pub fn cat(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::Cat(parts.into_iter().collect())
    }

    /// Once or not at all.
    #[must_use]
    pub fn optional(self) -> Self {
        Self::Alt(vec![self, Self::empty()])
    }

    /// The length of what every match has at least up to the first wildcard, its first byte counted.
    #[must_use]
    pub fn before_wildcards(&self) -> usize {
        self.before_wildcards_or_end().0
    }

    fn before_wildcards_or_end(&self) -> (usize, bool) {
        match self {
            // A set that leaves bytes out is a wildcard.
            Self::Set(set) => (1, set.0.iter().map(|w| w.count_ones()).sum::<u32>() > 128),
            Self::OutOfBand => (0, false),
            Self::Star(_) => (0, true),
            Self::Cat(parts) => {
                let mut length = 0;
                for part in parts {
                    let (more, wild) = part.before_wildcards_or_end();
                    length += more;
                    if wild {
                        return (length, true);
                    }
                }
                (length, false)
            }
            Self::Alt(all) => {
                let all = all.iter().map(Self::before_wildcards_or_end);
                all.reduce(|a, b| (a.0.min(b.0), a.1 | b.1)).unwrap_or((0, false))
            }
        }
    }

    /// The length of the literal text every match begins with, and whether it is the whole.
    #[must_use]
    pub fn literal_prefix(&self) -> (usize, bool) {
        match self {
            Self::Set(set) => (usize::from(set.single().is_some()), set.single().is_some()),
            Self::Star(_) | Self::Alt(_) | Self::OutOfBand => (0, false),
            Self::Cat(parts) => {
                let mut len = 0;
                for part in parts {
                    let (more, whole) = part.literal_prefix();
                    len += more;
                    if !whole {
                        return (len, false);
                    }
                }
                (len, true)
            }
        }
    }
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobError {
    /// A brace or bracket without its counterpart.
    Unbalanced,
    /// `{a}`: an alternation of one.
    SingleAlternative,
    /// `[]`
    EmptyClass,
    /// Braces nested 50 deep.
    TooDeep,
}

impl std::fmt::Display for GlobError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unbalanced => "the pattern has a brace or bracket without its counterpart",
            Self::SingleAlternative => "the pattern has braces without a comma between alternatives",
            Self::EmptyClass => "the pattern has an empty class of characters",
            Self::TooDeep => "the pattern's braces are nested too deep",
        })
    }
}

/// How wildcards read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Paths, labels, names: wildcards do not match NUL.
    Path,
    /// Addresses of abstract sockets and values of attributes: they do.
    Bytes,
}

/// A pattern as a regular expression, and whether it has wildcards (`*`, `**`, `?`, `[^…]`): alternations and
/// classes count as exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    /// The expression.
    pub re: Re,
    /// Has wildcards.
    pub wild: bool,
}

struct Reader<'t> {
    chars: std::iter::Peekable<std::str::CharIndices<'t>>,
    text: &'t str,
    kind: Kind,
    wild: bool,
    /// The character before, where it is a literal slash.
    slash: bool,
}

/// Reads a pattern whose variables are replaced.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, kind: Kind) -> Result<Glob, GlobError> {
    let mut reader = Reader { chars: text.char_indices().peekable(), text, kind, wild: false, slash: false };
    let re = reader.sequence(0)?;
    if reader.chars.next().is_some() {
        return Err(GlobError::Unbalanced);
    }
    Ok(Glob { re, wild: reader.wild })
}

const MAX_DEPTH: usize = 50;

impl Reader<'_> {
    fn rest(&mut self) -> &str {
        let at = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
        self.text.get(at..).unwrap_or_default()
    }

    /// A byte that wildcards match.
    fn any(&self) -> ByteSet {
        match self.kind {
            Kind::Path => ByteSet::ALL.without(0),
            Kind::Bytes => ByteSet::ALL,
        }
    }

    /// Up to the end, or a comma or closing brace of the alternation around.
    fn sequence(&mut self, depth: usize) -> Result<Re, GlobError> {
        let mut parts = Vec::new();
        while let Some(&(_, c)) = self.chars.peek() {
            if depth > 0 && matches!(c, ',' | '}') {
                break;
            }
            self.chars.next();
            let slash = std::mem::take(&mut self.slash);
            match c {
                '*' => {
                    self.wild = true;
                    let double = self.chars.next_if(|(_, c)| *c == '*').is_some();
                    let star = if double { self.any() } else { self.any().without(b'/') };
                    let ends = matches!(self.rest().chars().next(), None | Some('/'));
                    if slash && ends {
                        parts.push(Re::Set(self.any().without(b'/')));
                    }
                    parts.push(Re::Star(Box::new(Re::Set(star))));
                }
                '?' => {
                    self.wild = true;
                    parts.push(Re::Set(self.any().without(b'/')));
                }
                '[' => parts.push(Re::Set(self.class()?)),
                '{' => parts.push(self.alternation(depth + 1)?),
                '}' | ']' => return Err(GlobError::Unbalanced),
                '\\' => {
                    let byte = self.escape();
                    push_char(&mut parts, byte);
                }
                c => {
                    self.slash = c == '/';
                    push_char(&mut parts, c);
                }
            }
        }
        Ok(Re::Cat(parts))
    }

    fn alternation(&mut self, depth: usize) -> Result<Re, GlobError> {
        if depth >= MAX_DEPTH {
            return Err(GlobError::TooDeep);
        }
        let mut alternatives = vec![self.sequence(depth)?];
        loop {
            match self.chars.next() {
                Some((_, ',')) => alternatives.push(self.sequence(depth)?),
                Some((_, '}')) => break,
                _ => return Err(GlobError::Unbalanced),
            }
        }
        self.slash = false;
        if alternatives.len() == 1 {
            return Err(GlobError::SingleAlternative);
        }
        Ok(Re::Alt(alternatives))
    }

    /// The character that a backslash stands for, the backslash being read.
    fn escape(&mut self) -> char {
        if let Some((byte, len)) = crate::syntax::ast::numbered(self.rest()) {
            for _ in 0..len {
                self.chars.next();
            }
            return if byte < 0x80 { char::from(byte) } else { crate::syntax::byte_char(byte) };
        }
        match self.chars.next() {
            Some((_, 'n')) => '\n',
            Some((_, 'r')) => '\r',
            Some((_, 't')) => '\t',
            Some((_, c)) => c,
            None => '\\',
        }
    }

    fn class(&mut self) -> Result<ByteSet, GlobError> {
        let negated = self.chars.next_if(|(_, c)| *c == '^').is_some();
        let mut set = ByteSet::EMPTY;
        let mut any = false;
        loop {
            let (_, c) = self.chars.next().ok_or(GlobError::Unbalanced)?;
            if c == ']' {
                break;
            }
            any = true;
            let first = if c == '\\' { self.escape() } else { c };
            let range = self.rest().starts_with('-') && !self.rest().starts_with("-]");
            let last = if range {
                self.chars.next();
                let (_, c) = self.chars.next().ok_or(GlobError::Unbalanced)?;
                if c == '\\' { self.escape() } else { c }
            } else {
                first
            };
            match (byte_of(first), byte_of(last)) {
                (Some(first), Some(last)) => (first..=last).for_each(|b| set = set.with(b)),
                // A character of several bytes in a class counts as each of its bytes.
                _ => {
                    let mut buffer = [0; 4];
                    for c in [first, last] {
                        c.encode_utf8(&mut buffer).bytes().for_each(|b| set = set.with(b));
                    }
                }
            }
        }
        if !any {
            return Err(GlobError::EmptyClass);
        }
        if negated {
            self.wild = true;
            set = set.complement();
        }
        Ok(set)
    }
}

fn byte_of(c: char) -> Option<u8> {
    char_byte(c).or_else(|| c.is_ascii().then(|| u8::try_from(c).ok()).flatten())
}

fn push_char(parts: &mut Vec<Re>, c: char) {
    match char_byte(c) {
        Some(byte) => parts.push(Re::Set(ByteSet::one(byte))),
        None => {
            let mut buffer = [0; 4];
            parts.extend(c.encode_utf8(&mut buffer).bytes().map(|b| Re::Set(ByteSet::one(b))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::nfa::matches;

    fn is(pattern: &str, path: &str) -> bool {
        matches(&parse(pattern, Kind::Path).unwrap().re, path.as_bytes())
    }

    #[test]
    fn wildcards_match_as_the_manual_says() {
        // Facts measured with the reference parser and a kernel.
        assert!(!is("/d/*", "/d/") && is("/d/*", "/d/x") && !is("/d/*", "/d/x/y"));
        assert!(!is("/e/**", "/e/") && is("/e/**", "/e/x") && is("/e/**", "/e/x/y/"));
        assert!(is("/a*", "/a") && is("/a*", "/abc") && !is("/a*", "/a/"));
        assert!(is("/a**", "/a") && is("/a**", "/a/b"));
        assert!(is("/a/[^k]**", "/a//x") && is("/a/[^k]**", "/a/b") && !is("/a/[^k]**", "/a/k"));
        assert!(is("/a/{b,}", "/a/") && is("/a/{b,c}/d", "/a/c/d") && !is("/a/{b,c}/d", "/a/b,c/d"));
        assert!(is("/a?", "/ab") && !is("/a?", "/a/") && !is("/a?", "/a"));
        assert!(is(r"/a\*", "/a*") && !is(r"/a\*", "/ab") && is("/[a-c]", "/b") && !is("/[a-c]", "/d"));
        assert!(is("/{*,x}", "/") && is("/{,**}", "/a/b"));
    }

    #[test]
    fn exactness_counts_wildcards_only() {
        for (pattern, wild) in
            [("/{a,b}[cd]", false), ("/*", true), ("/a?", true), ("/[^a]", true), (r"/\*", false)]
        {
            assert_eq!(parse(pattern, Kind::Path).unwrap().wild, wild, "{pattern}");
        }
    }

    #[test]
    fn broken_patterns_are_told() {
        for (pattern, error) in [
            ("/{a", GlobError::Unbalanced),
            ("/a}", GlobError::Unbalanced),
            ("/a]", GlobError::Unbalanced),
            ("/[a", GlobError::Unbalanced),
            ("/{}", GlobError::SingleAlternative),
            ("/{a}", GlobError::SingleAlternative),
            ("/[]a", GlobError::EmptyClass),
        ] {
            assert_eq!(parse(pattern, Kind::Path).unwrap_err(), error, "{pattern}");
        }
        assert_eq!(parse(&"{a,".repeat(60), Kind::Path).unwrap_err(), GlobError::TooDeep);
    }
}
