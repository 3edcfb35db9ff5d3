//! Lints about the text itself: what it is, what it includes.

use super::{
    COMMENTED_INCLUDE, Context, Finding, Fix, LATE_ABI, MISSING_IF_EXISTS, MISSING_INCLUDE, NOT_POLICY,
    OLD_INCLUDE, REFUSED, UNREADABLE_ABI,
};
use crate::resolve::{Look, Note, Place, Policy};

/// Whether the file is something else altogether: YAML or JSON where policy belongs.
pub(super) fn not_policy(policy: &Policy, out: &mut Vec<Finding>) -> bool {
    let Some(visit) = policy.visits.first() else { return false };
    let text = &visit.source.text;
    if policy.faults.is_empty() || !policy.profiles.is_empty() && !looks_like_yaml(text) {
        return false;
    }
    let what = if looks_like_yaml(text) {
        "YAML"
    } else if text.trim_start().starts_with(['{', '[']) && text.contains("\":") {
        "JSON"
    } else {
        return false;
    };
    let first = text.len() - text.trim_start().len();
    let end = text[first..].find('\n').map_or(text.len(), |n| first + n);
    let place = Place { visit: 0, span: first..end };
    let finding = Finding::new(NOT_POLICY, &place, format!("this is {what}, not AppArmor policy"))
        .help("a profile's file begins as `abi <abi/4.0>,` and `profile NAME flags=(attach_disconnected) { … }`")
        .help("what refers to a profile by its name (a compose file, a pod) stays where it is; the profile is a file of its own, loaded with `apparmor_parser -r FILE`");
    out.push(finding);
    true
}

/// Lines of `key: value`, `key:` and `- item` are most of it, and none ends as a rule does.
fn looks_like_yaml(text: &str) -> bool {
    let (mut yaml, mut others) = (0, 0);
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).take(200) {
        let item = line.strip_prefix("- ").map_or(line, str::trim);
        let key = item.find(':').filter(|at| *at > 0).is_some_and(|at| {
            let name = &item[..at];
            let behind = &item[at + 1..];
            name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.\"'".contains(c))
                && (behind.is_empty() || behind.starts_with(' '))
        });
        if (key || line.starts_with("- ") || line == "---") && !line.ends_with([',', '{', '}']) {
            yaml += 1;
        } else {
            others += 1;
        }
    }
    yaml > 0 && yaml > others
}

pub(super) fn faults(policy: &Policy, context: &Context<'_>, out: &mut Vec<Finding>) {
    for fault in &policy.faults {
        let source = policy.source(&fault.place);
        let written = source.text.get(fault.place.span.clone()).unwrap_or_default();
        let include = fault.message.contains("included file does not exist");
        let lint = if include { MISSING_INCLUDE } else { REFUSED };
        let mut finding = Finding::new(lint, &fault.place, fault.message.clone());
        finding.help.extend(fault.hint.clone());
        if include {
            let name = written
                .split(['<', '>', '"'])
                .nth(1)
                .or_else(|| written.split_whitespace().last())
                .unwrap_or_default();
            finding.message = format!("{name} does not exist, so the parser refuses the whole file");
            match similar(name, context) {
                Some(found) => finding.help.push(format!("there is <{found}>")),
                None => finding.help.push(
                    "drop the line, or write the file; rules it should have held have to be written out"
                        .to_owned(),
                ),
            }
        }
        out.push(finding);
    }
}

/// A name in the same directory of the base that differs in few letters.
fn similar(name: &str, context: &Context<'_>) -> Option<String> {
    let (directory, last) = name.rsplit_once('/')?;
    let Look::Directory(names) = context.files?.look(&format!("{}/{directory}", context.base)) else {
        return None;
    };
    let found =
        names.into_iter().map(|n| (distance(&n, last), n)).filter(|(d, _)| *d <= 1 + last.len() / 3).min()?;
    Some(format!("{directory}/{}", found.1))
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut before = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let (above, left) = (row.get(j + 1).copied().unwrap_or(0), row.get(j).copied().unwrap_or(0));
            let cost = (before + usize::from(x != *y)).min(above + 1).min(left + 1);
            before = above;
            if let Some(slot) = row.get_mut(j + 1) {
                *slot = cost;
            }
        }
    }
    row.last().copied().unwrap_or(0)
}

/// `# include <x>` and `#include <x>`.
pub(super) fn comments(policy: &Policy, out: &mut Vec<Finding>) {
    let mut seen = std::collections::HashSet::new();
    for (visit, entered) in policy.visits.iter().enumerate() {
        if !seen.insert(std::rc::Rc::as_ptr(&entered.source)) {
            continue;
        }
        let mut at = 0;
        for line in entered.source.text.split_inclusive('\n') {
            let start = at + line.len() - line.trim_start().len();
            at += line.len();
            let Some(rest) = line.trim_start().strip_prefix('#') else { continue };
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let Some(behind) = rest.get(blanks..).and_then(|r| r.strip_prefix("include")) else { continue };
            let target = behind.trim().strip_prefix("if exists").map_or(behind.trim(), str::trim);
            let whole = (target.starts_with('<') && target.ends_with('>'))
                || (target.starts_with('"') && target.ends_with('"') && target.len() > 2);
            if !whole || target.contains(char::is_whitespace) {
                continue;
            }
            let end = start + 1 + blanks + "include".len();
            let place = Place { visit, span: start..end };
            let fix = Some(Fix { place: place.clone(), text: "include".to_owned() });
            let finding = if blanks > 0 {
                Finding::new(
                    COMMENTED_INCLUDE,
                    &place,
                    format!("this is a comment: {target} is not included"),
                )
                .help("write `include` without `#`; if it is meant to be a comment, word it differently")
            } else if visit == 0 {
                let finding = Finding::new(OLD_INCLUDE, &place, "`#include` is the old form of `include`");
                Finding { fix, ..finding }
            } else {
                continue;
            };
            out.push(finding);
        }
    }
}

pub(super) fn notes(policy: &Policy, out: &mut Vec<Finding>) {
    for note in &policy.notes {
        out.push(match note {
            // What the administrator may add is expected not to be there.
            Note::MissingIfExists(_, name) if name.starts_with("local/") || name.ends_with(".d") => continue,
            Note::MissingIfExists(place, name) => {
                Finding::new(MISSING_IF_EXISTS, place, format!("{name} does not exist and is skipped"))
            }
            Note::LateAbi(place) => Finding::new(
                LATE_ABI,
                place,
                "this abi is ignored: the first of a file holds, wherever it stands",
            ),
            Note::MissingAbi(place, name) => {
                Finding::new(UNREADABLE_ABI, place, format!("{name} can't be read as a tree of features"))
            }
            Note::Repeated(..) => continue,
        });
    }
}
