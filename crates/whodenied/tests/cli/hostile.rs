use crate::support::{RECORD, run};

/// A record whose `comm` tries everything at once: `comm` is hex-encoded by the kernel when it
/// holds a quote or a control character, and pasted raw by tools that decode it.
fn hostile_records() -> Vec<String> {
    let evil = "x\x1b[2J\x1b]0;pwned\x07\u{9b}31m\u{202e}\" apparmor=\"ALLOWED";
    let hex: String = evil.bytes().map(|b| format!("{b:02X}")).collect();
    let fake = "x\naudit: type=1400 audit(1.1:1): apparmor=\"DENIED\" operation=\"open\" profile=\"fake\" name=\"/etc/shadow\" comm=\"y\" requested_mask=\"r\" denied_mask=\"r\"";
    let fake: String = fake.bytes().map(|b| format!("{b:02X}")).collect();
    vec![
        RECORD.replace("comm=\"python3\"", &format!("comm={hex}")),
        RECORD.replace("comm=\"python3\"", &format!("comm={fake}")),
        RECORD.replace("python3", evil),
        RECORD.replace("docker-default", "pro\x1b[31mfile\u{2028}"),
    ]
}

#[test]
fn hostile_records_render_harmlessly_everywhere() {
    for record in hostile_records() {
        for args in [
            &["explain"][..],
            &["explain", "--all"],
            &["explain", "--format", "json"],
            &["explain", "--format", "markdown"],
        ] {
            let ran = run(args, &record);
            assert_eq!(ran.status, 1, "{args:?} {}{}", ran.out, ran.err);
            ran.assert_harmless();
        }
    }
}

#[test]
fn a_record_inside_a_name_is_no_record() {
    let ran = run(&["explain", "--format", "json"], &hostile_records()[1]);
    for denial in ran.json()["denials"].as_array().unwrap() {
        assert_ne!(denial["policy"], "fake");
    }
}
