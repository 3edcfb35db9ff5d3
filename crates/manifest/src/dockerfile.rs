//! Dockerfiles, whole or single instructions.
//!
//! Source: the Dockerfile reference.

use crate::knob::{Found, Knob, Surface};
use crate::line::Line;
use crate::{compose, value};

/// Adds what instructions set: `USER`, `FROM`, `VOLUME`, `ENV`; and what `RUN` does to files as
/// [`Knob::Other`] with the keys `run-setcap` and `run-chmod`.
pub fn read(lines: &[Line<'_>], found: &mut Vec<Found>) {
    for (at, line) in lines.iter().enumerate() {
        let Some((word, rest)) = line.text.split_once(char::is_whitespace) else { continue };
        let rest_at = line.text.len() - rest.len();
        let rest = rest.trim();
        let first = rest.split_whitespace().next().unwrap_or("");
        let knob = match word {
            // `USER` in capitals is also a column of listings; an instruction has one argument.
            "USER" if compose::view::is_user(rest) && rest != "PID" => Knob::User(rest.to_owned()),
            "FROM" if compose::view::is_image(first) && is_from(rest) => Knob::Image(first.to_owned()),
            "VOLUME" => match value::volume(first.trim_matches(['[', ']', '"', ','])) {
                Some(volume) => volume,
                None => continue,
            },
            "RUN" => match run(rest) {
                Some(knob) => knob,
                None => continue,
            },
            _ => continue,
        };
        found.push(Found {
            line: at,
            range: 0..rest_at + rest.len().min(line.text.len().saturating_sub(rest_at)),
            surface: Surface::Dockerfile,
            service: None,
            knob,
        });
    }
}

/// `image`, `image AS stage` or `--platform=… image`.
fn is_from(rest: &str) -> bool {
    let mut words = rest.split_whitespace().skip(1);
    words.next().is_none_or(|w| w.eq_ignore_ascii_case("as")) && words.nth(1).is_none()
}

fn run(rest: &str) -> Option<Knob> {
    for (program, key) in [("setcap ", "run-setcap"), ("chmod ", "run-chmod")] {
        if let Some(at) = rest.find(program) {
            let tail = rest.get(at + program.len()..)?;
            let end = tail.find(['&', ';', '|']).unwrap_or(tail.len());
            let value = tail.get(..end)?.trim().to_owned();
            return Some(Knob::Other { key: key.to_owned(), value });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions() {
        let mut found = Vec::new();
        let text = "FROM debian:12 AS base\nRUN apt-get update && setcap cap_net_raw+ep /bin/ping && true\nUSER 1000:1000\nUSER       PID %CPU\nFROM the beginning it failed\n";
        read(&crate::line::lines(text), &mut found);
        let knobs: Vec<_> = found.into_iter().map(|f| f.knob).collect();
        assert_eq!(
            knobs,
            [
                Knob::Image("debian:12".into()),
                Knob::Other { key: "run-setcap".into(), value: "cap_net_raw+ep /bin/ping".into() },
                Knob::User("1000:1000".into()),
            ]
        );
    }
}
