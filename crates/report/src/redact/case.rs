//! A case's evidence without secrets, byte for byte, so that every offset stays true; and what was masked.
//!
//! Of what an engine says of a container, the values of environment variables are masked whatever their
//! name, but for a few that decide who a program runs as; the same values are then masked where they stand
//! beside their names, and secret ones wherever they stand.

use super::{is_reference, is_secret_key, secrets};
use std::ops::Range;
use whodenied_case::{Evidence, Origin};
use whodenied_text::escape;

/// Variables that say who the program is and where it looks, never a secret.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "PUID",
    "PGID",
    "UID",
    "GID",
    "UMASK",
    "TZ",
    "LANG",
    "LC_ALL",
    "TERM",
    "HOSTNAME",
    "container",
    "TMPDIR",
];
/// Shorter values stand in too many places by chance.
const SHORTEST: usize = 6;

/// A variable of a container's environment.
struct Variable {
    name: String,
    value: String,
}

/// Masks every piece; gives one line for each masked value, safe to print: where it stood and under which
/// name, never the value.
pub fn case(evidence: &mut [Evidence]) -> Vec<String> {
    let variables: Vec<Variable> = evidence.iter().flat_map(environment).collect();
    let mut listed = Vec::new();
    // What a kernel holds is rules, as numbers: a word of it that looks like a secret is none.
    for one in evidence.iter_mut().filter(|e| e.origin != Origin::Policy) {
        let mut found = secrets(&one.text);
        if is_inspect(one) {
            found.extend(environment_places(&one.text).into_iter().map(|(_, range)| range));
        }
        found.extend(again(&one.text, &variables));
        found.sort_by_key(|r| (r.start, std::cmp::Reverse(r.end)));
        let (text, places) = masked(&one.text, &found);
        let name = escape::clipped(one.origin.name(), 120);
        listed.extend(places.into_iter().map(|place| format!("{name}, {place}")));
        one.text = text;
    }
    listed
}

fn is_inspect(evidence: &Evidence) -> bool {
    matches!(evidence.origin, Origin::Engine { .. })
}

fn environment(evidence: &Evidence) -> Vec<Variable> {
    if !is_inspect(evidence) {
        return Vec::new();
    }
    environment_places(&evidence.text)
        .into_iter()
        .filter_map(|(name, range)| {
            let value = evidence.text.get(range)?;
            (value.len() >= SHORTEST).then(|| Variable { name, value: value.to_owned() })
        })
        .collect()
}

/// The names of the variables in a list `"Env": [` of JSON, one an item a line, and the ranges of their
/// values.
fn environment_places(text: &str) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let (mut at, mut inside) = (0, false);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with("\"Env\":") {
            inside = true;
        } else if inside && trimmed.starts_with(']') {
            inside = false;
        } else if inside
            && let Some(item) = trimmed.strip_prefix('"')
            && let Some((name, _)) = item.split_once('=')
            && !KEPT.contains(&name)
        {
            let start = at + line.find('=').unwrap_or(0) + 1;
            let end = at + line.trim_end().trim_end_matches(',').trim_end_matches('"').len();
            if start < end {
                found.push((name.to_owned(), start..end));
            }
        }
        at += line.len();
    }
    found
}

/// Where the values of variables stand once more.
fn again(text: &str, variables: &[Variable]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for variable in variables.iter().take(500) {
        let secret = is_secret_key(&variable.name) && !is_reference(&variable.value);
        for (at, value) in text.match_indices(&variable.value).take(1000) {
            let line = text.get(..at).map_or("", |t| t.rsplit('\n').next().unwrap_or(""));
            if secret || line.contains(&variable.name) {
                found.push(at..at + value.len());
            }
        }
    }
    found
}

/// `text` with the ranges masked, and what each was.
fn masked(text: &str, ranges: &[Range<usize>]) -> (String, Vec<String>) {
    let mut out = String::with_capacity(text.len());
    let (mut at, mut places) = (0, Vec::new());
    for range in ranges {
        let start = range.start.max(at);
        if start >= range.end || text.get(start..range.end).is_none() {
            continue;
        }
        let before = text.get(..start).unwrap_or("");
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let key = before.rsplit('\n').next().unwrap_or("").trim_end_matches([' ', '"', '\'', '=', ':']);
        let key = key.rsplit([' ', '"', '\'', ',', '{', '\t']).next().unwrap_or("");
        // A key that holds what was masked before it is none.
        let named = !key.is_empty() && key.len() <= 60 && !key.contains("://");
        let what =
            if named { format!("line {line}: {}", escape::clipped(key, 60)) } else { format!("line {line}") };
        places.push(what);
        out.push_str(text.get(at..start).unwrap_or(""));
        out.extend(std::iter::repeat_n('*', range.end - start));
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    (out, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_text::SourceId;

    #[test]
    fn environments_are_masked_wherever_they_stand() {
        let inspect = "[\n {\n  \"Config\": {\n   \"Env\": [\n    \"DB_PASSWORD=hunter2hunter2\",\n    \"PUID=1000\",\n    \"MODE=production\"\n   ],\n   \"User\": \"1000\"\n  }\n }\n]\n";
        let compose =
            "services:\n  web:\n    environment:\n      MODE: production\n    image: production:1\n";
        let log = "connecting with hunter2hunter2\n/srv/production: Permission denied\n";
        let piece = |origin, text: &str| Evidence::new(SourceId(0), origin, text.to_owned());
        let mut all = [
            piece(Origin::Engine { asked: "docker inspect web".into() }, inspect),
            piece(Origin::Host { path: "/srv/compose.yaml".into() }, compose),
            piece(Origin::Log { name: "the log of web".into() }, log),
        ];
        let lengths: Vec<usize> = all.iter().map(|e| e.text.len()).collect();
        let listed = case(&mut all);
        assert_eq!(all.iter().map(|e| e.text.len()).collect::<Vec<_>>(), lengths);
        assert!(!all.iter().any(|e| e.text.contains("hunter2")), "{all:?}");
        assert!(all[0].text.contains("PUID=1000") && all[0].text.contains("\"User\": \"1000\""));
        assert!(all[1].text.contains("MODE: **********\n    image: production:1"), "{}", all[1].text);
        assert!(all[2].text.contains("/srv/production"));
        assert_eq!(
            listed,
            [
                "docker inspect web, line 5: DB_PASSWORD",
                "docker inspect web, line 7: MODE",
                "/srv/compose.yaml, line 4: MODE",
                "the log of web, line 1: with"
            ]
        );
    }
}
