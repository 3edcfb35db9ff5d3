//! The items of a stream: `[NAME] type payload`, little endian and unaligned.
//!
//! Source: kernel `policy_unpack.c`, `aa_unpack_nameX` and its callers.

use super::DecodeError;

/// The types.
pub(super) mod code {
    pub(in super::super) const U8: u8 = 0;
    pub(in super::super) const U32: u8 = 2;
    pub(in super::super) const U16: u8 = 1;
    pub(in super::super) const U64: u8 = 3;
    pub(in super::super) const NAME: u8 = 4;
    pub(in super::super) const STRING: u8 = 5;
    pub(in super::super) const BLOB: u8 = 6;
    pub(in super::super) const STRUCT: u8 = 7;
    pub(in super::super) const STRUCT_END: u8 = 8;
    pub(in super::super) const ARRAY: u8 = 11;
    pub(in super::super) const ARRAY_END: u8 = 12;
}

/// Reads items. Nothing moves when an item is not what was asked for.
#[derive(Clone, Copy)]
pub(super) struct Stream<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(super) fn error(&self, what: &'static str) -> DecodeError {
        DecodeError { offset: self.at, what }
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn u8_raw(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16_raw(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32_raw(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// An item's head: its name when one is asked for, any or none when not, then its type.
    fn head(&mut self, code: u8, name: Option<&str>) -> Option<()> {
        if self.bytes.get(self.at) == Some(&code::NAME) {
            self.at += 1;
            let size = usize::from(self.u16_raw()?);
            let tag = self.take(size)?;
            if let Some(name) = name {
                let (last, text) = tag.split_last()?;
                if *last != 0 || text != name.as_bytes() {
                    return None;
                }
            }
        } else if name.is_some() {
            return None;
        }
        (self.u8_raw()? == code).then_some(())
    }

    fn item<T>(
        &mut self,
        code: u8,
        name: Option<&str>,
        payload: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let mut ahead = *self;
        ahead.head(code, name)?;
        let value = payload(&mut ahead)?;
        *self = ahead;
        Some(value)
    }

    /// An item without a payload.
    pub(super) fn mark(&mut self, code: u8, name: Option<&str>) -> bool {
        self.item(code, name, |_| Some(())).is_some()
    }

    pub(super) fn u8(&mut self, name: Option<&str>) -> Option<u8> {
        self.item(code::U8, name, Self::u8_raw)
    }

    pub(super) fn u16(&mut self, name: Option<&str>) -> Option<u16> {
        self.item(code::U16, name, Self::u16_raw)
    }

    pub(super) fn u32(&mut self, name: Option<&str>) -> Option<u32> {
        self.item(code::U32, name, Self::u32_raw)
    }

    pub(super) fn u64(&mut self, name: Option<&str>) -> Option<u64> {
        self.item(code::U64, name, |s| Some(u64::from_le_bytes(s.take(8)?.try_into().ok()?)))
    }

    /// A string without its final NUL.
    pub(super) fn string(&mut self, name: Option<&str>) -> Option<&'a [u8]> {
        self.item(code::STRING, name, |s| {
            let size = usize::from(s.u16_raw()?);
            let (last, text) = s.take(size)?.split_last()?;
            (*last == 0).then_some(text)
        })
    }

    /// A blob, and where in the stream it begins.
    pub(super) fn blob(&mut self, name: Option<&str>) -> Option<(usize, &'a [u8])> {
        self.item(code::BLOB, name, |s| {
            let size = s.u32_raw()? as usize;
            let at = s.at;
            Some((at, s.take(size)?))
        })
    }

    /// The head of an array: its count.
    pub(super) fn array(&mut self, name: Option<&str>) -> Option<u16> {
        self.item(code::ARRAY, name, Self::u16_raw)
    }
}
