//! Lines of `ls -l`, `ls -lZ`, `ls -ln`, `ls -Z` and `namei -l`.
//!
//! Source: ls(1) of coreutils, "long format"; namei(1).

use super::Here;
use crate::context::sink::Sink;
use whodenied_case::{PathState, Predicate};

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    if unknown(here.text) {
        here.say(sink, "ls", Predicate::Statement("stat-refused"));
        return true;
    }
    let Some(mut state) = long(here.text).or_else(|| label_only(here.text)) else { return false };
    if !state.path.is_empty() && !state.path.starts_with(['/', '~', '$']) {
        state.path = placed(here, state.path);
    }
    here.say(sink, "ls", Predicate::Path(state));
    true
}

/// A name with the directory that the command above lists: the rows of `namei` joined, the argument of `ls`.
fn placed(here: Here<'_>, name: String) -> String {
    let mut rows: Vec<&str> = Vec::new();
    let mut total = false;
    for back in 1..=24 {
        let above = here.above(back);
        if let Some(start) = above.strip_prefix("f: ") {
            let mut path = if start.starts_with('/') { String::from("/") } else { String::new() };
            for row in rows.iter().rev().copied().chain([name.as_str()]).filter(|r| *r != "/") {
                if !path.is_empty() && !path.ends_with('/') {
                    path.push('/');
                }
                path.push_str(row);
            }
            return path;
        }
        let command = above.trim_start_matches(['$', '#', ' ']).trim_start_matches("sudo ");
        if command.starts_with("ls ") || command.starts_with("ll ") {
            let mut args = command.split_whitespace().skip(1).filter(|w| !w.starts_with('-'));
            let lists_itself = command.split_whitespace().any(|w| w.starts_with('-') && w.contains('d'));
            return match (args.next(), args.next()) {
                (Some(dir), None) if !lists_itself && dir.starts_with(['/', '~', '.']) => {
                    match name.as_str() {
                        "." => dir.trim_end_matches('/').to_owned(),
                        ".." => name,
                        _ if !total && dir.rsplit('/').next() == Some(name.as_str()) => dir.to_owned(),
                        _ => format!("{}/{name}", dir.trim_end_matches('/')),
                    }
                }
                _ => name,
            };
        }
        let row = above.split_whitespace().last().unwrap_or("");
        match long(above) {
            Some(_) => rows.push(row),
            None if above.starts_with("total ") => total = true,
            None => return name,
        }
    }
    name
}

/// `rwxr-sr-t` as bits; the first character is the kind.
pub(super) fn mode(text: &str) -> Option<(char, u32)> {
    let chars: Vec<char> = text.chars().collect();
    let (kind, bits) = chars.split_first()?;
    if bits.len() != 9 || !"-dlcbsp".contains(*kind) {
        return None;
    }
    let mut mode = 0_u32;
    for (n, c) in bits.iter().enumerate() {
        let (group, place) = (n / 3, n % 3);
        let bit = 0o400 >> n;
        let special = [0o4000, 0o2000, 0o1000].get(group).copied().unwrap_or(0);
        match (*c, place) {
            ('-', _) => {}
            ('r', 0) | ('w', 1) | ('x', 2) => mode |= bit,
            ('s', 2) if group < 2 => mode |= bit | special,
            ('S', 2) if group < 2 => mode |= special,
            ('t', 2) if group == 2 => mode |= bit | special,
            ('T', 2) if group == 2 => mode |= special,
            _ => return None,
        }
    }
    Some((*kind, mode))
}

/// True for `user_u:role_r:type_t[:level]`.
pub(super) fn is_label(word: &str) -> bool {
    let mut parts = word.split(':');
    let name = |p: Option<&str>, end: &str| {
        p.is_some_and(|p| {
            p.len() > 2 && p.ends_with(end) && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
    };
    name(parts.next(), "_u") && name(parts.next(), "_r") && name(parts.next(), "_t")
}

/// `d????????? ? ? ? ? ? name`: the entry is listed, and asking for its state failed.
fn unknown(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let mode = words.next().unwrap_or("");
    let known = mode.trim_end_matches('?').len() <= 1 && mode.len() == 10;
    known && words.filter(|w| *w == "?").count() >= 3
}

fn long(text: &str) -> Option<PathState> {
    let mut words = text.split_whitespace().peekable();
    let first = words.next()?;
    let bare = first.trim_end_matches(['.', '+', '@']);
    if first.len() - bare.len() > 1 {
        return None;
    }
    let (kind, bits) = mode(bare)?;
    // `ls -s` and `ls -i` print a number first; that form is not read.
    if words.peek().is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()))
        && words.clone().nth(1).is_some_and(|w| {
            !w.bytes().next().is_some_and(|b| b.is_ascii_digit()) || words.clone().nth(2).is_some()
        })
        && words.clone().nth(3).is_some()
    {
        words.next();
    }
    let owner = words.next()?;
    let group = words.next()?;
    let person = |w: &str| w.len() < 64 && !w.contains('/') && w != "->";
    if !person(owner) || !person(group) {
        return None;
    }
    let mut state = PathState {
        kind: Some(kind),
        mode: Some(bits),
        owner: Some(owner.to_owned()),
        group: Some(group.to_owned()),
        acl: first.ends_with('+'),
        ..PathState::default()
    };
    if words.peek().is_some_and(|w| is_label(w)) {
        state.label = words.next().map(str::to_owned);
    } else if words.peek() == Some(&"?") {
        words.next();
    }
    let rest: Vec<&str> = words.collect();
    let mut used = 0;
    if let [major, minor, ..] = rest.as_slice()
        && let (Some(major), Ok(minor)) =
            (major.strip_suffix(',').and_then(|m| m.parse().ok()), minor.parse())
    {
        state.device = Some((major, minor));
        used = 2;
    } else if rest.first().is_some_and(|w| is_size(w)) && rest.len() > 1 {
        used = 1;
    }
    used += date(rest.get(used..).unwrap_or_default());
    let name = rest.get(used..)?.join(" ");
    let name = name.split(" -> ").next().unwrap_or("").trim_matches(['\'', '"']);
    state.path = name.trim_end_matches('*').to_owned();
    (!state.path.is_empty()).then_some(state)
}

fn is_size(word: &str) -> bool {
    let digits = word.trim_end_matches(['K', 'M', 'G', 'T', 'k', 'B']);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',')
}

/// How many words of the date stand first: `Jan 19 23:34`, `2023-08-11 17:21`, `19. Jan 23:34`.
fn date(words: &[&str]) -> usize {
    let number =
        |w: &&str| w.trim_end_matches(['.', ',']).bytes().all(|b| b.is_ascii_digit()) && w.len() <= 5;
    let clock = |w: &&str| w.contains(':') && w.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b));
    let month = |w: &&str| {
        w.chars().next().is_some_and(char::is_alphabetic) && w.chars().count() <= 5 && !w.contains('/')
    };
    match words {
        [day, time, zone, ..]
            if is_iso(day) && clock(time) && zone.starts_with(['+', '-']) && zone.len() == 5 =>
        {
            3
        }
        [day, time, ..] if is_iso(day) && clock(time) => 2,
        [a, b, c, ..] if (month(a) && number(b) || number(a) && month(b)) && (clock(c) || number(c)) => 3,
        [day, ..] if is_iso(day) => 1,
        _ => 0,
    }
}

fn is_iso(word: &str) -> bool {
    word.len() == 10
        && word
            .bytes()
            .enumerate()
            .all(|(n, b)| if n == 4 || n == 7 { b == b'-' } else { b.is_ascii_digit() })
        || word.len() == 5 && word.as_bytes().get(2) == Some(&b'-')
}

/// `ls -Z`: a label and a path; or a label alone.
fn label_only(text: &str) -> Option<PathState> {
    let mut words = text.split_whitespace();
    let label = words.next().filter(|w| is_label(w))?;
    let path = words.next().unwrap_or("");
    let only = words.next().is_none();
    // `ps -Z` prints a process id behind the label.
    let fits = only && !path.bytes().next().is_some_and(|b| b.is_ascii_digit());
    // Object labels only: a domain is a process' label.
    let object = label.contains(":object_r:");
    (fits && object).then(|| PathState {
        path: path.to_owned(),
        label: Some(label.to_owned()),
        ..PathState::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        assert_eq!(mode("-rwxr-xr-x"), Some(('-', 0o755)));
        assert_eq!(mode("drwxrwxrwt"), Some(('d', 0o1777)));
        assert_eq!(mode("-rwsr-Sr-T"), Some(('-', 0o7744)));
        assert_eq!(mode("crw-rw----"), Some(('c', 0o660)));
        assert_eq!(mode("-rwxrwxrwxx"), None);
        assert_eq!(mode("drwxr-xr-é"), None);
    }

    /// Path, owner with mode, device, label, ACL.
    type Row = (String, String, Option<(u32, u32)>, Option<String>, bool);

    fn row(text: &str) -> Option<Row> {
        long(text).map(|s| {
            (
                s.path,
                format!("{}:{} {:o}", s.owner.unwrap(), s.group.unwrap(), s.mode.unwrap()),
                s.device,
                s.label,
                s.acl,
            )
        })
    }

    #[test]
    fn long_lines() {
        assert_eq!(
            row("crw-rw---- 1 root root 10, 232 May 25 10:57 /dev/kvm"),
            Some(("/dev/kvm".into(), "root:root 660".into(), Some((10, 232)), None, false))
        );
        assert_eq!(
            row("drwxr-xr-x+ 2 1000 1000 4096 2023-08-11 17:21 my data"),
            Some(("my data".into(), "1000:1000 755".into(), None, None, true))
        );
        assert_eq!(
            row("-rw-r--r--. 1 root root unconfined_u:object_r:user_home_t:s0 12 Jan 1 2020 a -> b"),
            Some((
                "a".into(),
                "root:root 644".into(),
                None,
                Some("unconfined_u:object_r:user_home_t:s0".into()),
                false
            ))
        );
        assert_eq!(
            row("drwxr-xr-x. root root system_u:object_r:usr_t:s0 /opt/x"),
            Some((
                "/opt/x".into(),
                "root:root 755".into(),
                None,
                Some("system_u:object_r:usr_t:s0".into()),
                false
            ))
        );
        assert_eq!(
            row("srw-rw---- 1 root docker 0 Nov 22 20:00 /run/docker.sock").map(|r| r.1),
            Some("root:docker 660".into())
        );
        assert_eq!(row("drwx------ bob bob home").map(|r| r.0), Some("home".into()));
        assert_eq!(row("drwxr-xr-x"), None);
        assert_eq!(
            row("-rw------- this is prose"),
            Some(("prose".into(), "this:is 600".into(), None, None, false))
        );
    }

    #[test]
    fn names_get_their_directory() {
        use super::super::tests::shown;
        let text = "$ ls -l /srv/data\ntotal 8\n-rw-rw---- 1 33 33 120 Mar 11 2023 a.php\n-rw-rw---- 1 33 33 120 Mar 11 2023 b.php\n";
        assert_eq!(shown(text, "\"/srv/data/b.php\"").len(), 1);
        let text = "f: /home/me/x\ndrwxr-xr-x root root /\ndrwxr-xr-x root root home\ndrwx------ me   me   me\n-rw-r--r-- me   me   x\n";
        assert_eq!(shown(text, "\"/home/me\"").len(), 1);
        assert_eq!(shown(text, "\"/home/me/x\"").len(), 1);
        assert_eq!(shown("$ ls -ld data\ndrwx------ 2 me me 4096 Jan 1 10:00 data\n", "\"data\"").len(), 1);
    }

    #[test]
    fn labels() {
        let state = label_only("system_u:object_r:data_home_t:s0").unwrap();
        assert_eq!(
            (state.path.as_str(), state.label.as_deref()),
            ("", Some("system_u:object_r:data_home_t:s0"))
        );
        assert_eq!(label_only("unconfined_u:object_r:unlabeled_t:s0 nginx.conf").unwrap().path, "nginx.conf");
        assert!(label_only("system_u:system_r:container_t:s0:c1,c2 1234 ?").is_none());
        assert!(label_only("a:b:c").is_none());
    }
}
