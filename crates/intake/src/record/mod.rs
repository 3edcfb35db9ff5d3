//! Kernel records, one file per family. A line holds at most one: what looks like another inside a
//! quoted value is a name that somebody chose.

mod apparmor;
mod head;
mod landlock;
mod lockdown;
mod other;
mod pairs;
mod sealert;
mod seccomp;
mod selinux;
mod syscall;
mod yama;

use crate::segment::{Document, Line};
use head::Head;
use pairs::Pairs;
use std::ops::Range;
use whodenied_case::{Channel, Claim, Record, RecordKind, Says};
use whodenied_text::Span;

/// What a claim of a record does not carry: the parts to mark, and how often it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The claim's span.
    pub(crate) claim: Span,
    /// The parts that decide.
    pub(crate) deciding: Vec<Span>,
    /// More than one where a large log was condensed.
    pub(crate) count: u32,
}

/// Reads every kernel record of the document.
pub(crate) fn recognise(doc: &Document, claims: &mut Vec<Claim>, marks: &mut Vec<Mark>) {
    let mut selinux = false;
    let mut push = |line: &Line, record: Record, deciding: Vec<Range<usize>>| {
        let deciding = deciding.into_iter().map(|r| line.span_of(r.start, r.end)).collect();
        let claim = line.raw;
        marks.push(Mark { claim, deciding, count: line.count });
        claims.push(Claim { span: claim, dialect: "record", says: Says::Record(Box::new(record)) });
    };
    for line in &doc.lines {
        if let Some((record, deciding)) = read(line) {
            selinux |= matches!(record.kind, RecordKind::Selinux(_));
            push(line, record, deciding);
        }
    }
    // setroubleshoot's sentences, where the records they were made from were not given.
    let sentences =
        doc.lines.iter().enumerate().filter(|(_, l)| !selinux && l.text.contains("is preventing "));
    let mut told = false;
    for (i, line) in sentences.take(100) {
        let Some((mut avc, place)) = sealert::read(&line.text) else { continue };
        told = true;
        for below in doc.lines.iter().skip(i + 1).take(80) {
            sealert::complete(&mut avc, &below.text);
        }
        let channel = line.dress.channel;
        let kind = RecordKind::Selinux(Box::new(avc));
        push(line, Record { channel, time_ms: None, serial: None, truncated: true, kind }, vec![place]);
    }
    if !selinux && !told {
        let texts: Vec<&str> = doc.lines.iter().take(4000).map(|l| l.text.trim()).collect();
        if let Some((avc, at)) = sealert::block(&texts)
            && let Some(line) = doc.lines.get(at)
        {
            let kind = RecordKind::Selinux(Box::new(avc));
            let record =
                Record { channel: line.dress.channel, time_ms: None, serial: None, truncated: true, kind };
            push(line, record, Vec::new());
        }
    }
}

/// The record of a line and the places of what decides in it.
fn read(line: &Line) -> Option<(Record, Vec<Range<usize>>)> {
    let text = line.text.as_str();
    if !text.contains('=') || !looks_like_pairs(text) {
        return plain(line);
    }
    let pairs = Pairs::read(text);
    let head = Head::read(&pairs);
    let (kind, deciding) = family(text, &pairs, &head).or_else(|| {
        let (kind, place) = kernel_message(text)?;
        Some((kind, vec![place]))
    })?;
    let channel = match line.dress.channel {
        // The form of audit.log and of the kernel's own log lines.
        Channel::Bare if head.serial.is_some() => Channel::Kernel,
        channel => channel,
    };
    let truncated = pairs.truncated || lacks_its_end(&kind, &pairs);
    Some((Record { channel, time_ms: head.time_ms, serial: head.serial, truncated, kind }, deciding))
}

/// True when the line may hold a record of pairs: cheap, before anything is taken apart.
fn looks_like_pairs(text: &str) -> bool {
    text.contains("apparmor=")
        || text.contains("avc:")
        || text.contains("audit(")
        || text.contains("SECCOMP ")
        || text.contains("blockers=")
        || text.contains("SYSCALL ")
        || text.contains("lsm=SMACK")
        || text.contains("dec=deny")
        || (text.contains("syscall=") && text.contains("arch="))
}

/// The record of pairs, by the first thing in the line that names its family.
fn family(text: &str, pairs: &Pairs<'_>, head: &Head) -> Option<(RecordKind, Vec<Range<usize>>)> {
    // AppArmor's word stands in a pair of its own, SELinux's outside of pairs: neither can be
    // faked by a value.
    if let Some(kind) = apparmor::read(pairs) {
        return Some((kind, apparmor::deciding(pairs)));
    }
    if let Some(kind) = selinux::read(text, pairs, head.kind == Some("USER_AVC")) {
        return Some((kind, selinux::deciding(text, pairs)));
    }
    if let Some(kind) = apparmor::old(pairs, head.kind) {
        return Some((kind, apparmor::deciding(pairs)));
    }
    if let Some(kind) = other::fapolicyd(pairs) {
        return Some((kind, places(pairs, &["dec", "perm", "path"])));
    }
    match head.kind {
        Some("SECCOMP") => Some((seccomp::read(pairs)?, seccomp::deciding(pairs))),
        Some("LANDLOCK_ACCESS") => Some((landlock::read(pairs)?, landlock::deciding(pairs))),
        Some("SYSCALL") => Some((syscall::read(pairs)?, syscall::deciding(pairs))),
        Some(kind @ ("PATH" | "CWD" | "PROCTITLE")) => Some((syscall::companion(kind, pairs), Vec::new())),
        Some("SELINUX_ERR") => selinux::transition(pairs),
        Some("AVC") => Some((other::smack(pairs)?, places(pairs, &["fn", "action", "requested"]))),
        Some(kind) => Some((other::typed(kind, pairs)?, Vec::new())),
        // Bare bodies whose head was cut off.
        None if pairs.get("blockers").is_some() && pairs.get("domain").is_some() => {
            Some((landlock::read(pairs)?, landlock::deciding(pairs)))
        }
        None if pairs.get("syscall").is_some() && pairs.get("arch").is_some() => {
            if pairs.get("code").is_some() || pairs.get("compat").is_some() {
                Some((seccomp::read(pairs)?, seccomp::deciding(pairs)))
            } else if pairs.get("exit").is_some() {
                Some((syscall::read(pairs)?, syscall::deciding(pairs)))
            } else {
                None
            }
        }
        None => None,
    }
}

/// A kernel message that is no audit record.
fn plain(line: &Line) -> Option<(Record, Vec<Range<usize>>)> {
    let (kind, place) = kernel_message(&line.text)?;
    let channel = line.dress.channel;
    Some((Record { channel, time_ms: None, serial: None, truncated: false, kind }, vec![place]))
}

fn kernel_message(text: &str) -> Option<(RecordKind, Range<usize>)> {
    lockdown::read(text).or_else(|| yama::read(text)).or_else(|| other::message(text))
}

/// True when a pair is missing that the kernel always writes at the end.
fn lacks_its_end(kind: &RecordKind, pairs: &Pairs<'_>) -> bool {
    match kind {
        RecordKind::Selinux(avc) => avc.tclass.is_none(),
        RecordKind::Seccomp(_) => pairs.get("code").is_none(),
        RecordKind::Apparmor(record) => {
            record.get("operation").is_none()
                || (record.get("class") == Some("file") && record.get("requested_mask").is_some())
                    && record.get("ouid").is_none()
        }
        _ => false,
    }
}

/// The places of these pairs, in the order of the text.
fn places(pairs: &Pairs<'_>, keys: &[&str]) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = keys.iter().filter_map(|key| pairs.range(key)).collect();
    places.sort_by_key(|r| r.start);
    places
}

#[cfg(test)]
mod tests;
