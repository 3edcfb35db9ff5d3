//! A systemd unit: its files, its state, its journal.
//!
//! Sources: systemctl(1), journalctl(1), systemd.unit(5).

use crate::dead::{Dead, Main};
use crate::{Gathered, Options, kernel, machine, time};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use whodenied_case::{Origin, Workload};
use whodenied_engine::{Error, Limits, command};

/// Where units lie, the first that has one counts (systemd.unit(5)).
const FOLDERS: &[&str] = &[
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];
/// A unit longer than this is none.
const MOST: u64 = 128 << 10;
/// What of a unit's state matters.
const PROPERTIES: &str = "Id,FragmentPath,DropInPaths,ActiveState,SubState,Result,ExecMainCode,ExecMainStatus,ExecMainPID,ExecStart,ExecMainStartTimestamp,ExecMainExitTimestamp,ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic,InactiveExitTimestamp,InactiveEnterTimestamp,ControlGroup,NeedDaemonReload,User,DynamicUser,CapabilityBoundingSet,NoNewPrivileges";

/// Gathers what is left of a unit.
pub(crate) fn gather(name: &str, options: &Options) -> Gathered {
    let mut gathered = Gathered::default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "@:-_.\\".contains(c);
    if name.is_empty() || name.starts_with(['-', '.']) || !name.chars().all(plain) {
        gathered.missing.push("That is no name of a unit.".to_owned());
        return gathered;
    }
    let unit = if name.contains('.') { name.to_owned() } else { format!("{name}.service") };
    let limits = Limits {
        total: options.left().min(Duration::from_millis(1200) * options.patience),
        ..options.limits
    };
    let shown = show(&unit, &limits, &mut gathered);
    let value = |key: &str| {
        shown.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('=')).unwrap_or("").to_owned()
    };
    let mut files: Vec<PathBuf> = std::iter::once(value("FragmentPath"))
        .chain(value("DropInPaths").split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter(|f| f.starts_with('/'))
        .map(PathBuf::from)
        .collect();
    if files.is_empty() {
        files = found(&unit, options);
    }
    for file in files.iter().take(32) {
        match text(file) {
            Ok(text) => {
                gathered.found = true;
                gathered.add(Origin::Host { path: file.to_string_lossy().into_owned() }, text);
            }
            Err(e) => gathered.missing.push(format!("{} could not be read: {e}.", file.display())),
        }
    }
    if !gathered.found {
        gathered.missing.push(format!("There is no unit {unit} on this machine."));
        return gathered;
    }
    if value("NeedDaemonReload") == "yes" {
        gathered.missing.push(
            "The unit's files were changed since systemd read them: what runs follows the old ones until systemctl daemon-reload.".to_owned(),
        );
    }
    log(&unit, &limits, &mut gathered);
    gathered.add(
        Origin::State { of: format!("the state of {unit}") },
        format!(
            "unit: {unit}\nengine: systemd\nstatus: {} {}\n{}",
            value("ActiveState"),
            value("Result"),
            rights(&value)
        ),
    );
    let when = |key: &str| stamp(&value(key));
    let begin = when("ExecMainStartTimestamp").or_else(|| when("InactiveExitTimestamp"));
    if let Some(started) = begin {
        let dead =
            Dead {
                workload: Workload { unit: Some(unit), ..Workload::default() },
                id: value("ControlGroup"),
                programs: crate::records::programs(shown.lines().filter_map(|l| {
                    l.strip_prefix("ExecStart=")?.split(" argv[]=").nth(1)?.split(" ; ").next()
                })),
                running: value("ActiveState") == "active",
                main: main(
                    &value("ExecMainPID"),
                    &value("ExecMainStartTimestampMonotonic"),
                    &value("ExecMainExitTimestampMonotonic"),
                ),
                started: Some(started),
                finished: when("ExecMainExitTimestamp").or_else(|| when("InactiveEnterTimestamp")),
                ..Dead::default()
            };
        kernel::records(&dead, None, options, &mut gathered);
    }
    machine::state(options, &mut gathered);
    gathered
}

/// What the manager gives the unit's processes to begin with; "" where it could not be asked.
fn rights(value: &dyn Fn(&str) -> String) -> String {
    let set = value("CapabilityBoundingSet");
    if set.is_empty() {
        return String::new();
    }
    let bounding = crate::dead::bits(set.split_whitespace());
    let mut out = format!("bounding: {bounding:016x}\n");
    if matches!(value("User").as_str(), "" | "root" | "0") && value("DynamicUser") != "yes" {
        out.push_str("starts as: root\n");
    }
    // It is implied by other settings as well.
    if value("NoNewPrivileges") == "yes" {
        out.push_str("no new privileges: yes\n");
    }
    out
}

/// The main process, by its times in microseconds since the machine was started. A clock and ours differ by
/// a moment, in which no process number is given twice.
fn main(pid: &str, from: &str, to: &str) -> Option<Main> {
    let pid = pid.parse().ok().filter(|p| *p > 0)?;
    let when = |micros: &str| {
        let micros = micros.parse::<i128>().ok().filter(|m| *m > 0)?;
        Some(kernel::booted() + micros * 1000)
    };
    let slack = time::SECOND / 20;
    Some(Main { pid, from: when(from)? - slack, to: when(to).unwrap_or_else(time::now) + slack })
}

/// `@1796085370`, as `--timestamp=unix` prints it.
fn stamp(text: &str) -> Option<i128> {
    text.strip_prefix('@')?.parse::<i128>().ok().map(|s| s * time::SECOND)
}

fn show(unit: &str, limits: &Limits, gathered: &mut Gathered) -> String {
    match command(
        "systemctl",
        &["show", "--no-pager", "--timestamp=unix", "-p", PROPERTIES, "--", unit],
        limits,
    ) {
        Ok(output) if output.success => output.text,
        Ok(output) => {
            let why = output.errors.lines().next().unwrap_or("it failed").to_owned();
            gathered.missing.push(format!("systemctl show {unit}: {why}."));
            String::new()
        }
        Err(Error::Absent(_)) => String::new(),
        Err(error) => {
            gathered.missing.push(format!("systemctl: {error}."));
            String::new()
        }
    }
}

/// The unit's file and drop-ins by the folders they may lie in.
fn found(unit: &str, options: &Options) -> Vec<PathBuf> {
    let template = unit
        .split_once('@')
        .map(|(name, rest)| format!("{name}@.{}", rest.rsplit('.').next().unwrap_or("service")));
    let names = [Some(unit.to_owned()), template];
    let mut files = Vec::new();
    for name in names.iter().flatten() {
        let folders = || FOLDERS.iter().map(|f| options.root.join(f));
        let Some(file) = folders().map(|f| f.join(name)).find(|p| p.is_file()) else { continue };
        files.push(file);
        for folder in folders().map(|f| f.join(format!("{name}.d"))) {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            let mut more: Vec<PathBuf> = entries
                .take(64)
                .filter_map(|e| Some(e.ok()?.path()))
                .filter(|p| p.extension().is_some_and(|e| e == "conf"))
                .collect();
            more.sort();
            files.extend(more);
        }
        break;
    }
    files
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The end of the unit's journal.
fn log(unit: &str, limits: &Limits, gathered: &mut Gathered) {
    let arguments =
        ["--no-pager", "--quiet", "--output=short-iso-precise", "--lines=300", "--boot", "--unit", unit];
    match command("journalctl", &arguments, limits) {
        Ok(output) if output.success => {
            gathered.add(Origin::Log { name: format!("the journal of {unit}") }, output.text);
        }
        Ok(_) | Err(Error::Absent(_)) => {
            gathered.missing.push(format!("There is no journal of {unit}."));
        }
        Err(error) => gathered.missing.push(format!("The journal of {unit} could not be read: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_none() {
        let options =
            Options { root: PathBuf::from("/nonexistent"), ..Options::ours(Duration::from_secs(5)) };
        for name in ["", "-x", "../etc/passwd", "a b", "x;y"] {
            let gathered = gather(name, &options);
            assert!(!gathered.found && gathered.missing.len() == 1, "{name}");
        }
        assert_eq!(stamp("@12"), Some(12 * time::SECOND));
        assert_eq!(stamp("n/a"), None);
    }
}
