//! What engines put before a container's output: compose, CRI log files, `kubectl logs --prefix`.

use super::{Found, date};
use whodenied_case::Channel;

/// Reads `mealie-1  | `, `2026-… stderr F `, `[pod/web-0/app] `.
pub(super) fn read(text: &str) -> Option<Found> {
    compose(text).or_else(|| cri(text)).or_else(|| kubectl(text)).or_else(|| buildkit(text))
}

/// `#16 0.231 MESSAGE`, a build's step and the seconds since it began.
fn buildkit(text: &str) -> Option<Found> {
    let digits = |t: &str| t.bytes().take_while(u8::is_ascii_digit).count();
    let step = text.strip_prefix('#')?;
    let number = digits(step);
    let seconds = step.get(number..)?.strip_prefix(' ')?;
    let whole = digits(seconds);
    let fraction = seconds.get(whole..)?.strip_prefix('.')?;
    let part = digits(fraction);
    let rest = fraction.get(part..)?;
    let fits = (1..=4).contains(&number) && (1..=6).contains(&whole) && (1..=3).contains(&part);
    (fits && rest.starts_with(' ')).then(|| Found {
        length: text.len() - rest.len(),
        channel: Some(Channel::ProgramLog),
        ..Found::default()
    })
}

/// Compose pads names to the longest and ends them with `  | ` or, numbered, ` | `.
fn compose(text: &str) -> Option<Found> {
    let bar = text.bytes().take(128).position(|b| b == b'|')?;
    let padded = text.get(..bar)?;
    let name = padded.trim_end();
    let after = text.get(bar + 1..)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(plain) || !(after.is_empty() || after.starts_with([' ', '\t'])) {
        return None;
    }
    let numbered = name.rsplit_once(['-', '_']).is_some_and(|(service, n)| {
        !service.is_empty() && !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())
    });
    let pad = padded.len() - name.len();
    (pad >= 2 || (pad == 1 && numbered)).then(|| Found {
        length: bar + 1,
        container: Some(name.to_owned()),
        channel: Some(Channel::ProgramLog),
        ..Found::default()
    })
}

/// `TIME stdout|stderr F|P MESSAGE`, the Kubernetes log file format.
fn cri(text: &str) -> Option<Found> {
    let n = date::rfc3339(text)?;
    let rest = text.get(n..)?;
    let stream = [" stdout ", " stderr "].into_iter().find(|s| rest.starts_with(s))?;
    let tag = rest.get(stream.len()..)?;
    let flag = tag.strip_prefix(['F', 'P'])?;
    (flag.is_empty() || flag.starts_with(' ')).then(|| Found {
        length: text.len() - flag.len(),
        time: text.get(..n).map(str::to_owned),
        channel: Some(Channel::ProgramLog),
        ..Found::default()
    })
}

fn kubectl(text: &str) -> Option<Found> {
    let rest = text.strip_prefix("[pod/")?;
    let end = rest.bytes().take(300).position(|b| b == b']')?;
    let name = rest.get(..end)?;
    (!name.contains(' ')).then(|| Found {
        length: end + 6,
        container: Some(name.to_owned()),
        channel: Some(Channel::ProgramLog),
        ..Found::default()
    })
}
