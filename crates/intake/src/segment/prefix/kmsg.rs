//! The kernel log as dmesg and /dev/kmsg print it.

use super::{Found, after, syslog};
use whodenied_case::Channel;

/// Reads `<5>`, `[  12.345678]`, `[Mon Jul 22 12:43:40 2024]`, `5,1234,5678,-;`, `kern  :info  :`.
pub(super) fn read(text: &str) -> Option<Found> {
    let kernel = |length, time: Option<&str>| Found {
        length,
        time: time.map(str::to_owned),
        channel: Some(Channel::Kernel),
        ..Found::default()
    };
    match text.as_bytes().first()? {
        b'[' => {
            let end = text.bytes().take(48).position(|b| b == b']')?;
            let inside = text.get(1..end)?.trim();
            if text.get(end + 1..)?.is_empty() {
                return None;
            }
            if caller(inside) {
                return Some(kernel(end + 1, None));
            }
            // Xorg prints three digits after the point, the kernel six.
            if uptime(inside)? {
                // `journalctl -o short-monotonic` puts host and program after it.
                return Some(syslog::host_and_tag(after(text, end + 1)).map_or_else(
                    || kernel(end + 1, Some(inside)),
                    |mut found| {
                        found.length += text.len() - after(text, end + 1).len();
                        found.time = Some(inside.to_owned());
                        found
                    },
                ));
            }
            Some(kernel(end + 1, Some(inside)))
        }
        b'<' => {
            let end = text.bytes().take(5).position(|b| b == b'>')?;
            let inside = text.get(1..end)?;
            let number: u16 = inside.parse().ok().filter(|n| *n < 192)?;
            // RFC 5424 puts its version after the priority.
            let version = text.get(end + 1..)?.starts_with("1 20");
            let daemon = version || super::date::length(text.get(end + 1..)?).is_some();
            // Facility 0 is the kernel's; 4 is auth, which audit uses in some relays.
            let channel = (!daemon && (number < 8 || (32..40).contains(&number))).then_some(Channel::Kernel);
            if version {
                return syslog::rfc5424(text, end + 3);
            }
            Some(Found { length: end + 1, channel, ..Found::default() })
        }
        b'0'..=b'9' => {
            let end = text.bytes().take(80).position(|b| b == b';')?;
            let mut parts = text.get(..end)?.split(',');
            let mut number =
                || parts.next().is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
            let numbers = number() && number() && number();
            let flag = parts.next()?;
            (numbers && matches!(flag, "-" | "c" | "+")).then(|| kernel(end + 1, None))
        }
        b'k' => {
            let rest = text.strip_prefix("kern ")?.trim_start().strip_prefix(':')?;
            let colon = rest.bytes().take(10).position(|b| b == b':')?;
            let level = rest.get(..colon)?.trim();
            let levels = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];
            levels.contains(&level).then(|| kernel(text.len() - rest.len() + colon + 1, None))
        }
        _ => None,
    }
}

/// `T1234` or `C0`: the caller, as CONFIG_PRINTK_CALLER prints it.
fn caller(inside: &str) -> bool {
    inside.strip_prefix(['T', 'C']).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// `Some(true)` for seconds since boot, `Some(false)` for a date, `None` for anything else.
fn uptime(inside: &str) -> Option<bool> {
    let number = inside.strip_prefix('+').unwrap_or(inside).trim_start();
    if let Some((seconds, fraction)) = number.split_once('.')
        && !seconds.is_empty()
        && (4..=9).contains(&fraction.len())
        && (seconds.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit())
    {
        return Some(true);
    }
    let words: Vec<&str> = inside.split_whitespace().collect();
    let clock = |w: &str| w.bytes().all(|b| b.is_ascii_digit() || b == b':') && w.contains(':');
    match words.as_slice() {
        // dmesg -T
        [_, _, day, time, year] => {
            let day = day.trim_end_matches('.');
            let number = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit());
            (number(day) && clock(time) && time.len() == 8 && year.len() == 4 && number(year))
                .then_some(false)
        }
        // dmesg -H
        [day, time] if time.len() == 5 && clock(time) => (day.starts_with(char::is_alphabetic)
            && day.ends_with(|c: char| c.is_ascii_digit()))
        .then_some(false),
        _ => None,
    }
}
