//! `whodenied doctor`: what the layers of this machine are set to.

use crate::args::{Doctor, Format};
use crate::exit::Exit;
use crate::output::Output;
use crate::settings::Settings;
use whodenied_case::{Evidence, Origin};
use whodenied_doctor::survey::{Survey, survey};
use whodenied_report::terminal::{Section, sections};
use whodenied_report::{json, markdown};
use whodenied_sources::LiveHost;
use whodenied_text::SourceId;

pub(crate) fn run(doctor: &Doctor, settings: &Settings, output: &mut Output) -> anyhow::Result<Exit> {
    let survey = survey(&LiveHost);
    output.print(&match settings.format {
        Format::Terminal => sections(&page(&survey), &settings.terminal),
        Format::Markdown => markdown::sections(&page(&survey)),
        Format::Json => json::document(&survey),
    });
    if let Some(path) = &doctor.save {
        super::explain::save_evidence(evidence(&survey), path, doctor.force)?;
        output.remark(&format!("Evidence saved: {}", path.display()));
    }
    Ok(Exit::Fine)
}

fn evidence(survey: &Survey) -> Vec<Evidence> {
    let all = survey.evidence.iter().zip(0_u32..);
    all.map(|(e, id)| Evidence::new(SourceId(id), Origin::Host { path: e.path.clone() }, e.text.clone()))
        .collect()
}

fn page(survey: &Survey) -> Vec<Section> {
    let mut parts = vec![Section::Heading("What the layers of this machine are set to".to_owned())];
    for group in &survey.groups {
        parts.push(Section::Heading(group.title.to_owned()));
        for row in &group.rows {
            let means = if row.means.is_empty() { String::new() } else { format!(": {}", row.means) };
            parts.push(Section::Term(row.name.clone(), format!("{}{means}", row.value)));
        }
    }
    parts.push(Section::Heading("What whodenied can see as this user".to_owned()));
    for sight in &survey.sights {
        let word = match sight.visible {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "?",
        };
        parts.push(Section::Term(word.to_owned(), format!("{}: {}", sight.what, sight.because)));
        if !sight.change.is_empty() {
            parts.push(Section::Code(sight.change.clone()));
        }
    }
    if !survey.missing.is_empty() {
        parts.push(Section::Heading("Could not be read".to_owned()));
        parts.extend(survey.missing.iter().map(|m| Section::Term("?".to_owned(), m.clone())));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_intake::Input;
    use whodenied_kernel::Layer;
    use whodenied_sources::{Metadata, RecordedHost};

    fn host() -> RecordedHost {
        RecordedHost::default()
            .with(
                "/etc/os-release",
                "PRETTY_NAME=\"\u{1b}]0;x\u{7}\u{202e}\"\nID=debian\nVERSION_ID=\"13\"\n",
            )
            .with("/proc/sys/kernel/osrelease", "6.12.1\n")
            .with("/sys/kernel/security/lsm", "capability,yama,apparmor")
            .with("/sys/module/apparmor/parameters/enabled", "Y\n")
            .with("/proc/sys/kernel/yama/ptrace_scope", "1\n")
            .with("/proc/sys/net/ipv4/ping_group_range", "1\t0\n")
            .with("/proc/sys/fs/protected_regular", "2\n")
            .with("/proc/self/mountinfo", "31 30 0:40 / /a\u{1b}[2J rw,noexec - tmpfs tmpfs rw\n")
            .with("/etc/subuid", "\u{9b}31m:1:2\n")
            .with_metadata("/run/docker.sock", Metadata { mode: 0o140_660, uid: 0, gid: 1 }, false)
            .with_program("docker", "Docker \u{1b}[31mversion")
    }

    #[test]
    fn hostile_files_steer_nothing() {
        let survey = survey(&host());
        for text in [
            sections(&page(&survey), &whodenied_report::terminal::Options::default()),
            markdown::sections(&page(&survey)),
            json::document(&survey),
        ] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{}", text.escape_debug());
            assert!(text.contains("protected_regular"));
        }
    }

    #[test]
    fn what_is_printed_is_evidence_and_no_denial() {
        let text = json::document(&survey(&host()));
        let input = Input {
            origin: Origin::Paste { name: "host.json".to_owned() },
            reader: Box::new(std::io::Cursor::new(text.into_bytes())),
        };
        let case = crate::pipeline::explain(vec![input]);
        assert!(case.diagnoses.is_empty(), "{:?}", case.diagnoses);
        assert!(case.facts.sysctl("fs.protected_regular").is_some_and(|(_, v)| v == "2"));
        assert!(case.facts.sysctl("net.ipv4.ping_group_range").is_some_and(|(_, v)| v == "1 0"));
        assert!(case.facts.lsm(Layer::Apparmor).is_some());
        assert_eq!(evidence(&survey(&host())).len(), case.evidence.len());
    }
}
