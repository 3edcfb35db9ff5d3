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

/// A report of sealert without its opening sentence, or with that sentence in other words: `Source
/// context`, `Target context` and `Target objects NAME [ CLASS ]` on lines of their own; with the
/// index of the first of them.
pub(super) fn block(lines: &[&str]) -> Option<(AvcRecord, usize)> {
    let value = |line: &str, key: &str| {
        let head = line.get(..key.len())?;
        let rest = line.get(key.len()..)?;
        let value = rest.trim_start_matches([':', ' ', '\t']).trim_end();
        (head.eq_ignore_ascii_case(key) && !value.is_empty()).then(|| value.to_owned())
    };
    let find = |key: &str| lines.iter().enumerate().find_map(|(i, l)| Some((i, value(l, key)?)));
    let (first, scontext) = find("source context")?;
    let (_, tcontext) = find("target context")?;
    let (_, object) = find("target objects")?;
    let (name, class) = object.split_once('[')?;
    let class = class.split(']').next()?.trim();
    if scontext.split(':').count() < 3 || tcontext.split(':').count() < 3 || class.is_empty() {
        return None;
    }
    let mut record = AvcRecord { denied: true, ..AvcRecord::default() };
    record.tclass = Some(class.to_owned());
    let name = name.trim();
    if !name.is_empty() && !matches!(name, "None" | "Unknown") {
        let key = if name.starts_with('/') { "path" } else { "name" };
        record.fields.push((key.to_owned(), name.to_owned()));
    }
    if let Some((_, comm)) = find("source path").or_else(|| find("source")).filter(|(_, v)| !v.contains(':'))
    {
        let comm = comm.rsplit('/').next().unwrap_or(&comm).to_owned();
        record.fields.push(("comm".to_owned(), comm));
    }
    // `… with read access to …`: the word before "access" where a sentence has one.
    let from = first.saturating_sub(6);
    let permission = lines.iter().take(first).skip(from).rev().find_map(|l| {
        let (left, _) = l.rsplit_once(" access ")?;
        let word = left.rsplit(' ').next()?.trim_matches(['\'', '"']);
        let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        (plain && word.len() > 2 && l.to_ascii_lowercase().contains("selinux")).then(|| word.to_owned())
    });
    record.permissions.extend(permission);
    record.scontext = Some(scontext);
    record.tcontext = Some(tcontext);
    (!record.permissions.is_empty()).then_some((record, first))
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
    fn a_report_in_other_words() {
        let lines = [
            "SELinux prevents (x) from accessing y with read access to lnk_file.",
            "Source context system_u:system_r:init_t:s0",
            "Target context unconfined_u:object_r:user_home_t:s0",
            "Target objects y [ lnk_file ]",
        ];
        let (record, at) = block(&lines).unwrap();
        assert_eq!(
            (record.tclass.as_deref(), record.permissions.as_slice(), at),
            (Some("lnk_file"), &["read".to_owned()][..], 1)
        );
        assert!(block(&lines[..2]).is_none());
    }

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
