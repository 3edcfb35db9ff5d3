//! Words of a clause with their place.

/// A word: without the punctuation around it, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) lower: String,
    /// As written.
    pub(super) text: String,
    /// Bytes of the line's text.
    pub(super) start: usize,
    pub(super) end: usize,
    /// True when a comma, bracket or colon stands before it.
    pub(super) breaks: bool,
}

/// No clause has more words that matter.
const MOST: usize = 300;

/// The words of `text`, which stands at byte `offset` of its line: cut at blanks and brackets, and at a
/// slash between two words that begin with capitals (`Podman/Docker`).
pub(super) fn split(text: &str, offset: usize) -> Vec<Word> {
    let mut out = Vec::new();
    let mut start = None;
    let mut breaks = false;
    let mut last = ' ';
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let cut = c.is_whitespace()
            || "(),;\"'`[]{}<>|*\u{201c}\u{201d}\u{2018}\u{2019}".contains(c)
            || slash(text, at, c);
        if !cut {
            // `通过nfs4挂载`: some scripts put no blank between words.
            if ideographic(last) != ideographic(c)
                && let Some(from) = start.take()
                && out.len() < MOST
            {
                push(text, from, at, offset, breaks, &mut out);
                breaks = false;
            }
            last = c;
            start.get_or_insert(at);
            continue;
        }
        last = ' ';
        if let Some(from) = start.take()
            && out.len() < MOST
        {
            push(text, from, at, offset, breaks, &mut out);
            breaks = text.get(from..at).is_some_and(|w| w.ends_with(':'));
        }
        breaks |= !c.is_whitespace();
    }
    out
}

/// A character of a script that is written without blanks: kana, Chinese characters, hangul.
fn ideographic(c: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&c) || ('\u{ac00}'..='\u{d7af}').contains(&c)
}

fn slash(text: &str, at: usize, c: char) -> bool {
    let before =
        text.get(..at).and_then(|t| t.split(|c: char| !c.is_alphanumeric()).next_back()).unwrap_or("");
    let after = text.get(at + c.len_utf8()..).unwrap_or("");
    c == '/'
        && before.starts_with(char::is_uppercase)
        && after.starts_with(char::is_uppercase)
        && !text.get(..at).is_some_and(|t| t.contains("/") && !t.contains(' '))
}

fn push(text: &str, from: usize, to: usize, offset: usize, breaks: bool, out: &mut Vec<Word>) {
    let raw = text.get(from..to).unwrap_or("");
    let trimmed = raw.trim_end_matches(['.', ':', '!', '?', '…']).trim_start_matches(['#', '~', '=']);
    if trimmed.is_empty() || trimmed == "-" {
        return;
    }
    let lead = raw.len() - raw.trim_start_matches(['#', '~', '=']).len();
    let start = offset + from + lead;
    out.push(Word {
        lower: trimmed.to_lowercase(),
        text: trimmed.to_owned(),
        start,
        end: start + trimmed.len(),
        breaks,
    });
}

/// True for a token that is a version: digits first, after an optional `v`.
pub(super) fn is_version(word: &str) -> bool {
    let bare = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let epoch = bare.split_once(':').map_or(bare, |(e, rest)| {
        if !e.is_empty() && e.bytes().all(|b| b.is_ascii_digit()) { rest } else { bare }
    });
    epoch.starts_with(|c: char| c.is_ascii_digit()) && !epoch.contains('/') && epoch.len() < 80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lower(text: &str) -> Vec<String> {
        split(text, 0).into_iter().map(|w| w.lower).collect()
    }

    #[test]
    fn words_and_their_place() {
        assert_eq!(lower("Docker 1.10 (updated from 1.9)."), ["docker", "1.10", "updated", "from", "1.9"]);
        assert_eq!(lower("Podman/Docker in LXC, ünï"), ["podman", "docker", "in", "lxc", "ünï"]);
        assert_eq!(lower("/var/Run/Docker a/b"), ["/var/run/docker", "a/b"]);
        let words = split("x é (yz)", 10);
        assert_eq!((words[2].start, words[2].end, words[2].breaks), (16, 18, true));
    }

    #[test]
    fn scripts_without_blanks() {
        let words = |t: &str| split(t, 0).into_iter().map(|w| w.lower).collect::<Vec<_>>();
        assert_eq!(words("通过nfs4挂载"), ["通过", "nfs4", "挂载"]);
        assert_eq!(words("コンテナはDockerで"), ["コンテナは", "docker", "で"]);
        assert_eq!(words("naïve Gerät"), ["naïve", "gerät"]);
    }

    #[test]
    fn versions() {
        for yes in ["1.10", "v1.32.5+k3s1", "5:26.1.4-1~debian", "27.5.1", "1.7.28-2~debian.13~trixie", "42"]
        {
            assert!(is_version(yes), "{yes}");
        }
        for no in ["version", "abc", "1/2", ""] {
            assert!(!is_version(no), "{no}");
        }
    }
}
