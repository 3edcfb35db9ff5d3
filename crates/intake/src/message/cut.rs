//! Messages that end before their error, and programs that guess a wrong error.

use super::generic::Reading;
use super::object;
use super::unit::Unit;
use super::verbs;
use crate::segment::Document;
use whodenied_case::{Failure, ObjectKind};
use whodenied_kernel::Call;

/// `tail: cannot open '/etc/x`: a complaint with an open quote that ends with the line.
pub(crate) fn cut_off(unit: &Unit) -> Option<Reading> {
    let low = unit.low.as_str();
    let complains = ["cannot ", "can't ", "could not ", "couldn't ", "failed to ", "unable to "];
    let from = complains.iter().filter_map(|c| low.find(c).map(|i| i + c.len())).min()?;
    let rest = unit.text.get(from..)?;
    let open = rest.find(['\'', '"', '‘', '`'])?;
    let name = rest.get(open..)?;
    let name = name.get(name.chars().next()?.len_utf8()..)?;
    let whole = !name.contains(['\'', '"', '’', '`', ' ']) && name.starts_with('/') && name.len() > 1;
    let verb = verbs::verb(rest.get(..open)?)?;
    if !whole || !object::on_files(verb.call) {
        return None;
    }
    let failure = Failure {
        call: Some(verb.call),
        kind: object::kind(name, Some(verb.call)),
        object: Some(name.to_owned()),
        program: super::generic::leading_program(&unit.text).map(str::to_owned),
        ..Failure::default()
    };
    Some(Reading { failure, at: from..unit.text.len(), prose: false })
}

/// `Unable to create directory /x` of a program that keeps the error to itself: read only where
/// nothing in the document names any error.
pub(crate) fn complaint(unit: &Unit) -> Option<Reading> {
    let low = unit.low.as_str();
    let complains = [
        "cannot ",
        "can not ",
        "can't ",
        "could not ",
        "couldn't ",
        "failed to ",
        "unable to ",
        "error creating ",
        "error writing ",
    ];
    // The reason is told, and it is another.
    if ["already ", "no such", "not found", "invalid", "syntax"].iter().any(|w| low.contains(w)) {
        return None;
    }
    let from = complains.iter().filter_map(|c| low.find(c)).min()?;
    let rest = unit.text.get(from..)?;
    let verb = verbs::verb(rest)?;
    let wanted = matches!(
        verb.call,
        Call::Mkdir
            | Call::Create
            | Call::Write
            | Call::Chmod
            | Call::Chown
            | Call::Mlock
            | Call::Setrlimit
            | Call::Sched
            | Call::Setpriority
            | Call::Mknod
            | Call::Xattr
            | Call::Capset
            | Call::UsernsCreate
            | Call::Unshare
            | Call::Ioperm
            | Call::Setuid
            | Call::Setgid
            | Call::Setgroups
    ) || verb.call == Call::Bind && low_port(rest).is_some();
    let name = object::names(rest).into_iter().find(|n| n.telling).and_then(|n| rest.get(n.at));
    let path = name.is_some_and(|n| n.starts_with('/'));
    if !wanted || (object::on_files(verb.call) && !path) || !verb.strong && verb.call != Call::Write {
        return None;
    }
    let port = low_port(rest).filter(|_| verb.call == Call::Bind).map(|p| p.to_string());
    if let Some(port) = port {
        let failure = Failure {
            call: Some(verb.call),
            kind: ObjectKind::Port,
            object: Some(port.clone()),
            args: vec![("port".to_owned(), port)],
            program: super::generic::leading_program(&unit.text).map(str::to_owned),
            errno_inferred: true,
            ..Failure::default()
        };
        return Some(Reading { failure, at: from..unit.text.len(), prose: false });
    }
    let failure = Failure {
        call: Some(verb.call),
        kind: name.map_or_else(|| object::default_kind(verb.call), |n| object::kind(n, Some(verb.call))),
        object: name.map(str::to_owned),
        program: super::generic::leading_program(&unit.text).map(str::to_owned),
        errno_inferred: true,
        ..Failure::default()
    };
    Some(Reading { failure, at: from..unit.text.len(), prose: false })
}

/// A port of the privileged range that an address ends in: `[0.0.0.0:80]`, `port 443`.
fn low_port(text: &str) -> Option<u16> {
    let after = |mark: &str| {
        text.match_indices(mark).find_map(|(at, _)| {
            let rest = text.get(at + mark.len()..)?;
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let ends = !rest.get(digits..)?.starts_with(|c: char| c.is_alphanumeric() || c == ':');
            rest.get(..digits)?.parse::<u16>().ok().filter(|p| ends && (1..1024).contains(p))
        })
    };
    let address = text.contains(['.', '*', ']', '[']);
    after("port ").or_else(|| after(":").filter(|_| address))
}

/// `Port 80 is already in use` from a program that takes every failure to bind for that, where the
/// surroundings say that it runs without root or asks for the right to bind low ports.
pub(crate) fn port_in_use(unit: &Unit, doc: &Document) -> Option<Reading> {
    let low = unit.low.as_str();
    let at = low.find("port ")? + 5;
    let digits = low.get(at..)?.bytes().take_while(u8::is_ascii_digit).count();
    let port: u16 = low.get(at..at + digits)?.parse().ok()?;
    let guessed =
        ["already in use", "is in use", "not available", "unavailable"].iter().any(|w| low.contains(w));
    if port == 0
        || port >= 1024
        || !guessed
        || low.contains("address already in use")
        || low.contains("eaddrinuse")
    {
        return None;
    }
    let unprivileged = ["net_bind_service", "runasuser", "runasnonroot", "unprivileged_port"];
    let hinted = doc.lines.iter().take(4000).any(|l| {
        let line = l.text.to_ascii_lowercase();
        unprivileged.iter().any(|w| line.contains(w))
    });
    let failure = Failure {
        call: Some(Call::Bind),
        object: Some(port.to_string()),
        kind: ObjectKind::Port,
        args: vec![("port".to_owned(), port.to_string())],
        errno_inferred: true,
        ..Failure::default()
    };
    hinted.then_some(Reading { failure, at: 0..unit.text.len(), prose: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_that_keep_the_error_to_themselves() {
        let call = |t: &str| complaint(&Unit::of(t)).map(|r| (r.failure.call.unwrap(), r.failure.object));
        let port = |p: &str| Some((Call::Bind, Some(p.to_owned())));
        assert_eq!(call("Starting frontend www: cannot bind socket [0.0.0.0:80]"), port("80"));
        assert_eq!(call("could not bind to port 443"), port("443"));
        assert_eq!(call("failed to bind to [::]:53"), port("53"));
        assert_eq!(call("failed to bind to 0.0.0.0:8080"), None);
        assert_eq!(call("Unable to apply new capability set"), Some((Call::Capset, None)));
        assert_eq!(call("Failed to drop capabilities"), Some((Call::Capset, None)));
        assert_eq!(call("cannot gain I/O privileges"), Some((Call::Ioperm, None)));
    }

    #[test]
    fn an_open_quote_is_a_cut() {
        let reading = cut_off(&Unit::of("/usr/bin/tail: cannot open '/etc/x/li")).unwrap();
        assert_eq!(
            (reading.failure.call, reading.failure.object.as_deref()),
            (Some(Call::Open), Some("/etc/x/li"))
        );
        assert!(cut_off(&Unit::of("cannot open '/etc/x': No such file or directory")).is_none());
        assert!(cut_off(&Unit::of("cannot find 'x")).is_none());
    }
}
