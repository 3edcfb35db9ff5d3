//! Mount options told in words: `/tmp mounted noexec`, `noexec on /var`.

use super::Saying;
use crate::context::sink::Sink;
use whodenied_case::Predicate;

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    // Lines of listings are read as such.
    let listed = s.lower.contains(" type ") || s.lower.contains("rw,") || s.lower.contains("ro,");
    if s.message || s.trial || s.line.dress.command || listed {
        return;
    }
    if let Some(at) = (0..s.words.len()).find(|&n| s.word(n).starts_with("hidepid=")) {
        let options = vec![s.word(at).to_owned()];
        s.say(
            at,
            at,
            sink,
            Predicate::Mount { target: "/proc".to_owned(), fstype: Some("proc".to_owned()), options },
        );
        return;
    }
    let mounted =
        s.words.iter().any(|w| matches!(w.lower.as_str(), "mounted" | "mount" | "mounts" | "remounted"));
    let mut options = Vec::new();
    let mut at = None;
    for (n, word) in s.words.iter().enumerate() {
        let option = match word.lower.as_str() {
            w @ ("noexec" | "nosuid" | "nodev") => w,
            "read-only" | "readonly" | "ro" if mounted => "ro",
            _ => continue,
        };
        if !s.denied(n) {
            options.push(option.to_owned());
            at.get_or_insert(n);
        }
    }
    let paths: Vec<(usize, &str)> = s
        .words
        .iter()
        .enumerate()
        .filter(|(_, w)| {
            w.text.starts_with('/')
                && !w.text.contains([':', '='])
                && (!w.text.starts_with("/dev/") || w.text == "/dev/shm")
        })
        .map(|(n, w)| (n, w.text.as_str()))
        .collect();
    if let (Some(at), [(place, path)]) = (at, paths.as_slice()) {
        let what = Predicate::Mount { target: (*path).to_owned(), fstype: None, options };
        s.say(at.min(*place), at.max(*place), sink, what);
    }
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::Predicate;

    #[test]
    fn options_of_a_path() {
        let mount = |t: &str| {
            facts(t).all.iter().find_map(|f| match &f.what {
                Predicate::Mount { target, options, .. } => Some(format!("{target} {}", options.join(","))),
                _ => None,
            })
        };
        assert_eq!(mount("host: /tmp mounted noexec").as_deref(), Some("/tmp noexec"));
        assert_eq!(mount("/data is mounted read-only").as_deref(), Some("/data ro"));
        assert_eq!(mount("host: hardened server, hidepid=2").as_deref(), Some("/proc hidepid=2"));
        assert_eq!(mount("/tmp is not noexec"), None);
        assert_eq!(mount("the read-only file /etc/x"), None);
    }
}
