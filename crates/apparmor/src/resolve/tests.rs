use super::*;

fn resolve(files: &[(&str, &str)]) -> Policy {
    let memory = Memory::new(files);
    let mut loader = Loader::new(&memory, Paths { base: "/b".into(), include: vec!["/i".into()] });
    loader.resolve("f", files[0].1.as_bytes())
}

fn faults(files: &[(&str, &str)]) -> Vec<String> {
    resolve(files).faults.into_iter().map(|f| f.message).collect()
}

#[test]
fn includes_are_searched_and_read_once() {
    let policy = resolve(&[
        (
            "f",
            "include <t>\nprofile x @{BIN} {\n  include <a>\n  include <a>\n  include <d>\n  include if exists <no>\n  profile c { include <a> }\n}\n",
        ),
        ("/b/t", "@{BIN} = /bin/x\n"),
        ("/i/a", "/a r,\n"),
        ("/b/d/1", "/d1 r,\n"),
        ("/b/d/1~", "/d2 r,\n"),
        ("/b/d/.x", "/d3 r,\n"),
    ]);
    assert_eq!(policy.faults, []);
    assert_eq!(policy.profiles.len(), 2);
    assert_eq!(policy.profiles[0].rules.len(), 2);
    assert_eq!(policy.profiles[0].attachment.as_deref(), Some("/bin/x"));
    assert_eq!(policy.profiles[1].name, "x//c");
    assert_eq!(policy.profiles[1].rules.len(), 1);
    let place = &policy.profiles[1].rules[0].place;
    assert_eq!(policy.source(place).path, "/i/a");
    assert_eq!(policy.trail(place).len(), 1);
    assert!(matches!(policy.notes[..], [Note::Repeated(..), Note::MissingIfExists(..)]));
}

#[test]
fn conditions_see_what_was_assigned_before_them() {
    let text = "$A = true\n@{N} = 3\nprofile x {\n if $A and not defined @{M} { /a r, } else { /b r, }\n if @{N} > 2 { /c r, set rlimit cpu <= 1, }\n deny { /e r, capability, }\n}\n";
    let policy = resolve(&[("f", text)]);
    assert_eq!(policy.faults, []);
    let said: Vec<(&str, Option<Dropped>, Decision)> = policy.profiles[0]
        .rules
        .iter()
        .map(|r| (&text[r.place.span.clone()], r.dropped, r.qualifiers.decision))
        .collect();
    assert_eq!(
        said,
        [
            ("/a r,", None, Decision::Allow),
            ("/c r,", None, Decision::Allow),
            ("set rlimit cpu <= 1,", Some(Dropped::Conditional), Decision::Allow),
            ("/e r,", None, Decision::Deny),
            ("capability,", Some(Dropped::Block), Decision::Deny),
        ]
    );
}

use crate::rules::Decision;

#[test]
fn seeds_of_the_fuzz_target_end_in_an_answer() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/policy");
    let mut seeds = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        seeds += 1;
        // Whole, cut short, and with a byte changed.
        for end in (0..=bytes.len()).rev().step_by(bytes.len() / 8 + 1) {
            let mut cut = bytes[..end].to_vec();
            for _ in 0..2 {
                let text = syntax::decode(&cut).into_owned();
                assert_eq!(syntax::parse(&text, Entry::File).root().text().to_string(), text);
                let mut memory = Memory::new(&[("/b/rules", "/a r,\ninclude <rules>\n")]);
                memory.0.insert("/b/self".into(), bytes.clone());
                let mut loader = Loader::new(&memory, Paths { base: "/b".into(), include: Vec::new() });
                let policy = loader.resolve("/f", &cut);
                if policy.faults.is_empty() {
                    drop(crate::compile::conflict::faults(&policy, None));
                }
                if let Some(byte) = cut.get_mut(end / 2) {
                    *byte ^= 0x55;
                }
            }
        }
    }
    assert!(seeds >= 8);
}

#[test]
fn what_is_refused() {
    assert_eq!(faults(&[("f", "profile x {\n include <no>\n}\n")]), ["the included file does not exist"]);
    assert_eq!(faults(&[("f", "profile x {}\nprofile x {}\n")]), ["a second profile of this name"]);
    assert_eq!(faults(&[("f", "profile x @{A} {}\n")]), ["the variable @{A} is assigned nowhere"]);
    assert_eq!(faults(&[("f", "@{A} = b\n@{A} = c\n")]).len(), 1);
    assert_eq!(faults(&[("f", "profile :n {}\n")]), ["`:` is missing behind the namespace"]);
    assert_eq!(faults(&[("f", "profile x { if $B { } }\n")]), ["the boolean ${B} is assigned nowhere"]);
}

#[test]
fn include_bombs_are_bounded() {
    // Each file includes all others: every file is read once a profile.
    let names: Vec<String> = (0..60).map(|i| format!("/b/{i}")).collect();
    let text: String = (0..60).map(|i| format!("include <{i}>\n")).collect();
    let main = format!("profile x {{\n{text}}}\n");
    let mut files = vec![("f", main.as_str())];
    files.extend(names.iter().map(|n| (n.as_str(), text.as_str())));
    let policy = resolve(&files);
    assert!(policy.visits.len() <= 61, "{}", policy.visits.len());
    // A chain without end.
    let chain: Vec<(String, String)> =
        (0..200).map(|i| (format!("/b/{i}"), format!("include <{}>\n", i + 1))).collect();
    let mut files = vec![("f", "profile x { include <0> }\n")];
    files.extend(chain.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    assert_eq!(faults(&files), ["includes are nested too deep, or too many"]);
}
