//! Times as engines and logs print them, in nanoseconds since 1970.

/// Nanoseconds of a second.
pub(crate) const SECOND: i128 = 1_000_000_000;

/// Reads RFC 3339 (`2026-12-01T00:36:10.834083505Z`, `…+02:00`) at the start of `text`; gives the time
/// and the length read. A year before 1970 is an engine's word for never.
pub(crate) fn rfc3339(text: &str) -> Option<(i128, usize)> {
    let digits = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let b = text.as_bytes();
    let mark = |at: usize, wanted: &[u8]| b.get(at).is_some_and(|c| wanted.contains(c));
    if !(mark(4, b"-") && mark(7, b"-") && mark(10, b"T ") && mark(13, b":") && mark(16, b":")) {
        return None;
    }
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let mut at = 19;
    let mut fraction = 0_i128;
    if mark(at, b".,") {
        let count = b.get(at + 1..)?.iter().take_while(|c| c.is_ascii_digit()).count().min(9);
        let part = text.get(at + 1..at + 1 + count)?;
        fraction = part.parse::<i128>().ok()? * 10_i128.pow(u32::try_from(9 - count).ok()?);
        at += 1 + count;
    }
    let mut offset = 0;
    if mark(at, b"Z") {
        at += 1;
    } else if mark(at, b"+-") {
        let sign = if mark(at, b"+") { 1 } else { -1 };
        let colon = usize::from(mark(at + 3, b":"));
        offset = sign * (digits(at + 1..at + 3)? * 3600 + digits(at + 3 + colon..at + 5 + colon)? * 60);
        at += 5 + colon;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some((i128::from(seconds) * SECOND + fraction, at))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The month and day of a time, as `(month, day)`; for logs that print no year.
pub(crate) fn month_name(text: &str) -> Option<i64> {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    NAMES.iter().position(|n| text.starts_with(n)).and_then(|i| i64::try_from(i + 1).ok())
}

/// `Dec  1 00:36:10` of a year, in UTC minus `offset` seconds.
pub(crate) fn bsd(text: &str, year: i64, offset: i64) -> Option<i128> {
    let month = month_name(text)?;
    let mut words = text.split_whitespace();
    let (_, day, clock) = (words.next()?, words.next()?, words.next()?);
    let mut clock = clock.split([':', '.']).map(|n| n.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let day: i64 = day.parse().ok()?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(i128::from(seconds) * SECOND)
}

/// The year of a time.
pub(crate) fn year(time: i128) -> i64 {
    let days = i64::try_from(time / SECOND / 86_400).unwrap_or(0) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let of_year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day = of_era - (365 * of_year + of_year / 4 - of_year / 100);
    // The era's years begin in March.
    let year = of_year + era * 400;
    if (5 * day + 2) / 153 >= 10 { year + 1 } else { year }
}

/// This moment.
pub(crate) fn now() -> i128 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| i128::try_from(d.as_nanos()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_and_logs() {
        let at = |text: &str| rfc3339(text).map(|t| t.0);
        assert_eq!(at("1970-01-02T00:00:01Z"), Some(86_401 * SECOND));
        assert_eq!(at("2026-12-01T00:36:10.5Z"), Some(1_796_085_370 * SECOND + SECOND / 2));
        assert_eq!(at("2026-12-01T02:36:10+02:00"), at("2026-12-01T00:36:10Z"));
        assert_eq!(at("2026-12-01T02:36:10+0200"), at("2026-12-01T00:36:10Z"));
        assert_eq!(at("0001-01-01T00:00:00Z"), None);
        assert_eq!(rfc3339("2026-12-01T00:36:10.5Z touch").map(|t| t.1), Some(22));
        for wrong in ["", "2026-12-01", "2026-13-01T00:00:00Z", "éééééééééééééééééééé"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
        assert_eq!(bsd("Dec  1 00:36:10 host x", 2026, 0), at("2026-12-01T00:36:10Z"));
        for text in ["2026-12-31T23:59:59Z", "2024-02-29T12:00:00Z", "2027-01-01T00:00:00Z"] {
            assert_eq!(year(at(text).unwrap()), text[..4].parse::<i64>().unwrap());
        }
    }
}
