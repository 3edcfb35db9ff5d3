//! systemd units and drop-ins, whole, as loose directives, or named in a sentence.
//!
//! Sources: systemd.exec(5), systemd.service(5), systemd.resource-control(5).

use crate::knob::{Found, Knob, Surface};
use crate::line::Line;
use crate::value;

/// Directives that confine a service or choose who it is.
const DIRECTIVES: &[&str] = &[
    "User",
    "Group",
    "SupplementaryGroups",
    "DynamicUser",
    "UMask",
    "PermissionsStartOnly",
    "PAMName",
    "CapabilityBoundingSet",
    "AmbientCapabilities",
    "NoNewPrivileges",
    "SecureBits",
    "SELinuxContext",
    "AppArmorProfile",
    "SmackProcessLabel",
    "ProtectSystem",
    "ProtectHome",
    "ProtectProc",
    "ProcSubset",
    "ProtectKernelTunables",
    "ProtectKernelModules",
    "ProtectKernelLogs",
    "ProtectControlGroups",
    "ProtectClock",
    "ProtectHostname",
    "ReadWritePaths",
    "ReadOnlyPaths",
    "InaccessiblePaths",
    "ExecPaths",
    "NoExecPaths",
    "ReadWriteDirectories",
    "ReadOnlyDirectories",
    "InaccessibleDirectories",
    "BindPaths",
    "BindReadOnlyPaths",
    "TemporaryFileSystem",
    "RootDirectory",
    "RootImage",
    "MountFlags",
    "MountAPIVFS",
    "PrivateTmp",
    "PrivateDevices",
    "PrivateNetwork",
    "PrivateUsers",
    "PrivateMounts",
    "PrivateIPC",
    "PrivatePIDs",
    "JoinsNamespaceOf",
    "NetworkNamespacePath",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "RestrictFileSystems",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "RemoveIPC",
    "KeyringMode",
    "SystemCallFilter",
    "SystemCallErrorNumber",
    "SystemCallArchitectures",
    "SystemCallLog",
    "DeviceAllow",
    "DevicePolicy",
    "Delegate",
    "SocketBindAllow",
    "SocketBindDeny",
    "IPAddressDeny",
    "IPAddressAllow",
    "Slice",
    "StateDirectory",
    "RuntimeDirectory",
    "CacheDirectory",
    "LogsDirectory",
    "ConfigurationDirectory",
    "StateDirectoryMode",
    "RuntimeDirectoryMode",
    "CacheDirectoryMode",
    "LogsDirectoryMode",
    "WorkingDirectory",
    "LimitNOFILE",
    "LimitMEMLOCK",
    "LimitNPROC",
    "LimitRTPRIO",
    "LimitRTTIME",
    "LimitCORE",
    "LimitNICE",
    "LimitSIGPENDING",
    "LimitMSGQUEUE",
    "LimitSTACK",
    "LimitAS",
    "LimitFSIZE",
    "LimitDATA",
    "CPUSchedulingPolicy",
    "CPUSchedulingPriority",
    "Nice",
    "IOSchedulingClass",
    "OOMScoreAdjust",
    "StandardOutput",
    "StandardError",
    "StandardInput",
    "TTYPath",
    "ExecStart",
    "ExecStartPre",
    "Type",
    "ListenStream",
    "SocketUser",
    "SocketGroup",
    "SocketMode",
];

/// Directives whose name is also an ordinary word: only taken at the start of a line and where the
/// lines around are a unit's.
const COMMON: &[&str] = &["User", "Group", "Type", "Nice", "Slice", "Delegate", "UMask"];

/// True for a directive of systemd that matters to a denial.
#[must_use]
pub fn is_directive(name: &str) -> bool {
    DIRECTIVES.contains(&name)
}

/// Adds every directive among `lines`.
pub fn read(lines: &[Line<'_>], found: &mut Vec<Found>) {
    let mut section = "";
    let quadlet = crate::quadlet::is_quadlet(lines);
    let unit_like = lines.iter().any(|l| {
        let (key, _) = assignment(l.text).unwrap_or(("", ""));
        matches!(l.text, "[Service]" | "[Unit]" | "[Install]" | "[Socket]")
            || (is_directive(key) && !COMMON.contains(&key))
            || matches!(
                key,
                "WantedBy" | "Description" | "After" | "Restart" | "Environment" | "EnvironmentFile"
            )
    });
    for (at, line) in lines.iter().enumerate() {
        let text = line.text;
        if let Some(name) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'))
            && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
        {
            section = name;
            continue;
        }
        if text.starts_with('#') || text.starts_with(';') {
            continue;
        }
        if let Some((key, value)) = assignment(text)
            && is_directive(key)
        {
            let own = !matches!(section, "Container" | "Pod" | "Volume" | "Network" | "Kube" | "Build");
            let sure = if COMMON.contains(&key) { unit_like && !quadlet } else { true };
            let (value, rest) = told(value);
            if own && sure && !is_absent(rest) {
                let end = text.len() - rest.len();
                directive(at, 0..end, key, value, Surface::SystemdUnit, found);
            }
            rest_of(at, text, rest, found);
            continue;
        }
        sentence(at, text, found);
    }
}

/// `Key=value` or `Key = value` at the start of a line, the key one capitalised word.
pub(crate) fn assignment(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once('=')?;
    let key = key.trim_end();
    let fits =
        key.starts_with(|c: char| c.is_ascii_uppercase()) && key.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then_some((key, value.trim()))
}

/// A value as far as it is one: `true, data under /x`, `CAP_X in the unit`, `yes and User=x` go on as prose.
fn told(value: &str) -> (&str, &str) {
    const ENDS: &[&str] =
        &[", ", " and ", " in the ", " but ", " missing", " is ", " (", " with ", " without "];
    let list =
        value.starts_with('"') || value.starts_with('/') || value.starts_with('-') || value.contains("%");
    let cut = ENDS.iter().filter_map(|e| value.find(e)).min();
    match cut {
        Some(at)
            if !list || value.get(at..).is_some_and(|r| r.starts_with(", ") || r.contains("missing")) =>
        {
            (value.get(..at).unwrap_or(value), value.get(at..).unwrap_or(""))
        }
        _ => (value, ""),
    }
}

fn is_absent(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.starts_with("missing") || rest.starts_with("is missing") || rest.starts_with("is not set")
}

/// Further directives of a line that began as one.
fn rest_of(at: usize, text: &str, rest: &str, found: &mut Vec<Found>) {
    let offset = text.len() - rest.len();
    let before = found.len();
    sentence_with(at, rest, true, found);
    for f in found.iter_mut().skip(before) {
        f.range = f.range.start + offset..f.range.end + offset;
    }
}

/// Directives between the words of a sentence: `the unit has ProtectSystem=strict and PrivateTmp=yes`.
fn sentence(at: usize, text: &str, found: &mut Vec<Found>) {
    sentence_with(at, text, false, found);
}

fn sentence_with(at: usize, text: &str, common: bool, found: &mut Vec<Found>) {
    if !text.contains('=') {
        return;
    }
    for word in text.split_whitespace() {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let bare = word.trim_matches(|c: char| "`'\"(),;".contains(c)).trim_end_matches('.');
        let Some((key, value)) = assignment(bare) else { continue };
        if is_directive(key)
            && (common || !COMMON.contains(&key))
            && !key.starts_with("Exec")
            && !key.starts_with("Standard")
        {
            let tail = more(text.get(start + word.len()..).unwrap_or(""));
            let end = start + word.len() + tail;
            let listed = text.get(start..end).and_then(|t| t.split_once('=')).map(|(_, v)| v.trim());
            let whole = if tail == 0 { value } else { listed.unwrap_or(value) };
            directive(at, start..end, key, whole, Surface::Prose, found);
        }
    }
}

/// How many bytes of what follows a directive's first value are further values of a list: `AF_INET AF_INET6`,
/// `CAP_CHOWN CAP_KILL`, `@system-service ~@clock`.
fn more(rest: &str) -> usize {
    let mut taken = 0;
    for word in rest.split_whitespace() {
        let bare = word.trim_end_matches([',', '.', ')']);
        let listed = ["AF_", "CAP_", "@", "~@"].iter().any(|p| bare.starts_with(p));
        if !listed {
            break;
        }
        taken = word.as_ptr() as usize - rest.as_ptr() as usize + bare.len();
        if bare.len() < word.len() {
            break;
        }
    }
    taken
}

fn directive(
    line: usize,
    range: std::ops::Range<usize>,
    key: &str,
    value: &str,
    surface: Surface,
    found: &mut Vec<Found>,
) {
    let mut push = |knob| {
        found.push(Found { line, range: range.clone(), surface, service: None, knob });
    };
    push(Knob::Unit { key: key.to_owned(), value: value.to_owned() });
    match key {
        "NoNewPrivileges" => {
            if let Some(on) = value::boolean(value) {
                push(Knob::NoNewPrivs(on));
            }
        }
        "AppArmorProfile" if !value.is_empty() => {
            push(Knob::Apparmor(value.trim_start_matches('-').to_owned()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(&crate::line::lines(text), &mut found);
        found
            .iter()
            .map(|f| match &f.knob {
                Knob::Unit { key, value } => format!("{key}={value}"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn units_drop_ins_and_bare_lists() {
        assert_eq!(
            view("[Service]\nUser=git\nExecStart=/bin/x\n#PrivateTmp=yes\nProtectSystem = strict\n"),
            ["User=git", "ExecStart=/bin/x", "ProtectSystem=strict"]
        );
        assert_eq!(view("NoNewPrivileges=yes"), ["NoNewPrivileges=yes", "NoNewPrivs(true)"]);
        assert_eq!(
            view("SystemCallFilter=~@resources @privileged"),
            ["SystemCallFilter=~@resources @privileged"]
        );
    }

    #[test]
    fn sentences_and_look_alikes() {
        assert_eq!(
            view("ProtectHome=true, data under /home/x and PrivateTmp=yes"),
            ["ProtectHome=true", "PrivateTmp=yes"]
        );
        assert_eq!(
            view("it has RestrictAddressFamilies=AF_INET AF_INET6, says he"),
            ["RestrictAddressFamilies=AF_INET AF_INET6"]
        );
        assert_eq!(view("LimitMEMLOCK=infinity missing"), Vec::<String>::new());
        assert_eq!(view("ExecStart=/bin/sh -c 'a and b, c'"), ["ExecStart=/bin/sh -c 'a and b, c'"]);
        assert_eq!(view("the unit has `ProtectHome=read-only`, I think."), ["ProtectHome=read-only"]);
        assert_eq!(view("User=bob is a label here"), Vec::<String>::new());
        assert_eq!(view("USER=root COMMAND=/bin/sh Type=x"), Vec::<String>::new());
    }

    #[test]
    fn a_quadlets_container_section_is_not_a_unit() {
        assert_eq!(view("[Container]\nImage=x\nUser=5\n[Service]\nPrivateTmp=yes\n"), ["PrivateTmp=yes"]);
    }
}
