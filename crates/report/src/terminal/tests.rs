use super::*;
use crate::sample;
use whodenied_case::Certainty;
use whodenied_kernel::Layer;
use whodenied_text::escape;

fn at(width: usize) -> Options {
    Options { width, ..Options::default() }
}

/// The text without our colour sequences, which are `ESC [ digits ; m` only.
fn without_colour(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\x1b') {
        out.push_str(before);
        let (sequence, tail) = after.split_once('m').unwrap();
        assert!(sequence.starts_with('[') && sequence[1..].bytes().all(|b| b.is_ascii_digit() || b == b';'));
        rest = tail;
    }
    out + rest
}

#[test]
fn the_answer_is_the_first_line() {
    let out = render(&sample::seed(), &at(120));
    assert_eq!(
        out.lines().next(),
        Some("AppArmor refused socketpair(AF_UNIX, SOCK_STREAM) on an unnamed Unix socket — proven")
    );
    assert!(out.lines().nth(1).unwrap().contains("docker-default · EACCES (Permission denied) · python3"));
    let narrow = render(&sample::seed(), &at(80));
    assert_eq!(narrow.lines().next(), Some("AppArmor refused socketpair(AF_UNIX, SOCK_STREAM) — proven"));
    assert!(narrow.lines().nth(1).unwrap().starts_with("  on an unnamed Unix socket · docker-default"));
}

#[test]
fn one_denial_is_one_screen() {
    let out = render(&sample::seed(), &at(80));
    let lines = out.lines().count();
    assert!((24..=54).contains(&lines), "{lines} lines:\n{out}");
    for part in [
        "✓ seccomp",
        "✗ AppArmor",
        "· Landlock, SELinux  not asked",
        "^^^^",
        "abi <abi/4.0>,",
        "apparmor_parser -Kr",
        "Undo",
        "Stays blocked",
        "fixed in Docker 29.4.3",
    ] {
        assert!(out.contains(part), "{part} is missing:\n{out}");
    }
}

#[test]
fn carets_stand_under_what_decides() {
    let out = render(&sample::seed(), &at(400));
    let lines: Vec<&str> = out.lines().collect();
    let row = lines.iter().position(|l| l.contains("failed protocol match\" error")).unwrap();
    let chars: Vec<char> = lines[row].chars().collect();
    let marked: String =
        lines[row + 1].chars().enumerate().filter(|(_, c)| *c == '^').map(|(i, _)| chars[i]).collect();
    assert_eq!(
        marked,
        "apparmor=\"DENIED\"info=\"failed protocol match\"profile=\"docker-default\"family=\"unix\""
    );
}

#[test]
fn prose_keeps_to_the_width() {
    for width in [40, 60, 80, 120] {
        let out = render(&sample::seed(), &at(width));
        for line in out.lines() {
            let pasted =
                line.contains("apparmor_parser") || line.contains("docker compose") || line.contains("│ ");
            assert!(pasted || width::text(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn hostile_text_reaches_no_terminal() {
    for color in [false, true] {
        for unicode in [false, true] {
            for all in [false, true] {
                let options = Options { color, unicode, all, ..Options::default() };
                let out = render(&sample::hostile(), &options);
                let plain = if color { without_colour(&out) } else { out };
                assert!(!plain.contains(|c| c != '\n' && escape::is_unsafe(c)), "{plain:?}");
                assert!(unicode || plain.is_ascii());
                assert!(!plain.lines().any(|l| l.trim_start().starts_with("audit:")), "{plain}");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = render(&sample::seed(), &at(80));
    let colour = render(&sample::seed(), &Options { color: true, ..at(80) });
    assert!(colour.contains("\x1b["));
    assert_eq!(without_colour(&colour), plain);
}

#[test]
fn an_open_question_names_its_layers_and_the_next_step() {
    let mut diagnosis = sample::bare(Layer::Apparmor, Certainty::Possible);
    diagnosis
        .alternatives
        .push(whodenied_case::Alternative { layer: Layer::Seccomp, because: "fits".to_owned() });
    diagnosis.next_steps.push("journalctl -k | grep DENIED".to_owned());
    let out = render(&sample::case("x", vec![diagnosis]), &at(80));
    assert_eq!(out.lines().next(), Some("AppArmor or seccomp refused open(O_RDONLY) on /data/x — possible"));
    assert!(out.contains("To decide it\n  → journalctl -k | grep DENIED"));
}

#[test]
fn nothing_denied_says_so_and_what_would_help() {
    let out = render(&sample::case("all is well\n", Vec::new()), &at(80));
    assert!(out.starts_with("No denial found\n  Read 1 line from 1 input"));
    assert!(out.contains("journalctl -k"));
}

#[test]
fn with_all_every_file_is_whole() {
    let out = render(&sample::seed(), &Options { all: true, ..at(80) });
    assert_eq!(out.matches("deny @{PROC}/sysrq-trigger").count(), 30);
    assert!(
        out.contains("--security-opt apparmor=whodenied-mealie") && out.contains("apt install docker-ce")
    );
}
