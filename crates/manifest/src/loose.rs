//! Keys of compose and Kubernetes files named in a sentence or run together in one line:
//! `runAsUser 101, capabilities.drop ALL`, `securityContext.allowPrivilegeEscalation=false`.

use crate::knob::{Found, Knob, Surface};
use crate::line::Line;
use crate::value;

/// Adds what sentences among `lines` say by such keys, where no reader of files has understood the line.
pub fn read(lines: &[Line<'_>], found: &mut Vec<Found>) {
    let known: std::collections::BTreeSet<usize> = found.iter().map(|f| f.line).collect();
    for (at, line) in lines.iter().enumerate() {
        if known.contains(&at) || line.text.is_empty() || line.text.len() > 2000 || line.text.starts_with('#')
        {
            continue;
        }
        sentence(at, line.text, found);
    }
}

fn sentence(line: usize, text: &str, found: &mut Vec<Found>) {
    let words: Vec<(usize, &str)> = text
        .split(|c: char| c.is_whitespace() || "(),;{}`".contains(c))
        .filter(|w| !w.is_empty())
        .map(|w| (w.as_ptr() as usize - text.as_ptr() as usize, w))
        .take(200)
        .collect();
    for (n, (start, word)) in words.iter().enumerate() {
        let negated = n > 0 && words.get(n - 1).is_some_and(|(_, w)| matches!(*w, "no" | "without" | "not"));
        if negated {
            continue;
        }
        let bare = word.trim_matches(['"', '\'']);
        let (key, inline) = match bare.split_once(['=', ':']) {
            Some((key, value)) if !value.is_empty() => (key, Some(value)),
            Some((key, _)) => (key, None),
            None => (bare, None),
        };
        let next = words.get(n + 1).map_or("", |(_, w)| w);
        let value = inline.unwrap_or(next).trim_matches(|c: char| "\"'[].".contains(c));
        for knob in knobs(key.trim_matches('"'), value) {
            let end = if inline.is_some() {
                start + word.len()
            } else {
                words.get(n + 1).map_or(text.len(), |(s, w)| s + w.len())
            };
            found.push(Found { line, range: *start..end, surface: Surface::Prose, service: None, knob });
        }
    }
}

fn knobs(key: &str, value: &str) -> Vec<Knob> {
    let last = key.rsplit('.').next().unwrap_or(key);
    let number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let id = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit() || b == b':');
    let caps =
        |make: fn(crate::knob::CapSpec) -> Knob| value.split(',').filter_map(value::cap).map(make).collect();
    let flag = |make: fn(bool) -> Knob| match value {
        "true" | "false" => value::boolean(value).map(make).into_iter().collect(),
        _ => Vec::new(),
    };
    match last {
        "runAsUser" if number => vec![Knob::User(value.to_owned())],
        "user" if id && key == "user" && value.contains(':') => vec![Knob::User(value.to_owned())],
        "fsGroup" if number => vec![Knob::FsGroup(value.to_owned())],
        "runAsNonRoot" if value == "true" => {
            vec![Knob::Other { key: "runAsNonRoot".to_owned(), value: value.to_owned() }]
        }
        "allowPrivilegeEscalation" => flag(|allow| Knob::NoNewPrivs(!allow)),
        "readOnlyRootFilesystem" | "read_only" => flag(Knob::ReadOnlyRoot),
        "cap_add" => caps(Knob::CapAdd),
        "cap_drop" => caps(Knob::CapDrop),
        "add" if key.ends_with("capabilities.add") => caps(Knob::CapAdd),
        "drop" if key.ends_with("capabilities.drop") => caps(Knob::CapDrop),
        "network_mode" if value == "host" => vec![Knob::Network("host".to_owned())],
        "hostNetwork" if value == "true" => vec![Knob::Network("host".to_owned())],
        "hostUsers" if value == "false" => vec![Knob::UsernsMode("auto".to_owned())],
        "appArmorProfile" if value.eq_ignore_ascii_case("unconfined") => {
            vec![Knob::Apparmor("unconfined".to_owned())]
        }
        "seccompProfile" if value.eq_ignore_ascii_case("unconfined") => {
            vec![Knob::Seccomp("unconfined".to_owned())]
        }
        "seccompProfile" if value == "RuntimeDefault" => vec![Knob::Seccomp(value.to_owned())],
        "procMount" if value == "Unmasked" => vec![Knob::SystemPaths("unconfined".to_owned())],
        "privileged" if inline_true(value) => vec![Knob::Privileged(true)],
        "umask" | "Umask" if number && value.len() <= 4 && value.len() >= 3 => {
            vec![Knob::Other { key: "umask".to_owned(), value: value.to_owned() }]
        }
        _ => Vec::new(),
    }
}

fn inline_true(value: &str) -> bool {
    value == "true"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knob::CapSpec;

    fn view(text: &str) -> Vec<Knob> {
        let mut found = Vec::new();
        read(&crate::line::lines(text), &mut found);
        found.into_iter().map(|f| f.knob).collect()
    }

    #[test]
    fn keys_in_sentences() {
        assert_eq!(
            view("capabilities.drop ALL, runAsUser 101, port 80"),
            [Knob::CapDrop(CapSpec::All), Knob::User("101".into())]
        );
        assert_eq!(view("securityContext.allowPrivilegeEscalation=false"), [Knob::NoNewPrivs(true)]);
        assert_eq!(view("it has user: \"1000:1000\", volume x"), [Knob::User("1000:1000".into())]);
        assert_eq!(view("without cap_add SYS_ADMIN"), []);
        assert_eq!(view("a privileged user adds things"), []);
    }
}
