//! What a scenario's run came to: first whether the kernel showed what the scenario says, then whether
//! whodenied said so.

use crate::lab::scenario::Expect;
use serde_json::Value;
use std::path::Path;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it should.
    Passed,
    /// The guest said why it can't show this.
    Skipped(String),
    /// Not as it should, and why.
    Failed(String),
    /// The worst: a wrong layer said to be proven.
    WrongProven(String),
}

/// The report that this machine made of what the guest collected.
pub(crate) const ELSEWHERE: &str = "elsewhere.json";

/// Layer, certainty, operation and object of every denial.
fn gist(report: &Value) -> String {
    let denials = report["denials"].as_array().into_iter().flatten();
    let told = denials.map(|d| {
        let part = |name: &str| d[name].as_str().unwrap_or("?").to_owned();
        format!("{} {} {} {}", part("layer"), part("certainty"), part("operation"), part("object"))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// The report's own words for what it explains, as `Workload::words` of the case puts them.
fn workload(report: &Value) -> String {
    let of = |key: &str| report["workload"][key].as_str().map(|v| format!("{key} {v}"));
    let mut parts = ["service", "unit", "container", "image"].into_iter().filter_map(of);
    let Some(first) = parts.next() else { return String::new() };
    let rest: Vec<String> = parts.collect();
    if rest.is_empty() { first } else { format!("{first} ({})", rest.join(", ")) }
}

/// Judges what the guest left in `folder`.
pub(crate) fn judge(expect: &Expect, folder: &Path) -> Verdict {
    let text = |name: &str| {
        String::from_utf8_lossy(&std::fs::read(folder.join(name)).unwrap_or_default()).trim().to_owned()
    };
    let status = |name: &str| text(name).parse::<i32>().ok();
    match status("setup.status") {
        Some(77) => return Verdict::Skipped(text("setup.txt")),
        Some(0) => {}
        None if !folder.join("setup.txt").exists() && folder.join("command.status").exists() => {}
        other => return Verdict::Failed(format!("its set-up failed ({other:?}): {}", text("setup.txt"))),
    }
    // The kernel's own word: refused with the layer, done without it.
    match status("command.status") {
        None => return Verdict::Failed("the guest did not come to its end".to_owned()),
        Some(0) => return Verdict::Failed("nothing was refused here: the command succeeded".to_owned()),
        Some(_) => {}
    }
    if status("without.status") != Some(0) {
        let said = text("without.txt");
        return Verdict::Failed(format!("it fails without the layer too, so the truth is not shown: {said}"));
    }
    let report: Value = match serde_json::from_str(&text("report.json")) {
        Ok(report) => report,
        Err(_) => return Verdict::Failed(format!("whodenied gave no report: {}", text("report.err"))),
    };
    let answer = answer(expect, &report);
    if answer != Verdict::Passed {
        return answer;
    }
    if folder.join(ELSEWHERE).exists() {
        let elsewhere = serde_json::from_str(&text(ELSEWHERE)).unwrap_or(Value::Null);
        if gist(&report) != gist(&elsewhere) {
            return Verdict::Failed(format!(
                "what was collected gives another answer elsewhere: {} here, {} there",
                gist(&report),
                gist(&elsewhere)
            ));
        }
    }
    if status("again.status") == Some(0) {
        return Verdict::Failed("it was no longer refused when the fix was to be tried".to_owned());
    }
    match status("verify.status") {
        None if !folder.join("verify.txt").exists() => Verdict::Passed,
        Some(0) => Verdict::Passed,
        _ => Verdict::Failed(format!("the fix did not let it through: {}", text("verify.txt"))),
    }
}

/// Judges the report alone.
fn answer(expect: &Expect, report: &Value) -> Verdict {
    let Some(denial) = report["denials"].get(0) else {
        return Verdict::Failed("no denial was reported".to_owned());
    };
    let field = |name: &str| denial[name].as_str().unwrap_or("");
    let (layer, certainty) = (field("layer"), field("certainty"));
    let said = format!(
        "{layer} {certainty}: {} on {:?} ({}): {}",
        field("operation"),
        field("object"),
        field("errno"),
        field("cause")
    );
    let right = |l: &str| l == expect.layer || expect.also.iter().any(|a| a == l);
    for denial in report["denials"].as_array().into_iter().flatten() {
        if denial["certainty"] == "proven" && !right(denial["layer"].as_str().unwrap_or("")) {
            return Verdict::WrongProven(format!(
                "{} proven, the kernel says {}: {said}",
                denial["layer"], expect.layer
            ));
        }
    }
    if !right(layer) {
        let alternative = denial["alternatives"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|a| right(a["layer"].as_str().or_else(|| a.as_str()).unwrap_or("")));
        let next = denial["next_steps"].as_array().is_some_and(|n| !n.is_empty());
        if expect.record || certainty != "possible" || !alternative || !next {
            return Verdict::Failed(format!("not {}, but {said}", expect.layer));
        }
        return Verdict::Passed;
    }
    let rank = |c: &str| ["possible", "likely", "proven"].iter().position(|w| *w == c);
    if let Some(least) = &expect.certainty
        && rank(certainty) < rank(least)
    {
        return Verdict::Failed(format!("not even {least}: {said}"));
    }
    for (name, wanted) in [("operation", &expect.operation), ("object", &expect.object)] {
        if !field(name).contains(wanted.as_str()) {
            return Verdict::Failed(format!("{name} is not {wanted:?}: {said}"));
        }
    }
    if !workload(report).contains(expect.workload.as_str()) {
        return Verdict::Failed(format!(
            "it is not called {:?}, but {:?}",
            expect.workload,
            workload(report)
        ));
    }
    if !denial["remedies"].to_string().contains(expect.fix.as_str()) {
        return Verdict::Failed(format!("no remedy holds {:?}: {said}", expect.fix));
    }
    Verdict::Passed
}

#[cfg(test)]
mod tests {
    use super::{Verdict, answer};
    use crate::lab::scenario::Expect;
    use serde_json::json;

    fn expect(record: bool) -> Expect {
        Expect {
            layer: "apparmor".to_owned(),
            also: Vec::new(),
            record,
            certainty: record.then(|| "proven".to_owned()),
            operation: String::new(),
            object: String::new(),
            workload: String::new(),
            fix: String::new(),
        }
    }

    fn report(layer: &str, certainty: &str, alternatives: &[&str]) -> serde_json::Value {
        let others: Vec<_> = alternatives.iter().map(|l| json!({ "layer": l })).collect();
        json!({"denials": [{"layer": layer, "certainty": certainty, "alternatives": others,
            "next_steps": ["dmesg"], "remedies": []}]})
    }

    #[test]
    fn the_right_layer_passes_as_surely_as_asked() {
        assert_eq!(answer(&expect(true), &report("apparmor", "proven", &[])), Verdict::Passed);
        assert!(matches!(answer(&expect(true), &report("apparmor", "likely", &[])), Verdict::Failed(_)));
    }

    #[test]
    fn a_wrong_layer_passes_only_as_possible_beside_the_right_one() {
        let hedged = report("seccomp", "possible", &["apparmor"]);
        assert_eq!(answer(&expect(false), &hedged), Verdict::Passed);
        assert!(matches!(answer(&expect(true), &hedged), Verdict::Failed(_)));
        assert!(matches!(answer(&expect(false), &report("seccomp", "possible", &[])), Verdict::Failed(_)));
        assert!(matches!(
            answer(&expect(false), &report("seccomp", "likely", &["apparmor"])),
            Verdict::Failed(_)
        ));
    }

    #[test]
    fn a_wrong_proven_is_told_apart() {
        assert!(matches!(answer(&expect(false), &report("seccomp", "proven", &[])), Verdict::WrongProven(_)));
    }
}
