//! A container's log as the API sends it.
//!
//! Source: Docker Engine API, ContainerAttach, "Stream format": without a terminal every piece has a
//! header of eight bytes, the stream's number, three zeroes and the length in big endian.

/// The text of a log, headers taken off where there are any; bytes that are not UTF-8 stand as U+FFFD.
/// Never fails: what breaks off in the middle is kept as far as it goes.
#[must_use]
pub fn undress(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((length, after)) = header(rest) {
        let piece = after.get(..length.min(after.len())).unwrap_or_default();
        out.extend_from_slice(piece);
        rest = after.get(piece.len()..).unwrap_or_default();
    }
    out.extend_from_slice(if out.is_empty() { bytes } else { rest });
    String::from_utf8_lossy(&out).into_owned()
}

fn header(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (head, after) = bytes.split_first_chunk::<8>()?;
    let [stream, 0, 0, 0, a, b, c, d] = *head else { return None };
    let length = u32::from_be_bytes([a, b, c, d]);
    (stream <= 2).then(|| (usize::try_from(length).unwrap_or(usize::MAX), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_joined_and_terminals_left() {
        let mut bytes = vec![1, 0, 0, 0, 0, 0, 0, 3];
        bytes.extend(b"ab\n");
        bytes.extend([2, 0, 0, 0, 0, 0, 0, 2]);
        bytes.extend(b"c\n");
        assert_eq!(undress(&bytes), "ab\nc\n");
        assert_eq!(undress(b"plain\n"), "plain\n");
        assert_eq!(undress(&bytes[..10]), "ab");
        assert_eq!(undress(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, b'x']), "x");
        assert_eq!(undress(b""), "");
    }
}
