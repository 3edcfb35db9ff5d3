//! Logs read from their end backwards, so that a gigabyte of them costs what the last minutes hold.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// What is read at once.
const PIECE: u64 = 256 << 10;
/// Longer lines are cut off at their beginning.
const LONGEST: usize = 64 << 10;

/// Where in a log, whose lines are in the order of their times, the first line stands that is later than
/// wanted: found by halving, so that what happened since costs next to nothing. `later` says of a line
/// whether it is later, `None` where it bears no time. The end of the file where no line is.
pub(crate) fn first_later(path: &Path, later: impl Fn(&str) -> Option<bool>) -> std::io::Result<u64> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let (mut low, mut high) = (0, length);
    // At `low` no line is later; the lines from `high` on are.
    while high - low > PIECE {
        let middle = low + (high - low) / 2;
        file.seek(SeekFrom::Start(middle))?;
        let mut piece = Vec::new();
        file.by_ref().take(PIECE / 2).read_to_end(&mut piece)?;
        // The first line is cut off at its beginning, the last at its end.
        let lines = piece.split(|b| *b == b'\n').skip(1).take(200);
        match lines.map(|l| String::from_utf8_lossy(l)).find_map(|l| later(&l)) {
            Some(true) => high = middle,
            Some(false) => low = middle,
            // Nothing there bears a time: reading from the end is always right.
            None => return Ok(length),
        }
    }
    Ok((high + PIECE).min(length))
}

/// Gives the lines of a file before `end` to `take`, the last first, until it answers false, `most` bytes were read,
/// or the file is at its beginning. True when the reading ended for one of the other reasons than `most`.
pub(crate) fn backwards(
    path: &Path,
    end: u64,
    most: u64,
    mut take: impl FnMut(&str) -> bool,
) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(true);
    }
    let mut at = file.seek(SeekFrom::End(0))?.min(end);
    let mut rest: Vec<u8> = Vec::new();
    let mut read = 0;
    while at > 0 && read < most {
        let size = PIECE.min(at);
        at -= size;
        read += size;
        file.seek(SeekFrom::Start(at))?;
        let mut piece = vec![0; usize::try_from(size).unwrap_or(0)];
        file.read_exact(&mut piece)?;
        piece.extend_from_slice(&rest);
        // The first part of the piece is the end of a line that begins before it.
        let first =
            if at == 0 { 0 } else { piece.iter().position(|b| *b == b'\n').map_or(piece.len(), |p| p + 1) };
        let (head, lines) = piece.split_at(first);
        for line in lines.rsplit(|b| *b == b'\n') {
            if !line.is_empty() && !take(&String::from_utf8_lossy(cut(line))) {
                return Ok(true);
            }
        }
        rest = cut(head).to_vec();
    }
    Ok(at == 0)
}

fn cut(line: &[u8]) -> &[u8] {
    line.get(line.len().saturating_sub(LONGEST)..).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_a_long_log_is_found_by_halving() {
        let path = std::env::temp_dir().join(format!("whodenied-halving-{}", std::process::id()));
        let text: String = (0..300_000).map(|n| format!("{n:07} a line\nwithout a time\n")).collect();
        std::fs::write(&path, &text).unwrap();
        for wanted in [0, 1, 77_777, 150_000, 299_998, 299_999, 400_000] {
            let later = |line: &str| line.get(..7)?.parse::<u32>().ok().map(|n| n > wanted);
            let end = first_later(&path, later).unwrap();
            let mut last = None;
            backwards(&path, end, u64::MAX, |line| {
                last = line.get(..7).and_then(|n| n.parse::<u32>().ok()).filter(|n| *n <= wanted);
                last.is_none()
            })
            .unwrap();
            assert_eq!(last, Some(wanted.min(299_999)));
            // What comes after it was hardly read.
            assert!(wanted > 250_000 || end < text.len() as u64);
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn the_last_lines_come_first() {
        let path = std::env::temp_dir().join(format!("whodenied-tail-{}", std::process::id()));
        let text: String = (0..100_000).map(|n| format!("line {n}\n")).collect();
        std::fs::write(&path, &text).unwrap();
        let mut seen = Vec::new();
        let whole = backwards(&path, u64::MAX, u64::MAX, |line| {
            seen.push(line.to_owned());
            true
        })
        .unwrap();
        assert!(whole && seen.len() == 100_000);
        assert_eq!((seen[0].as_str(), seen[99_999].as_str()), ("line 99999", "line 0"));
        assert!(seen.iter().rev().enumerate().all(|(n, l)| *l == format!("line {n}")));
        let mut few = 0;
        assert!(
            backwards(&path, u64::MAX, u64::MAX, |_| {
                few += 1;
                few < 3
            })
            .unwrap()
                && few == 3
        );
        assert!(!backwards(&path, u64::MAX, 1000, |_| true).unwrap());
        std::fs::write(&path, "x".repeat(1_000_000)).unwrap();
        let mut long = 0;
        backwards(&path, u64::MAX, u64::MAX, |l| {
            long = l.len();
            true
        })
        .unwrap();
        assert!(long <= LONGEST + usize::try_from(PIECE).unwrap());
        std::fs::remove_file(path).unwrap();
    }
}
