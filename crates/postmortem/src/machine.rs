//! The machine: its security modules, and what changed on it lately.
//!
//! Package managers' logs are read backwards; of each only the packages that can change a decision.

use crate::{Gathered, Options, tail};
use std::path::Path;
use whodenied_case::Origin;
use whodenied_sources::LiveHost;

/// Packages whose update changes who may do what.
const PACKAGES: &[&str] = &[
    "docker",
    "moby",
    "containerd",
    "runc",
    "crun",
    "podman",
    "conmon",
    "containers-common",
    "buildah",
    "apparmor",
    "selinux",
    "libseccomp",
    "linux-image",
    "linux ",
    "linux-lts",
    "kernel",
    "systemd",
    "lxc",
    "incus",
    "snapd",
    "libc6",
    "glibc",
    "bubblewrap",
];
/// Lines of one log that are kept.
const MOST: usize = 60;
/// Bytes of one log that are read.
const BYTES: u64 = 2 << 20;

/// Adds the facts of this machine and the history of its packages.
pub(crate) fn state(options: &Options, gathered: &mut Gathered) {
    let reading = whodenied_sources::read(&LiveHost);
    for fact in reading.facts {
        gathered.add(Origin::Host { path: fact.path }, fact.text);
    }
    gathered.missing.extend(reading.missing);
    for (file, verb) in [
        ("var/log/dpkg.log", " upgrade "),
        ("var/log/pacman.log", "[ALPM] upgraded "),
        ("var/log/dnf.rpm.log", " Upgraded: "),
    ] {
        history(&options.root.join(file), verb, options, gathered);
    }
}

fn history(path: &Path, verb: &str, options: &Options, gathered: &mut Gathered) {
    let mut lines = Vec::new();
    let read = tail::backwards(path, u64::MAX, BYTES, |line| {
        if let Some(at) = line.find(verb) {
            let package = line.get(at + verb.len()..).unwrap_or("");
            if PACKAGES.iter().any(|p| package.starts_with(p)) {
                lines.push(line.to_owned());
            }
        }
        lines.len() < MOST && !options.left().is_zero()
    });
    match read {
        Ok(_) => {
            lines.reverse();
            let text = lines.iter().map(|l| format!("{l}\n")).collect();
            gathered.add(Origin::Host { path: shown(path, options) }, text);
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => gathered.missing.push(format!("{} could not be read: {e}.", shown(path, options))),
    }
}

fn shown(path: &Path, options: &Options) -> String {
    let inside = path.strip_prefix(&options.root).unwrap_or(path);
    Path::new("/").join(inside).to_string_lossy().into_owned()
}
