//! Shell prompts.

use super::Found;

/// The prompts of shells without a user's settings: `/ # ls`, `~ # ls`, `/srv/app $ ls`, `bash-5.1# ls`,
/// `sh-4.2$ ls`.
fn bare_shell(text: &str) -> Option<(usize, bool)> {
    let (place, rest) = text.split_once(' ')?;
    let command = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '.' | '/'));
    let path = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    if place.starts_with(['/', '~']) && place.len() < 60 && place.chars().all(path) {
        let mark = rest.as_bytes().first().filter(|b| matches!(b, b'#' | b'$'))?;
        return command(rest.get(1..)?.strip_prefix(' ')?).then_some((place.len() + 2, *mark == b'#'));
    }
    let version = place.strip_prefix("bash-").or_else(|| place.strip_prefix("sh-"))?;
    let mark = version.chars().next_back().filter(|c| matches!(c, '#' | '$'))?;
    let number = version.get(..version.len() - 1)?;
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (plain && command(rest)).then_some((place.len(), mark == '#'))
}

/// Reads `$ `, `user@host:~$ `, `[user@host dir]# `. A bare `# ` is a comment or a heading.
pub(super) fn read(text: &str) -> Option<Found> {
    let command = |length, as_root| Some(Found { length, command: true, as_root, ..Found::default() });
    if text.starts_with("$ ") || text.starts_with("% ") {
        return command(1, None);
    }
    if let Some((length, as_root)) = bare_shell(text) {
        return command(length, Some(as_root));
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
