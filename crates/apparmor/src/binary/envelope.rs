//! What may be around a stream: compression, and since 7.3 a header of eight bytes that says so.
//!
//! Sources: kernel `apparmorfs.c` (raw data is kept compressed and read uncompressed; before 6.0 zlib, then
//! zstd), 7.3 features `policy/compressed_load` and `policy/extended_policy_header`.

use super::DecodeError;
use std::borrow::Cow;
use std::io::Read;

/// What was around a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Envelope {
    /// An extended header with this level.
    pub level: Option<u8>,
    /// How it was compressed.
    pub compression: Option<Compression>,
}

/// How a stream was compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Zstandard.
    Zstd,
    /// zlib.
    Zlib,
}

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The name item that begins every stream: code 4, length 8, `version`, NUL.
const STREAM: &[u8] = b"\x04\x08\x00version\x00\x02";

/// What is around the stream and where its payload begins; `None` for anything else.
pub(super) fn recognise(bytes: &[u8]) -> Option<(Envelope, usize)> {
    let mut envelope = Envelope::default();
    let mut at = 0;
    if let [1, level, 0, 0, 0, 0, 0, 0, ..] = bytes {
        envelope.level = Some(*level);
        at = 8;
    }
    let rest = bytes.get(at..)?;
    if rest.starts_with(&ZSTD) {
        envelope.compression = Some(Compression::Zstd);
    } else if rest.first() == Some(&0x78) && rest.len() > 2 {
        // RFC 1950: the first two bytes are a multiple of 31.
        let check = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
        if check % 31 != 0 {
            return None;
        }
        envelope.compression = Some(Compression::Zlib);
    } else if !rest.starts_with(STREAM) {
        return None;
    }
    Some((envelope, at))
}

/// One load: what was around it, its stream, and what follows it.
type Opened<'a> = (Envelope, Cow<'a, [u8]>, &'a [u8]);

/// Uncompresses one load; `most` bytes at most.
pub(super) fn open(bytes: &[u8], most: usize) -> Result<Opened<'_>, DecodeError> {
    let error = |what| DecodeError { offset: 0, what };
    let (envelope, at) = recognise(bytes).ok_or_else(|| error("this is no compiled AppArmor policy"))?;
    let rest = bytes.get(at..).unwrap_or(&[]);
    match envelope.compression {
        None if rest.len() > most => Err(error("more policy than is read")),
        None => Ok((envelope, Cow::Borrowed(rest), &[])),
        Some(Compression::Zlib) => {
            let stream =
                miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(rest, most).map_err(|e| {
                    if e.status == miniz_oxide::inflate::TINFLStatus::HasMoreOutput {
                        error("more policy than is read")
                    } else {
                        error("the compressed policy is damaged")
                    }
                })?;
            Ok((envelope, Cow::Owned(stream), &[]))
        }
        Some(Compression::Zstd) => {
            let (stream, rest) = zstd(rest, most)?;
            Ok((envelope, Cow::Owned(stream), rest))
        }
    }
}

fn zstd(bytes: &[u8], most: usize) -> Result<(Vec<u8>, &[u8]), DecodeError> {
    let error = |what| DecodeError { offset: 0, what };
    let mut stream = Vec::new();
    let mut source = bytes;
    let decoder = ruzstd::decoding::StreamingDecoder::new(&mut source)
        .map_err(|_| error("the compressed policy is damaged"))?;
    // One byte more tells a stream that is too long from one that just fits.
    decoder
        .take(most as u64 + 1)
        .read_to_end(&mut stream)
        .map_err(|_| error("the compressed policy is damaged"))?;
    if stream.len() > most {
        return Err(error("more policy than is read"));
    }
    Ok((stream, source))
}
