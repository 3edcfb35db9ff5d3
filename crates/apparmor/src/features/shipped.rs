//! Feature trees of kernels, for questions about a machine that is not this one. Sources: `data/features/README.md`.

use super::Features;

/// Mainline kernels by version, oldest first.
const MAINLINE: &[((u32, u32), &str)] = &[
    ((6, 1), include_str!("../../data/features/linux-6.1")),
    ((6, 12), include_str!("../../data/features/linux-6.12")),
    ((7, 2), include_str!("../../data/features/linux-7.2")),
    ((7, 3), include_str!("../../data/features/linux-7.3")),
];
/// Kernels patched as Ubuntu patches them.
const PATCHED: &[((u32, u32), &str)] = &[
    ((6, 8), include_str!("../../data/features/ubuntu-6.8")),
    ((6, 17), include_str!("../../data/features/ubuntu-6.17")),
];

/// The tree of the newest kernel known that is no newer than the one named; of the oldest where all are newer.
/// Also which kernel that is.
#[must_use]
pub fn nearest(major: u32, minor: u32, patched: bool) -> (Features, (u32, u32)) {
    let known = if patched { PATCHED } else { MAINLINE };
    let found = known.iter().rev().find(|(version, _)| *version <= (major, minor)).or_else(|| known.first());
    let ((major, minor), text) = found.copied().unwrap_or(((0, 0), ""));
    (Features::parse(text).unwrap_or_default(), (major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tree_is_read_and_the_nearest_older_is_taken() {
        for (known, patched) in [(MAINLINE, false), (PATCHED, true)] {
            for ((major, minor), text) in known {
                assert!(Features::parse(text).is_ok_and(|f| f.has("file/mask")), "{major}.{minor}");
                assert_eq!(nearest(*major, *minor, patched).1, (*major, *minor));
            }
        }
        assert_eq!(nearest(6, 17, false).1, (6, 12));
        assert_eq!(nearest(5, 10, false).1, (6, 1));
        assert!(nearest(7, 2, false).0.has("network_v9/af_unix"));
    }
}
