//! The kernel's records of a container's time, from wherever this machine keeps them: the ring buffer,
//! auditd's log, the journal, syslog's files. Logs are read backwards and by time, never whole.
//!
//! Sources: Documentation/ABI/testing/dev-kmsg; auditd(8); journalctl(1).

use crate::dead::Dead;
use crate::records::{self, Company, Whose};
use crate::time::{self, SECOND};
use crate::{Gathered, Options, engines, tail};
use std::collections::HashSet;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;
use whodenied_case::Origin;
use whodenied_engine::{Api, Error, Limits, command};

/// What the name of a log ends with where its records may be another program's.
pub(crate) const PERHAPS: &str = " (of another program, perhaps)";
/// Records of one log that are kept; the last ones count.
const MOST: usize = 300;
/// Bytes of a log that are read backwards.
const BYTES: u64 = 64 << 20;
/// Engines and kernels do not look at the clock in the same moment.
const SLACK: i128 = 2 * SECOND;

/// A span of time, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: i128,
    pub(crate) to: i128,
}

impl Window {
    fn holds(self, time: i128) -> bool {
        self.from <= time && time <= self.to
    }
}

/// One record, the log it stands in, and when.
pub(crate) struct Line {
    pub(crate) log: String,
    pub(crate) text: String,
}

/// Adds the records that are of the container, and those that may be.
pub(crate) fn records(dead: &Dead, api: Option<&Api>, options: &Options, gathered: &mut Gathered) {
    let begins = dead.started.or(dead.created).unwrap_or(0);
    let ends = if dead.running { time::now() } else { dead.finished.unwrap_or_else(time::now) };
    let window = Window { from: begins - SLACK, to: ends.max(begins) + SLACK };
    let (reloads, lines): (Vec<Line>, Vec<Line>) =
        lines(window, options, &mut gathered.missing).into_iter().partition(|l| records::reloads(&l.text));
    gathered.reloads = reloads
        .iter()
        .filter(|l| records::value(&l.text, "name") == dead.label)
        .filter_map(|l| records::stamp(&l.text).map(|s| s.0))
        .collect();
    if lines.is_empty() {
        return;
    }
    let company = company(dead, window, api, options);
    let (mut its, mut perhaps): (Vec<&Line>, Vec<&Line>) = (Vec::new(), Vec::new());
    for line in &lines {
        match records::whose(&line.text, dead, || company, |pid| cgroup(pid, line)) {
            Whose::Its => its.push(line),
            Whose::Perhaps => perhaps.push(line),
            Whose::Not => {}
        }
    }
    add(&its, true, gathered);
    add(&perhaps, false, gathered);
}

/// Who else may have borne the container's label in its time.
fn company(dead: &Dead, window: Window, api: Option<&Api>, options: &Options) -> Company {
    if dead.label.is_empty() || records::is_default(&dead.label) {
        return Company::Unknown;
    }
    let Some(api) = api else { return Company::Unknown };
    let within = options.left().min(Duration::from_millis(500) * options.patience);
    // Without a list, any container may have lived then.
    let Some(others) = engines::others(api, dead, within) else { return Company::Others };
    let beside = |o: &Dead| {
        let from = o.started.or(o.created).unwrap_or(0);
        let to = if o.running { i128::MAX } else { o.finished.unwrap_or(i128::MAX) };
        o.label == dead.label && from <= window.to && to >= window.from
    };
    if others.iter().any(beside) {
        return Company::Others;
    }
    match api.history(window.from / SECOND) {
        Ok(history) if history.whole => {
            // One that was started anew since may have run then as well, and of a removed one the label is
            // not known.
            let strange =
                |id: &String| *id != dead.id && others.iter().all(|o| o.id != *id || o.label == dead.label);
            if history.containers.iter().any(strange) { Company::Unknown } else { Company::None }
        }
        _ => Company::Unknown,
    }
}

/// The cgroup of a process that has been there since before the record.
fn cgroup(pid: u32, line: &Line) -> Option<String> {
    let stamp = records::stamp(&line.text)?.0;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // proc_pid_stat(5): the name may hold anything, the twentieth number behind it is the start in ticks
    // of USER_HZ, which is 100 everywhere.
    let ticks: i128 = stat.rsplit(')').next()?.split_whitespace().nth(19)?.parse().ok()?;
    // The number may have been given to another process since.
    if booted() + ticks * SECOND / 100 > stamp {
        return None;
    }
    std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()
}

fn add(lines: &[&Line], sure: bool, gathered: &mut Gathered) {
    let mut logs: Vec<&str> = lines.iter().map(|l| l.log.as_str()).collect();
    logs.dedup();
    for log in logs {
        let of = lines.iter().filter(|l| l.log == log);
        let text: String = of.map(|l| format!("{}\n", l.text)).collect();
        let name = if sure { log.to_owned() } else { format!("{log}{PERHAPS}") };
        gathered.add(Origin::KernelLog { log: name, sure }, text);
    }
}

/// The records of a window, each once, the oldest first.
pub(crate) fn lines(window: Window, options: &Options, missing: &mut Vec<String>) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    let journal = {
        let limits = Limits {
            total: options.left().min(Duration::from_millis(1200) * options.patience),
            ..options.limits
        };
        std::thread::spawn(move || journal(window, &limits))
    };
    kmsg(window, options, &mut found, missing);
    audit(window, options, &mut found, missing);
    match journal.join() {
        Ok(Ok(Some(text))) => {
            found.extend(take(text.lines().map(str::to_owned), "the journal"));
        }
        Ok(Ok(None)) => syslog(window, options, &mut found, missing),
        Ok(Err(error)) => missing.push(format!("The journal could not be read: {error}.")),
        Err(_) => missing.push("The journal could not be read.".to_owned()),
    }
    // Several logs hold the same record, told by its time and number.
    let mut seen = HashSet::new();
    found.retain(|line| match records::stamp(&line.text) {
        Some((_, name)) => {
            let kind = records::value(&line.text, "type").to_owned();
            let (name, apparmor) = (name.to_owned(), line.text.contains("apparmor="));
            seen.insert((name, apparmor || kind.starts_with("14") || kind == "AVC"))
        }
        None => seen.insert((line.text.clone(), false)),
    });
    found
}

fn take(lines: impl Iterator<Item = String>, log: &str) -> Vec<Line> {
    let mut kept: Vec<Line> =
        lines.filter(|l| records::matters(l)).map(|text| Line { log: log.to_owned(), text }).collect();
    let more = kept.len().saturating_sub(MOST);
    kept.drain(..more);
    kept
}

/// The ring buffer, each read one record.
fn kmsg(window: Window, options: &Options, found: &mut Vec<Line>, missing: &mut Vec<String>) {
    let path = options.root.join("dev/kmsg");
    let mut file = match std::fs::OpenOptions::new().read(true).custom_flags(crate::flags(false)).open(&path)
    {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return,
        Err(e) => {
            missing.push(format!("/dev/kmsg could not be read: {e}. Root may read the kernel's messages."));
            return;
        }
    };
    let booted = booted();
    let mut buffer = vec![0; 16 << 10];
    let mut lines = Vec::new();
    // The largest ring buffer holds 32 MiB (kernel/printk, LOG_BUF_LEN_MAX).
    for _ in 0..500_000 {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                let text = String::from_utf8_lossy(buffer.get(..n).unwrap_or_default());
                // What follows the first line are the device's properties.
                let line = text.lines().next().unwrap_or("");
                if !records::matters(line) {
                    continue;
                }
                let micros = line.split(',').nth(2).and_then(|m| m.parse::<i128>().ok()).unwrap_or(0);
                let when = records::stamp(line).map_or(booted + micros * 1000, |s| s.0);
                if window.holds(when) {
                    lines.push(line.to_owned());
                }
            }
            // EPIPE: records were overwritten while we read.
            Err(e) if e.raw_os_error() == Some(32) => {}
            Err(_) => break,
        }
    }
    found.extend(take(lines.into_iter(), "/dev/kmsg"));
}

/// When the machine was started, by its clock now.
pub(crate) fn booted() -> i128 {
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds: f64 = uptime.split_whitespace().next().and_then(|s| s.parse().ok()).unwrap_or(0.0);
    #[allow(clippy::cast_possible_truncation, reason = "the age of a machine in nanoseconds fits")]
    let since = (seconds * 1e9) as i128;
    time::now() - since
}

/// auditd's log and the ones that were rotated, the newest first.
fn audit(window: Window, options: &Options, found: &mut Vec<Line>, missing: &mut Vec<String>) {
    let names = ["audit.log", "audit.log.1", "audit.log.2", "audit.log.3", "audit.log.4"];
    for name in names {
        let path = options.root.join("var/log/audit").join(name);
        let mut lines = Vec::new();
        let mut before = false;
        let end = tail::first_later(&path, |line| Some(records::stamp(line)?.0 > window.to + 10 * SECOND));
        let read = end.and_then(|end| {
            tail::backwards(&path, end, BYTES, |line| {
                if let Some((when, _)) = records::stamp(line) {
                    // Lines are in the order of their times, but for a moment.
                    before = when < window.from - 10 * SECOND;
                    if window.holds(when) && (records::matters(line) || line.contains("type=SYSCALL")) {
                        lines.push(line.to_owned());
                    }
                }
                !before && lines.len() < 20_000 && !options.left().is_zero()
            })
        });
        match read {
            Ok(whole) if whole && !options.left().is_zero() => {}
            Ok(_) => missing.push(cut(&format!("/var/log/audit/{name}"))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return,
            Err(e) => {
                missing.push(format!("/var/log/audit/{name} could not be read: {e}."));
                return;
            }
        }
        lines.reverse();
        // A SYSCALL record counts only beside a refusal.
        let told: HashSet<String> = lines
            .iter()
            .filter(|l| records::matters(l))
            .filter_map(|l| records::stamp(l).map(|s| s.1.to_owned()))
            .collect();
        lines.retain(|l| records::stamp(l).is_some_and(|s| told.contains(s.1)));
        let more = lines.len().saturating_sub(MOST);
        let kept = lines.into_iter().skip(more);
        found.extend(kept.map(|text| Line { log: format!("/var/log/audit/{name}"), text }));
        if before {
            return;
        }
    }
}

/// The journal's lines from the kernel; `None` where there is no journal.
fn journal(window: Window, limits: &Limits) -> Result<Option<String>, Error> {
    let since = format!("@{}", (window.from / SECOND).max(0));
    let until = format!("@{}", (window.to / SECOND + 1).max(0));
    let arguments = [
        "--no-pager",
        "--quiet",
        "--output=short-iso-precise",
        "--lines=5000",
        "--since",
        &since,
        "--until",
        &until,
        "_TRANSPORT=kernel",
        "+",
        "_TRANSPORT=audit",
    ];
    match command("journalctl", &arguments, limits) {
        Ok(output) if output.success && !output.errors.contains("No journal files") => {
            Ok(Some(output.text).filter(|t| !t.is_empty()))
        }
        Ok(_) | Err(Error::Absent(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What syslog wrote, where no journal answers.
fn syslog(window: Window, options: &Options, found: &mut Vec<Line>, missing: &mut Vec<String>) {
    let offset = offset();
    for name in ["kern.log", "syslog", "messages"] {
        let path = options.root.join("var/log").join(name);
        let mut lines = Vec::new();
        let printed = |line: &str| {
            let bsd = || time::bsd(line, time::year(window.to), offset);
            time::rfc3339(line).map(|t| t.0).or_else(bsd)
        };
        // Of times without a zone and a year not even the hour is sure: a day more.
        let slack = |line: &str| if time::rfc3339(line).is_some() { 10 } else { 86_400 };
        let end = tail::first_later(&path, |line| Some(printed(line)? > window.to + slack(line) * SECOND));
        let read = end.and_then(|end| {
            tail::backwards(&path, end, BYTES, |line| {
                let when = printed(line).unwrap_or(window.to);
                if window.holds(records::stamp(line).map_or(when, |s| s.0)) && records::matters(line) {
                    lines.push(line.to_owned());
                }
                when > window.from - 60 * SECOND && lines.len() < 20_000 && !options.left().is_zero()
            })
        });
        match read {
            Ok(whole) => {
                if !whole || options.left().is_zero() {
                    missing.push(cut(&format!("/var/log/{name}")));
                }
                lines.reverse();
                found.extend(take(lines.into_iter(), &format!("/var/log/{name}")));
                // One of them holds the kernel's messages.
                return;
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => missing.push(format!("/var/log/{name} could not be read: {e}.")),
        }
    }
}

/// What is said of a log that was not read to the beginning of the time that matters.
fn cut(log: &str) -> String {
    format!("{log} is too long to be read as far back as the failure in the time that was given.")
}

/// Seconds by which local time is ahead of UTC, as the numbers of /etc/localtime's last rule say; 0 where
/// they can't be read. Only BSD time stamps need it.
fn offset() -> i64 {
    // `date +%z` is asked: the rules of time zones are its business.
    let limits = Limits { total: Duration::from_millis(300), ..Limits::default() };
    let Ok(output) = command("date", &["+%z"], &limits) else { return 0 };
    let text = output.text.trim();
    let (Some(sign), Some(hours), Some(minutes)) = (text.get(..1), text.get(1..3), text.get(3..5)) else {
        return 0;
    };
    let seconds = hours.parse::<i64>().unwrap_or(0) * 3600 + minutes.parse::<i64>().unwrap_or(0) * 60;
    if sign == "-" { -seconds } else { seconds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn options(root: &Path) -> Options {
        Options { root: root.to_owned(), ..Options::ours(Duration::from_secs(20)) }
    }

    #[test]
    fn the_end_of_a_long_log_is_enough() {
        let root = std::env::temp_dir().join(format!("whodenied-kernel-{}", std::process::id()));
        std::fs::create_dir_all(root.join("var/log/audit")).unwrap();
        let record = |time: u64| {
            format!(
                "type=AVC msg=audit({time}.000:{time}): apparmor=\"DENIED\" operation=\"open\" profile=\"docker-default\" name=\"/x{time}\" pid=1 comm=\"c\" requested_mask=\"r\" denied_mask=\"r\"\n"
            )
        };
        let mut text: String = (1000..3000).map(record).collect();
        text.push_str("type=SYSCALL msg=audit(2998.000:2998): arch=c000003e syscall=257 exit=-13\n");
        text.push_str("type=SYSCALL msg=audit(2999.000:2997): arch=c000003e syscall=257 exit=-13\n");
        std::fs::write(root.join("var/log/audit/audit.log"), text).unwrap();
        let window = Window { from: 2997 * SECOND, to: 2998 * SECOND };
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        audit(window, &options(&root), &mut found, &mut missing);
        let shown: Vec<&str> = found.iter().map(|l| records::value(&l.text, "name")).collect();
        assert_eq!((shown, missing.len()), (vec!["/x2997", "/x2998", ""], 0));
        assert!(found[2].text.starts_with("type=SYSCALL"));
        std::fs::remove_dir_all(root).unwrap();
    }
}
