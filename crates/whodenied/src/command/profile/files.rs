//! What the commands on policy read.

use super::Lookup;
use anyhow::Context;
use std::io::Read;
use std::path::Path;
use whodenied_apparmor::features::Features;
use whodenied_apparmor::resolve::{Fault, Files, Look, Paths, Place, Policy};
use whodenied_apparmor::syntax::MAX_BYTES;
use whodenied_report::snippet::{Message, Severity, Spot};
use whodenied_sources::policy::{Disk, KERNEL_FEATURES, features};

impl Lookup {
    pub(super) fn paths(&self) -> Paths {
        Paths { base: self.base.clone(), include: self.include.clone() }
    }

    /// The kernel's features: those named, else this machine's; `None` where it has none.
    pub(super) fn kernel(&self) -> anyhow::Result<Option<Features>> {
        match self.kernel_features.as_deref().or(self.features.as_deref()) {
            Some(path) => Ok(Some(tree(path)?)),
            None => Ok(features(Path::new(KERNEL_FEATURES)).ok().filter(|f| !f.0.is_empty())),
        }
    }

    /// The features of policy without an abi rule, where they were named.
    pub(super) fn pin(&self) -> anyhow::Result<Option<Features>> {
        self.policy_features.as_deref().or(self.features.as_deref()).map(tree).transpose()
    }
}

fn tree(path: &Path) -> anyhow::Result<Features> {
    features(path)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("can't read the features of {}", path.display()))
}

/// A file that was named, or standard input, and the name to call it by.
pub(super) fn read(path: &Path) -> Result<(String, Vec<u8>), String> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
        return read.map(|_| ("-".to_owned(), bytes)).map_err(|e| e.to_string());
    }
    let name = path.to_string_lossy().into_owned();
    match Disk.look(&name) {
        Look::File(bytes) => Ok((name, bytes)),
        Look::Directory(_) => Err("is a directory".to_owned()),
        Look::Missing => Err("no such file".to_owned()),
        Look::Failed(reason) => Err(reason),
    }
}

pub(super) fn spot<'p>(policy: &'p Policy, place: &Place) -> Spot<'p> {
    let source = policy.source(place);
    Spot { path: &source.path, text: &source.text, span: place.span.clone() }
}

/// A fault as it is shown.
pub(super) fn message<'p>(policy: &'p Policy, fault: &Fault) -> Message<'p> {
    let also =
        policy.trail(&fault.place).iter().map(|p| ("included at".to_owned(), spot(policy, p))).collect();
    Message {
        severity: Severity::Error,
        id: None,
        text: fault.message.clone(),
        spot: spot(policy, &fault.place),
        also,
        help: fault.hint.iter().cloned().collect(),
    }
}
