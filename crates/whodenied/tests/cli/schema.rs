//! The part of JSON Schema that our smaller documents use. A keyword it does not know fails.

use serde_json::Value;
use std::path::Path;

/// What is wrong with `text` by the published schema `name`.
pub(crate) fn check(name: &str, text: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/schema/{name}.schema.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let document: Value = serde_json::from_str(text).unwrap();
    let mut found = Vec::new();
    errors(&schema, &document, "", &mut found);
    found
}

fn errors(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$schema" | "title" | "description" => {}
            "type" => {
                let kind = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(_) => "integer",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                let fits = rule.as_str() == Some(kind)
                    || rule.as_array().is_some_and(|all| all.iter().any(|k| k.as_str() == Some(kind)));
                if !fits {
                    found.push(format!("{at}: is {kind}, not {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().unwrap().contains(value) {
                    found.push(format!("{at}: {value} is none of {rule}"));
                }
            }
            "required" => {
                for key in rule.as_array().unwrap() {
                    if value.get(key.as_str().unwrap()).is_none() {
                        found.push(format!("{at}: lacks {key}"));
                    }
                }
            }
            "additionalProperties" => {
                assert_eq!(rule, &Value::Bool(false));
                for key in value.as_object().unwrap().keys() {
                    if schema["properties"].get(key).is_none() {
                        found.push(format!("{at}: has {key}"));
                    }
                }
            }
            "properties" => {
                for (key, inner) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        errors(inner, value, &format!("{at}/{key}"), found);
                    }
                }
            }
            "items" if value.is_null() => {}
            "items" => {
                for (n, item) in value.as_array().unwrap().iter().enumerate() {
                    errors(rule, item, &format!("{at}/{n}"), found);
                }
            }
            other => panic!("the keyword {other} is not known here"),
        }
    }
}

#[test]
fn the_validator_sees_what_is_wrong() {
    let found = check("whodenied-can-1", r#"{"schema":"x","extra":1,"doubts":[7],"layer":3}"#);
    for part in
        [": has extra", ": lacks \"who\"", "/doubts/0: is integer", "/schema: \"x\" is none", "/layer: is"]
    {
        assert!(found.iter().any(|f| f.contains(part)), "{part}: {found:?}");
    }
}
