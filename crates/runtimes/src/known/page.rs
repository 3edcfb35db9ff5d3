//! The manual page of a known issue, in Markdown, from its data alone.

use super::{Confidence, KnownIssue, Match, Range, Sign, Signature, Stage, Witness};
use std::fmt::Write as _;

/// The manual page of `issue`: Markdown, lines up to 100 columns, ending in a newline.
#[must_use]
pub fn page(issue: &KnownIssue) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&format!("# {}\n", issue.id));
    line(&wrapped("", &format!("{}.", issue.title)));
    line("");
    let also: Vec<_> = issue.also.iter().map(|l| l.title()).collect();
    let also = if also.is_empty() { String::new() } else { format!(" (also seen as {})", also.join(", ")) };
    line(&format!("Layer: {}{also}\n", issue.layer.title()));
    line("## Cause\n");
    line(&wrapped("", issue.cause));
    if !issue.turns.is_empty() {
        line("\n## Since when\n");
        for turn in issue.turns {
            let release = dotted(turn.since);
            line(&wrapped("- ", &format!("{} {release} ({}) {}.", turn.component, turn.date, turn.what)));
        }
    }
    if !issue.affected.is_empty() || !issue.requires.is_empty() {
        line("\n## Versions\n");
        for range in issue.affected {
            line(&format!("- affected: {}", shown(range)));
        }
        for range in issue.requires {
            line(&format!("- only with: {}", shown(range)));
        }
        if !issue.fixed_in.is_empty() {
            line(&wrapped("- ", &format!("fixed in: {}", issue.fixed_in.join(", "))));
        }
    }
    line("\n## What it looks like\n");
    for signature in issue.signatures {
        line(&wrapped("- ", &looks(signature)));
    }
    line("\n## What mends it\n");
    line(&wrapped("", &full(issue.fix.prefer)));
    for (head, list) in [("Or", issue.fix.alternatives), ("Avoid", issue.fix.avoid)] {
        if !list.is_empty() {
            line(&format!("\n{head}:\n"));
            for item in list {
                line(&wrapped("- ", item));
            }
        }
    }
    line("\n## Sources\n");
    for source in issue.sources {
        line(&format!("- <{source}>"));
    }
    line(&format!(
        "\nEstablished: {}.",
        match issue.confidence {
            Confidence::High => "read in the source or in the change that fixed it",
            Confidence::Medium => "a public report that agrees with the code",
            Confidence::Low => "general knowledge",
        }
    ));
    out
}

/// The list of all issues, in Markdown, grouped by layer in the order of first appearance.
#[must_use]
pub fn index() -> String {
    let mut out = String::from(
        "# Known breakages\n\nOne page each, made from the data in `crates/runtimes/src/known` by `cargo xtask docs`;\n\
         `whodenied known ID` prints the same.\n",
    );
    let mut layers = Vec::new();
    for issue in super::ALL {
        if !layers.contains(&issue.layer) {
            layers.push(issue.layer);
        }
    }
    for layer in layers {
        let _ = write!(out, "\n## {}\n\n", layer.title());
        for issue in super::ALL.iter().filter(|i| i.layer == layer) {
            let _ = writeln!(out, "- [{0}]({0}.md): {1}", issue.id, issue.title);
        }
    }
    out
}

fn full(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

fn dotted(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

/// `docker 23.0 and newer, before 29.4.3`.
fn shown(range: &Range) -> String {
    let name = range.component;
    match (range.since, range.before) {
        ([], []) => format!("{name}, every version"),
        (since, []) => format!("{name} {} and newer", dotted(since)),
        ([], before) => format!("{name} before {}", dotted(before)),
        (since, before) => format!("{name} from {} to before {}", dotted(since), dotted(before)),
    }
}

/// A signature in words.
fn looks(signature: &Signature) -> String {
    let list = |signs: &[Sign], glue: &str| signs.iter().map(sign).collect::<Vec<_>>().join(glue);
    let mut out = list(signature.needs, "; ");
    if !signature.hints.is_empty() {
        let _ = write!(out, " (more likely with {})", list(signature.hints, " or "));
    }
    if !signature.excludes.is_empty() {
        let _ = write!(out, " (not with {})", list(signature.excludes, " or "));
    }
    out
}

fn sign(sign: &Sign) -> String {
    let names = |list: &[&str]| list.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or ");
    match sign {
        Sign::Call(calls) => {
            let calls: Vec<_> = calls.iter().map(|c| format!("`{}`", c.name())).collect();
            format!("the call is {}", calls.join(" or "))
        }
        Sign::Syscall(list) => format!("the system call is {}", names(list)),
        Sign::Errno(list) => {
            let list: Vec<_> = list.iter().map(ToString::to_string).collect();
            format!("the error is {}", list.join(" or "))
        }
        Sign::Arg(name, want) => format!("its {name} {}", matched(*want)),
        Sign::Object(want) => format!("the object {}", matched(*want)),
        Sign::Phase(stages) => {
            let stages: Vec<_> = stages.iter().map(|s| stage(*s)).collect();
            format!("it fails {}", stages.join(" or "))
        }
        Sign::Record(witness, keys) => {
            let keys: Vec<_> = keys.iter().map(|(k, want)| format!("`{k}` {}", matched(*want))).collect();
            format!("a record of {} in which {}", witness_name(*witness), keys.join(", "))
        }
        Sign::NoRecord => "no kernel record".to_owned(),
        Sign::Engine(list) => format!("it runs under {}", names(list)),
        Sign::Outer(list) => format!("the engine itself runs in {}", names(list)),
        Sign::Environment(list) => format!("the surroundings are {}", names(list)),
        Sign::Distro(list) => format!("the host is {}", names(list)),
        Sign::Component(name) => format!("`{name}` is named"),
        Sign::Statement(list) => format!("it is said: {}", names(list)),
        Sign::Knob(name, want) => format!("the setting `{name}` {}", matched(*want)),
        Sign::NoNewPrivs => "no_new_privs is set".to_owned(),
        Sign::MountOption(option) => format!("a mount with `{option}`"),
        Sign::Owner(want) => format!("a listed owner that {}", matched(*want)),
        Sign::Sysctl(key, want) => format!("the sysctl `{key}` {}", matched(*want)),
        Sign::OneOf(list) => list.iter().map(self::sign).collect::<Vec<_>>().join(", or "),
    }
}

fn matched(want: Match) -> String {
    let names = |list: &[&str]| list.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or ");
    match want {
        Match::Any => "is there".to_owned(),
        Match::Is(text) => format!("is `{text}`"),
        Match::OneOf(list) => format!("is {}", names(list)),
        Match::Starts(text) => format!("starts with `{text}`"),
        Match::Ends(text) => format!("ends with `{text}`"),
        Match::Has(text) => format!("contains `{text}`"),
        Match::NoneOf(list) => format!("is given and not {}", names(list)),
        Match::AnyOf(list) => list.iter().map(|m| matched(*m)).collect::<Vec<_>>().join(" or "),
    }
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Program => "in the program",
        Stage::RuntimeSetup => "in the OCI runtime, before the program starts",
        Stage::Engine => "in the engine",
        Stage::ServiceSetup => "in the service manager, before the program starts",
        Stage::Stop => "while the engine stops or signals the container",
    }
}

const fn witness_name(witness: Witness) -> &'static str {
    match witness {
        Witness::Apparmor => "AppArmor",
        Witness::Selinux => "SELinux",
        Witness::Seccomp => "seccomp",
        Witness::Landlock => "Landlock",
        Witness::Other => "another kernel part",
    }
}

/// `text` in lines of up to 100 columns, the first after `head`, the others indented like it.
fn wrapped(head: &str, text: &str) -> String {
    let mut out = head.to_owned();
    let mut column = head.len();
    for (n, word) in text.split_whitespace().enumerate() {
        let width = word.chars().count();
        if n > 0 && column + 1 + width > 100 {
            let _ = write!(out, "\n{:indent$}", "", indent = head.len());
            column = head.len();
        } else if n > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_issue_has_a_whole_page() {
        for issue in super::super::ALL {
            let page = page(issue);
            for part in ["## Cause", "## What it looks like", "## What mends it", "## Sources", issue.title] {
                let shown = page.replace('\n', " ");
                assert!(shown.contains(part), "{}: {part}", issue.id);
            }
            assert!(page.lines().all(|l| l.chars().count() <= 100 || l.contains("://")), "{}", issue.id);
            assert!(index().contains(&format!("({}.md)", issue.id)));
        }
    }

    #[test]
    fn ranges_in_words() {
        let range = |since, before| Range { component: "docker", since, before };
        assert_eq!(shown(&range(&[], &[])), "docker, every version");
        assert_eq!(shown(&range(&[25, 0], &[])), "docker 25.0 and newer");
        assert_eq!(shown(&range(&[], &[29, 4, 3])), "docker before 29.4.3");
        assert_eq!(shown(&range(&[23, 0, 0], &[23, 0, 2])), "docker from 23.0.0 to before 23.0.2");
    }
}
