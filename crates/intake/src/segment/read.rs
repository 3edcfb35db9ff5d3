//! Bytes of an input become evidence: text is kept whole up to a limit and sieved past it, a saved
//! case gives its own evidence, anything else is named as what it is.

use super::sieve::Sieve;
use crate::Input;
use std::io::Read;
use whodenied_case::saved::{SCHEMA, SURVEY_SCHEMA, SavedCase, SavedSurvey};
use whodenied_case::{Case, Evidence, Origin};
use whodenied_text::SourceId;

/// Inputs up to this size are kept whole.
const WHOLE: usize = 1 << 20;
/// Inputs of more lines than this are sieved even when they are smaller.
const MOST_LINES: usize = 40_000;
/// Saved cases up to this size are read.
const LARGEST_CASE: u64 = 64 << 20;

/// Adds the evidence of `input` to the case; says in `missing` what could not be read.
pub(crate) fn read(input: Input, case: &mut Case) {
    let Input { origin, mut reader } = input;
    let mut head = Vec::new();
    let result = reader.by_ref().take(WHOLE as u64 + 1).read_to_end(&mut head);
    let fail = |error: &std::io::Error, case: &mut Case| {
        case.missing.push(format!("{} could not be read: {error}.", name(&origin)));
    };
    if let Err(error) = result {
        fail(&error, case);
        if head.is_empty() {
            return;
        }
    }
    if let Some(what) = not_text(&head) {
        case.missing.push(format!("{} {what}", name(&origin)));
        push(case, origin, String::new(), head.len() as u64, Vec::new());
        return;
    }
    if is_saved_case(&head) {
        let rest = reader.by_ref().take(LARGEST_CASE).read_to_end(&mut head);
        if let Err(error) = rest {
            fail(&error, case);
        }
        match serde_json::from_slice::<SavedCase>(&head) {
            Ok(saved) => {
                for evidence in saved.evidence {
                    push(case, evidence.origin, evidence.text, evidence.omitted, evidence.repeated);
                }
                return;
            }
            Err(error) => case.missing.push(format!(
                "{} looks like a saved case but can't be read as one (line {}): it is read as text.",
                name(&origin),
                error.line()
            )),
        }
    }
    if starts_as(&head, SURVEY_SCHEMA)
        && head.len() <= WHOLE
        && let Ok(survey) = serde_json::from_slice::<SavedSurvey>(&head)
    {
        for lines in survey.evidence {
            push(case, Origin::Host { path: lines.path }, lines.text, 0, Vec::new());
        }
        return;
    }
    let few = memchr::memchr_iter(b'\n', &head).nth(MOST_LINES).is_none();
    if head.len() <= WHOLE && (few || matches!(head.get(..2), Some([0xff, 0xfe] | [0xfe, 0xff]))) {
        let text = decode(head);
        if text.trim().is_empty() {
            case.missing.push(format!("{} is empty.", name(&origin)));
        }
        push(case, origin, text, 0, Vec::new());
        return;
    }
    let mut sieve = Sieve::new();
    if let Err(error) = sieve.run(head, reader) {
        fail(&error, case);
    }
    let kept = sieve.finish();
    if kept.text.trim().is_empty() && kept.omitted == 0 {
        case.missing.push(format!("{} is empty.", name(&origin)));
    }
    push(case, origin, kept.text, kept.omitted, kept.repeated);
}

fn name(origin: &Origin) -> String {
    whodenied_text::escape::clipped(origin.name(), 200)
}

fn push(case: &mut Case, origin: Origin, text: String, omitted: u64, repeated: Vec<(u32, u32)>) {
    let id = SourceId(u32::try_from(case.evidence.len()).unwrap_or(u32::MAX));
    case.evidence.push(Evidence { omitted, repeated, ..Evidence::new(id, origin, text) });
}

/// UTF-16 with a byte order mark is what a redirection in PowerShell writes.
fn decode(bytes: Vec<u8>) -> String {
    let units = |swap: bool| -> Vec<u16> {
        let pair =
            |p: &[u8]| if swap { u16::from_be_bytes([p[0], p[1]]) } else { u16::from_le_bytes([p[0], p[1]]) };
        bytes[2..].chunks_exact(2).map(pair).collect()
    };
    match bytes.get(..2) {
        Some([0xff, 0xfe]) => String::from_utf16_lossy(&units(false)),
        Some([0xfe, 0xff]) => String::from_utf16_lossy(&units(true)),
        _ => String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
    }
}

fn is_saved_case(head: &[u8]) -> bool {
    starts_as(head, SCHEMA)
}

/// A JSON document that names this schema near its start.
fn starts_as(head: &[u8], schema: &str) -> bool {
    let start = head.get(..head.len().min(4096)).unwrap_or(head);
    start.trim_ascii_start().starts_with(b"{") && memchr::memmem::find(start, schema.as_bytes()).is_some()
}

/// What the bytes are when they are no text, as the end of a sentence.
fn not_text(head: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"LPKSHHRH", "is a journal file: give the output of journalctl -o json --file=… instead."),
        (b"\x1f\x8b", "is compressed (gzip): unpack it first."),
        (b"\x28\xb5\x2f\xfd", "is compressed (zstd): unpack it first."),
        (b"\xfd7zXZ\0", "is compressed (xz): unpack it first."),
        (b"BZh", "is compressed (bzip2): unpack it first."),
        (b"\x7fELF", "is a program, not text."),
        (b"PK\x03\x04", "is a zip archive: unpack it first."),
    ];
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(what);
    }
    let sample = head.get(..head.len().min(64 << 10)).unwrap_or(head);
    if sample.is_empty() || matches!(sample.get(..2), Some([0xff, 0xfe] | [0xfe, 0xff])) {
        return None;
    }
    let control = |b: &&u8| matches!(**b, 0..=6 | 0x0e..=0x1a | 0x7f);
    let controls = sample.iter().filter(control).count();
    // Latin-1 text has a few bytes that are no UTF-8; a picture has little else.
    let broken: usize = sample.utf8_chunks().map(|c| c.invalid().len()).sum();
    (controls * 20 > sample.len() || broken * 4 > sample.len()).then_some("does not look like text.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bytes(bytes: &[u8]) -> Case {
        let mut case = Case::default();
        let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
        read(Input { origin: Origin::Paste { name: "x.log".to_owned() }, reader }, &mut case);
        case
    }

    #[test]
    fn a_survey_gives_its_evidence() {
        let text = r#"{"schema":"whodenied-doctor/1","groups":[{"id":"x"}],"evidence":[{"path":"/proc/sys","text":"kernel.yama.ptrace_scope = 2\n"}]}"#;
        let mut case = Case::default();
        let reader = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        read(Input { origin: Origin::Paste { name: "-".to_owned() }, reader }, &mut case);
        assert_eq!(case.evidence.len(), 1);
        assert_eq!(case.evidence[0].origin, Origin::Host { path: "/proc/sys".to_owned() });
        assert_eq!(case.evidence[0].text, "kernel.yama.ptrace_scope = 2\n");
    }

    #[test]
    fn what_is_no_text_is_said() {
        for (bytes, said) in [
            (b"".as_slice(), "x.log is empty."),
            (b" \n\t\n", "x.log is empty."),
            (b"\x1f\x8b\x08\x00xyz", "x.log is compressed (gzip): unpack it first."),
            (&[0u8; 1000], "x.log does not look like text."),
            (&[0xfe; 1000], "x.log does not look like text."),
        ] {
            let case = read_bytes(bytes);
            let said_any = case.missing.iter().any(|m| m == said);
            // FE FE is no byte order mark.
            assert!(said_any, "{:?}: {:?}", &bytes[..bytes.len().min(8)], case.missing);
            assert_eq!(case.evidence.len(), 1);
        }
    }

    #[test]
    fn text_in_other_encodings_is_read() {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("denied é".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read_bytes(&utf16).evidence[0].text, "denied é");
        let latin = b"Acc\xe8s refus\xe9: permission denied";
        let case = read_bytes(latin);
        assert!(case.missing.is_empty());
        assert!(case.evidence[0].text.contains("permission denied"));
    }

    #[test]
    fn a_saved_case_gives_its_evidence() {
        let text = r#"{"schema":"whodenied-case/1","version":"0.1.0","evidence":[{"id":7,"origin":{"kind":"paste","name":"-"},"text":"a"},{"id":7,"origin":{"kind":"host","path":"/proc/1/status"},"text":"b","omitted":3}]}"#;
        let case = read_bytes(text.as_bytes());
        let all: Vec<_> = case.evidence.iter().map(|e| (e.id.0, e.text.as_str(), e.omitted)).collect();
        assert_eq!(all, [(0, "a", 0), (1, "b", 3)]);
        let case = read_bytes(&text.as_bytes()[..100]);
        assert_eq!(case.evidence.len(), 1);
        assert_eq!(case.missing.len(), 1);
    }

    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no"))
        }
    }

    #[test]
    fn an_unreadable_input_is_missing() {
        let mut case = Case::default();
        read(
            Input { origin: Origin::Paste { name: "a\u{1b}b".to_owned() }, reader: Box::new(Failing) },
            &mut case,
        );
        assert_eq!(case.missing, ["a\\x1bb could not be read: no."]);
    }
}
