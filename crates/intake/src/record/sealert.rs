//! What setroubleshoot makes of an AVC record: `SELinux is preventing httpd from read access on the
//! file index.html.`, with the contexts below it in sealert's report.

use std::ops::Range;
use whodenied_case::record::AvcRecord;

/// A sentence of setroubleshoot as the record it was made from; with the place of what decides.
pub(super) fn read(text: &str) -> Option<(AvcRecord, Range<usize>)> {
    const OPENING: &str = "SELinux is preventing ";
    let start = text.find(OPENING)?;
    let rest = text.get(start + OPENING.len()..)?;
    let (program, said) = rest.split_once(" from ")?;
    let said = said.split(". ").next().unwrap_or(said);
    let said = said.trim_end_matches(['.', ' ']);
    let program = program.trim_matches(['"', '\'', ' ']);
    if program.is_empty() || program.contains(' ') && !program.starts_with('/') {
        return None;
    }
    let mut record = AvcRecord { denied: true, ..AvcRecord::default() };
    let comm = program.rsplit('/').next().unwrap_or(program);
    record.fields.push(("comm".to_owned(), comm.to_owned()));
    let words = |t: &str| -> Vec<String> {
        t.split([',', ' ', '\'', '"']).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    if let Some(capability) = said.strip_prefix("using the ").and_then(|s| s.split(" capabilit").next()) {
        record.permissions = words(capability);
        record.tclass = Some("capability".to_owned());
        if said.contains(" access") {
            // "using the 'signal' accesses on a process"
            record.permissions = words(said.strip_prefix("using the ")?.split(" access").next()?);
            record.tclass = Some("process".to_owned());
        }
    } else {
        let (permissions, object) = said.split_once(" access")?;
        record.permissions = words(permissions);
        let object = object.trim_start_matches("es").trim_start().strip_prefix("on ")?;
        let object = object.strip_prefix("the ").or_else(|| object.strip_prefix("a ")).unwrap_or(object);
        let (class, name) = object.split_once(' ').unwrap_or((object, ""));
        if class.starts_with('/') {
            record.fields.push(("path".to_owned(), object.to_owned()));
        } else {
            record.tclass = Some(if class == "directory" { "dir" } else { class }.to_owned());
            if let Some(port) = name.strip_prefix("port ") {
                record.fields.push(("dest".to_owned(), port.to_owned()));
            } else if !name.is_empty() && !matches!(name, "None" | "Unknown") {
                let key = if name.starts_with('/') { "path" } else { "name" };
                record.fields.push((key.to_owned(), name.to_owned()));
            }
        }
    }
    let known = !record.permissions.is_empty() && record.permissions.len() <= 16;
    let end = start + OPENING.len() + rest.find(" from ")? + " from ".len() + said.len();
    known.then_some((record, start..end.min(text.len())))
}

/// Takes the contexts and the mode from a line of sealert's report.
pub(super) fn complete(record: &mut AvcRecord, line: &str) {
    let value = |key: &str| line.strip_prefix(key).map(str::trim).filter(|v| !v.is_empty());
    if let Some(context) = value("Source Context") {
        record.scontext.get_or_insert_with(|| context.to_owned());
    } else if let Some(context) = value("Target Context") {
        record.tcontext.get_or_insert_with(|| context.to_owned());
    } else if let Some(mode) = value("Enforcing Mode") {
        record.permissive.get_or_insert(mode.eq_ignore_ascii_case("permissive"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        for (text, comm, permissions, class, name) in [
            (
                "SELinux is preventing /usr/sbin/httpd from read access on the file /var/www/x.",
                "httpd",
                vec!["read"],
                "file",
                Some(("path", "/var/www/x")),
            ),
            (
                "SELinux is preventing nginx from name_connect access on the tcp_socket port 8080. For complete SELinux messages run: sealert -l 1",
                "nginx",
                vec!["name_connect"],
                "tcp_socket",
                Some(("dest", "8080")),
            ),
            (
                "SELinux is preventing systemd from 'read, open' accesses on the directory data.",
                "systemd",
                vec!["read", "open"],
                "dir",
                Some(("name", "data")),
            ),
            (
                "SELinux is preventing gdb from using the sys_ptrace capability.",
                "gdb",
                vec!["sys_ptrace"],
                "capability",
                None,
            ),
            (
                "SELinux is preventing x from using the signal access on a process.",
                "x",
                vec!["signal"],
                "process",
                None,
            ),
            (
                "SELinux is preventing conmon from connectto access on the unix_stream_socket /run/x.sock.",
                "conmon",
                vec!["connectto"],
                "unix_stream_socket",
                Some(("path", "/run/x.sock")),
            ),
        ] {
            let (record, _) = read(text).unwrap();
            assert_eq!(record.get("comm"), Some(comm), "{text}");
            assert_eq!(record.permissions, permissions, "{text}");
            assert_eq!(record.tclass.as_deref(), Some(class), "{text}");
            assert_eq!(name.map(|(k, v)| record.get(k) == Some(v)), name.map(|_| true), "{text}: {record:?}");
        }
        for text in [
            "SELinux is preventing",
            "SELinux is preventing x from ",
            "SELinux is preventing us from doing x",
            "I think SELinux is preventing the container from starting",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
