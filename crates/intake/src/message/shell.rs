//! Command interpreters: `bash: /x: Permission denied`, `sh: 1: cannot create /x: …`,
//! `./run.sh: line 5: /data/log: …`.

use super::generic::Reading;
use super::object;
use super::tools;
use super::unit::Unit;
use whodenied_case::ObjectKind;
use whodenied_kernel::{Call, Errno};

/// Tells running from redirecting in the messages of shells.
pub(crate) fn refine(readings: &mut [Reading], unit: &Unit, dialect: &mut &'static str) {
    let low = unit.low.as_str();
    for reading in readings {
        let failure = &mut reading.failure;
        let by_shell = failure.program.as_deref().is_some_and(tools::is_shell)
            || low.contains(": line ") && line_number(low);
        if !by_shell {
            continue;
        }
        *dialect = "shell";
        if let Some(script) = script_of(&unit.text) {
            // The interpreter is there; what was refused is running the script.
            failure.object = Some(script.to_owned());
            failure.kind = ObjectKind::Executable;
            failure.call = Some(Call::Exec);
            continue;
        }
        if let Some(name) = failure.program.as_deref().filter(|p| !tools::is_shell(p)) {
            // `entrypoint.sh: line 3: …`: the script is not the object.
            if failure.object.as_deref() == Some(name) {
                failure.object = None;
            }
        }
        // `script: line 5: PATH: error`: words of the script's or the file's name tell no call.
        if failure.object.as_deref().is_some_and(|o| alone(&unit.text, o)) {
            failure.call = None;
        }
        if failure.call.is_none_or(|c| c == Call::Write || c == Call::Exec) && failure.object.is_some() {
            let name = failure.object.clone().unwrap_or_default();
            let exec = failure.errno == Some(Errno::EPERM) && !is_data(&name) && !kept(&name)
                || looks_executable(&name);
            if failure.call != Some(Call::Exec) || kept(&name) {
                failure.call = Some(if exec { Call::Exec } else { Call::Open });
            }
            failure.kind = match object::kind(&name, failure.call) {
                ObjectKind::Unknown if exec => ObjectKind::Executable,
                kind => kind,
            };
            if failure.kind == ObjectKind::Sysctl {
                failure.call = Some(Call::SysctlWrite);
            }
        }
    }
}

/// `bash: SCRIPT: INTERPRETER: bad interpreter: …`
fn script_of(text: &str) -> Option<&str> {
    let before = text.split(": bad interpreter").next().filter(|b| b.len() < text.len())?;
    let mut parts = before.rsplit(": ");
    let interpreter = parts.next()?;
    let script = parts.next()?.trim();
    (interpreter.trim().starts_with('/') && script.contains('/')).then_some(script)
}

/// `: line 12: `
fn line_number(low: &str) -> bool {
    low.split(": line ")
        .nth(1)
        .is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()) && t.contains(": "))
}

/// The shell's line number is followed by this path and the error alone.
fn alone(text: &str, path: &str) -> bool {
    let after = text.split(": line ").nth(1).and_then(|t| t.split_once(':')).map(|(_, t)| t.trim_start());
    path.starts_with('/') && after.and_then(|t| t.strip_prefix(path)).is_some_and(|t| t.starts_with(": "))
}

fn is_data(name: &str) -> bool {
    ["/proc/", "/sys/", "/dev/"].iter().any(|p| name.starts_with(p))
}

/// A file that is written and never run: a hidden file of a home, configuration, a log.
fn kept(name: &str) -> bool {
    let place = ["/etc/", "/var/log/", "/boot/"].iter().any(|p| name.starts_with(p));
    let ending = name.rsplit_once('.').map_or("", |(_, e)| e);
    name.starts_with('/')
        && (place
            || name.split('/').any(|part| part == ".ssh" || part == ".config")
            || matches!(
                ending,
                "conf" | "cfg" | "log" | "txt" | "json" | "yml" | "yaml" | "ini" | "toml" | "pem"
            ))
}

/// A path that a shell runs rather than writes: by its place or its ending.
fn looks_executable(name: &str) -> bool {
    if is_data(name) {
        return false;
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    if name.starts_with("./")
        || name.contains("/bin/")
        || name.contains("/sbin/")
        || name.contains("/libexec/")
        || !name.contains('/')
    {
        return true;
    }
    match last.rsplit_once('.') {
        None => {
            !["/etc/", "/var/log", "/run/", "/tmp/"].iter().any(|p| name.starts_with(p))
                || last.contains("entrypoint")
        }
        Some((_, ending)) => {
            matches!(ending, "sh" | "py" | "pl" | "rb" | "bash" | "run" | "bin" | "AppImage" | "appimage")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::generic;
    use super::*;

    fn read(text: &str) -> (Option<Call>, Option<String>) {
        let unit = Unit::of(text);
        let mut readings = generic::read(&unit, None);
        refine(&mut readings, &unit, &mut "");
        let f = readings.pop().unwrap().failure;
        (f.call, f.object)
    }

    #[test]
    fn running_and_redirecting() {
        let s = |t: &str| Some(t.to_owned());
        assert_eq!(
            read("bash: /usr/bin/ping: Operation not permitted"),
            (Some(Call::Exec), s("/usr/bin/ping"))
        );
        assert_eq!(read("bash: ./run.sh: Permission denied"), (Some(Call::Exec), s("./run.sh")));
        assert_eq!(read("sh: 1: ./configure: Permission denied"), (Some(Call::Exec), s("./configure")));
        assert_eq!(
            read("/bin/sh: 1: /app/start.sh: Permission denied"),
            (Some(Call::Exec), s("/app/start.sh"))
        );
        assert_eq!(
            read("sh: 1: cannot create /data/x.log: Permission denied"),
            (Some(Call::Create), s("/data/x.log"))
        );
        assert_eq!(read("bash: /etc/hosts: Permission denied"), (Some(Call::Open), s("/etc/hosts")));
        assert_eq!(
            read("bash: /proc/sys/net/ipv4/ip_forward: Read-only file system"),
            (Some(Call::SysctlWrite), s("/proc/sys/net/ipv4/ip_forward"))
        );
        assert_eq!(
            read("/entrypoint.sh: line 12: /data/config.ini: Permission denied"),
            (Some(Call::Open), s("/data/config.ini"))
        );
        assert_eq!(
            read("/opt/iptables_dump: line 8: /tmp/iptables-1.tmp: Permission denied"),
            (Some(Call::Open), s("/tmp/iptables-1.tmp"))
        );
    }
}
