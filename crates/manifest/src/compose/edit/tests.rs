use super::*;
use proptest::prelude::*;

fn set(text: &str) -> Result<String, ManualInstruction> {
    let edits = set_security_opt(text, "web", "apparmor", "mine")?;
    Ok(apply(text, &edits).unwrap())
}

#[test]
fn adds_the_key_at_the_end_of_the_service() {
    assert_eq!(
        set("services:\n  web:\n    image: x\n\n  db:\n    image: y\n").as_deref(),
        Ok(
            "services:\n  web:\n    image: x\n    security_opt:\n      - apparmor=mine\n\n  db:\n    image: y\n"
        )
    );
    assert_eq!(
        set("services:\r\n    web:\r\n        image: x").as_deref(),
        Ok(
            "services:\r\n    web:\r\n        image: x\r\n        security_opt:\r\n            - apparmor=mine"
        )
    );
}

#[test]
fn replaces_either_spelling_and_keeps_comments() {
    assert_eq!(
        set("services:\n  web:\n    security_opt: # why\n    - seccomp:a.json\n    - \"apparmor:old\"  # here\n    image: x\n")
            .as_deref(),
        Ok("services:\n  web:\n    security_opt: # why\n    - seccomp:a.json\n    - apparmor=mine  # here\n    image: x\n")
    );
    assert_eq!(
        set("services:\n  web:\n    security_opt: [ 'apparmor=old', label:disable ]\n").as_deref(),
        Ok("services:\n  web:\n    security_opt: [ apparmor=mine, label:disable ]\n")
    );
    assert_eq!(
        set("services:\n  web:\n    security_opt: []\n").as_deref(),
        Ok("services:\n  web:\n    security_opt: [apparmor=mine]\n")
    );
    let done = "services:\n  web:\n    security_opt: [apparmor=mine]\n";
    assert_eq!(set(done).as_deref(), Ok(done));
}

#[test]
fn refuses_what_is_shared_or_unknown() {
    for text in [
        "services:\n  web: &a\n    security_opt: &s\n      - label:disable\n  db:\n    security_opt: *s\n",
        "x: &c\n  security_opt:\n    - label:disable\nservices:\n  web:\n    <<: *c\n    image: x\n",
        "services:\n  web: {image: x}\n",
        "services:\n  other:\n    image: x\n",
        "services:\n  web:\n    security_opt:\n      - apparmor=a\n      - apparmor:b\n",
        "services:\n\tweb:\n",
        "",
        "services: [",
    ] {
        let refused = set(text).unwrap_err();
        assert_eq!(refused.snippet, "security_opt:\n  - apparmor=mine\n", "{text}");
    }
}

#[test]
fn other_lists_and_mappings() {
    let text = "services:\n  web:\n    cap_add:\n      - CAP_NET_RAW\n    sysctls:\n      net.core.somaxconn: 1024\n";
    assert_eq!(add_to_list(text, "web", "cap_add", "NET_RAW"), Ok(Vec::new()));
    let edits = add_to_list(text, "web", "cap_add", "SYS_NICE").unwrap();
    assert!(apply(text, &edits).unwrap().contains("      - CAP_NET_RAW\n      - SYS_NICE\n    sysctls"));
    let edits = set_mapping(text, "web", "sysctls", "net.ipv4.ip_unprivileged_port_start", "80").unwrap();
    assert!(
        apply(text, &edits).unwrap().ends_with(": 1024\n      net.ipv4.ip_unprivileged_port_start: 80\n")
    );
    let edits = set_scalar(text, "web", "user", "1000:1000").unwrap();
    assert!(apply(text, &edits).unwrap().ends_with("    user: \"1000:1000\"\n"));
    let listed = "services:\n  web:\n    sysctls:\n      - net.core.somaxconn=1\n";
    let edits = set_mapping(listed, "web", "sysctls", "net.core.somaxconn", "2").unwrap();
    assert!(apply(listed, &edits).unwrap().ends_with("- net.core.somaxconn=2\n"));
}

fn shapes() -> impl Strategy<Value = String> {
    let options = prop::sample::subsequence(
        vec!["apparmor:old", "apparmor=older", "seccomp=./p.json", "label:disable", "no-new-privileges:true"],
        0..3,
    );
    let quotes = prop::sample::select(vec!["", "\"", "'"]);
    let comment = prop::sample::select(vec!["", " # note", "  # it's \"x\""]);
    (options, quotes, comment, 1..5_usize, any::<[bool; 5]>()).prop_map(
        |(options, q, comment, step, [flow, dashed_at_key, crlf, no_end, anchor])| {
            let pad = |n: usize| " ".repeat(step * n);
            let mut out = format!("# head{comment}\nservices:\n");
            out += &format!("{}web:{}{comment}\n", pad(1), if anchor { " &w" } else { "" });
            out += &format!("{}image: a:1{comment}\n", pad(2));
            let quoted: Vec<_> = options.iter().map(|o| format!("{q}{o}{q}")).collect();
            if flow {
                out += &format!("{}security_opt: [{}]{comment}\n", pad(2), quoted.join(", "));
            } else if !quoted.is_empty() {
                out += &format!("{}security_opt:{comment}\n", pad(2));
                for item in &quoted {
                    let deep = if dashed_at_key { pad(2) } else { pad(3) };
                    out += &format!("{deep}- {item}{comment}\n");
                }
            }
            out += &format!("{}command: |\n{}a: b\n\n{}db:\n{}image: y\n", pad(2), pad(3), pad(1), pad(2));
            if no_end {
                out.pop();
            }
            if crlf { out.replace('\n', "\r\n") } else { out }
        },
    )
}

proptest! {
    #[test]
    fn an_edit_sets_the_option_and_keeps_every_other_byte(text in shapes()) {
        let twice = text.contains("apparmor:old") && text.contains("apparmor=older");
        match set_security_opt(&text, "web", "apparmor", "mine") {
            Err(refused) => prop_assert!(twice, "{}: {text}", refused.why),
            Ok(edits) => {
                let now = apply(&text, &edits).unwrap();
                let value: Value = yaml_serde::from_str(&now).unwrap();
                let list = value["services"]["web"]["security_opt"].as_sequence().unwrap();
                let set: Vec<_> = list.iter().filter_map(Value::as_str).filter(|o| o.starts_with("apparmor")).collect();
                prop_assert_eq!(set, ["apparmor=mine"]);
                let kept: usize = edits.iter().map(|e| e.end - e.start).sum();
                let added: usize = edits.iter().map(|e| e.text.len()).sum();
                prop_assert_eq!(now.len(), text.len() - kept + added);
                prop_assert!(kept <= "\"apparmor=older\"".len());
            }
        }
    }

    #[test]
    fn any_text_is_answered(text in "[ a-z:\\-\n\\[\\]{}&*'\"#|]{0,200}") {
        let _ = set_security_opt(&text, "web", "apparmor", "mine");
        let _ = set_security_opt(&format!("services:\n  web:\n{text}"), "web", "apparmor", "mine");
        let _ = crate::read(&crate::line::lines(&text));
    }
}
