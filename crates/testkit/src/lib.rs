//! Literate cases: Markdown files that are documentation and tests at once.
//!
//! A `##` heading starts a case and names it. Its ` ```text ` blocks are the evidence, pasted one
//! after the other. Its ` ```expect ` block holds one expectation a line, `key: value`:
//!
//! | key | holds when |
//! | --- | --- |
//! | `exit` | the exit status is this number |
//! | `denials` | this many denials are reported |
//! | `layer`, `certainty`, `errno`, `policy`, `broke` | the first denial's field is exactly this |
//! | `operation`, `object`, `cause` | the first denial's field contains this |
//! | `known` | the known issue has this id (`none`: there is none) |
//! | `fix` | the first remedy (summary, commands, edits) contains this |
//! | `not-fix` | it does not |
//! | `any-fix` | one of the remedies contains this |
//! | `ruled-out`, `alternative` | this layer is among them |
//! | `next` | a next step contains this |
//! | `screen`, `not-screen` | the terminal report contains this, or does not |
//!
//! A key may stand several times. Unknown keys fail the case, and so does a case without
//! expectations.

pub mod access;

use serde_json::Value;

/// One case of a literate file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literate {
    /// The heading.
    pub name: String,
    /// The evidence.
    pub evidence: String,
    /// Expectations, key and value, in the order written.
    pub expect: Vec<(String, String)>,
}

/// Reads the cases of a Markdown text. Text outside of headings and blocks is prose.
#[must_use]
pub fn parse(markdown: &str) -> Vec<Literate> {
    let mut cases: Vec<Literate> = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("## ") {
            let name = name.trim().to_owned();
            cases.push(Literate { name, evidence: String::new(), expect: Vec::new() });
            continue;
        }
        let fence: String = line.chars().take_while(|c| *c == '`').collect();
        if fence.len() < 3 {
            continue;
        }
        let kind = line[fence.len()..].trim();
        let body: Vec<&str> = lines.by_ref().take_while(|l| l.trim_end() != fence).collect();
        let Some(case) = cases.last_mut() else { continue };
        match kind {
            "text" => body.iter().for_each(|l| {
                case.evidence.push_str(l);
                case.evidence.push('\n');
            }),
            "expect" => case.expect.extend(body.iter().filter_map(|l| {
                let (key, value) = l.split_once(':')?;
                Some((key.trim().to_owned(), value.trim().to_owned()))
            })),
            _ => {}
        }
    }
    cases.retain(|c| !c.evidence.is_empty() || !c.expect.is_empty());
    cases
}

/// What the program said about a case.
pub struct Said {
    /// `explain --format json`.
    pub json: Value,
    /// `explain`, plain.
    pub screen: String,
    /// The exit status of both.
    pub exit: i32,
}

/// Checks every expectation; the complaints, empty when all hold.
#[must_use]
pub fn check(case: &Literate, said: &Said) -> Vec<String> {
    let mut complaints = Vec::new();
    if case.expect.is_empty() {
        complaints.push("no expectations".to_owned());
    }
    for (key, wanted) in &case.expect {
        if let Some(got) = unmet(key, wanted, said) {
            complaints.push(format!("{key}: wanted {wanted:?}, got {got}"));
        }
    }
    complaints
}

/// `None` when the expectation holds, else what was there instead.
fn unmet(key: &str, wanted: &str, said: &Said) -> Option<String> {
    let denials = said.json["denials"].as_array().map_or(&[][..], Vec::as_slice);
    let first = denials.first().unwrap_or(&Value::Null);
    let is = |got: &Value| (got.as_str() != Some(wanted)).then(|| got.to_string());
    let contains = |got: &Value| (!got.as_str().unwrap_or("").contains(wanted)).then(|| got.to_string());
    let among = |list: &Value, field: &str| {
        let found = list.as_array().is_some_and(|l| l.iter().any(|e| e[field].as_str() == Some(wanted)));
        (!found).then(|| list.to_string())
    };
    match key {
        "exit" => (wanted != said.exit.to_string()).then(|| said.exit.to_string()),
        "denials" => (wanted != denials.len().to_string()).then(|| denials.len().to_string()),
        "layer" | "certainty" | "errno" | "policy" => is(&first[key]),
        "broke" => is(&first["broke_the_program"]),
        "operation" | "object" | "cause" => contains(&first[key]),
        "known" if wanted == "none" => {
            (!first["known_issue"].is_null()).then(|| first["known_issue"].to_string())
        }
        "known" => is(&first["known_issue"]["id"]),
        "fix" => (!words(&first["remedies"][0]).contains(wanted)).then(|| words(&first["remedies"][0])),
        "not-fix" => words(&first["remedies"][0]).contains(wanted).then(|| words(&first["remedies"][0])),
        "any-fix" => (!words(&first["remedies"]).contains(wanted)).then(|| words(&first["remedies"])),
        "ruled-out" => among(&first["ruled_out"], "layer"),
        "alternative" => among(&first["alternatives"], "layer"),
        "next" => (!words(&first["next_steps"]).contains(wanted)).then(|| words(&first["next_steps"])),
        "screen" => (!said.screen.contains(wanted)).then(|| said.screen.clone()),
        "not-screen" => said.screen.contains(wanted).then(|| said.screen.clone()),
        _ => Some("an unknown key".to_owned()),
    }
}

/// Every string below a JSON value, one a line.
fn words(value: &Value) -> String {
    match value {
        Value::String(s) => format!("{s}\n"),
        Value::Array(list) => list.iter().map(words).collect(),
        Value::Object(map) => map.values().map(words).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Title\nprose\n## one\n```text\nEACCES\n```\nmore\n````text\n```\n````\n```expect\nlayer: dac\nexit: 1\n```\n";

    #[test]
    fn reads_blocks() {
        let cases = parse(FILE);
        assert_eq!(cases.len(), 1);
        assert_eq!(cases[0].evidence, "EACCES\n```\n");
        assert_eq!(cases[0].expect.len(), 2);
    }

    #[test]
    fn expectations_can_fail() {
        let json = serde_json::json!({"denials": [{"layer": "dac", "remedies": [{"summary": "x", "commands": ["a b"]}]}]});
        let said = Said { json, screen: "screen".into(), exit: 2 };
        let complaints = check(&parse(FILE)[0], &said);
        assert_eq!(complaints, ["exit: wanted \"1\", got 2"]);
        assert!(unmet("fix", "a b", &said).is_none());
        assert!(unmet("not-fix", "a b", &said).is_some());
        assert!(unmet("nonsense", "", &said).is_some());
        assert!(unmet("layer", "acl", &said).is_some());
    }
}
