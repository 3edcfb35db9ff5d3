//! LXC, Proxmox, LXD and Incus configuration.
//!
//! Keys stay as written (`lxc.idmap`, `security.nesting`, `raw.apparmor`). What the dialects spell
//! differently is given a second time under one key: `nesting`, `keyctl`, `fuse`, `unprivileged`, each
//! with the value `1` or `0`.
//!
//! Sources: lxc.container.conf(5), pct(1), Incus "Instance options: Security policies".

use crate::knob::{Found, Knob, Surface};
use crate::line::Line;
use crate::shell;
use crate::value;

/// Adds the settings of `lxc.*` lines, Proxmox files, `pct` commands and LXD or Incus options.
pub fn read(lines: &[Line<'_>], found: &mut Vec<Found>) {
    for (at, line) in lines.iter().enumerate() {
        let text = line.text.trim_start_matches(['+', '>']).trim_start();
        let offset = line.text.len() - text.len();
        if text.starts_with('#') && !text.contains("=1") {
            continue;
        }
        let mut knobs = Vec::new();
        assignment(text, &mut knobs);
        if knobs.is_empty() && text.contains("pct ")
            || text.starts_with("--features")
            || text.starts_with("--unprivileged")
        {
            let (words, _) = shell::words(text, 0, at);
            proxmox(&words, &mut knobs);
        }
        if knobs.is_empty() {
            anywhere(text, &mut knobs);
        }
        for (key, value) in knobs {
            found.push(Found {
                line: at,
                range: offset..line.text.len(),
                surface: Surface::Lxc,
                service: None,
                knob: Knob::Lxc { key, value },
            });
        }
    }
}

type Pairs = Vec<(String, String)>;

fn bit(value: &str) -> Option<&'static str> {
    value::boolean(value.trim_matches(['"', '\''])).map(|on| if on { "1" } else { "0" })
}

fn plain(out: &mut Pairs, key: &str, value: &str) {
    out.push((key.to_owned(), value.to_owned()));
}

/// A line of a file: `lxc.x = v`, `features: nesting=1`, `security.nesting: "true"`.
fn assignment(text: &str, out: &mut Pairs) {
    let cut = text.find(['=', ':']);
    let Some(at) = cut else { return };
    let key = text.get(..at).unwrap_or("").trim().trim_matches('"');
    let value = text.get(at + 1..).unwrap_or("").trim();
    if !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return;
    }
    if key.starts_with("lxc.") && key.len() > 4 {
        plain(out, key, value);
        if key == "lxc.apparmor.allow_nesting" {
            out.extend(bit(value).map(|b| ("nesting".to_owned(), b.to_owned())));
        }
        return;
    }
    match key {
        "features" if value.contains('=') => features(value, out),
        "unprivileged" => out.extend(bit(value).map(|b| ("unprivileged".to_owned(), b.to_owned()))),
        _ => instance(key, value, out),
    }
}

/// A key of LXD or Incus.
fn instance(key: &str, value: &str, out: &mut Pairs) {
    let value = value.trim_matches(|c: char| "\"'`,.)".contains(c));
    match key {
        "security.nesting" => {
            plain(out, key, value);
            out.extend(bit(value).map(|b| ("nesting".to_owned(), b.to_owned())));
        }
        "security.privileged" => {
            plain(out, key, value);
            let flipped = bit(value).map(|b| if b == "1" { "0" } else { "1" });
            out.extend(flipped.map(|b| ("unprivileged".to_owned(), b.to_owned())));
        }
        k if k.starts_with("security.") || k.starts_with("raw.") || k.starts_with("linux.sysctl.") => {
            plain(out, key, value);
        }
        _ => {}
    }
}

fn features(value: &str, out: &mut Pairs) {
    for field in value.split([',', ';']) {
        if let Some((key, value)) = field.split_once('=') {
            let (key, value) = (key.trim(), value.trim());
            match (key, bit(value)) {
                ("nesting" | "keyctl" | "fuse" | "mknod" | "force_rw_sys", Some(b)) => plain(out, key, b),
                ("mount", _) => plain(out, "mount", value),
                _ => {}
            }
        }
    }
}

/// `pct create 114 … --features nesting=1 --unprivileged 1`, or a continued line of it.
fn proxmox(words: &[shell::Word], out: &mut Pairs) {
    for (n, word) in words.iter().enumerate() {
        let text = word.text.trim_start_matches('-');
        let (name, inline) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v)));
        let next = words.get(n + 1).map_or("", |w| w.text.as_str());
        match name {
            "features" => features(inline.unwrap_or(next), out),
            "unprivileged" => {
                out.extend(bit(inline.unwrap_or(next)).map(|b| ("unprivileged".to_owned(), b.to_owned())));
            }
            _ => {}
        }
    }
}

/// Keys of LXD and Incus and Proxmox features inside commands and sentences.
fn anywhere(text: &str, out: &mut Pairs) {
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let bare = word.trim_matches(|c: char| "`'\"(),;".contains(c));
        if let Some((key, value)) = bare.split_once('=') {
            match key {
                "nesting" | "keyctl" | "fuse" => features(bare, out),
                "unprivileged" => out.extend(bit(value).map(|b| (key.to_owned(), b.to_owned()))),
                _ => instance(key, value, out),
            }
            if let Some((first, rest)) = value.split_once(',')
                && matches!(key, "features" | "--features")
            {
                features(&format!("{first},{rest}"), out);
            }
        } else if matches!(
            bare,
            "security.nesting" | "security.privileged" | "security.syscalls.intercept.mknod"
        ) && let Some(value) = words.peek()
            && bit(value).is_some()
        {
            instance(bare, value, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(&crate::line::lines(text), &mut found);
        found
            .iter()
            .map(|f| match &f.knob {
                Knob::Lxc { key, value } => format!("{key}={value}"),
                _ => String::new(),
            })
            .collect()
    }

    #[test]
    fn files() {
        assert_eq!(view("lxc.cgroup.devices.allow: c 10:200 rwm"), ["lxc.cgroup.devices.allow=c 10:200 rwm"]);
        assert_eq!(view("lxc.id_map = u 0 100000 65536"), ["lxc.id_map=u 0 100000 65536"]);
        assert_eq!(
            view("features: keyctl=1,nesting=1\nunprivileged: 1"),
            ["keyctl=1", "nesting=1", "unprivileged=1"]
        );
        assert_eq!(view("lxc.apparmor.profile = unconfined"), ["lxc.apparmor.profile=unconfined"]);
    }

    #[test]
    fn commands_and_sentences() {
        assert_eq!(
            view("pct create 114 x.tar.zst --features nesting=1,keyctl=1 --unprivileged 1"),
            ["nesting=1", "keyctl=1", "unprivileged=1"]
        );
        assert_eq!(
            view("--features nesting=1,keyctl=1 \\\n--unprivileged 0 \\"),
            ["nesting=1", "keyctl=1", "unprivileged=0"]
        );
        assert_eq!(view("incus config set c1 security.nesting=true"), ["security.nesting=true", "nesting=1"]);
        assert_eq!(
            view("lxc config set c1 security.privileged true"),
            ["security.privileged=true", "unprivileged=0"]
        );
        assert_eq!(view("# LXC: unprivileged, nesting=1"), ["nesting=1"]);
        assert_eq!(view("unprivileged users may not"), Vec::<String>::new());
    }
}
