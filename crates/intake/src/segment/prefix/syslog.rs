//! syslog and journal lines: time, host, `program[pid]:`.

use super::{Found, after, date};
use whodenied_case::Channel;

/// Reads `Apr 28 16:48:31 host kernel: ` and its relatives, and the same without time or host.
pub(super) fn read(text: &str) -> Option<Found> {
    if let Some(n) = date::length(text) {
        let rest = after(text, n);
        let mut found = host_and_tag(rest).or_else(|| tag_alone(rest)).unwrap_or_default();
        found.length += text.len() - rest.len();
        found.time = text.get(..n).map(str::to_owned);
        // A day and a clock alone can be anybody's.
        return (found.tag.is_some() || date::rfc3339(text).is_some()).then_some(found);
    }
    if let Some(n) = date::plain_iso(text) {
        let rest = after(text, n);
        let mut found = host_and_tag(rest).filter(certain)?;
        found.length += text.len() - rest.len();
        found.time = text.get(..n).map(str::to_owned);
        return Some(found);
    }
    let found = host_and_tag(text).or_else(|| tag_alone(text)).filter(certain)?;
    // "kernel: 6.17.4-2-pve" is a person's answer to a form.
    let message = after(text, found.length);
    let version = message.starts_with(|c: char| c.is_ascii_digit()) || message.starts_with("Linux ");
    (!version || found.tag.as_deref() != Some("kernel")).then_some(found)
}

/// True for a tag that only a log daemon writes: the kernel's, or one with a process id.
fn certain(found: &Found) -> bool {
    found.tag.as_deref().is_some_and(|t| t == "kernel" || t.ends_with(']'))
}

/// `host program[pid]: ` or `host kernel: `.
pub(super) fn host_and_tag(text: &str) -> Option<Found> {
    let blank = text.bytes().take(256).position(|b| b == b' ')?;
    let host = text.get(..blank)?;
    let plain = |c: char| c.is_alphanumeric() || "-._:".contains(c);
    if host.is_empty() || host.ends_with(':') || !host.chars().all(plain) {
        return None;
    }
    let rest = after(text, blank);
    let mut found = tag_alone(rest)?;
    found.length += text.len() - rest.len();
    found.host = Some(host.to_owned());
    Some(found)
}

/// `program[pid]: ` or `program: `.
fn tag_alone(text: &str) -> Option<Found> {
    let end = text.bytes().take(128).position(|b| b == b':' || b == b' ')?;
    if text.as_bytes().get(end) != Some(&b':') || !text.get(end + 1..)?.starts_with([' ', '\t']) {
        return None;
    }
    let tag = text.get(..end)?;
    let (program, pid) = match tag.strip_suffix(']').and_then(|t| t.split_once('[')) {
        Some((program, pid)) => (program, Some(pid)),
        None => (tag, None),
    };
    let plain = |c: char| c.is_alphanumeric() || "-_./()@+\\".contains(c);
    if program.is_empty() || !program.chars().all(plain) || !program.contains(char::is_alphabetic) {
        return None;
    }
    if pid.is_some_and(|p| p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    // The kernel's own text starts so; it is no tag.
    if tag == "audit" || tag == "avc" {
        return None;
    }
    let channel = Some(channel_of(program));
    Some(Found { length: end + 1, tag: Some(tag.to_owned()), channel, ..Found::default() })
}

/// `<34>1 2003-10-11T22:14:15.003Z host app procid msgid - message`, from the time on.
pub(super) fn rfc5424(text: &str, from: usize) -> Option<Found> {
    let mut rest = after(text, from);
    let mut word = || {
        let end = rest.find(' ')?;
        let (word, tail) = rest.split_at_checked(end)?;
        rest = tail.trim_start();
        Some(word)
    };
    let (time, host, app, pid) = (word()?, word()?, word()?, word()?);
    let (_, data) = (word()?, word()?);
    if data != "-" {
        return None;
    }
    let tag = if pid == "-" { app.to_owned() } else { format!("{app}[{pid}]") };
    Some(Found {
        length: text.len() - rest.len(),
        time: Some(time.to_owned()),
        host: Some(host.to_owned()),
        tag: Some(tag),
        channel: Some(channel_of(app)),
        ..Found::default()
    })
}

/// Whose lines are records: the kernel's, the audit daemons' and those of the D-Bus brokers, which
/// ask the kernel's policy themselves.
pub(in crate::segment) fn channel_of(program: &str) -> Channel {
    let kernel = matches!(
        program,
        "kernel"
            | "audit"
            | "auditd"
            | "audispd"
            | "audisp-syslog"
            | "sedispatch"
            | "dbus-daemon"
            | "dbus"
            | "dbus-broker"
            | "dbus-broker-launch"
    );
    if kernel { Channel::Kernel } else { Channel::ProgramLog }
}
