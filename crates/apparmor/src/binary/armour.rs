//! A load as one word of text, for evidence that is kept as JSON: DEFLATE (RFC 1951), then base64 (RFC 4648).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as text.
#[must_use]
pub fn to_text(bytes: &[u8]) -> String {
    let packed = miniz_oxide::deflate::compress_to_vec(bytes, 6);
    let mut text = String::with_capacity(packed.len().div_ceil(3) * 4);
    for part in packed.chunks(3) {
        let byte = |at: usize| u32::from(part.get(at).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let index = (word >> (18 - 6 * at) & 63) as usize;
            let symbol = ALPHABET.get(index).copied().unwrap_or(b'=');
            text.push(if at > part.len() { '=' } else { char::from(symbol) });
        }
    }
    text
}

/// The bytes; `None` where the text is no such word, or they are more than `most`.
#[must_use]
pub fn from_text(text: &str, most: usize) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    // DEFLATE expands its input a thousandfold at most, and packs it to little more than it was.
    if body.len() > most.saturating_mul(2).saturating_add(64) {
        return None;
    }
    let mut packed = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let (mut word, mut bits) = (0u32, 0);
    for byte in body.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        word = (word << 6 | u32::from(value)) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            packed.push((word >> bits & 0xff) as u8);
        }
    }
    miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, most).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for length in [0, 1, 2, 3, 4, 255, 4096] {
            let bytes: Vec<u8> = (0..length).map(|n: u32| (n * n % 251) as u8).collect();
            assert_eq!(from_text(&to_text(&bytes), 8192), Some(bytes), "{length}");
        }
        // `echo -n M | …`: the symbols of RFC 4648, section 10, over an empty DEFLATE stream (03 00).
        assert_eq!(from_text("AwA=", 10), Some(Vec::new()));
    }

    #[test]
    fn hostile_text_is_refused() {
        let large = to_text(&vec![0; 1 << 20]);
        assert_eq!(from_text(&large, 1 << 19), None);
        for text in ["", "=", "A", "AwA\n", "ÄÄ", "////////"] {
            assert_eq!(from_text(text, 1 << 16), None, "{text}");
        }
    }
}
