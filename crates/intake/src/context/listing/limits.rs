//! Resource limits: `ulimit -a`, `ulimit -l`, `prlimit`, /proc/PID/limits.
//!
//! Sources: bash(1) on ulimit, prlimit(1), proc_pid_limits(5).

use super::Here;
use crate::context::sink::Sink;
use whodenied_case::Predicate;

/// What the tools print, and docker's name for it.
const NAMES: &[(&str, &str)] = &[
    ("max locked memory", "memlock"),
    ("max locked-in-memory", "memlock"),
    ("open files", "nofile"),
    ("max open files", "nofile"),
    ("max user processes", "nproc"),
    ("max processes", "nproc"),
    ("real-time priority", "rtprio"),
    ("max realtime priority", "rtprio"),
    ("max realtime timeout", "rttime"),
    ("core file size", "core"),
    ("max core file size", "core"),
    ("scheduling priority", "nice"),
    ("max nice priority", "nice"),
    ("pending signals", "sigpending"),
    ("max pending signals", "sigpending"),
    ("posix message queues", "msgqueue"),
    ("max msgqueue size", "msgqueue"),
    ("stack size", "stack"),
    ("max stack size", "stack"),
    ("virtual memory", "as"),
    ("max address space", "as"),
    ("file size", "fsize"),
    ("max file size", "fsize"),
];

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    let Some((name, value)) = row(here.text).or_else(|| prlimit(here.text)).or_else(|| below(here)) else {
        return false;
    };
    here.say(sink, "limits", Predicate::Limit { name: name.to_owned(), value });
    true
}

/// `max locked memory       (kbytes, -l) 64`, `Max locked memory  65536  65536  bytes`.
fn row(text: &str) -> Option<(&'static str, String)> {
    let lower = text.to_lowercase();
    let (shown, name) = NAMES.iter().find(|(shown, _)| lower.starts_with(shown))?;
    let rest = lower.get(shown.len()..)?;
    let rest = rest.split_once(')').map_or(rest, |(_, r)| r).trim();
    let value = rest.split_whitespace().next()?;
    is_value(value).then(|| (*name, value.to_owned()))
}

/// `MEMLOCK    max locked-in-memory address space  65536  65536 bytes`.
fn prlimit(text: &str) -> Option<(&'static str, String)> {
    let first = text.split_whitespace().next()?.to_lowercase();
    let (_, name) = NAMES.iter().find(|(_, name)| *name == first)?;
    let mut values = text.split_whitespace().skip(1).filter(|w| is_value(w));
    let soft = values.next()?;
    values.next()?;
    Some((*name, soft.to_owned()))
}

/// The number under `ulimit -l`; `ulimit` alone is the file size.
fn below(here: Here<'_>) -> Option<(&'static str, String)> {
    if !is_value(here.text) {
        return None;
    }
    let above = here.above(1);
    let at = above.find("ulimit")?;
    let rest = above.get(at + "ulimit".len()..)?.trim();
    let name =
        match rest.trim_end_matches(['\'', '"']).trim_start_matches("-S").trim_start_matches("-H").trim() {
            "-l" => "memlock",
            "-n" => "nofile",
            "-u" => "nproc",
            "-r" => "rtprio",
            "-c" => "core",
            "" | "-f" => "fsize",
            _ => return None,
        };
    Some((name, here.text.to_owned()))
}

fn is_value(word: &str) -> bool {
    word == "unlimited" || (!word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    #[test]
    fn every_form() {
        for text in [
            "max locked memory       (kbytes, -l) 64",
            "Max locked memory         64                64                bytes",
            "MEMLOCK    max locked-in-memory address space     64     64 bytes",
            "$ ulimit -l\n64",
        ] {
            assert_eq!(shown(text, "Limit"), ["Limit { name: \"memlock\", value: \"64\" }"], "{text}");
        }
        assert_eq!(
            shown("$ sudo ulimit\nunlimited", "Limit"),
            ["Limit { name: \"fsize\", value: \"unlimited\" }"]
        );
        assert!(shown("open files are many", "Limit").is_empty());
    }
}
