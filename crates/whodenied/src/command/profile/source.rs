//! Where a profile comes from.

use super::files;
use super::loaded::{ProfileAsked, kernel};
use anyhow::{Context, Result, bail};
use std::path::Path;
use whodenied_apparmor::binary::{Limits, decode, is_policy};
use whodenied_apparmor::compile::{self, Compiled, Target};
use whodenied_apparmor::features::shipped;
use whodenied_apparmor::policy::Profile;
use whodenied_apparmor::resolve::Policy;
use whodenied_sources::apparmor::{POLICY, loaded};
use whodenied_sources::policy::{Disk, pinned};
use whodenied_text::escape;

/// What a profile was asked for by. More kinds (the language, a runtime's default) compile to the same.
pub(super) enum PolicySource<'a> {
    /// A file of compiled policy, and which profile of it.
    File(&'a Path, Option<&'a str>),
    /// A loaded profile.
    Loaded(&'a str),
}

impl<'a> PolicySource<'a> {
    /// A word with a `/` that is a file, or is there as one, is a file; else it is a name.
    pub(super) fn of(word: &'a str) -> Self {
        let (file, name) = match word.rsplit_once('#') {
            Some((file, name)) if Path::new(file).is_file() => (file, Some(name)),
            _ => (word, None),
        };
        let path = Path::new(file);
        if path.is_file() || word.starts_with("./") { Self::File(path, name) } else { Self::Loaded(word) }
    }

    /// The profile.
    pub(super) fn profile(&self, asked: &ProfileAsked) -> Result<Profile> {
        match self {
            Self::File(path, name) => {
                let shown = escape::line(&path.to_string_lossy()).into_owned();
                let bytes = read(path).with_context(|| format!("can't read {shown}"))?;
                if !is_policy(&bytes) {
                    let (_, compiled) = text(&path.to_string_lossy(), &bytes, asked)?;
                    let profiles = compiled.into_iter().map(|c| c.profile).collect();
                    return named(profiles, *name).with_context(|| format!("can't take {shown}"));
                }
                pick(&bytes, *name).with_context(|| format!("can't take {shown}"))
            }
            Self::Loaded(name) => {
                let all =
                    loaded(Path::new(POLICY)).map_err(|e| anyhow::anyhow!("the kernel's profiles: {e}"))?;
                let Some(found) = all.iter().find(|p| p.name == *name) else {
                    bail!(
                        "no profile called {} is loaded, and there is no such file",
                        escape::clipped(name, 80)
                    );
                };
                let raw = found
                    .raw()
                    .map_err(|e| anyhow::anyhow!("what was loaded for it: {e} (it takes root)"))?;
                pick(&raw, Some(name))
            }
        }
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(Limits::default().bytes as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Compiles a text for the kernel asked about, as this machine's policy is compiled: with what is pinned where
/// the text has no `abi`.
pub(super) fn text(path: &str, bytes: &[u8], asked: &ProfileAsked) -> Result<(Policy, Vec<Compiled>)> {
    let kernel = match (asked.lookup.kernel()?, &asked.kernel) {
        (Some(features), None) => features,
        (_, release) => {
            let known = kernel(asked)?;
            let here = || std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
            let release = release.clone().unwrap_or_else(here);
            let mut numbers = release.split(|c: char| !c.is_ascii_digit());
            let mut number = || numbers.next().and_then(|n| n.parse().ok());
            let version = number().zip(number()).unwrap_or((u32::MAX, 0));
            shipped::nearest(version.0, version.1, known.patched).0
        }
    };
    let pin = match asked.lookup.pin()? {
        Some(pin) => Some(pin),
        None => pinned(),
    };
    let target = Target { kernel, pin };
    let limits = compile::Limits::default();
    let (policy, compiled) = compile::text(path, bytes, &Disk, asked.lookup.paths(), &target, &limits);
    match compiled {
        Ok(compiled) => Ok((policy, compiled)),
        Err(faults) => {
            let said = faults.first().map_or_else(String::new, |fault| {
                let spot = files::spot(&policy, &fault.place);
                format!("{}:{}: {}", spot.path, spot.line_column().0, fault.message)
            });
            bail!("does not compile: {}", escape::clipped(&said, 300))
        }
    }
}

fn pick(bytes: &[u8], name: Option<&str>) -> Result<Profile> {
    let load = decode(bytes, &Limits::default())?;
    named(load.units.into_iter().map(|u| u.profile).collect(), name)
}

fn named(profiles: Vec<Profile>, name: Option<&str>) -> Result<Profile> {
    let names: Vec<String> = profiles.iter().map(Profile::display_name).collect();
    let mut profiles = profiles.into_iter();
    let found = match name {
        Some(name) => profiles.find(|p| p.name == name.as_bytes() || p.display_name() == name),
        None => profiles.next(),
    };
    match found {
        Some(profile) => Ok(profile),
        None => {
            let names: Vec<_> = names.iter().take(20).map(|n| escape::clipped(n, 80)).collect();
            bail!("there is no such profile in it; there are: {}", names.join(", "))
        }
    }
}
