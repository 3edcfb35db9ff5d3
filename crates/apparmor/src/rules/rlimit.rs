//! `set rlimit NAME <= VALUE [UNIT],`

use super::Arguments;

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    /// Seconds.
    Cpu,
    /// Microseconds.
    Rttime,
    Count,
    Nice,
}

/// Names of limits with the kernel's numbers (`asm-generic/resource.h`).
const LIMITS: &[(&str, u8, Unit)] = &[
    ("cpu", 0, Unit::Cpu),
    ("fsize", 1, Unit::Bytes),
    ("data", 2, Unit::Bytes),
    ("stack", 3, Unit::Bytes),
    ("core", 4, Unit::Bytes),
    ("rss", 5, Unit::Bytes),
    ("nproc", 6, Unit::Count),
    ("nofile", 7, Unit::Count),
    ("ofile", 7, Unit::Count),
    ("memlock", 8, Unit::Bytes),
    ("as", 9, Unit::Bytes),
    ("locks", 10, Unit::Count),
    ("sigpending", 11, Unit::Count),
    ("msgqueue", 12, Unit::Bytes),
    ("nice", 13, Unit::Nice),
    ("rtprio", 14, Unit::Count),
    ("rttime", 15, Unit::Rttime),
];

/// A limit that is set when the profile is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rlimit {
    /// The kernel's number.
    pub resource: u8,
    /// The kernel's value; `u64::MAX` is no limit.
    pub value: u64,
}

impl Rlimit {
    pub(super) fn read(mut args: Arguments<'_>) -> Option<Self> {
        let name = args.word()?;
        let Some((_, resource, unit)) = LIMITS.iter().find(|(n, ..)| *n == name.raw) else {
            args.problem(name.span, "no limit of this name");
            return None;
        };
        let Some(number) = args.word() else {
            let span = args.span();
            args.problem(span, "the value of the limit is missing");
            return None;
        };
        let suffix = args.word();
        args.nothing_more();
        if number.raw == "infinity" && suffix.is_none() {
            return Some(Self { resource: *resource, value: u64::MAX });
        }
        let split = number.raw.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(number.raw.len());
        let (digits, own) = number.raw.split_at(split);
        let suffix_text = match (&suffix, own) {
            (Some(suffix), "") => suffix.raw.as_str(),
            (None, own) => own,
            (Some(_), _) => "two units",
        };
        let value = digits.parse::<i64>().ok().and_then(|number| scaled(number, suffix_text, *unit));
        match value {
            Some(value) => Some(Self { resource: *resource, value }),
            None => {
                args.problem_hint(number.span, "no value of this limit", hint(*unit));
                None
            }
        }
    }
}

const fn hint(unit: Unit) -> &'static str {
    match unit {
        Unit::Bytes => "a number, `KB`, `MB`, `GB` or `infinity`",
        Unit::Cpu => "a number of seconds, or with `minutes`, `hours`, `days`",
        Unit::Rttime => "a number of microseconds, or with `us`, `ms`, `s`, `min`, `hours`",
        Unit::Count => "a number or `infinity`",
        Unit::Nice => "-20 to 19",
    }
}

fn scaled(number: i64, suffix: &str, unit: Unit) -> Option<u64> {
    if unit == Unit::Nice {
        return (suffix.is_empty() && (-20..=19).contains(&number))
            .then_some(())
            .and_then(|()| u64::try_from(20 + number).ok());
    }
    let number = u64::try_from(number).ok()?;
    let is = |word: &str, least: usize| suffix.len() >= least && word.starts_with(suffix);
    let factor: u64 = match unit {
        Unit::Count => return suffix.is_empty().then_some(number),
        Unit::Bytes if suffix.is_empty() => 1,
        Unit::Bytes if is("KB", 1) => 1 << 10,
        Unit::Bytes if is("MB", 1) => 1 << 20,
        Unit::Bytes if is("GB", 1) => 1 << 30,
        Unit::Cpu | Unit::Rttime => {
            let micro = match suffix {
                "" => return Some(number),
                "us" => 1,
                "ms" => 1000,
                s if "microseconds".starts_with(s) && s.len() > 2 => 1,
                s if "milliseconds".starts_with(s) && s.len() > 2 => 1000,
                s if "sec".starts_with(s) || "seconds".starts_with(s) => 1_000_000,
                s if s.len() > 2 && "minutes".starts_with(s) => 60_000_000,
                s if "hours".starts_with(s) => 3_600_000_000,
                s if "days".starts_with(s) => 86_400_000_000,
                s if "weeks".starts_with(s) => 604_800_000_000,
                _ => return None,
            };
            if unit == Unit::Rttime {
                micro
            } else if micro >= 1_000_000 {
                micro / 1_000_000
            } else {
                return None;
            }
        }
        _ => return None,
    };
    number.checked_mul(factor)
}
