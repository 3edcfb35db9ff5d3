//! The thing a message is about: a quoted name, a path, an address, a sysctl; and its kind.

use std::ops::Range;
use whodenied_case::ObjectKind;
use whodenied_kernel::Call;

/// Opening quotes and what closes each. A backtick is closed by itself or by an apostrophe.
const QUOTES: [(char, &[char]); 10] = [
    ('"', &['"']),
    ('\'', &['\'']),
    ('`', &['`', '\'']),
    ('‘', &['’', '‘']),
    ('“', &['”', '“']),
    ('„', &['“', '”']),
    ('«', &['»']),
    ('»', &['«']),
    ('「', &['」']),
    ('‚', &['‘', '’']),
];

/// A name found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// Where the name stands, quotes not included.
    pub(crate) at: Range<usize>,
    /// True when it stands in quotes.
    pub(crate) quoted: bool,
    /// True when it looks like a path, an address or a sysctl, not like a word.
    pub(crate) telling: bool,
}

/// The names of `text` from left to right, at most 24.
pub(crate) fn names(text: &str) -> Vec<Name> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut before = ' ';
    while let Some(c) = text.get(at..).and_then(|t| t.chars().next()) {
        if found.len() == 24 {
            break;
        }
        let next = at + c.len_utf8();
        if let Some(name) = quoted(text, at, c, before) {
            let inner = text.get(name.at.clone()).unwrap_or("");
            // `"open /x"`: the quotes hold a sentence, its parts are the names.
            if !sentence(inner) {
                at = name.at.end;
                before = ' ';
                if !inner.is_empty() {
                    found.push(name);
                }
                // Step over the closing quote.
                at += text.get(at..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
                continue;
            }
        } else if boundary(before)
            && let Some(end) = bare(text, at)
        {
            if !in_source(text, at, end) {
                found.push(Name { at: at..end, quoted: false, telling: true });
            }
            before = ' ';
            at = end;
            continue;
        }
        before = c;
        at = next;
    }
    found
}

/// `/src/PerfCounters.cc:298`: where in a program's source it stood.
fn in_source(text: &str, from: usize, to: usize) -> bool {
    const ENDINGS: [&str; 10] = [".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".rs", ".go", ".zig", ".swift"];
    let name = text.get(from..to).unwrap_or("");
    let line = text
        .get(to..)
        .and_then(|t| t.strip_prefix(':'))
        .is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()));
    line && ENDINGS.iter().any(|e| name.ends_with(e))
}

fn boundary(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '(' | '['
                | '{'
                | '<'
                | '"'
                | '\''
                | '`'
                | '‘'
                | '“'
                | '„'
                | '«'
                | '='
                | ','
                | ':'
                | '|'
                | '>'
                | '@'
                | '\\'
                | '*'
        )
}

fn quoted(text: &str, at: usize, c: char, before: char) -> Option<Name> {
    let (open, closers) = QUOTES.iter().find(|(open, _)| *open == c)?;
    // An apostrophe inside a word (`can't`) opens nothing.
    if before.is_alphanumeric() {
        return None;
    }
    let start = at + open.len_utf8();
    let rest = text.get(start..)?;
    let end = rest.char_indices().take(1024).find(|(i, q)| {
        closers.contains(q) && !rest.get(..*i).is_some_and(|t| t.ends_with('\\')) && {
            // `'it's'`: a closing quote is not followed by a letter.
            !rest.get(i + q.len_utf8()..).is_some_and(|t| t.starts_with(char::is_alphanumeric))
        }
    });
    let end = start + end?.0;
    let inner = text.get(start..end)?;
    Some(Name { at: start..end, quoted: true, telling: looks_telling(inner) })
}

fn sentence(inner: &str) -> bool {
    let path = inner.starts_with(['/', '.', '~']);
    inner.len() > 60 && inner.contains(' ') && !path
        || (inner.matches(' ').count() >= 2 && !path)
        || (inner.contains(": ") && !path)
}

fn looks_telling(text: &str) -> bool {
    text.starts_with(['/', '~'])
        || text.starts_with("./")
        || text.starts_with("../")
        || text.contains('/') && !text.contains("://")
        || text.starts_with("unix:")
        || is_sysctl(text)
        || port(text).is_some()
}

/// The end of an unquoted path, address or dotted sysctl that starts at `at`.
fn bare(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let path = rest.starts_with('/') && !rest.starts_with("//")
        || rest.starts_with("./")
        || rest.starts_with("../")
        || rest.starts_with("~/")
        || rest.starts_with("unix:")
        || rest.starts_with("npipe:");
    let stop = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\'' | '`' | ',' | ';' | ')' | '}' | '>' | '<' | '|' | '’' | '”' | '“' | '‘' | '»'
            )
    };
    let mut len = rest.char_indices().find(|(_, c)| stop(*c)).map_or(rest.len(), |(i, _)| i);
    // `/home/<user>/x`: what a person made unreadable is part of the path.
    while path && let Some(inner) = rest.get(len..).and_then(|t| t.strip_prefix('<')) {
        let Some(close) =
            inner.find('>').filter(|c| *c < 32 && !inner.get(..*c).is_some_and(|t| t.contains('/')))
        else {
            break;
        };
        let after = len + close + 2;
        let more = rest.get(after..).unwrap_or("");
        len = after + more.char_indices().find(|(_, c)| stop(*c)).map_or(more.len(), |(i, _)| i);
    }
    let word = rest.get(..len)?;
    let word = word.trim_end_matches(['.', ':', '!', '?', ']', '*', '\\']);
    // `/x:/y`, `/x:12:` and `/x.php(3` end at the colon or bracket.
    let word = if path && !word.starts_with("unix:") {
        let cut = word.find([':', '(']).unwrap_or(word.len());
        word.get(..cut)?
    } else {
        word
    };
    if path {
        return (word.len() > 1 || word == "/").then_some(at + word.len());
    }
    (is_sysctl(word) || address(word)).then_some(at + word.len())
}

/// `net.ipv4.ip_forward`, `kernel/yama/ptrace_scope`.
fn is_sysctl(word: &str) -> bool {
    let heads = ["net.", "kernel.", "vm.", "fs.", "user.", "dev.", "net/", "kernel/"];
    heads.iter().any(|h| word.starts_with(h))
        && word.len() > 6
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'/' | b'-'))
        && !word.ends_with(".so")
        && !word.ends_with(".js")
        && !word.ends_with(".go")
}

fn address(word: &str) -> bool {
    let Some((host, port)) = word.rsplit_once(':') else { return false };
    let host_ok = host.is_empty()
        || host == "*"
        || host == "localhost"
        || host.starts_with('[') && host.ends_with(']')
        || host.starts_with("::")
        || host.contains('.') && host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    host_ok && !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit())
}

/// The port number of an address (`0.0.0.0:80`, `[::]:443`, `:53`).
pub(crate) fn port(text: &str) -> Option<u16> {
    let word = text.split_whitespace().last()?;
    address(word).then(|| word.rsplit(':').next()?.parse().ok()).flatten()
}

/// The kind of the object `name`, given what was tried on it.
pub(crate) fn kind(name: &str, call: Option<Call>) -> ObjectKind {
    let bare = name.trim_start_matches("unix://").trim_start_matches("unix:");
    if name.starts_with("unix:")
        || bare.ends_with(".sock")
        || bare.ends_with(".socket")
        || bare == "/dev/log"
        || bare.ends_with("system_bus_socket")
    {
        return ObjectKind::UnixSocketPath;
    }
    if matches!(call, Some(Call::IdMap | Call::Setns | Call::UsernsCreate | Call::Unshare)) {
        return ObjectKind::Namespace;
    }
    if bare.starts_with("/proc/sys/") || is_sysctl(bare) && !bare.contains('/') {
        return ObjectKind::Sysctl;
    }
    if bare.starts_with("/proc/") || bare.starts_with("/sys/") || bare == "/proc" || bare == "/sys" {
        return if call == Some(Call::Mount) { ObjectKind::MountPoint } else { ObjectKind::KernelFile };
    }
    if bare.starts_with("/dev/") && !bare.starts_with("/dev/shm") && !bare.starts_with("/dev/mqueue") {
        return if call == Some(Call::Mount) { ObjectKind::MountPoint } else { ObjectKind::Device };
    }
    if port(name).is_some() {
        return ObjectKind::Port;
    }
    let path = bare.contains('/');
    match call {
        Some(Call::Connect | Call::Bind) if path => ObjectKind::UnixSocketPath,
        Some(Call::Exec) => ObjectKind::Executable,
        Some(Call::Mount | Call::Umount | Call::PivotRoot) => ObjectKind::MountPoint,
        Some(Call::Mkdir | Call::Chdir | Call::Readdir | Call::Chroot) => ObjectKind::Directory,
        Some(Call::LabelChange | Call::PolicyLoad) if !path => ObjectKind::Label,
        Some(Call::Dbus) => ObjectKind::BusName,
        _ if path => ObjectKind::Path,
        Some(call) if on_files(call) => ObjectKind::Path,
        Some(call) => default_kind(call),
        None => ObjectKind::Unknown,
    }
}

/// The kind of object of a call whose object is not named.
pub(crate) fn default_kind(call: Call) -> ObjectKind {
    match call {
        Call::Kill | Call::Ptrace | Call::Setpriority | Call::Sched => ObjectKind::Process,
        Call::UsernsCreate | Call::Unshare | Call::Setns | Call::IdMap => ObjectKind::Namespace,
        Call::Socketpair => ObjectKind::UnixSocket,
        Call::Netlink => ObjectKind::NetlinkSocket,
        Call::Mmap | Call::Mprotect | Call::Mlock | Call::Mempolicy => ObjectKind::Memory,
        Call::Mount | Call::Umount | Call::PivotRoot => ObjectKind::MountPoint,
        Call::LabelChange | Call::PolicyLoad => ObjectKind::Label,
        Call::Dbus => ObjectKind::BusName,
        Call::Exec => ObjectKind::Executable,
        Call::SysctlWrite => ObjectKind::Sysctl,
        _ => ObjectKind::Unknown,
    }
}

/// True for calls on a path.
pub(crate) fn on_files(call: Call) -> bool {
    use Call as C;
    matches!(
        call,
        C::Open
            | C::Create
            | C::Read
            | C::Write
            | C::Stat
            | C::Access
            | C::Readdir
            | C::Readlink
            | C::Chdir
            | C::Mkdir
            | C::Mknod
            | C::Unlink
            | C::Rename
            | C::Link
            | C::Symlink
            | C::Chmod
            | C::Chown
            | C::Utime
            | C::Truncate
            | C::Xattr
            | C::Flock
            | C::Exec
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&str> {
        names(text).into_iter().map(|n| &text[n.at]).collect()
    }

    #[test]
    fn finds_names() {
        assert_eq!(all("mkdir: cannot create directory ‘/srv/a b’: Permission denied"), ["/srv/a b"]);
        assert_eq!(all("ls: can't open '/sqm': Permission denied"), ["/sqm"]);
        assert_eq!(all("chown: changing ownership of '.': x"), ["."]);
        assert_eq!(
            all("dial unix /var/run/docker.sock: connect: permission denied"),
            ["/var/run/docker.sock"]
        );
        assert_eq!(all("listen tcp 0.0.0.0:80: bind"), ["0.0.0.0:80"]);
        assert_eq!(all("listen tcp :80: bind"), [":80"]);
        assert_eq!(
            all("open sysctl net.ipv4.ip_unprivileged_port_start file"),
            ["net.ipv4.ip_unprivileged_port_start"]
        );
        assert_eq!(all("fopen(/var/log/x.log): failed"), ["/var/log/x.log"]);
        assert_eq!(
            all("process_linux.go:449: init caused \"write /proc/self/attr/exec: no\""),
            ["/proc/self/attr/exec"]
        );
        assert_eq!(all("socket at unix:///var/run/docker.sock: x"), ["unix:///var/run/docker.sock"]);
        assert_eq!(all("File \"/usr/lib/x.py\", line 3"), ["/usr/lib/x.py"]);
        assert_eq!(all("spawning /home/<user>/x/bin: no"), ["/home/<user>/x/bin"]);
        assert_eq!(all("it can't be"), Vec::<&str>::new());
    }

    #[test]
    fn kinds() {
        let k = |n: &str, c: Call| kind(n, Some(c));
        assert_eq!(k("/dev/kvm", Call::Open), ObjectKind::Device);
        assert_eq!(k("/dev/shm/x", Call::Open), ObjectKind::Path);
        assert_eq!(k("/proc/sys/net/ipv4/ip_forward", Call::Open), ObjectKind::Sysctl);
        assert_eq!(k("net.ipv4.ip_forward", Call::SysctlWrite), ObjectKind::Sysctl);
        assert_eq!(k("/proc/1/mem", Call::Open), ObjectKind::KernelFile);
        assert_eq!(k("/run/docker.sock", Call::Connect), ObjectKind::UnixSocketPath);
        assert_eq!(k("0.0.0.0:80", Call::Bind), ObjectKind::Port);
        assert_eq!(k("/usr/bin/ping", Call::Exec), ObjectKind::Executable);
        assert_eq!(k("/data", Call::Mkdir), ObjectKind::Directory);
        assert_eq!(k("/data", Call::Open), ObjectKind::Path);
    }
}
