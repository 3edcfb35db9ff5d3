//! Time stamps at the start of a log line, in the forms of syslog, the journal and RFC 3339, with
//! localised month names.

/// The length of the time stamp at the start of `text`; `None` when there is none or no blank
/// follows it.
pub(super) fn length(text: &str) -> Option<usize> {
    let n =
        rfc3339(text).or_else(|| traditional(text)).or_else(|| journal_full(text)).or_else(|| unix(text))?;
    text.get(n..)?.starts_with([' ', '\t']).then_some(n)
}

/// `2024-07-22T12:43:40.123456+02:00`.
pub(super) fn rfc3339(text: &str) -> Option<usize> {
    let n = iso_date(text)?;
    if text.as_bytes().get(n) != Some(&b'T') {
        return None;
    }
    let mut n = n + 1 + clock(text.get(n + 1..)?)?;
    let rest = text.get(n..)?;
    n += match rest.as_bytes().first() {
        Some(b'Z') => 1,
        Some(b'+' | b'-') => {
            let zone = rest.get(1..)?.bytes().take_while(|b| b.is_ascii_digit() || *b == b':').count();
            if !(2..=5).contains(&zone) {
                return None;
            }
            zone + 1
        }
        _ => 0,
    };
    Some(n)
}

/// `2024-07-22 12:43:40[.123][ UTC]` without a weekday: only a log's when host and program follow.
pub(super) fn plain_iso(text: &str) -> Option<usize> {
    let n = iso_date(text)?;
    let n = n + 1 + clock(text.get(n..)?.strip_prefix(' ')?)?;
    text.get(n..)?.starts_with(' ').then_some(n)
}

/// `Apr 28 16:48:31`, `Apr 28 2025 16:48:31`, the month in any language.
fn traditional(text: &str) -> Option<usize> {
    let month = word(text)?;
    let name = text.get(..month)?;
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let fine = name.chars().all(|c| c.is_alphabetic() || c == '.' || c.is_ascii_digit());
    if !fine || letters == 0 || name.chars().count() > 6 {
        return None;
    }
    let mut n = month + blanks(text.get(month..)?)?;
    n += digits(text.get(n..)?, 1, 2)?;
    n += blanks(text.get(n..)?)?;
    if let Some(year) = digits(text.get(n..)?, 4, 4)
        && text.get(n + year..)?.starts_with(' ')
    {
        n += year + 1;
    }
    Some(n + clock(text.get(n..)?)?)
}

/// `Mon 2024-07-22 12:43:40 UTC`, `journalctl -o short-full`.
fn journal_full(text: &str) -> Option<usize> {
    let day = word(text)?;
    if day > 16 || !text.get(..day)?.chars().all(|c| c.is_alphabetic() || c == '.') {
        return None;
    }
    let mut n = day + 1;
    n += iso_date(text.get(n..)?)? + 1;
    n += clock(text.get(n..)?)?;
    let rest = text.get(n..)?;
    let zone = rest.strip_prefix(' ').and_then(word).and_then(|w| rest.get(1..=w)).filter(|zone| {
        zone.len() <= 5
            && zone.starts_with(|c: char| c.is_ascii_uppercase() || c == '+' || c == '-')
            && zone[1..].bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    });
    Some(n + zone.map_or(0, |z| z.len() + 1))
}

/// `1721652220.385123`, `journalctl -o short-unix`.
fn unix(text: &str) -> Option<usize> {
    let n = digits(text, 10, 10)?;
    let rest = text.get(n..)?.strip_prefix('.')?;
    Some(n + 1 + digits(rest, 3, 9)?)
}

fn iso_date(text: &str) -> Option<usize> {
    let b = text.as_bytes().get(..10)?;
    let digit = |i: usize| b[i].is_ascii_digit();
    ([0, 1, 2, 3, 5, 6, 8, 9].into_iter().all(digit) && b[4] == b'-' && b[7] == b'-').then_some(10)
}

/// `12:43:40` with any fraction.
fn clock(text: &str) -> Option<usize> {
    let b = text.as_bytes().get(..8)?;
    let digit = |i: usize| b[i].is_ascii_digit();
    if !([0, 1, 3, 4, 6, 7].into_iter().all(digit) && b[2] == b':' && b[5] == b':') {
        return None;
    }
    let rest = text.get(8..)?;
    let fraction = rest.strip_prefix(['.', ',']).and_then(|r| digits(r, 1, 9)).map_or(0, |n| n + 1);
    Some(8 + fraction)
}

fn word(text: &str) -> Option<usize> {
    text.find(' ').filter(|n| *n > 0)
}

fn blanks(text: &str) -> Option<usize> {
    let n = text.bytes().take_while(|b| *b == b' ').count();
    (1..=3).contains(&n).then_some(n)
}

fn digits(text: &str, least: usize, most: usize) -> Option<usize> {
    let n = text.bytes().take(most + 1).take_while(u8::is_ascii_digit).count();
    (least..=most).contains(&n).then_some(n)
}
