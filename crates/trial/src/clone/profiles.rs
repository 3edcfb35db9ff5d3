//! AppArmor profiles of a trial: loaded under names of their own, removed afterwards.
//!
//! Source: apparmor_parser(8); the kernel's `.remove` of securityfs (`security/apparmor/apparmorfs.c`,
//! `profile_remove`), which takes a name.

use crate::clone::CloneError;
use std::path::Path;
use std::time::Duration;
use whodenied_engine::{Limits, command};

/// Where a profile is removed by its name.
const REMOVE: &str = "/sys/kernel/security/apparmor/.remove";

/// The text with the profile `name` called `fresh`, also where its rules name it as a peer; `None` where the
/// text does not declare it.
pub(crate) fn renamed(text: &str, name: &str, fresh: &str) -> Option<String> {
    let declares = |l: &str| {
        l.trim_start()
            .strip_prefix("profile ")
            .and_then(|r| r.split_whitespace().next())
            .map(|n| n.trim_matches('"'))
            == Some(name)
    };
    if name.is_empty() || !text.lines().any(declares) {
        return None;
    }
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (rest.get(..at)?, rest.get(at + name.len()..)?);
        out.push_str(before);
        let whole = !out.ends_with(part) && !after.starts_with(part);
        out.push_str(if whole { fresh } else { name });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// Loads the policy of a file, without a cache.
///
/// # Errors
/// The parser's, in its words.
pub(crate) fn load(file: &Path) -> Result<(), CloneError> {
    let limits = Limits { total: Duration::from_secs(60), ..Limits::default() };
    let path = file.to_string_lossy();
    let output = command("apparmor_parser", &["-r", "-K", &path], &limits)
        .map_err(CloneError::engine("loading the profile of the fix"))?;
    if output.success {
        return Ok(());
    }
    Err(CloneError::Unsuitable(format!("the profile of the fix does not load: {}", output.errors.trim())))
}

/// Removes a profile; nothing where there is none.
///
/// # Errors
/// The system's.
pub(crate) fn remove(name: &str) -> Result<(), CloneError> {
    match std::fs::write(REMOVE, name) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(CloneError::system(Path::new(REMOVE), e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_gets_a_name_of_its_own() {
        let text = "abi <abi/4.0>,\nprofile docker-app flags=(attach_disconnected) {\n  signal peer=docker-app,\n  \
                    /srv/docker-app-data/** r,\n  /docker-app r,\n}\n";
        let got = renamed(text, "docker-app", "whodenied-1").unwrap();
        assert!(got.contains("profile whodenied-1 flags="), "{got}");
        assert!(got.contains("peer=whodenied-1,"), "{got}");
        assert!(got.contains("/srv/docker-app-data/**") && got.contains("/docker-app r"), "{got}");
        assert_eq!(renamed(text, "other", "x"), None);
        assert_eq!(renamed(text, "", "x"), None);
    }
}
