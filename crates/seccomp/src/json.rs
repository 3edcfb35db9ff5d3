//! JSON with the place of every value, for files that are edited where they stand.
//!
//! Hostile input: at most 4 MiB, 64 levels and 400,000 values; errors say line and column.

use whodenied_text::LineIndex;

const MAX_BYTES: usize = 4 << 20;
const MAX_DEPTH: usize = 64;
const MAX_VALUES: usize = 400_000;

/// Why a text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in bytes, counted from 1.
    pub column: usize,
    /// What is wrong there, as a clause.
    pub what: String,
}

impl Error {
    pub(crate) fn at(text: &str, offset: usize, what: impl Into<String>) -> Self {
        let (line, column) = LineIndex::new(text).line_column(u32::try_from(offset).unwrap_or(u32::MAX));
        Self { line, column, what: what.into() }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

impl std::error::Error for Error {}

/// A value and the bytes it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<Member>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub key: String,
    /// First byte of the key's quote.
    pub start: usize,
    pub value: Value,
}

impl Value {
    /// The member of this name; the last one, as Go and C readers take it. `null` counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Kind::Object(members) = &self.kind else { return None };
        let found = members.iter().rev().find(|m| m.key == key);
        // Go matches keys without regard to case when none is equal.
        let found = found.or_else(|| members.iter().rev().find(|m| m.key.eq_ignore_ascii_case(key)));
        found.map(|m| &m.value).filter(|v| v.kind != Kind::Null)
    }
}

/// Reads one value that is the whole text.
pub(crate) fn read(text: &str) -> Result<Value, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error { line: 1, column: 1, what: "larger than 4 MiB".to_owned() });
    }
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, values: 0 };
    let read = reader.document();
    read.map_err(|what| Error::at(text, reader.at, what))
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    values: usize,
}

type Read<T> = Result<T, &'static str>;

impl Reader<'_> {
    fn document(&mut self) -> Read<Value> {
        let value = self.value(0)?;
        self.space();
        if self.at < self.bytes.len() { Err("text after the end of the value") } else { Ok(value) }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Read<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(what)
        }
    }

    fn value(&mut self, depth: usize) -> Read<Value> {
        self.space();
        self.values += 1;
        if depth > MAX_DEPTH {
            return Err("nested deeper than 64 levels");
        }
        if self.values > MAX_VALUES {
            return Err("more than 400000 values");
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Kind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
            None => return Err("the text ends where a value is expected"),
        };
        Ok(Value { start, end: self.at, kind })
    }

    fn word(&mut self) -> Read<Kind> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let words: [(&[u8], Kind); 3] =
            [(b"true", Kind::Bool(true)), (b"false", Kind::Bool(false)), (b"null", Kind::Null)];
        for (word, kind) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err("a value is expected")
    }

    fn number(&mut self) -> Read<Kind> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let text = self.text.get(start..self.at).unwrap_or("");
        let digits = text.strip_prefix('-').unwrap_or(text);
        let zero_led = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        if zero_led || text.parse::<f64>().is_err() || text.ends_with('.') {
            self.at = start;
            return Err("not a number");
        }
        Ok(Kind::Number(text.to_owned()))
    }

    fn array(&mut self, depth: usize) -> Read<Kind> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Kind::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Kind::Array(items));
                }
                _ => return Err("a comma or ] is expected"),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Read<Kind> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Kind::Object(members));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err("a key in quotes is expected");
            }
            let key = self.string()?;
            self.space();
            self.expect(b':', "a colon is expected")?;
            let value = self.value(depth + 1)?;
            members.push(Member { key, start, value });
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Kind::Object(members));
                }
                _ => return Err("a comma or } is expected"),
            }
        }
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            // Quotes, backslashes and controls are ASCII, so both ends lie between characters.
            out.push_str(self.text.get(start..self.at).unwrap_or(""));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return Err("a control character in a string"),
                None => return Err("a string is not closed"),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        self.at += 1;
        let c = match self.peek() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err("not an escape of a string"),
        };
        self.at += 1;
        Ok(c)
    }

    fn unicode(&mut self) -> Read<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        if self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let value =
            digits.and_then(|d| u32::from_str_radix(d, 16).ok()).ok_or("four hex digits are expected")?;
        self.at += 4;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_place() {
        let text = r#" { "a" : [1, -2.5e3, "x\u00e9\ud83d\ude00\n"], "b": {}, "a": null, "C": true } "#;
        let value = read(text).unwrap();
        assert_eq!(value.get("a"), None, "the last one counts, and null is absent");
        assert_eq!(value.get("c").map(|v| &v.kind), Some(&Kind::Bool(true)));
        let b = value.get("b").unwrap();
        assert_eq!(text.get(b.start..b.end), Some("{}"));
        let Kind::Object(members) = &value.kind else { panic!() };
        let Kind::Array(items) = &members[0].value.kind else { panic!() };
        assert_eq!(items[2].kind, Kind::String("xé😀\n".to_owned()));
        assert_eq!(text.get(items[1].start..items[1].end), Some("-2.5e3"));
    }

    #[test]
    fn errors_say_where() {
        let at = |text: &str| read(text).map_err(|e| (e.line, e.column)).unwrap_err();
        assert_eq!(at("{\n  \"a\": tru\n}"), (2, 8));
        assert_eq!(at("[1, 2"), (1, 6));
        assert_eq!(at("[1] x"), (1, 5));
        assert_eq!(at("[01]"), (1, 2));
        assert_eq!(at("[\"\\x\"]"), (1, 4));
        assert_eq!(at(""), (1, 1));
        assert_eq!(at("[1,]"), (1, 4));
        let deep = "[".repeat(100_000);
        assert!(read(&deep).unwrap_err().what.contains("64 levels"));
        assert!(read(&" ".repeat(MAX_BYTES + 1)).is_err());
        assert!(read(&format!("[{}1]", "1,".repeat(MAX_VALUES))).is_err());
    }
}
