//! What every layer of a machine is set to, and what whodenied can and can't see there as this user.
//!
//! One file a group of layers; everything is read through [`Host`], so that a recorded machine answers
//! as a live one does. A value is what the kernel says, a meaning is ours.

mod containers;
mod labels;
mod modules;
mod settings;
mod sight;

use serde::Serialize;
use whodenied_sources::{Host, ReadError};

/// The schema of a survey in JSON.
pub const SCHEMA: &str = "whodenied-doctor/1";

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The sysctl, module or file it is, as the field names it.
    pub name: String,
    /// Its value as the kernel or the file says it. Hostile text.
    pub value: String,
    /// What that means for a program, one sentence; "" where the value says it.
    pub means: String,
}

/// The settings of one layer or family of layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// A short id that stays.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Its settings.
    pub rows: Vec<Row>,
}

/// One thing that whodenied reads when it explains a denial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sight {
    /// What it is.
    pub what: String,
    /// Whether this user can read it; `None` where that can't be told.
    pub visible: Option<bool>,
    /// Why, one sentence.
    pub because: String,
    /// The least change that would let it be seen, a command; "" where none is needed or none helps.
    pub change: String,
}

/// Lines that `explain` reads as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The file or folder they were read from.
    pub path: String,
    /// The lines.
    pub text: String,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The layers.
    pub groups: Vec<Group>,
    /// What can be seen.
    pub sights: Vec<Sight>,
    /// What could not be read, one sentence each.
    pub missing: Vec<String>,
    /// The same facts as evidence.
    pub evidence: Vec<Evidence>,
}

/// Surveys `host`. Never fails: what can't be read is named.
#[must_use]
pub fn survey(host: &dyn Host) -> Survey {
    let mut look = Look { host, missing: Vec::new() };
    let mut groups = vec![
        settings::system(&mut look),
        modules::modules(&mut look),
        labels::labels(&mut look),
        settings::filters(&mut look),
        settings::namespaces(&mut look),
        settings::privileges(&mut look),
        settings::files(&mut look),
        settings::network(&mut look),
        settings::limits(&mut look),
        settings::cgroups(&mut look),
        settings::mounts(&mut look),
        containers::engines(&mut look),
        containers::ranges(&mut look),
        settings::loading(&mut look),
        settings::features(&mut look),
    ];
    groups.retain(|group| !group.rows.is_empty());
    let sights = sight::sights(host);
    let mut missing = look.missing;
    let reading = whodenied_sources::read(host);
    missing.extend(reading.missing);
    missing.sort();
    missing.dedup();
    let mut evidence: Vec<Evidence> =
        reading.facts.into_iter().map(|f| Evidence { path: f.path, text: f.text }).collect();
    evidence.extend(settings::evidence(host));
    Survey { schema: SCHEMA, groups, sights, missing, evidence }
}

/// The host with what could not be read from it.
pub(crate) struct Look<'a> {
    host: &'a dyn Host,
    missing: Vec<String>,
}

impl Look<'_> {
    /// A file's text without the newline at its end; what is there and can't be read is noted.
    fn text(&mut self, path: &str) -> Option<String> {
        match self.host.read(path) {
            Ok(text) => Some(text.trim_end_matches(['\n', '\0']).to_owned()),
            Err(ReadError::Absent) => None,
            Err(error) => {
                self.missing.push(format!("{path}: {error}"));
                None
            }
        }
    }

    /// A sysctl by its dotted name.
    fn sysctl(&mut self, key: &str) -> Option<String> {
        let text = self.text(&format!("/proc/sys/{}", key.replace('.', "/")))?;
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

fn row(name: impl Into<String>, value: impl Into<String>, means: impl Into<String>) -> Row {
    Row { name: name.into(), value: value.into(), means: means.into() }
}

#[cfg(test)]
mod tests;
