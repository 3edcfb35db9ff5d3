//! The published JSON, `whodenied/1`: see `docs/schema/whodenied-1.schema.json`.

use serde::Serialize;
use whodenied_case::{Case, Diagnosis, FileEdit, KnownIssueRef, Quote, Remedy};
use whodenied_text::escape;

/// The schema id of the output.
pub const SCHEMA: &str = "whodenied/1";
/// The longest quotation, in bytes; a longer one is cut at a line end where there is one.
const QUOTE_MAX: usize = 4096;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<Workload<'a>>,
    denials: Vec<Denial<'a>>,
    missing: &'a [String],
}

#[derive(Serialize)]
struct Workload<'a> {
    service: Option<&'a str>,
    container: Option<&'a str>,
    image: Option<&'a str>,
    unit: Option<&'a str>,
}

#[derive(Serialize)]
struct Denial<'a> {
    layer: &'static str,
    operation: &'a str,
    object: &'a str,
    policy: &'a str,
    errno: String,
    certainty: &'static str,
    broke_the_program: &'static str,
    cause: &'a str,
    known_issue: Option<KnownIssue<'a>>,
    changed: Option<Changed<'a>>,
    alternatives: Vec<Because<'a>>,
    evidence: Vec<Evidence<'a>>,
    ruled_out: Vec<Because<'a>>,
    remedies: Vec<Fix<'a>>,
    next_steps: &'a [String],
    count: u32,
}

#[derive(Serialize)]
struct Changed<'a> {
    what: &'a str,
    told: &'a str,
    fixed_in: &'a [String],
    until_then: &'a str,
}

#[derive(Serialize)]
struct KnownIssue<'a> {
    id: &'a str,
    title: &'a str,
    url: &'a str,
    fixed_in: &'a [String],
}

#[derive(Serialize)]
struct Because<'a> {
    layer: &'static str,
    because: &'a str,
}

#[derive(Serialize)]
struct Evidence<'a> {
    source: &'a str,
    text: String,
}

#[derive(Serialize)]
struct Fix<'a> {
    summary: &'a str,
    on: &'static str,
    risk: &'static str,
    widens: &'a str,
    edits: &'a [FileEdit],
    commands: &'a [String],
    undo: &'a [String],
}

/// Renders `case` as one indented JSON document that ends with a newline. Characters that could
/// steer a terminal stand as `\u` escapes; quotations are redacted.
#[must_use]
pub fn render(case: &Case) -> String {
    let document = Document {
        schema: SCHEMA,
        workload: case.workload.as_ref().map(|w| Workload {
            service: w.service.as_deref(),
            container: w.container.as_deref(),
            image: w.image.as_deref(),
            unit: w.unit.as_deref(),
        }),
        denials: case.diagnoses.iter().map(|d| denial(case, d)).collect(),
        missing: &case.missing,
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_else(|_| {
        // Strings, numbers and lists can't fail to serialise; if they do, an empty answer is honest.
        format!(
            "{{\"schema\":\"{SCHEMA}\",\"denials\":[],\"missing\":[\"the report could not be written\"]}}"
        )
    });
    text.push('\n');
    armour(text)
}

/// Any document of ours as indented JSON that ends with a newline; characters that could steer a terminal
/// stand as `\u` escapes.
#[must_use]
pub fn document(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .unwrap_or_else(|_| "{\"missing\":[\"the answer could not be written\"]}".to_owned());
    text.push('\n');
    armour(text)
}

fn denial<'a>(case: &'a Case, diagnosis: &'a Diagnosis) -> Denial<'a> {
    Denial {
        layer: diagnosis.layer.id(),
        operation: &diagnosis.operation,
        object: &diagnosis.object,
        policy: diagnosis.policy.as_deref().unwrap_or(""),
        errno: diagnosis.errno.map(|e| e.to_string()).unwrap_or_default(),
        certainty: diagnosis.certainty.id(),
        broke_the_program: match diagnosis.broke_the_program {
            whodenied_case::YesNo::Yes => "yes",
            whodenied_case::YesNo::No => "no",
            whodenied_case::YesNo::Unknown => "unknown",
        },
        cause: &diagnosis.cause,
        known_issue: diagnosis.known_issue.as_ref().map(known_issue),
        changed: diagnosis.changed.as_ref().map(|c| Changed {
            what: &c.what,
            told: &c.told,
            fixed_in: &c.fixed_in,
            until_then: &c.until_then,
        }),
        alternatives: diagnosis
            .alternatives
            .iter()
            .take(2)
            .map(|a| Because { layer: a.layer.id(), because: &a.because })
            .collect(),
        evidence: diagnosis.quotes.iter().filter_map(|q| quote(case, q)).collect(),
        ruled_out: diagnosis
            .ruled_out
            .iter()
            .map(|r| Because { layer: r.layer.id(), because: &r.because })
            .collect(),
        remedies: diagnosis.remedies.iter().map(fix).collect(),
        next_steps: &diagnosis.next_steps,
        count: diagnosis.count,
    }
}

fn known_issue(issue: &KnownIssueRef) -> KnownIssue<'_> {
    KnownIssue { id: &issue.id, title: &issue.title, url: &issue.url, fixed_in: &issue.fixed_in }
}

fn quote<'a>(case: &'a Case, quote: &Quote) -> Option<Evidence<'a>> {
    let evidence = case.evidence.get(quote.span.source.0 as usize)?;
    let text = case.text(quote.span);
    let mut end = text.len().min(QUOTE_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = crate::redact::text(text.get(..end)?).into_owned();
    Some(Evidence { source: evidence.origin.name(), text })
}

fn fix(remedy: &Remedy) -> Fix<'_> {
    Fix {
        summary: &remedy.summary,
        on: remedy.on.id(),
        risk: remedy.risk.id(),
        widens: &remedy.widens,
        edits: &remedy.edits,
        commands: &remedy.commands,
        undo: &remedy.undo,
    }
}

/// Spells unsafe characters as `\u` escapes. They can stand inside strings only, because the
/// rest of a JSON document is ASCII; C0 controls are escaped by the serialiser already.
fn armour(json: String) -> String {
    let is_steering = |c: char| c != '\n' && escape::is_unsafe(c);
    if !json.contains(is_steering) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_steering(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn hostile_text_survives_as_data_and_steers_nothing() {
        let case = sample::hostile();
        let json = render(&case);
        assert!(!json.contains(|c| c != '\n' && escape::is_unsafe(c)));
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["denials"][0]["object"], case.diagnoses[0].object);
        assert_eq!(read["denials"][0]["cause"], case.diagnoses[0].cause);
    }

    #[test]
    fn the_seed_reads_as_published() {
        let read: serde_json::Value = serde_json::from_str(&render(&sample::seed())).unwrap();
        let first = &read["denials"][0];
        assert_eq!(read["schema"], "whodenied/1");
        assert_eq!(first["layer"], "apparmor");
        assert_eq!(first["errno"], "EACCES");
        assert_eq!(first["certainty"], "proven");
        assert_eq!(first["remedies"][0]["edits"][0]["format"], "apparmor");
        assert!(first["evidence"][0]["text"].as_str().unwrap().contains("failed protocol match"));
    }
}
