//! Edits of compose files that keep every other byte, and are checked before they are given away.
//!
//! After an edit the file is parsed again and compared with the value that was asked for, aliases and
//! merges resolved: a shared anchor, an inherited list or a shape this module does not know makes it
//! refuse and say what to write by hand instead.

use super::layout::{Item, Layout, Place};
use crate::value;
use std::fmt::Write as _;
use whodenied_text::{Edit, apply, quote};
use yaml_serde::{Mapping, Value};

/// What to do by hand where no edit is safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualInstruction {
    /// Why the file can't be edited safely, a short clause.
    pub why: String,
    /// The lines that belong under the service.
    pub snippet: String,
}

impl std::fmt::Display for ManualInstruction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for ManualInstruction {}

/// Sets one key of `security_opt` (`apparmor`, `seccomp`, `label`, `no-new-privileges`), in place of an
/// item with that key in either spelling (`apparmor=x`, `apparmor:x`).
///
/// # Errors
/// When the file has a shape that can't be edited without touching something else.
pub fn set_security_opt(
    text: &str,
    service: &str,
    key: &str,
    value: &str,
) -> Result<Vec<Edit>, ManualInstruction> {
    let item = if value.is_empty() { key.to_owned() } else { format!("{key}={value}") };
    let same = |old: &str| {
        let name = old.split(['=', ':']).next().unwrap_or(old).trim();
        // Several labels may stand side by side, one for each of type, level and so on.
        name == key && (key != "label" || label_part(old) == label_part(&item))
    };
    list(text, service, "security_opt", &item, &same)
}

fn label_part(item: &str) -> &str {
    item.split(['=', ':']).nth(1).unwrap_or("")
}

/// Adds `item` to a list key of the service (`cap_add`, `group_add`, `tmpfs`, `devices`, …); no edit when
/// it is there already, in any spelling for capabilities.
///
/// # Errors
/// As [`set_security_opt`].
pub fn add_to_list(text: &str, service: &str, key: &str, item: &str) -> Result<Vec<Edit>, ManualInstruction> {
    let cap = if key.starts_with("cap_") { value::cap(item) } else { None };
    let same = |old: &str| old == item || (cap.is_some() && value::cap(old) == cap);
    list(text, service, key, item, &same)
}

/// Sets `key: value` of the service where it is not set or set to another scalar (`user`, `read_only`).
///
/// # Errors
/// As [`set_security_opt`].
pub fn set_scalar(text: &str, service: &str, key: &str, value: &str) -> Result<Vec<Edit>, ManualInstruction> {
    let shown = scalar(value);
    let refuse = |why: &str| ManualInstruction { why: why.to_owned(), snippet: format!("{key}: {shown}\n") };
    let layout = Layout::of(text, service, key).map_err(&refuse)?;
    let edit = match &layout.place {
        Place::Absent => layout.insert_block(&format!("{key}: {shown}"), None),
        Place::Scalar { range } => Edit { start: range.start, end: range.end, text: shown.clone() },
        _ => return Err(refuse("the key holds more than one value")),
    };
    let wanted: Value = yaml_serde::from_str(&shown).map_err(|_| refuse("the value can't be written"))?;
    verified(text, service, vec![edit], |s| {
        s.insert(Value::String(key.to_owned()), wanted.clone());
        true
    })
    .map_err(refuse)
}

/// Sets `name: value` in a mapping key of the service (`sysctls`, `ulimits`), or `name=value` where the key
/// holds a list.
///
/// # Errors
/// As [`set_security_opt`].
pub fn set_mapping(
    text: &str,
    service: &str,
    key: &str,
    name: &str,
    value: &str,
) -> Result<Vec<Edit>, ManualInstruction> {
    let line = format!("{}: {}", scalar(name), scalar(value));
    let refuse =
        |why: &str| ManualInstruction { why: why.to_owned(), snippet: format!("{key}:\n  {line}\n") };
    let layout = Layout::of(text, service, key).map_err(&refuse)?;
    let edit = match &layout.place {
        Place::Absent => layout.insert_block(&format!("{key}:"), Some(&line)),
        Place::Block { items, .. } | Place::Flow { items, .. } if !items.is_empty() => {
            let item = format!("{name}={value}");
            let same = |old: &str| old.split('=').next() == Some(name);
            return list(text, service, key, &item, &same);
        }
        Place::Map { entries, indent, end } => match entries.iter().find(|(n, _)| n == name) {
            Some((_, range)) => Edit { start: range.start, end: range.end, text: scalar(value) },
            None => layout.insert_at(*end, *indent, &line),
        },
        _ => return Err(refuse("the key has a shape that is not edited")),
    };
    let wanted: Value =
        yaml_serde::from_str(&scalar(value)).map_err(|_| refuse("the value can't be written"))?;
    verified(text, service, vec![edit], |s| {
        let map = s.entry(Value::String(key.to_owned())).or_insert_with(|| Value::Mapping(Mapping::new()));
        let Value::Mapping(map) = map else { return false };
        map.insert(Value::String(name.to_owned()), wanted.clone());
        true
    })
    .map_err(refuse)
}

/// A scalar as YAML; numbers and booleans stay what they are.
fn scalar(value: &str) -> String {
    let number = !value.is_empty() && value.len() < 10 && value.bytes().all(|b| b.is_ascii_digit());
    if (number && !value.starts_with('0')) || value == "0" || matches!(value, "true" | "false") {
        return value.to_owned();
    }
    quote::yaml(value)
}

fn list(
    text: &str,
    service: &str,
    key: &str,
    item: &str,
    same: &dyn Fn(&str) -> bool,
) -> Result<Vec<Edit>, ManualInstruction> {
    let shown = quote::yaml(item);
    let refuse =
        |why: &str| ManualInstruction { why: why.to_owned(), snippet: format!("{key}:\n  - {shown}\n") };
    let layout = Layout::of(text, service, key).map_err(&refuse)?;
    let old = match &layout.place {
        Place::Absent => {
            let edit = layout.insert_block(&format!("{key}:"), Some(&format!("- {shown}")));
            return settle(text, service, key, item, None, edit).map_err(refuse);
        }
        Place::Block { items, .. } | Place::Flow { items, .. } => {
            let mut hits = items.iter().filter(|i| same(&i.text));
            let first = hits.next();
            if hits.next().is_some() {
                return Err(refuse("the key stands there twice"));
            }
            first
        }
        _ => return Err(refuse("the key has a shape that is not edited")),
    };
    let edit = match (&layout.place, old) {
        (_, Some(Item { text: old, .. })) if old == item => return Ok(Vec::new()),
        // Another spelling of the same capability is as good.
        (_, Some(old)) if key.starts_with("cap_") && value::cap(&old.text).is_some() => return Ok(Vec::new()),
        (_, Some(old)) => Edit { start: old.range.start, end: old.range.end, text: shown.clone() },
        (Place::Block { indent, end, .. }, None) => layout.insert_at(*end, *indent, &format!("- {shown}")),
        (Place::Flow { items, close }, None) => {
            let mut text = String::new();
            let _ = write!(text, "{}{shown}", if items.is_empty() { "" } else { ", " });
            let at = items.last().map_or(*close, |i| i.range.end);
            Edit { start: at, end: at, text }
        }
        _ => return Err(refuse("the key has a shape that is not edited")),
    };
    let replaced = old.map(|i| i.text.clone());
    settle(text, service, key, item, replaced.as_deref(), edit).map_err(refuse)
}

/// Checks that after `edit` the list holds `item` in place of `old`, or at its end.
fn settle(
    text: &str,
    service: &str,
    key: &str,
    item: &str,
    old: Option<&str>,
    edit: Edit,
) -> Result<Vec<Edit>, &'static str> {
    verified(text, service, vec![edit], |s| {
        let list = s.entry(Value::String(key.to_owned())).or_insert_with(|| Value::Sequence(Vec::new()));
        let list = match list {
            Value::Sequence(list) => list,
            empty if empty.is_null() => {
                *empty = Value::Sequence(Vec::new());
                match empty {
                    Value::Sequence(list) => list,
                    _ => return false,
                }
            }
            _ => return false,
        };
        let wanted = Value::String(item.to_owned());
        match old {
            Some(old) => match list.iter_mut().find(|v| shown(v) == old) {
                Some(slot) => *slot = wanted,
                None => return false,
            },
            None => list.push(wanted),
        }
        true
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        other => yaml_serde::to_string(other).unwrap_or_default().trim().to_owned(),
    }
}

/// `edits` when the edited text means what `change` makes of the service, and nothing else.
fn verified(
    text: &str,
    service: &str,
    edits: Vec<Edit>,
    change: impl Fn(&mut Mapping) -> bool,
) -> Result<Vec<Edit>, &'static str> {
    let mut wanted = parsed(text).ok_or("the file does not parse as YAML")?;
    let services = wanted.get_mut("services").and_then(|s| s.get_mut(service));
    let Some(Value::Mapping(map)) = services else { return Err("the service is not a mapping") };
    if !change(map) {
        return Err("the key does not hold what is expected there");
    }
    let edited = apply(text, &edits).map_err(|_| "the edit does not fit the file")?;
    match parsed(&edited) {
        Some(now) if now == wanted => Ok(edits),
        Some(_) => Err("other parts of the file share these lines"),
        None => Err("the edited file would not parse"),
    }
}

/// The meaning of a file: aliases and merges resolved. `None` when it is no YAML.
fn parsed(text: &str) -> Option<Value> {
    let mut value: Value = yaml_serde::from_str(text).ok()?;
    value.apply_merge().ok()?;
    Some(value)
}

#[cfg(test)]
mod tests;
