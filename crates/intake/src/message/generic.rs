//! The shape nearly all messages share: who, what was tried, on what, and the words of the error.
//!
//! `PROGRAM: WHAT 'OBJECT': STRERROR`, `what OBJECT: what: strerror`, `what() failed (13: …)`. The
//! text before the error is cut into clauses; the clause nearest to it that tells the call wins, an
//! everyday word only where no more telling clause stands before it.

use super::call_expr;
use super::errno_text::{Mention, mentions};
use super::guard;
use super::object::{self, names};
use super::tools;
use super::unit::Unit;
use super::verbs::{self, Verb};
use std::ops::Range;
use whodenied_case::{Failure, ObjectKind};
use whodenied_kernel::{Call, Errno};

/// A failure read from a unit, before the dialects' rules.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// What was read.
    pub(crate) failure: Failure,
    /// The words of the error.
    pub(crate) at: Range<usize>,
    /// True when a person tells it in a sentence.
    pub(crate) prose: bool,
}

/// Every failure of the unit that could be a refusal.
pub(crate) fn read(unit: &Unit, tag: Option<&str>) -> Vec<Reading> {
    let found = mentions(&unit.text);
    let mut out: Vec<Reading> = Vec::new();
    for (i, mention) in found.iter().enumerate() {
        let from = i.checked_sub(1).and_then(|p| found.get(p)).map_or(0, |m| m.at.end);
        let to = found.get(i + 1).map_or(unit.text.len(), |m| m.at.start);
        let left = unit.text.get(from..mention.at.start).unwrap_or("");
        let right = unit.text.get(mention.at.end..to).unwrap_or("");
        let Some(prose) = guard::telling(unit, mention, left, right) else { continue };
        let mut reading = one(unit, mention, from, left, right, tag);
        reading.prose = prose;
        if prose && let Some(verb) = verbs::verb(right.split(". ").next().unwrap_or(right)) {
            // `… get permission denied when writing to /data`: what follows tells what was tried.
            reading.failure.call = Some(verb.call);
        }
        out.push(reading);
    }
    drop_echoes(&mut out);
    out.retain(|r| guard::plausible(&r.failure, &unit.low));
    out
}

/// Of readings with the same error in one line, those that say less go.
fn drop_echoes(readings: &mut Vec<Reading>) {
    let weight = |f: &Failure| {
        usize::from(f.call.is_some()) * 2
            + usize::from(f.object.is_some()) * 2
            + usize::from(!f.errno_inferred)
    };
    let mut kept: Vec<Reading> = Vec::new();
    for reading in readings.drain(..) {
        let twin = kept.iter_mut().find(|k| {
            let (a, b) = (&k.failure, &reading.failure);
            let errno = a.errno == b.errno || a.errno.is_none() || b.errno.is_none();
            let call = a.call == b.call || a.call.is_none() || b.call.is_none();
            let object = a.object == b.object || a.object.is_none() || b.object.is_none() || a.call != b.call;
            errno && call && object
        });
        match twin {
            Some(twin) => {
                let better = weight(&reading.failure) > weight(&twin.failure);
                let (mut winner, loser) =
                    if better { (reading, twin.clone()) } else { (twin.clone(), reading) };
                let f = &mut winner.failure;
                f.errno = f.errno.or(loser.failure.errno);
                f.call = f.call.or(loser.failure.call);
                if f.object.is_none() {
                    f.object = loser.failure.object;
                    f.kind = loser.failure.kind;
                }
                f.program = f.program.take().or(loser.failure.program);
                *twin = winner;
            }
            None => kept.push(reading),
        }
    }
    *readings = kept;
}

fn one(unit: &Unit, mention: &Mention, from: usize, left: &str, right: &str, tag: Option<&str>) -> Reading {
    let clauses = clauses(left);
    let mut failure = Failure {
        errno: mention.errno,
        errno_inferred: mention.inferred,
        program: tag.map(str::to_owned),
        ..Failure::default()
    };
    if from == 0 {
        // `named[812]: open: /x: …`: behind the writer of a log line a call is no program.
        // And `/srv/db.example: open: …` there names a file.
        let leading = program(left, &clauses).filter(|word| {
            let file = word.starts_with('/')
                && !["/bin/", "/sbin/", "/libexec/", "/lib/"].iter().any(|d| word.contains(d));
            tag.is_none() || !file && verbs::verb(word).is_none()
        });
        failure.program = leading.map(str::to_owned).or(failure.program);
    }
    // Python, Ruby, Node: what follows the error names the object, and often the call.
    let after = After::read(right);
    let mut call: Option<Verb> = None;
    let mut found_object: Option<(String, bool)> = None;
    for (depth, clause) in clauses.iter().rev().take(6).enumerate() {
        let text = left.get(clause.clone()).unwrap_or("");
        let is_program = clause.start == 0 && Some(text.trim()) == failure.program.as_deref();
        let verb = if is_program && tools::is_shell(text) { None } else { verbs::verb(text) };
        // A program called `make` or `install` does not say what it tried.
        let verb = verb.filter(|v| v.strong || !is_program);
        let has_own = pick(text, verb.as_ref(), is_program);
        if found_object.is_none() && depth < 5 {
            found_object.clone_from(&has_own);
        }
        if call.as_ref().is_none_or(|c| !c.strong)
            && let Some(expression) = call_expr::find(text, 0)
        {
            // `setrlimit(RLIMIT_NOFILE, 65535) failed`: the call as the program made it.
            failure.args = expression.args;
            call = Some(Verb { call: expression.call, at: expression.at, strong: true });
        }
        match (&call, verb) {
            (None, Some(v)) => {
                let settled = v.strong || has_own.as_ref().is_some_and(|(_, telling)| *telling);
                call = Some(v);
                if settled && found_object.is_some() {
                    break;
                }
            }
            (Some(known), Some(v))
                if !known.strong && v.strong && depth < 4 && found_object_in(&found_object) =>
            {
                call = Some(v);
            }
            _ => {}
        }
        if call.as_ref().is_some_and(|c| c.strong)
            && found_object.as_ref().is_some_and(|(_, telling)| *telling)
        {
            break;
        }
    }
    // `EPERM: operation not permitted, chown '/x'` (libuv): the call and its object behind the error, whatever
    // the program was about when it failed.
    let libuv = after.leads && right.starts_with(", ") && after.call.is_some();
    failure.call = if libuv { after.call } else { call.map(|c| c.call).or(after.call) };
    failure.object =
        after.object.filter(|_| after.leads || found_object.is_none()).or(found_object.map(|f| f.0));
    let fallback = failure.program.as_deref().and_then(tools::default_call);
    // `make: mkdir: …`, `env: x: …`: the word is the program that was to be run.
    if let (Some((Call::Exec, executable)), [_, word]) = (fallback, &clauses[..])
        && let Some(word) = left.get(word.clone())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._+-".contains(c))
        && verbs::verb(word).is_none_or(|v| !matches!(v.call, Call::Exec | Call::Clone))
    {
        failure.call = Some(Call::Exec);
        failure.object = Some(word.to_owned());
        failure.kind = executable;
        finish(&mut failure, &unit.low);
        return Reading { failure, at: mention.at.clone(), prose: false };
    }
    let mut kind = None;
    // A shell that is not named: `./gradlew: Permission denied`.
    if failure.call.is_none()
        && failure.program.is_none()
        && clauses.len() == 1
        && failure.object.as_deref().is_some_and(|o| o.starts_with("./"))
    {
        failure.call = Some(Call::Exec);
    }
    if failure.call.is_none()
        && let Some((by_tool, tool_kind)) = fallback
    {
        // What is done with a file is no socket's affair.
        let file = matches!(
            by_tool,
            Call::Socket
                | Call::Bind
                | Call::Settime
                | Call::Netlink
                | Call::Ptrace
                | Call::Sethostname
                | Call::Sched
                | Call::Setpriority
        ) && failure.object.as_deref().is_some_and(|o| o.starts_with('/'));
        failure.call = Some(if file { Call::Open } else { by_tool });
        kind = (!file).then_some(tool_kind);
    }
    if failure.call.is_none()
        && failure.object.is_none()
        && let Some(name) = named_syscall(&unit.low)
    {
        failure.call = Call::from_syscall(name);
        failure.syscall = failure.call.map(|_| name.to_owned());
    }
    if let (Some((call, tool_kind)), Some(known)) = (fallback, failure.call)
        && call == known
    {
        kind = Some(tool_kind);
    }
    // `thread 'main' panicked at …`
    if failure.object.as_deref().is_some_and(|o| unit.low.contains(&format!("thread '{o}' panicked"))) {
        failure.object = None;
    }
    // Quoted words that are no path are the object only of calls that take a name.
    let wordy = failure.object.as_deref().is_some_and(|o| !o.contains(['/', '.', ':']));
    if wordy && failure.call.is_some_and(|c| !takes_name(c)) {
        failure.object = None;
    }
    failure.kind = match (&failure.object, failure.call) {
        (Some(name), call) => match object::kind(name, call) {
            ObjectKind::Unknown => kind.unwrap_or_default(),
            known => known,
        },
        (None, Some(call)) => kind.unwrap_or_else(|| object::default_kind(call)),
        (None, None) => ObjectKind::Unknown,
    };
    finish(&mut failure, &unit.low);
    Reading { failure, at: mention.at.clone(), prose: false }
}

/// A system call by a name that is no ordinary word: `clock_settime64`, `faccessat2`.
fn named_syscall(low: &str) -> Option<&str> {
    low.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|w| w.len() > 5 && w.len() < 32 && w.contains(|c: char| c == '_' || c.is_ascii_digit()))
        .find(|w| whodenied_kernel::syscall::is_syscall(w))
}

/// True for calls whose object may be a bare word.
fn takes_name(call: Call) -> bool {
    object::on_files(call)
        || matches!(
            call,
            Call::Mount
                | Call::Umount
                | Call::LabelChange
                | Call::PolicyLoad
                | Call::SysctlWrite
                | Call::Dbus
                | Call::Module
                | Call::Chroot
        )
}

/// True while no telling object was found, so that a clause further left may still name the call.
fn found_object_in(object: &Option<(String, bool)>) -> bool {
    object.as_ref().is_none_or(|(_, telling)| !*telling)
}

/// Arguments that follow from the object or the words of the line.
pub(crate) fn finish(failure: &mut Failure, low: &str) {
    // `do_execveat_common` answers EAGAIN for the limit of processes only, as fork does.
    if failure.errno == Some(Errno::EAGAIN) && failure.call == Some(Call::Exec) {
        failure.call = Some(Call::Clone);
        failure.object = None;
        failure.kind = object::default_kind(Call::Clone);
    }
    if failure.kind == ObjectKind::Sysctl
        && failure.call.is_none_or(|c| matches!(c, Call::Write | Call::Create))
    {
        failure.call = Some(Call::SysctlWrite);
    }
    if failure.kind == ObjectKind::Port
        && failure.arg("port").is_none()
        && let Some(port) = failure.object.as_deref().and_then(object::port)
    {
        failure.args.push(("port".to_owned(), port.to_string()));
    }
    if failure.call == Some(Call::Bind)
        && failure.kind != ObjectKind::Port
        && failure.kind != ObjectKind::UnixSocketPath
        && let Some(port) = tuple_port(low)
    {
        failure.object = Some(port.to_string());
        failure.kind = ObjectKind::Port;
        failure.args.push(("port".to_owned(), port.to_string()));
    }
    if failure.call == Some(Call::Bind) && failure.object.is_none() && failure.arg("port").is_none() {
        let digits =
            |at: usize| low.get(at..).map_or(0, |t| t.bytes().take_while(u8::is_ascii_digit).count());
        if let Some(port) = low
            .find("port ")
            .map(|i| i + 5)
            .and_then(|at| low.get(at..at + digits(at)))
            .filter(|p| p.parse::<u16>().is_ok())
        {
            failure.object = Some(port.to_owned());
            failure.kind = ObjectKind::Port;
            failure.args.push(("port".to_owned(), port.to_owned()));
        }
    }
    if failure.errno == Some(Errno::EPERM) || failure.errno == Some(Errno::EACCES) || failure.errno.is_none()
    {
        if let Some(cap) = wanted_capability(low)
            && failure.arg("capability").is_none()
        {
            failure.args.push(("capability".to_owned(), cap.to_owned()));
        }
        let bytes = low.as_bytes();
        if let Some(at) = low.find("cap_") {
            let len = bytes.iter().skip(at).take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
            let name = low.get(at..at + len).unwrap_or("");
            if let Some(cap) = whodenied_kernel::Capability::from_name(name).and_then(|c| c.name())
                && failure.arg("capability").is_none()
            {
                failure.args.push(("capability".to_owned(), cap.to_owned()));
            }
        }
    }
}

/// The capability that a message says is wanted, by its name without the prefix: `needs SYS_RAWIO`.
fn wanted_capability(low: &str) -> Option<&'static str> {
    const WANTS: [&str; 8] =
        ["needs ", "need ", "requires ", "require ", "missing ", "lacks ", "without ", "lacking "];
    WANTS.iter().find_map(|words| {
        let rest = low.get(low.find(words)? + words.len()..)?;
        let rest = rest.strip_prefix("the ").or(rest.strip_prefix("a ")).unwrap_or(rest);
        let word = rest.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).next()?;
        let name = word.strip_prefix("cap_").unwrap_or(word);
        // A name of one word (`chown`, `kill`) is an ordinary word too.
        name.contains('_').then(|| whodenied_kernel::Capability::from_name(name)?.name()).flatten()
    })
}

/// The port of an address as Python prints it: `('0.0.0.0', 80)`.
fn tuple_port(low: &str) -> Option<u16> {
    let rest = low.get(low.find("', ")? + 3..)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let closes = rest.get(digits..).is_some_and(|t| t.starts_with([')', ',']));
    rest.get(..digits).filter(|_| closes)?.parse().ok()
}

/// What parts the clauses of a message.
const BETWEEN_CLAUSES: [&str; 9] =
    [": ", "; ", ":\t", "：", " caused \"", " because ", " err=\"", " msg=\"", " error=\""];

/// The clauses of the text before an error, without the punctuation between them.
pub(crate) fn clauses(left: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let bytes = left.as_bytes();
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let cut = BETWEEN_CLAUSES.iter().find(|c| rest.starts_with(c.as_bytes())).map_or(0, |c| c.len());
        let cut = if rest == b":" { 1 } else { cut };
        if cut == 0 || out.len() >= 40 {
            at += 1;
            continue;
        }
        push_clause(left, start..at, &mut out);
        at += cut;
        start = at;
    }
    push_clause(left, start..left.len(), &mut out);
    out
}

fn push_clause(left: &str, at: Range<usize>, out: &mut Vec<Range<usize>>) {
    let Some(text) = left.get(at.clone()) else { return };
    let lead = text.len() - text.trim_start().len();
    let trimmed = text.trim();
    if trimmed.chars().any(char::is_alphanumeric) {
        let start = at.start + lead;
        out.push(start..start + trimmed.len());
    } else if trimmed.chars().any(|c| matches!(c, '/' | '*')) {
        out.push(at.start + lead..at.start + lead + trimmed.len());
    }
}

/// The object of a clause: the name after the phrase, else before it; a clause of one word is a name.
fn pick(clause: &str, verb: Option<&Verb>, is_program: bool) -> Option<(String, bool)> {
    if is_program {
        return None;
    }
    let all = names(clause);
    let after = verb.map_or(0, |v| v.at.end);
    let best = all
        .iter()
        .filter(|n| n.at.start >= after)
        .min_by_key(|n| (!n.telling, n.at.start))
        .or_else(|| all.iter().rfind(|n| n.telling))
        .or_else(|| all.first());
    if let Some(name) = best
        && (name.telling || name.quoted)
    {
        return Some((clause.get(name.at.clone())?.trim().to_owned(), name.telling));
    }
    // A relative path right after the phrase: `create file maildrop/1.2`.
    if let Some(verb) = verb {
        let rest = clause.get(verb.at.end..).unwrap_or("");
        for word in rest.split_whitespace().take(4) {
            let word = word.trim_matches(|c: char| matches!(c, '(' | ')' | ',' | ';' | '"' | '\''));
            let filler = [
                "file",
                "directory",
                "path",
                "of",
                "to",
                "for",
                "on",
                "at",
                "the",
                "from",
                "a",
                "in",
                "dir",
                "folder",
                "data",
                "log",
                "lock",
                "socket",
                "pid",
                "device",
                "()",
                "stream",
            ];
            if filler.contains(&word) {
                continue;
            }
            if word.contains('/') || (word.contains('.') && word.len() > 2 && !word.ends_with('.')) {
                return Some((word.to_owned(), true));
            }
            break;
        }
        return None;
    }
    let single = !clause.contains(char::is_whitespace);
    let wordy = clause.bytes().all(|b| b.is_ascii_digit()) || clause.contains('(') || clause.len() > 256;
    let named = clause.contains(['/', '.', '_', '-']) || clause == "." || clause == "*";
    let tag = clause.ends_with("Error") || clause.ends_with("Exception") || clause.contains('[');
    (single
        && !wordy
        && !tag
        && (named || clause.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())))
    .then(|| (clause.to_owned(), clause.contains('/')))
    .filter(|(c, _)| !guard::is_stop_word(c))
}

/// The program that leads the line: `nginx:`, `(nginx)`, `rsync:`, `/usr/bin/tail:`.
fn program<'a>(left: &'a str, clauses: &[Range<usize>]) -> Option<&'a str> {
    let first = left.get(clauses.first()?.clone())?;
    // The first clause must lead the line but for marks of a list, a prompt or a level.
    let word = first.trim_start_matches(['#', '>', '$', '*', '-', ' ', '`']);
    let word = word.split('[').next().unwrap_or(word);
    let shape = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '+' | '@');
    // `ipset v7.15: …`
    let word = match word.split_once(" v") {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => word,
    };
    let ok = !word.is_empty()
        && word.len() <= 64
        && word.chars().all(shape)
        && word.contains(|c: char| c.is_ascii_alphabetic())
        && (clauses.len() > 1 || names_itself(left, word));
    (ok && !guard::is_stop_word(word) && !word.ends_with("Error") && !word.ends_with("Exception"))
        .then_some(word)
}

/// Of a lone word before the error: a program (`ping: …`), not an object (`x.conf: …`, `/x: …`).
fn names_itself(left: &str, word: &str) -> bool {
    let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    left.trim_end().ends_with(':')
        && (tools::default_call(word).is_some() || tools::is_shell(word) || plain)
        && !word.starts_with('/')
}

/// The program that leads a line which names no error.
pub(crate) fn leading_program(text: &str) -> Option<&str> {
    program(text, &clauses(text))
}

/// What follows the error.
struct After {
    object: Option<String>,
    call: Option<Call>,
    /// True when the object follows the error directly, so that it is the object for sure.
    leads: bool,
}

impl After {
    fn read(right: &str) -> Self {
        let end = (0..=right.len().min(300)).rev().find(|e| right.is_char_boundary(*e)).unwrap_or(0);
        let right = right.get(..end).unwrap_or("");
        // The next sentence is another matter.
        let right = right.split(". ").next().unwrap_or(right);
        let right = right.split("; ").next().unwrap_or(right);
        let trimmed = right.trim_start_matches([')', ']', '.', '"', '\'', ' ']);
        let direct = trimmed.starts_with([':', ',', '@', '-', '[', '('])
            || right.starts_with(" '")
            || right.starts_with(" \"");
        let call = verbs::verb(right).filter(|v| v.strong || right.starts_with(',')).map(|v| v.call);
        let object = names(right)
            .into_iter()
            .find(|n| n.telling || (n.quoted && direct && n.at.start <= 16))
            .filter(|n| {
                // An address far behind the error is that of a client or server, not of the call.
                let address = right.get(n.at.clone()).is_some_and(|t| object::port(t).is_some());
                if address && n.at.start > 24 {
                    return false;
                }
                // `… in /x.php on line 3` and `at file:///x.js:3` say where the program stood.
                let before = right.get(..n.at.start).unwrap_or("").trim_end();
                let place = before.ends_with(" in") && right.contains(" line ") || before.ends_with(" at");
                !place || before.ends_with("socket at")
            });
        let text = object.as_ref().and_then(|n| right.get(n.at.clone())).map(str::to_owned);
        let leads = direct && object.is_some_and(|n| n.at.start <= 48);
        Self { object: text, call, leads }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_kernel::Errno;

    type Row = (&'static str, Option<Call>, Option<&'static str>, Errno);

    const ROWS: &[Row] = &[
        (
            "mkdir: cannot create directory ‘/data/x’: Permission denied",
            Some(Call::Mkdir),
            Some("/data/x"),
            Errno::EACCES,
        ),
        (
            "cp: cannot create regular file '/etc/x': Read-only file system",
            Some(Call::Create),
            Some("/etc/x"),
            Errno::EROFS,
        ),
        (
            "open /prometheus/queries.active: permission denied",
            Some(Call::Open),
            Some("/prometheus/queries.active"),
            Errno::EACCES,
        ),
        (
            "listen tcp 0.0.0.0:80: bind: permission denied",
            Some(Call::Bind),
            Some("0.0.0.0:80"),
            Errno::EACCES,
        ),
        (
            "Error: EACCES: permission denied, mkdir '/app/node_modules'",
            Some(Call::Mkdir),
            Some("/app/node_modules"),
            Errno::EACCES,
        ),
        (
            "PermissionError: [Errno 13] Permission denied: '/data/db.sqlite'",
            None,
            Some("/data/db.sqlite"),
            Errno::EACCES,
        ),
        (
            "socketpair() failed while spawning \"worker process\" (13: Permission denied)",
            Some(Call::Socketpair),
            None,
            Errno::EACCES,
        ),
        (
            "chown: changing ownership of '.': Operation not permitted",
            Some(Call::Chown),
            Some("."),
            Errno::EPERM,
        ),
        (
            "chmod: changing permissions of ‘/var/lib/x’: Input/output error",
            Some(Call::Chmod),
            Some("/var/lib/x"),
            Errno::EIO,
        ),
        ("cat: /etc/shadow: Permission denied", Some(Call::Open), Some("/etc/shadow"), Errno::EACCES),
        (
            "Errno::EACCES: Permission denied @ rb_sysopen - /srv/log/x.log",
            Some(Call::Open),
            Some("/srv/log/x.log"),
            Errno::EACCES,
        ),
        ("bwrap: setting up uid map: Permission denied", Some(Call::IdMap), None, Errno::EACCES),
        (
            "error: failed switching to \"root\": setgroups operation not permitted",
            Some(Call::Setgroups),
            None,
            Errno::EPERM,
        ),
        (
            "postfix/postdrop[1]: warning: mail_queue_enter: create file maildrop/1.2: Permission denied",
            Some(Call::Create),
            Some("maildrop/1.2"),
            Errno::EACCES,
        ),
        (
            "2023/12/07 10:59:34 mount helper error: fusermount3: mount failed: Permission denied",
            Some(Call::Mount),
            None,
            Errno::EACCES,
        ),
        (
            "mkdir: das Verzeichnis „/data“ kann nicht angelegt werden: Keine Berechtigung",
            Some(Call::Mkdir),
            Some("/data"),
            Errno::EACCES,
        ),
        (
            "LoadElf() failed: map.Create() failed: ebpf_create_map() failed: Operation not permitted",
            Some(Call::Bpf),
            None,
            Errno::EPERM,
        ),
        ("make: mkdir: Operation not permitted", Some(Call::Exec), Some("mkdir"), Errno::EPERM),
        ("env: python3: Permission denied", Some(Call::Exec), Some("python3"), Errno::EACCES),
        ("mmap failed with errno=13.", Some(Call::Mmap), None, Errno::EACCES),
        (
            "TUN device is not available: open /dev/net/tun: operation not permitted; creating it...",
            Some(Call::Open),
            Some("/dev/net/tun"),
            Errno::EPERM,
        ),
        (
            "dial unix /var/run/docker.sock: connect: permission denied",
            Some(Call::Connect),
            Some("/var/run/docker.sock"),
            Errno::EACCES,
        ),
        (
            "curl: (7) Failed to create socket: Operation not permitted",
            Some(Call::Socket),
            None,
            Errno::EPERM,
        ),
        (
            "fork/exec /usr/local/bin/app: permission denied",
            Some(Call::Exec),
            Some("/usr/local/bin/app"),
            Errno::EACCES,
        ),
    ];

    #[test]
    fn reads_the_common_shape() {
        for (text, call, object, errno) in ROWS {
            let found = read(&Unit::of(text), None);
            assert_eq!(found.len(), 1, "{text}: {found:#?}");
            let f = &found[0].failure;
            assert_eq!(f.call, *call, "{text}");
            assert_eq!(f.object.as_deref().filter(|_| object.is_some()), *object, "{text}");
            assert_eq!(f.errno, Some(*errno), "{text}");
        }
    }
}
