//! `whodenied default show ENGINE@VERSION`.

use crate::args::{DefaultShow, Format};
use crate::exit::Exit;
use crate::output::Output;
use crate::settings::Settings;
use serde::Serialize;
use std::collections::BTreeMap;
use whodenied_kernel::syscall::Arch;
use whodenied_report::terminal::{Section, sections};
use whodenied_report::{json, markdown};
use whodenied_runtimes::apparmor::{Host, default_profile};
use whodenied_runtimes::seccomp::{Query, answer, default_errno};
use whodenied_runtimes::{Runtime, caps, paths, sysctls};

/// The published JSON, `docs/schema/whodenied-default-1.schema.json`; parts not asked for are null.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    engine: &'static str,
    version: String,
    capabilities: Option<Vec<String>>,
    masked_paths: Option<Vec<&'static str>>,
    readonly_paths: Option<Vec<&'static str>>,
    sysctls: Option<BTreeMap<&'static str, String>>,
    seccomp: Option<Vec<Refused>>,
    apparmor: Option<String>,
}

/// A call of x86-64 that the filter refuses whatever its arguments.
#[derive(Serialize)]
struct Refused {
    syscall: &'static str,
    errno: String,
    /// The capability that makes the engine list it, "" for none.
    unlocked_by: String,
    why: String,
}

pub(crate) fn run(show: &DefaultShow, settings: &Settings, output: &mut Output) -> Exit {
    let Some((runtime, version)) = parse(&show.engine) else {
        let known: Vec<&str> = Runtime::ALL.iter().map(|r| r.component()).collect();
        output.error(&format!("the engine is one of {}, with @VERSION in numbers", known.join(", ")));
        return Exit::Usage;
    };
    let document = document(show, runtime, version.as_deref());
    output.print(&match settings.format {
        Format::Terminal => sections(&page(&document), &settings.terminal),
        Format::Markdown => markdown::sections(&page(&document)),
        Format::Json => json::document(&document),
    });
    Exit::Fine
}

/// `docker@26.1`; nerdctl is containerd's.
fn parse(text: &str) -> Option<(Runtime, Option<Vec<u32>>)> {
    let (name, version) = text.split_once('@').map_or((text, None), |(n, v)| (n, Some(v)));
    let name = match name {
        "nerdctl" | "cri" | "k3s" => "containerd",
        "crio" => "cri-o",
        name => name,
    };
    let runtime = Runtime::ALL.into_iter().find(|r| r.component() == name)?;
    let version = match version {
        Some(text) => {
            Some(text.trim_start_matches('v').split('.').map(|n| n.parse().ok()).collect::<Option<_>>()?)
        }
        None => None,
    };
    Some((runtime, version))
}

fn document(show: &DefaultShow, runtime: Runtime, version: Option<&[u32]>) -> Document {
    let all = !(show.apparmor || show.seccomp || show.caps || show.paths || show.sysctls);
    let name = match runtime {
        Runtime::Docker => "docker-default",
        Runtime::Containerd => "cri-containerd.apparmor.d",
        Runtime::Podman => "containers-default",
        Runtime::CriO => "crio-default",
    };
    let numbers = |v: &[u32]| v.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    Document {
        schema: "whodenied-default/1",
        engine: runtime.component(),
        version: version.map_or_else(String::new, numbers),
        capabilities: (all || show.caps)
            .then(|| caps::default(runtime, version).iter().map(ToString::to_string).collect()),
        masked_paths: (all || show.paths).then(|| paths::masked_paths(runtime, version)),
        readonly_paths: (all || show.paths).then(|| paths::readonly_paths(runtime)),
        sysctls: (all || show.sysctls).then(|| sysctls::set(runtime, version).into_iter().collect()),
        seccomp: (all || show.seccomp).then(|| refused(runtime, version)),
        apparmor: (all || show.apparmor)
            .then(|| default_profile(runtime, version, name, &Host::default()).map(|p| p.to_string()))
            .flatten(),
    }
}

fn refused(runtime: Runtime, version: Option<&[u32]>) -> Vec<Refused> {
    (0..1024)
        .filter_map(|number| Arch::X86_64.syscall_name(number))
        .filter_map(|syscall| {
            let refusal = answer(runtime, version, &Query { syscall, ..Query::default() })?;
            Some(Refused {
                syscall,
                errno: refusal.errno.to_string(),
                unlocked_by: refusal.unlocked_by.map(|c| c.to_string()).unwrap_or_default(),
                why: refusal.why,
            })
        })
        .collect()
}

fn page(document: &Document) -> Vec<Section> {
    let at = if document.version.is_empty() {
        ", newest known".to_owned()
    } else {
        format!(" {}", document.version)
    };
    let mut parts =
        vec![Section::Heading(format!("What {}{at} gives a container by default", document.engine))];
    let mut list = |title: &str, values: Option<Vec<String>>| {
        if let Some(values) = values {
            parts.push(Section::Heading(title.to_owned()));
            parts.push(Section::Text(if values.is_empty() { "none".to_owned() } else { values.join(", ") }));
        }
    };
    let own =
        |all: &Option<Vec<&'static str>>| all.as_ref().map(|v| v.iter().map(|p| (*p).to_owned()).collect());
    list("Capabilities of root", document.capabilities.clone());
    list("Masked paths", own(&document.masked_paths));
    list("Read-only paths", own(&document.readonly_paths));
    let set = document.sysctls.as_ref().map(|m| m.iter().map(|(k, v)| format!("{k}={v}")).collect());
    list("Sysctls", set);
    if let Some(refused) = &document.seccomp {
        parts.push(Section::Heading("Refused by seccomp on x86-64".to_owned()));
        let mut groups: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
        for call in refused {
            groups.entry((call.unlocked_by.clone(), call.errno.clone())).or_default().push(call.syscall);
        }
        for ((capability, errno), calls) in groups {
            let with = if capability.is_empty() { String::new() } else { format!(" without {capability}") };
            parts.push(Section::Term(format!("{errno}{with}"), calls.join(" ")));
        }
        let runtime = Runtime::ALL.into_iter().find(|r| r.component() == document.engine);
        if let Some(runtime) = runtime {
            let version: Vec<u32> = document.version.split('.').filter_map(|n| n.parse().ok()).collect();
            let version = (!version.is_empty()).then_some(version.as_slice());
            parts.push(Section::Term(
                "by argument".to_owned(),
                format!(
                    "personality but for five values, clone that makes namespaces, some socket families: {} where nothing else is said",
                    default_errno(runtime, version)
                ),
            ));
        }
    }
    if let Some(profile) = &document.apparmor {
        parts.push(Section::Heading(
            "AppArmor profile, in our words, on a host with the usual files".to_owned(),
        ));
        parts.push(Section::Code(profile.clone()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_and_versions() {
        assert_eq!(parse("docker@26.1"), Some((Runtime::Docker, Some(vec![26, 1]))));
        assert_eq!(parse("nerdctl@v1.7.24"), Some((Runtime::Containerd, Some(vec![1, 7, 24]))));
        assert_eq!(parse("podman"), Some((Runtime::Podman, None)));
        for wrong in ["", "docker@", "docker@x", "rkt@1", "@1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    // Values that Debian's engines handed to runc.
    #[test]
    fn what_was_seen_is_shown() {
        let names = |text| {
            let (runtime, version) = parse(text).unwrap();
            refused(runtime, version.as_deref())
                .into_iter()
                .map(|r| (r.syscall, r.errno))
                .collect::<BTreeMap<_, _>>()
        };
        let (old, new) = (names("docker@20.10.24"), names("docker@26.1.5"));
        assert_eq!(old.get("process_vm_readv").map(String::as_str), Some("EPERM"));
        assert_eq!(new.get("process_vm_readv"), None);
        assert_eq!(old.get("cachestat").map(String::as_str), Some("ENOSYS"));
        assert!(!new.contains_key("cachestat") && new.contains_key("io_uring_setup"));
        assert_eq!(new.get("lsm_list_modules").map(String::as_str), Some("ENOSYS"));
        assert_eq!(names("podman@5.4.2").get("futex_waitv").map(String::as_str), Some("EPERM"));
    }
}
