//! Python tracebacks: the call of an exception from the innermost frame.

use super::object;
use super::{Found, strace};
use crate::segment::Document;
use whodenied_case::{Failure, ObjectKind};
use whodenied_kernel::Call;

/// Functions of the standard library whose failure is that of a system call.
const FUNCTIONS: &[(&str, Call)] = &[
    ("socket.socketpair", Call::Socketpair),
    ("_socket.socketpair", Call::Socketpair),
    ("_socket.socket", Call::Socket),
    ("_socket.socket.__init__", Call::Socket),
    ("time.time", Call::Gettime),
    ("time.time_ns", Call::Gettime),
    ("time.monotonic", Call::Gettime),
    ("time.clock_gettime", Call::Gettime),
    ("datetime.now", Call::Gettime),
    ("datetime.utcnow", Call::Gettime),
    ("socket.socket", Call::Socket),
    ("create_server", Call::Bind),
    (".bind", Call::Bind),
    ("server_bind", Call::Bind),
    (".connect", Call::Connect),
    ("os.mkdir", Call::Mkdir),
    ("os.makedirs", Call::Mkdir),
    (".mkdir", Call::Mkdir),
    ("mkdir", Call::Mkdir),
    ("makedirs", Call::Mkdir),
    ("os.chown", Call::Chown),
    ("os.lchown", Call::Chown),
    ("shutil.chown", Call::Chown),
    ("os.chmod", Call::Chmod),
    (".chmod", Call::Chmod),
    ("copymode", Call::Chmod),
    ("copystat", Call::Utime),
    ("os.utime", Call::Utime),
    ("os.rename", Call::Rename),
    ("os.replace", Call::Rename),
    ("shutil.move", Call::Rename),
    ("os.unlink", Call::Unlink),
    ("os.remove", Call::Unlink),
    ("os.rmdir", Call::Unlink),
    (".unlink", Call::Unlink),
    ("os.symlink", Call::Symlink),
    ("os.link", Call::Link),
    ("os.listdir", Call::Readdir),
    ("os.scandir", Call::Readdir),
    ("scandir", Call::Readdir),
    ("os.chdir", Call::Chdir),
    ("os.stat", Call::Stat),
    (".stat", Call::Stat),
    ("os.setuid", Call::Setuid),
    ("os.seteuid", Call::Setuid),
    ("os.setgid", Call::Setgid),
    ("os.setgroups", Call::Setgroups),
    ("os.initgroups", Call::Setgroups),
    ("os.kill", Call::Kill),
    ("os.killpg", Call::Kill),
    (".send_signal", Call::Kill),
    ("os.nice", Call::Setpriority),
    ("os.setpriority", Call::Setpriority),
    ("os.sched_setscheduler", Call::Sched),
    ("os.sched_setaffinity", Call::Sched),
    ("resource.setrlimit", Call::Setrlimit),
    ("mmap.mmap", Call::Mmap),
    ("_multiprocessing.SemLock", Call::Open),
    ("SemLock", Call::Open),
    ("_fork_exec", Call::Exec),
    ("_execute_child", Call::Exec),
    ("subprocess.", Call::Exec),
    ("os.exec", Call::Exec),
    ("os.fork", Call::Clone),
    ("_start_new_thread", Call::Clone),
    ("start_joinable_thread", Call::Clone),
    ("os.mkfifo", Call::Mknod),
    ("os.mknod", Call::Mknod),
    ("os.truncate", Call::Truncate),
    ("os.setxattr", Call::Xattr),
    ("fcntl.ioctl", Call::Ioctl),
    ("os.unshare", Call::Unshare),
    ("os.chroot", Call::Chroot),
    ("time.clock_settime", Call::Settime),
    ("socket.sethostname", Call::Sethostname),
    ("io.open", Call::Open),
    ("_io.open", Call::Open),
    ("codecs.open", Call::Open),
    ("os.open", Call::Open),
    (".open", Call::Open),
    ("open", Call::Open),
    ("touch", Call::Create),
    ("os.write", Call::Write),
    ("os.pwrite", Call::Write),
    ("os.read", Call::Read),
    ("os.pread", Call::Read),
];

/// Gives exceptions without a call the one of the innermost frame: of their own traceback, else of
/// the only traceback there is.
pub(crate) fn locate(doc: &Document, found: &mut [Found]) {
    for item in found.iter_mut() {
        if item.dialect != "python" && !is_exception(doc, item.lines.0) {
            continue;
        }
        if item.failure.call.is_some() {
            told_by_frames(doc, item);
            continue;
        }
        item.dialect = "python";
        let call = above(doc, item.lines.0).or_else(|| anywhere(doc));
        if let Some(call) = call {
            if item.failure.object.is_none()
                && call == Call::Open
                && doc.lines.iter().any(|l| l.text.contains("SemLock("))
            {
                // sem_open(3) keeps named semaphores there.
                item.failure.object = Some("/dev/shm".to_owned());
            }
            set(&mut item.failure, call);
            told_by_frames(doc, item);
        } else if item.failure.object.is_some() {
            // What an interpreter says with a path and no frame is nearly always open().
            item.failure.kind = match object::kind(item.failure.object.as_deref().unwrap_or(""), None) {
                ObjectKind::Unknown => ObjectKind::Path,
                kind => kind,
            };
        }
    }
}

/// What the names of files and functions in the traceback tell of an object that the exception
/// leaves out: the registers of the processor, an echo request.
fn told_by_frames(doc: &Document, item: &mut Found) {
    let from = item.lines.0.saturating_sub(40);
    let traceback = || {
        doc.lines
            .get(from..item.lines.0)
            .unwrap_or_default()
            .iter()
            .rev()
            .map(|l| l.text.as_str())
            .take_while(|t| !t.starts_with("Traceback"))
    };
    let names = |word: &str| {
        traceback()
            .any(|t| t.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w.eq_ignore_ascii_case(word)))
    };
    let constant = |prefix: &str| {
        let text = traceback().find(|t| t.contains(prefix))?;
        let word = text.get(text.find(prefix)?..)?;
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        word.get(..end).map(str::to_owned)
    };
    let constants = [("domain", constant("AF_")), ("type", constant("SOCK_"))];
    let address = traceback().find_map(literal_address);
    let failure = &mut item.failure;
    if let (Some(Call::Bind | Call::Connect), None, Some((host, port))) =
        (failure.call, &failure.object, address)
    {
        failure.object = Some(format!("{host}:{port}"));
        failure.kind = ObjectKind::Port;
        failure.args.push(("port".to_owned(), port.to_string()));
    }
    if matches!(failure.call, Some(Call::Socket | Call::Socketpair)) {
        for (key, told) in constants {
            if let Some(told) = told.filter(|_| failure.arg(key).is_none()) {
                failure.args.push((key.to_owned(), told));
            }
        }
    }
    match failure.call {
        Some(Call::Write | Call::Read | Call::Open) if failure.object.is_none() && names("msr") => {
            failure.object = Some("/dev/cpu/0/msr".to_owned());
            failure.kind = ObjectKind::Device;
        }
        Some(Call::Socket)
            if failure.arg("protocol").is_none()
                && (names("ping") || traceback().any(|t| t.to_ascii_lowercase().contains("icmp"))) =>
        {
            failure.args.push(("protocol".to_owned(), "IPPROTO_ICMP".to_owned()));
            let told =
                ["SOCK_DGRAM", "SOCK_RAW"].into_iter().find(|kind| traceback().any(|t| t.contains(kind)));
            if let Some(kind) = told.filter(|_| failure.arg("type").is_none()) {
                failure.args.push(("type".to_owned(), kind.to_owned()));
            }
        }
        _ => {}
    }
}

/// An address that stands in the code itself: `bind(("0.0.0.0", 80))`.
fn literal_address(text: &str) -> Option<(&str, u16)> {
    let at = [".bind((", ".connect(("].iter().find_map(|call| Some(text.find(call)? + call.len()))?;
    let rest = text.get(at..)?;
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (host, rest) = rest.get(1..)?.split_once(quote)?;
    let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || ".:-_".contains(c));
    let port = rest.strip_prefix(',')?.split([')', ',']).next()?.trim().parse().ok()?;
    (plain && host.len() < 64).then_some((host, port))
}

fn is_exception(doc: &Document, line: usize) -> bool {
    doc.lines.get(line).is_some_and(|l| {
        ["PermissionError", "OSError", "IOError", "BlockingIOError", "socket.error"]
            .iter()
            .any(|e| l.text.contains(e))
    })
}

/// The call of the code line nearest above, within one traceback.
fn above(doc: &Document, line: usize) -> Option<Call> {
    let mut carets = "";
    for i in (line.saturating_sub(10)..line).rev() {
        let text = doc.lines.get(i)?.text.as_str();
        if text.starts_with("Traceback") {
            // What was typed at the interpreter's prompt stands above its traceback.
            let typed = doc.lines.get(i.checked_sub(1)?)?.text.as_str();
            let prompted = doc.lines.get(i + 1).is_some_and(|l| l.text.starts_with("File \"<stdin>\""));
            return code(typed.trim_start_matches(['>', ' '])).filter(|_| prompted);
        }
        if text.is_empty() {
            return None;
        }
        if text.starts_with('^') || text.starts_with('~') {
            carets = text;
            continue;
        }
        let pointed = pointed(text, std::mem::take(&mut carets));
        if let Some(call) = pointed.or_else(|| code(text)).or_else(|| frame(text)) {
            return Some(call);
        }
    }
    None
}

/// The call of the only frames that tell one, for a paste whose lines were torn apart.
fn anywhere(doc: &Document) -> Option<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for line in doc.lines.iter().take(4000) {
        if line.text.starts_with("File \"")
            && let Some(call) = frame(&line.text)
            && !calls.contains(&call)
        {
            calls.push(call);
        }
    }
    (calls.len() == 1).then(|| calls.first().copied()).flatten()
}

/// `File "/usr/lib/python3.12/os.py", line 225, in makedirs`
fn frame(text: &str) -> Option<Call> {
    if !text.starts_with("File \"") {
        return None;
    }
    let function = text.rsplit(", in ").next()?.trim();
    let function = function.rsplit('.').next().unwrap_or(function).trim_end_matches("()");
    FUNCTIONS.iter().find(|(name, _)| name.trim_start_matches('.') == function).map(|(_, call)| *call)
}

/// The call that the marks below a line of code point at: `~~~~^^^^`, where the function stands above the
/// tildes and its arguments above the carets (PEP 657, since Python 3.11).
fn pointed(text: &str, marks: &str) -> Option<Call> {
    let marks = marks.trim_end();
    let tildes = marks.bytes().take_while(|b| *b == b'~').count();
    let whole = marks.len();
    if tildes == 0 || tildes == whole || !marks.bytes().skip(tildes).all(|b| b == b'^') {
        return None;
    }
    text.match_indices('(').find_map(|(open, _)| {
        let start = open.checked_sub(tildes)?;
        let function = text.get(start..open)?;
        text.get(..start + whole)?.ends_with(')').then_some(())?;
        let called = |name: &str| {
            function.strip_suffix(name).is_some_and(|before| {
                name.starts_with('.')
                    || !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
            })
        };
        FUNCTIONS.iter().find(|(name, _)| called(name)).map(|(_, call)| *call)
    })
}

/// A line of code with a call: `with open(path) as f:`, `sock.bind(address)`.
fn code(text: &str) -> Option<Call> {
    if !text.contains('(') || text.starts_with("File \"") {
        return None;
    }
    FUNCTIONS.iter().find(|(name, _)| calls(text, name)).map(|(_, call)| *call)
}

fn calls(text: &str, name: &str) -> bool {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|t| t.find(name)).map(|i| i + from) {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
        let whole =
            name.starts_with('.') || !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.');
        if whole && (after == Some('(') || name.ends_with('.')) {
            return true;
        }
        from = at + name.len();
    }
    false
}

fn set(failure: &mut Failure, call: Call) {
    failure.call = Some(call);
    failure.kind = match &failure.object {
        Some(name) => object::kind(name, Some(call)),
        None => object::default_kind(call),
    };
}

/// The kind a call's socket arguments give, kept here so that `calls` need not know traces.
pub(crate) fn kind_of(failure: &Failure) -> ObjectKind {
    strace::kind(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_the_code() {
        assert_eq!(literal_address("s.bind(('127.0.0.1', 80))"), Some(("127.0.0.1", 80)));
        assert_eq!(literal_address("s.bind((\"\", 443, 0, 0))"), Some(("", 443)));
        for text in [
            "s.bind((host, 80))",
            "s.bind(('h', port))",
            "s.bind(('h', 99999))",
            "s.bind(('",
            "bind(('h', 1))",
        ] {
            assert_eq!(literal_address(text), None, "{text}");
        }
    }

    #[test]
    fn marks_point_at_the_call_of_several() {
        let line = "import socket; socket.socket().bind(('127.0.0.1', 80))";
        assert_eq!(pointed(line, "~~~~~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^"), Some(Call::Bind));
        assert_eq!(pointed(line, "~~~~~~~~~~~~~^^"), Some(Call::Socket));
        assert_eq!(pointed("x = f(open(p))", "~~~~^^^"), Some(Call::Open));
        for marks in ["", "^^^^", "~~~~", "~~^^", "~^~^", "~~~~~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"]
        {
            assert_eq!(pointed(line, marks), None, "{marks}");
        }
        assert_eq!(pointed("é(open('é'))", "~~~~^^^^^"), None);
    }

    #[test]
    fn frames_and_code() {
        assert_eq!(frame("File \"/usr/lib/python3.12/os.py\", line 225, in makedirs"), Some(Call::Mkdir));
        assert_eq!(frame("File \"/app/x.py\", line 2, in <module>"), None);
        assert_eq!(code("with open(self.path, 'w') as f:"), Some(Call::Open));
        assert_eq!(code("a, b = socket.socketpair()"), Some(Call::Socketpair));
        assert_eq!(code("self._ssock, self._csock = socket.socketpair()"), Some(Call::Socketpair));
        assert_eq!(code("reopen(x)"), None);
        assert_eq!(code("sock.bind(sockaddr)"), Some(Call::Bind));
        assert_eq!(code("mkdir(name, mode)"), Some(Call::Mkdir));
        assert_eq!(code("_socket.socket.__init__(self, family, type, proto, fileno)"), Some(Call::Socket));
        assert_eq!(code("s = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM, 1)"), Some(Call::Socket));
        assert_eq!(code("return datetime.now(tz)"), Some(Call::Gettime));
    }
}
