//! A validator for the part of JSON Schema 2020-12 that the published schema uses, and the test
//! that what we print is what we publish.
//!
//! A keyword it does not know fails the test, so nothing in the schema is passed over silently.

use crate::{json, sample};
use regex_lite::Regex;
use serde_json::Value;
use whodenied_case::{Certainty, Risk, Where, YesNo};
use whodenied_kernel::{Errno, Layer};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/schema/whodenied-1.schema.json")).unwrap()
}

/// Every way in which `value` breaks `schema`, as `path: reason`.
fn errors(root: &Value, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().unwrap() {
        let mut wrong = |why: String| found.push(format!("{path}: {why}"));
        match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let target = root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                errors(root, target, value, path, found);
            }
            "const" if value != rule => wrong(format!("is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => wrong(format!("{value} is not in {rule}")),
            "const" | "enum" => {}
            "type" => {
                let is = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    "integer" => value.is_i64() || value.is_u64(),
                    other => panic!("type {other} is not known here"),
                };
                if !is {
                    wrong(format!("is no {rule}"));
                }
            }
            "required" => {
                for key in rule.as_array().unwrap() {
                    if value.get(key.as_str().unwrap()).is_none() {
                        wrong(format!("lacks {key}"));
                    }
                }
            }
            "additionalProperties" => {
                assert_eq!(rule, &Value::Bool(false));
                for key in value.as_object().into_iter().flat_map(|o| o.keys()) {
                    if schema["properties"].get(key).is_none() {
                        wrong(format!("has {key}"));
                    }
                }
            }
            "properties" => {
                for (key, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        errors(root, rule, value, &format!("{path}/{key}"), found);
                    }
                }
            }
            "items" => {
                for (n, value) in value.as_array().into_iter().flatten().enumerate() {
                    errors(root, rule, value, &format!("{path}/{n}"), found);
                }
            }
            "maxItems" => {
                if value.as_array().is_some_and(|a| a.len() as u64 > rule.as_u64().unwrap()) {
                    wrong("has too many items".to_owned());
                }
            }
            "minLength" => {
                if value.as_str().is_some_and(|s| (s.chars().count() as u64) < rule.as_u64().unwrap()) {
                    wrong("is too short".to_owned());
                }
            }
            "minimum" => {
                if value.as_i64().is_some_and(|n| n < rule.as_i64().unwrap()) {
                    wrong("is too small".to_owned());
                }
            }
            "pattern" => {
                let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
                if value.as_str().is_some_and(|s| !pattern.is_match(s)) {
                    wrong(format!("{value} does not match {rule}"));
                }
            }
            "oneOf" => {
                let fitting = rule.as_array().unwrap().iter().filter(|option| {
                    let mut inner = Vec::new();
                    errors(root, option, value, path, &mut inner);
                    inner.is_empty()
                });
                if fitting.count() != 1 {
                    wrong("fits none or several of oneOf".to_owned());
                }
            }
            other => panic!("the keyword {other} is not known here"),
        }
    }
}

fn check(document: &Value) -> Vec<String> {
    let schema = schema();
    let mut found = Vec::new();
    errors(&schema, &schema, document, "", &mut found);
    found
}

fn printed(case: &whodenied_case::Case) -> Value {
    serde_json::from_str(&json::render(case)).unwrap()
}

#[test]
fn what_is_printed_is_what_is_published() {
    let none: [String; 0] = [];
    assert_eq!(check(&printed(&whodenied_case::Case::default())), none);
    assert_eq!(check(&printed(&sample::seed())), none);
    assert_eq!(check(&printed(&sample::hostile())), none);
}

#[test]
fn every_word_we_can_print_is_published() {
    let none: [String; 0] = [];
    for layer in Layer::ALL {
        for certainty in [Certainty::Proven, Certainty::Likely, Certainty::Possible] {
            let mut diagnosis = sample::bare(*layer, certainty);
            diagnosis.broke_the_program = YesNo::No;
            diagnosis.errno = [None, Some(Errno(4000)), Some(Errno::EACCES)][layer.id().len() % 3];
            assert_eq!(check(&printed(&sample::case("x", vec![diagnosis]))), none);
        }
    }
    let places = [
        Where::Host,
        Where::Container,
        Where::Image,
        Where::Guest,
        Where::OuterHost,
        Where::Server,
        Where::Client,
        Where::Program,
    ];
    for on in places {
        for risk in [Risk::Low, Risk::Medium, Risk::High] {
            let mut case = sample::seed();
            case.diagnoses[0].remedies[0].on = on;
            case.diagnoses[0].remedies[0].risk = risk;
            assert_eq!(check(&printed(&case)), none);
        }
    }
}

#[test]
fn the_validator_sees_what_is_wrong() {
    let good = printed(&sample::seed());
    let broken = |change: &dyn Fn(&mut Value)| {
        let mut document = good.clone();
        change(&mut document);
        check(&document)
    };
    assert_eq!(broken(&|d| d["extra"] = Value::Null), [": has extra"]);
    assert_eq!(broken(&|d| d["schema"] = "whodenied/2".into()), ["/schema: is not \"whodenied/1\""]);
    assert_eq!(broken(&|d| d["denials"][0]["layer"] = "magic".into()).len(), 1);
    assert_eq!(broken(&|d| d["denials"][0]["count"] = (-1).into()), ["/denials/0/count: is too small"]);
    assert_eq!(broken(&|d| d["denials"][0]["errno"] = "13".into()).len(), 1);
    assert_eq!(broken(&|d| d["denials"][0]["known_issue"] = "x".into()).len(), 1);
    assert_eq!(broken(&|d| d["denials"][0]["remedies"][0]["edits"][0]["whole"] = "yes".into()).len(), 1);
    assert_eq!(broken(&|d| drop(d["denials"][0].as_object_mut().unwrap().remove("cause"))).len(), 1);
}
