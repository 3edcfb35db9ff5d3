//! The rules of the workspace: who may depend on whom, and what may stand where.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Package → the workspace packages it may depend on. Written down in ARCHITECTURE.md.
const EDGES: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("kernel", &[]),
    ("access", &["kernel"]),
    ("case", &["text", "kernel", "access"]),
    ("apparmor", &["text", "kernel"]),
    ("seccomp", &["text", "kernel"]),
    ("manifest", &["text", "kernel"]),
    ("runtimes", &["kernel", "apparmor", "seccomp"]),
    ("intake", &["case", "access", "kernel", "text", "manifest", "apparmor", "seccomp", "runtimes"]),
    ("judge", &["case", "kernel", "text", "access", "apparmor", "seccomp", "runtimes"]),
    ("remedy", &["case", "access", "kernel", "text", "judge", "runtimes", "apparmor", "seccomp", "manifest"]),
    ("sources", &["case", "kernel", "text", "access", "seccomp", "apparmor"]),
    ("engine", &[]),
    ("postmortem", &["access", "case", "engine", "kernel", "runtimes", "seccomp", "sources", "text"]),
    ("doctor", &["access", "apparmor", "case", "judge", "kernel", "remedy", "sources", "text"]),
    ("trial", &["case", "engine", "manifest", "text"]),
    ("report", &["case", "kernel", "text"]),
    ("testkit", &["access", "kernel", "sources"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn edges_are_the_written_ones() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let allowed: BTreeMap<_, _> = EDGES.iter().copied().collect();
    let mut seen = 0;
    for package in metadata["packages"].as_array().unwrap() {
        let Some(name) = package["name"].as_str().unwrap().strip_prefix("whodenied-") else { continue };
        let allowed = allowed.get(name).unwrap_or_else(|| panic!("{name} has no row in EDGES"));
        seen += 1;
        for dependency in package["dependencies"].as_array().unwrap() {
            // A test may use anything; the shipped code may not.
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            if let Some(to) = dependency["name"].as_str().unwrap().strip_prefix("whodenied-") {
                assert!(allowed.contains(&to), "{name} must not depend on {to}");
            }
        }
    }
    assert_eq!(seen, EDGES.len());
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // What only tests use does not ship.
        if path.file_stem().is_some_and(|name| name == "tests" || name == "testing" || name == "fixture") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn files_of(crate_name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources(&root().join("crates").join(crate_name).join("src"), &mut found);
    assert!(!found.is_empty());
    found
}

/// The code of a file that ships: without comments, up to its tests.
fn shipped(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or("");
    code.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n").to_lowercase()
}

/// Applications whose reports taught us something. Understanding must not rest on their names:
/// those belong in known-issue data only.
const APPLICATIONS: &[&str] = &[
    "mealie",
    "uvloop",
    "uvicorn",
    "pinchflat",
    "termix",
    "argocd",
    "jellyfin",
    "gluetun",
    "portainer",
    "adguard",
    "pihole",
    "nextcloud",
    "vaultwarden",
    "homeassistant",
    "grafana",
    "prometheus",
    "elasticsearch",
    "qdrant",
    "fluxd",
    "traefik",
    "dovecot",
    "squirrel",
    "frigate",
    "plex",
    "jenkins",
];

#[test]
fn no_application_is_named_in_intake_or_judge() {
    for name in ["intake", "judge"] {
        for path in files_of(name) {
            let text = shipped(&path);
            for application in APPLICATIONS {
                assert!(!text.contains(application), "{} names {application}", path.display());
            }
        }
    }
}

#[test]
fn only_the_binary_prints() {
    for (name, _) in EDGES {
        for path in files_of(name) {
            let text = shipped(&path);
            for macro_name in ["println!(", "eprintln!(", "print!(", "eprint!(", "dbg!("] {
                let prints = text
                    .match_indices(macro_name)
                    .any(|(at, _)| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
                assert!(!prints, "{} prints with {macro_name}", path.display());
            }
        }
    }
}

#[test]
fn every_layer_has_its_section_in_the_manual() {
    let layers = std::fs::read_to_string(root().join("crates/kernel/src/layer.rs")).unwrap();
    let manual = std::fs::read_to_string(root().join("docs/layers.md")).unwrap();
    let mut ids = 0;
    for line in layers.lines() {
        let Some((_, rest)) = line.trim().split_once(" = \"") else { continue };
        let Some((id, _)) = rest.split_once('"') else { continue };
        ids += 1;
        assert!(manual.contains(&format!("\n## {id}\n")), "docs/layers.md has no section {id}");
    }
    assert_eq!(ids, 24);
}

#[test]
fn every_known_issue_has_its_page() {
    use whodenied_runtimes::known::{ALL, index, page};
    let folder = root().join("docs/known");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    for issue in ALL {
        assert_eq!(read(&format!("{}.md", issue.id)), page(issue), "run cargo xtask docs: {}", issue.id);
    }
    assert_eq!(read("README.md"), index(), "run cargo xtask docs");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), ALL.len() + 1, "a page of no issue");
}
