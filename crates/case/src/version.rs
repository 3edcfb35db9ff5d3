//! Versions as they stand in prose and package names: dotted numbers with any tail.

use std::cmp::Ordering;

/// A version: its leading dotted numbers, and the text as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    /// `26.1.3` as `[26, 1, 3]`.
    pub numbers: Vec<u32>,
    /// As written, tail included: `1.3.3-0ubuntu1~22.04.2`.
    pub text: String,
}

impl Version {
    /// Reads a version from the start of `text`; a leading `v` and a Debian epoch (`5:26.1`) are
    /// skipped. `None` when no number starts there.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut rest = text.strip_prefix(['v', 'V']).unwrap_or(text);
        if let Some((epoch, after)) = rest.split_once(':')
            && !epoch.is_empty()
            && epoch.bytes().all(|b| b.is_ascii_digit())
        {
            rest = after;
        }
        let mut numbers = Vec::new();
        loop {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 9 || numbers.len() == 6 {
                break;
            }
            numbers.push(rest[..digits].parse().ok()?);
            rest = &rest[digits..];
            match rest.strip_prefix('.') {
                Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
                _ => break,
            }
        }
        (!numbers.is_empty()).then(|| Self { numbers, text: text.to_owned() })
    }

    /// Compares the numbers; missing ones count as 0, so `26.1` equals `26.1.0`.
    #[must_use]
    pub fn cmp_numbers(&self, other: &[u32]) -> Ordering {
        let n = self.numbers.len().max(other.len());
        (0..n)
            .map(|i| {
                let a = self.numbers.get(i).copied().unwrap_or(0);
                a.cmp(&other.get(i).copied().unwrap_or(0))
            })
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// True when this version is `numbers` or newer.
    #[must_use]
    pub fn at_least(&self, numbers: &[u32]) -> bool {
        self.cmp_numbers(numbers).is_ge()
    }

    /// True when this version is older than `numbers`.
    #[must_use]
    pub fn before(&self, numbers: &[u32]) -> bool {
        self.cmp_numbers(numbers).is_lt()
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let v = |t| Version::parse(t).map(|v| v.numbers);
        assert_eq!(v("26.1.3"), Some(vec![26, 1, 3]));
        assert_eq!(v("v1.32.5+k3s1"), Some(vec![1, 32, 5]));
        assert_eq!(v("5:26.1.4-1~debian"), Some(vec![26, 1, 4]));
        assert_eq!(v("1.7.24~ds1-6+deb13u1"), Some(vec![1, 7, 24]));
        assert_eq!(v("6.17.4-2-pve"), Some(vec![6, 17, 4]));
        assert_eq!(v("rawhide"), None);
    }

    #[test]
    fn compares_by_number() {
        let v = Version::parse("26.1").unwrap();
        assert!(v.at_least(&[26, 1, 0]) && v.before(&[26, 1, 1]) && v.at_least(&[9, 99]));
    }
}
