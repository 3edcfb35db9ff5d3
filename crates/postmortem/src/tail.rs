//! Logs read from their end backwards, so that a gigabyte of them costs what the last minutes hold.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// What is read at once.
const PIECE: u64 = 256 << 10;
/// Longer lines are cut off at their beginning.
const LONGEST: usize = 64 << 10;

/// Gives the lines of a file to `take`, the last first, until it answers false, `most` bytes were read,
/// or the file is at its beginning. True when the reading ended for one of the other reasons than `most`.
pub(crate) fn backwards(path: &Path, most: u64, mut take: impl FnMut(&str) -> bool) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(true);
    }
    let mut at = file.seek(SeekFrom::End(0))?;
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
    fn the_last_lines_come_first() {
        let path = std::env::temp_dir().join(format!("whodenied-tail-{}", std::process::id()));
        let text: String = (0..100_000).map(|n| format!("line {n}\n")).collect();
        std::fs::write(&path, &text).unwrap();
        let mut seen = Vec::new();
        let whole = backwards(&path, u64::MAX, |line| {
            seen.push(line.to_owned());
            true
        })
        .unwrap();
        assert!(whole && seen.len() == 100_000);
        assert_eq!((seen[0].as_str(), seen[99_999].as_str()), ("line 99999", "line 0"));
        assert!(seen.iter().rev().enumerate().all(|(n, l)| *l == format!("line {n}")));
        let mut few = 0;
        assert!(
            backwards(&path, u64::MAX, |_| {
                few += 1;
                few < 3
            })
            .unwrap()
                && few == 3
        );
        assert!(!backwards(&path, 1000, |_| true).unwrap());
        std::fs::write(&path, "x".repeat(1_000_000)).unwrap();
        let mut long = 0;
        backwards(&path, u64::MAX, |l| {
            long = l.len();
            true
        })
        .unwrap();
        assert!(long <= LONGEST + usize::try_from(PIECE).unwrap());
        std::fs::remove_file(path).unwrap();
    }
}
