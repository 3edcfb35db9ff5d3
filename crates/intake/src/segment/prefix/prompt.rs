//! Shell prompts.

use super::Found;

/// Reads `$ `, `user@host:~$ `, `[user@host dir]# `. A bare `# ` is a comment or a heading.
pub(super) fn read(text: &str) -> Option<Found> {
    let command = |length, as_root| Some(Found { length, command: true, as_root, ..Found::default() });
    if text.starts_with("$ ") || text.starts_with("% ") {
        return command(1, None);
    }
    // The prompt's last character, with `user@host` before it.
    let at = text.bytes().take(40).position(|b| b == b'@')?;
    let user = text.get(..at)?.trim_start_matches(['[', '(']);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if user.is_empty() || !user.chars().all(plain) {
        return None;
    }
    let rest = text.get(at..)?;
    let end = rest.bytes().take(120).enumerate().skip(1).find_map(|(i, b)| {
        let ends = matches!(b, b'$' | b'#' | b'%') && rest.as_bytes().get(i + 1) == Some(&b' ');
        ends.then_some(i)
    })?;
    let place = rest.get(1..end)?;
    (place.starts_with(|c: char| c.is_ascii_alphanumeric())
        && place.contains([':', ' ', ']'])
        && !place.contains(": "))
    .then_some(())?;
    command(at + end + 1, Some(user == "root" || rest.as_bytes().get(end) == Some(&b'#')))
}
