//! Writes the items of a stream; see `stream` for their form.

use super::stream::code;

/// What is written, for one unit: automata are aligned from its beginning.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    /// Some string or array is longer than its length can say.
    pub(super) overflow: bool,
}

impl Writer {
    fn head(&mut self, code: u8, name: Option<&str>) {
        if let Some(name) = name {
            self.bytes.push(code::NAME);
            self.text(name.as_bytes());
        }
        self.bytes.push(code);
    }

    fn text(&mut self, text: &[u8]) {
        match u16::try_from(text.len() + 1) {
            Ok(size) => self.bytes.extend_from_slice(&size.to_le_bytes()),
            Err(_) => self.overflow = true,
        }
        self.bytes.extend_from_slice(text);
        self.bytes.push(0);
    }

    pub(super) fn mark(&mut self, code: u8, name: Option<&str>) {
        self.head(code, name);
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.head(code::U8, None);
        self.bytes.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.head(code::U16, None);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, name: Option<&str>, value: u32) {
        self.head(code::U32, name);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.head(code::U64, None);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn string(&mut self, name: Option<&str>, value: &[u8]) {
        self.head(code::STRING, name);
        self.text(value);
    }

    pub(super) fn array(&mut self, name: Option<&str>, count: usize) {
        self.head(code::ARRAY, name);
        match u16::try_from(count) {
            Ok(count) => self.bytes.extend_from_slice(&count.to_le_bytes()),
            Err(_) => self.overflow = true,
        }
    }

    pub(super) fn blob(&mut self, name: Option<&str>, value: &[u8], aligned: bool) {
        self.head(code::BLOB, name);
        let pad = if aligned { (self.bytes.len() + 4).wrapping_neg() & 7 } else { 0 };
        match u32::try_from(value.len() + pad) {
            Ok(size) => self.bytes.extend_from_slice(&size.to_le_bytes()),
            Err(_) => self.overflow = true,
        }
        self.bytes.extend(std::iter::repeat_n(0, pad));
        self.bytes.extend_from_slice(value);
    }
}
