//! Records that a terminal, a mail or a page broke over several lines are joined again.
//!
//! A terminal breaks at a column, within words and without dropping anything; a mail breaks at a
//! blank and drops it. What stands at the break tells which.

use super::line::Line;

/// The most physical lines one record is joined from, and the most bytes.
const MOST_LINES: usize = 40;
const MOST_BYTES: usize = 16 << 10;

/// How many lines of another log may stand between the parts of a record.
const MOST_BETWEEN: usize = 4;

/// Joins what was broken.
pub(super) fn rejoin(drawn: Vec<Line>) -> Vec<Line> {
    let mut lines = Vec::with_capacity(drawn.len());
    let mut drawn: Vec<Option<Line>> = drawn.into_iter().map(Some).collect();
    for i in 0..drawn.len() {
        let Some(mut current) = drawn.get_mut(i).and_then(Option::take) else { continue };
        if is_record(&current.text) {
            let mut from = i + 1;
            for _ in 0..MOST_LINES {
                if current.text.len() >= MOST_BYTES {
                    break;
                }
                let Some((at, between)) = continuation(&current, &drawn, from) else { break };
                let Some(next) = drawn.get_mut(at).and_then(Option::take) else { break };
                current.append(&next, between);
                from = at + 1;
            }
        }
        lines.push(current);
    }
    lines
}

/// The line at or after `from` that continues the record, and what to put between. Lines of another
/// log may have come between the two.
fn continuation(current: &Line, drawn: &[Option<Line>], from: usize) -> Option<(usize, &'static str)> {
    for (at, next) in drawn.iter().enumerate().skip(from).take(MOST_BETWEEN + 1) {
        let next = next.as_ref()?;
        if next.fresh {
            continue;
        }
        if next.text.is_empty() {
            return None;
        }
        let between = between(current, &next.text)?;
        let head = next.text.split(' ').next().unwrap_or("");
        return (at == from || key_of(head).is_some()).then_some((at, between));
    }
    None
}

/// True when the text holds the head of a kernel record.
pub(super) fn is_record(text: &str) -> bool {
    text.contains("apparmor=\"")
        || text.contains("audit(")
        || text.contains("avc:")
        || text.contains("type=1400")
        || text.contains("type=1326")
        || text.contains("SECCOMP auid=")
        || text.contains("LANDLOCK_ACCESS")
        || text.starts_with("audit:")
}

/// What to put between a record and its continuation; `None` when `next` does not continue it.
fn between(current: &Line, next: &str) -> Option<&'static str> {
    let text = current.text.as_str();
    let tail = text.rsplit([' ', '\t']).next().unwrap_or("");
    let head = next.split([' ', '\t']).next().unwrap_or("");
    let head_key = key_of(head);
    let tail_open = !tail.contains(['=', '"']) && !is_filler(tail) && !tail.ends_with("):");
    let cut_key = tail_open && {
        // A key cut in two: `requested_m` `ask="r"`.
        let whole = format!("{tail}{head}");
        key_of(&whole).is_some()
            || whole.starts_with("audit(")
            || whole.starts_with("msg=audit(")
            || (is_filler(&whole) && !head.is_empty())
    };
    if !cut_key && begins_record(text, next) {
        return None;
    }
    let spaced = if current.blank_end { " " } else { "" };
    if let Some((key, value)) = open_quote(text) {
        // No other value holds blanks: the kernel writes such strings in hex.
        let wordy = matches!(
            key,
            "info" | "flags" | "options" | "requested_mask" | "denied_mask" | "requested" | "denied"
        );
        let word = value.rsplit(' ').next().unwrap_or("");
        let whole = word.ends_with(',') || is_info_word(word);
        return Some(if wordy && whole && !next.starts_with('"') { " " } else { spaced });
    }
    if cut_key || tail.ends_with('=') || (tail.contains("audit(") && !tail.contains(')')) {
        return Some("");
    }
    if head_key.is_some() || is_filler(head) || head.starts_with("audit(") {
        return Some(" ");
    }
    if let Some((_, permissions)) = text.rsplit_once('{')
        && !permissions.contains('}')
    {
        return Some(if tail == "{" || is_info_word(tail) { " " } else { spaced });
    }
    let unfinished = text.ends_with("):") || is_filler(tail);
    if unfinished {
        return Some(" ");
    }
    // A value cut in two: `pid=12` `34 comm="x"`; or the last value of the record.
    let goes_on = next.split([' ', '\t']).skip(1).any(|word| key_of(word).is_some());
    let value = tail.contains('=') && !tail.ends_with(['"', ')']);
    let last = !next.contains(' ') && next.len() <= 24 && current.columns >= 60 && !complete(text);
    let odd = head.contains([':', '_', '/', ',', '=']) && next.split(' ').count() <= 2 && !complete(text);
    (value && (goes_on || last || odd)).then_some("")
}

/// True when `next` is the head of a record of its own.
fn begins_record(text: &str, next: &str) -> bool {
    let head = next.split(' ').nth(1).unwrap_or("");
    if next.starts_with("audit:")
        || next.starts_with("node=")
        || (next.starts_with("type=") && (head.starts_with("msg=") || head.starts_with("audit(")))
    {
        return true;
    }
    // The body of a record may follow its head on the next line, once.
    (next.starts_with("avc:") && text.contains("avc:"))
        || (next.starts_with("apparmor=") && text.contains("apparmor="))
}

/// The key and the value so far of a double quote that is not closed.
fn open_quote(text: &str) -> Option<(&str, &str)> {
    let mut open = None;
    for (i, _) in text.match_indices('"') {
        open = match open {
            Some(_) => None,
            None => Some(i),
        };
    }
    let at = open?;
    let before = text.get(..at)?.strip_suffix('=')?;
    let key = before.rsplit([' ', '\t', '"']).next()?;
    Some((key, text.get(at + 1..)?))
}

/// True when the record has the key that comes last in records of its kind.
fn complete(text: &str) -> bool {
    ["permissive=", "ouid=", "code=", "key=", "peer=", "capname="].iter().any(|k| text.contains(k))
}

/// Words of a record that are no pairs.
fn is_filler(word: &str) -> bool {
    matches!(word, "avc:" | "denied" | "granted" | "{" | "}" | "for" | "SECCOMP" | "AVC" | "audit:")
}

/// Words that the kernel's `info=` strings and mount flags are made of.
fn is_info_word(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "Failed",
        "name",
        "lookup",
        "-",
        "disconnected",
        "path",
        "IPC",
        "deleted",
        "entry",
        "too",
        "failed",
        "af",
        "type",
        "protocol",
        "and",
        "local",
        "remote",
        "peer",
        "address",
        "label",
        "match",
        "perms",
        "mntpnt",
        "srcname",
        "flags",
        "data",
        "no",
        "new",
        "privs",
        "profile",
        "transition",
        "not",
        "found",
        "Userns",
        "create",
        "restricted",
        "to",
        "find",
        "transitioning",
        "ix",
        "ux",
        "fallback",
        "target",
        "link",
        "subset",
        "of",
        "ptrace",
        "prevents",
        "optional:",
        "change_profile",
        "unprivileged",
        "unconfined",
        "converted",
        "send",
        "receive",
        "read",
        "write",
        "bind",
        "setopt",
        "getopt",
        "getattr",
        "connect",
        "accept",
        "listen",
    ];
    WORDS.contains(&word)
}

/// The key of a `key=value` word, when it is one that records have.
fn key_of(word: &str) -> Option<&str> {
    const KEYS: &[&str] = &[
        "AUID",
        "FSUID",
        "GID",
        "OUID",
        "SAUID",
        "UID",
        "a0",
        "a1",
        "a2",
        "a3",
        "addr",
        "apparmor",
        "arch",
        "attribute",
        "auid",
        "blockers",
        "bus",
        "cap_fe",
        "capability",
        "capname",
        "class",
        "code",
        "comm",
        "compat",
        "cwd",
        "daddr",
        "denied",
        "denied_mask",
        "dest",
        "dev",
        "domain",
        "egid",
        "error",
        "euid",
        "exe",
        "execpath",
        "exit",
        "faddr",
        "family",
        "flags",
        "fport",
        "fsgid",
        "fstype",
        "fsuid",
        "gid",
        "hostname",
        "info",
        "ino",
        "inode",
        "interface",
        "ip",
        "ipe_hook",
        "ipe_op",
        "item",
        "items",
        "key",
        "label",
        "laddr",
        "lport",
        "mask",
        "member",
        "method",
        "mode",
        "msg",
        "name",
        "namespace",
        "netif",
        "node",
        "nametype",
        "obj",
        "offset",
        "ocomm",
        "ogid",
        "operation",
        "opid",
        "options",
        "ouid",
        "parent",
        "path",
        "peer",
        "peer_addr",
        "peer_info",
        "peer_label",
        "peer_pid",
        "peer_profile",
        "permissive",
        "pid",
        "ppid",
        "profile",
        "protocol",
        "rdev",
        "requested",
        "requested_mask",
        "rlimit",
        "saddr",
        "sauid",
        "scontext",
        "ses",
        "sgid",
        "sig",
        "signal",
        "sock_type",
        "spid",
        "src",
        "srcname",
        "subj",
        "success",
        "suid",
        "syscall",
        "target",
        "tclass",
        "tcontext",
        "terminal",
        "tpid",
        "trans",
        "tty",
        "type",
        "uid",
        "value",
    ];
    let key = word.split_once('=')?.0;
    KEYS.contains(&key).then_some(key)
}

#[cfg(test)]
mod tests {
    use crate::segment::tests::lines;

    const APPARMOR: &str = "audit: type=1400 audit(1459348818.749:65): apparmor=\"DENIED\" operation=\"mount\" info=\"failed type match\" error=-13 profile=\"lxd-CentOS6_</var/lib/lxd>\" name=\"/mnt/\" pid=4306 comm=\"mount.nfs\" fstype=\"nfs\" srcname=\"172.18.10.16:/mnt/SSD\" flags=\"rw, nosuid, nodev\"";
    const AVC: &str = "type=AVC msg=audit(1632311788.047:856): avc:  denied  { read } for  pid=45869 comm=\"nginx\" name=\"nginx.conf\" dev=\"nvme0n1p4\" ino=2498240 scontext=system_u:system_r:container_t:s0:c82,c904 tcontext=unconfined_u:object_r:unlabeled_t:s0 tclass=file permissive=1";

    fn squeeze(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_terminal_may_break_anywhere() {
        for record in [APPARMOR, AVC] {
            for width in 40..200 {
                let chars: Vec<char> = record.chars().collect();
                let wrapped: Vec<String> = chars.chunks(width).map(|c| c.iter().collect()).collect();
                let joined = lines(&wrapped.join("\n"));
                assert_eq!(
                    joined.len(),
                    1,
                    "{width}: {:#?}",
                    joined.iter().map(|l| l.text.as_str()).collect::<Vec<_>>()
                );
                // A blank at the break may be lost or doubled; nothing else may change.
                let (a, b) = (squeeze(&joined[0].text), squeeze(record));
                assert_eq!(a.replace(' ', ""), b.replace(' ', ""), "{width}");
                for pair in ["name=", "pid=", "comm="] {
                    assert!(a.contains(&format!(" {pair}")), "{width}: {a}");
                }
            }
        }
    }

    #[test]
    fn a_mail_breaks_at_blanks() {
        for record in [APPARMOR, AVC] {
            for width in [40, 60, 72, 76, 78, 80] {
                let mut wrapped = String::new();
                let mut column = 0;
                for word in record.split(' ').filter(|w| !w.is_empty()) {
                    if column + word.len() > width && column > 0 {
                        wrapped.push_str("\n> ");
                        column = 0;
                    } else if column > 0 {
                        wrapped.push(' ');
                    }
                    wrapped.push_str(word);
                    column += word.len() + 1;
                }
                let joined = lines(&format!("> {wrapped}"));
                assert_eq!(
                    joined.len(),
                    1,
                    "{width}: {:#?}",
                    joined.iter().map(|l| l.text.as_str()).collect::<Vec<_>>()
                );
                assert_eq!(joined[0].text, squeeze(record), "{width}");
            }
        }
    }

    #[test]
    fn lines_of_their_own_stay() {
        let text =
            format!("{AVC}\n{AVC}\nbash: /x: Permission denied\n{APPARMOR}\nIt fails, see above.\n$ ls\n");
        assert_eq!(lines(&text).len(), 6);
        let text = format!("{APPARMOR}\nuser=x\n- item\nname: y");
        assert_eq!(lines(&text).len(), 4);
    }
}
