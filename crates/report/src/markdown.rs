//! A report to keep or to file: what, why, evidence, fix, way back, versions. Redacted.
//!
//! Everything quoted stands in fences longer than any run of backticks in it; everything in
//! prose passes [`text`], after which no Markdown and no HTML of the input is left.

use crate::{redact, words};
use whodenied_case::{Case, Diagnosis, FileEdit, Predicate, Remedy};
use whodenied_text::escape;

/// The longest quotation, in characters.
const QUOTE_MAX: usize = 4000;

/// Renders `case` as a Markdown document that ends with a newline.
#[must_use]
pub fn render(case: &Case) -> String {
    let mut out = String::new();
    if case.diagnoses.is_empty() {
        out.push_str("# No denial found\n\nNothing in the evidence says that something was refused.\n");
    }
    for (n, diagnosis) in case.diagnoses.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        denial(&mut out, case, diagnosis, n == 0);
    }
    let versions = versions(case);
    if !versions.is_empty() {
        heading(&mut out, "Versions");
        versions.iter().for_each(|v| item(&mut out, v));
    }
    if !case.missing.is_empty() {
        heading(&mut out, "Not known");
        case.missing.iter().for_each(|m| item(&mut out, &text(m)));
    }
    out.push_str(&format!("\n---\n\nWritten by whodenied {}. ", env!("CARGO_PKG_VERSION")));
    out.push_str("Values that look like secrets are left out; read it before you publish it.\n");
    out
}

/// A page that is no report, as Markdown: the first heading is its title.
#[must_use]
pub fn sections(parts: &[crate::terminal::Section]) -> String {
    use crate::terminal::Section;
    let mut out = String::new();
    for (n, part) in parts.iter().enumerate() {
        match part {
            Section::Heading(title) if n == 0 => out.push_str(&format!("# {}\n\n", text(title))),
            Section::Heading(title) => heading(&mut out, &text(title)),
            Section::Text(said) => paragraph(&mut out, &text(said)),
            Section::Term(term, said) => item(&mut out, &format!("{}: {}", code(term), text(said))),
            Section::Code(lines) => fence(&mut out, "sh", lines),
        }
    }
    out
}

fn denial(out: &mut String, case: &Case, diagnosis: &Diagnosis, first: bool) {
    let mark = if first { "#" } else { "##" };
    let certainty = diagnosis.certainty.id();
    out.push_str(&format!("{mark} {} ({certainty})\n", text(&words::answer(diagnosis))));
    heading(out, "What");
    item(out, &format!("Operation: {}", code(&diagnosis.operation)));
    if !diagnosis.object.is_empty() {
        item(out, &format!("Object: {}", code(&diagnosis.object)));
    }
    if let Some(workload) =
        case.workload.as_ref().map(whodenied_case::Workload::words).filter(|w| !w.is_empty())
    {
        item(out, &format!("In: {}", text(&workload)));
    }
    item(out, &format!("Refused by: {}", diagnosis.layer.title()));
    if let Some(policy) = diagnosis.policy.as_ref().filter(|p| !p.is_empty()) {
        item(out, &format!("Policy: {}", code(policy)));
    }
    if let Some(errno) = diagnosis.errno {
        item(out, &format!("Error: {errno} ({})", errno.text().unwrap_or("no text")));
    }
    if diagnosis.count > 1 {
        item(out, &format!("Seen {} times", diagnosis.count));
    }
    let broke = words::broke(diagnosis.broke_the_program);
    item(out, &format!("Certainty: {certainty}; {broke}"));
    heading(out, "Why");
    paragraph(out, &text(&diagnosis.cause));
    if let Some(issue) = &diagnosis.known_issue {
        let fixed = match issue.fixed_in.as_slice() {
            [] => String::new(),
            versions => format!(" Fixed in: {}.", text(&words::versions(versions))),
        };
        paragraph(out, &format!("Known issue: {} ({}).{fixed}", text(&issue.title), link(&issue.url)));
    }
    if let Some(changed) = &diagnosis.changed {
        let told = if changed.told.is_empty() {
            String::new()
        } else {
            format!(" {}.", changed.told.trim_end_matches('.'))
        };
        let until = match changed.until_then.as_str() {
            "" => String::new(),
            way => format!(" Until then: {}", text(way)),
        };
        paragraph(out, &format!("What changed: {}.{}{until}", text(&changed.what), text(&told)));
    }
    for other in &diagnosis.alternatives {
        item(out, &format!("It may also be {}: {}", other.layer.title(), text(&other.because)));
    }
    for layer in &diagnosis.ruled_out {
        item(out, &format!("Not {}: {}", layer.layer.title(), text(&layer.because)));
    }
    for sentence in &diagnosis.cannot_help {
        item(out, &text(sentence));
    }
    if !diagnosis.quotes.is_empty() {
        heading(out, "Evidence");
    }
    for quote in &diagnosis.quotes {
        let source = case.evidence.get(quote.span.source.0 as usize).map_or("", |e| e.origin.name());
        paragraph(out, &format!("From {}:", code(source)));
        let quoted: String = case.text(quote.span).chars().take(QUOTE_MAX).collect();
        fence(out, "text", &redact::text(&quoted));
    }
    if let Some((first, others)) = diagnosis.remedies.split_first() {
        heading(out, "Fix");
        remedy(out, first);
        if !diagnosis.stays_blocked.is_empty() {
            paragraph(out, &format!("Stays blocked: {}.", text(&diagnosis.stays_blocked.join("; "))));
        }
        for other in others {
            out.push_str("\n### Or\n");
            remedy(out, other);
        }
    }
    if !diagnosis.shortcut.is_empty() {
        heading(out, "Switching it off");
        paragraph(out, &text(&diagnosis.shortcut));
    }
    if !diagnosis.next_steps.is_empty() {
        heading(out, "What would decide it");
        fence(out, "sh", &diagnosis.next_steps.join("\n"));
    }
}

fn remedy(out: &mut String, remedy: &Remedy) {
    paragraph(out, &format!("**{}**", text(&remedy.summary)));
    item(out, &format!("Done {}", words::place(remedy.on)));
    item(out, &format!("Risk: {}", remedy.risk.id()));
    if !remedy.widens.is_empty() {
        item(out, &format!("Opens: {}", text(&remedy.widens)));
    }
    for FileEdit { file, format, whole, text: body, spelling } in &remedy.edits {
        let kind = if *whole { "the whole file" } else { "add" };
        let surface = if spelling.is_empty() { String::new() } else { format!(", for {}", text(spelling)) };
        paragraph(out, &format!("{} ({kind}{surface}):", code(file)));
        fence(out, format, &redact::text(body));
    }
    if !remedy.commands.is_empty() {
        paragraph(out, "Run:");
        fence(out, "sh", &remedy.commands.join("\n"));
    }
    if !remedy.undo.is_empty() {
        paragraph(out, "The way back:");
        fence(out, "sh", &remedy.undo.join("\n"));
    }
}

/// The components and distributions the evidence names.
fn versions(case: &Case) -> Vec<String> {
    case.facts
        .all
        .iter()
        .filter_map(|fact| match &fact.what {
            Predicate::Component { name, version: Some(version) } => {
                Some(format!("{} {}", text(name), text(&version.text)))
            }
            Predicate::Distro { id, version, container } => {
                let place = if *container { "image" } else { "host" };
                let version = version.as_ref().map_or(String::new(), |v| format!(" {}", text(&v.text)));
                Some(format!("{place}: {}{version}", text(id)))
            }
            _ => None,
        })
        .take(40)
        .collect()
}

fn heading(out: &mut String, title: &str) {
    out.push_str(&format!("\n## {title}\n\n"));
}

fn paragraph(out: &mut String, paragraph: &str) {
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
    out.push_str(paragraph);
    out.push('\n');
}

fn item(out: &mut String, item: &str) {
    let in_list = out.trim_end_matches('\n').rsplit('\n').next().is_some_and(|l| l.starts_with("- "));
    if !in_list && !out.ends_with("\n\n") {
        out.push('\n');
    }
    out.push_str("- ");
    out.push_str(item);
    out.push('\n');
}

/// `input` as prose: on one line, redacted, every character that Markdown, HTML or a forge reads
/// as more than text (`@name`, `#1`, autolinks) made inert. What stands between backticks
/// becomes code, if every backtick has its partner.
fn text(input: &str) -> String {
    let redacted = redact::text(input);
    let line = escape::line(&redacted);
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) || parts.iter().skip(1).step_by(2).any(|code| code.is_empty()) {
        return inert(&line);
    }
    let each = parts.iter().enumerate().map(|(n, part)| if n % 2 == 0 { inert(part) } else { code(part) });
    each.collect()
}

fn inert(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    let mut before = ' ';
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str().chars().next().unwrap_or(' ');
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            // `scheme://` would be linked.
            ':' if after == '/' => out.push_str("&#58;"),
            // Inside a word an underscore is text.
            '_' if before.is_alphanumeric() && after.is_alphanumeric() => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// `input` as inline code, in a fence of backticks longer than any in it.
fn code(input: &str) -> String {
    let redacted = redact::text(input);
    let line = escape::clipped(&redacted, 300);
    if line.is_empty() {
        return "(none)".to_owned();
    }
    let ticks = "`".repeat(longest_run(&line) + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{line}{pad}{ticks}")
}

/// A fenced block that its content can't close.
fn fence(out: &mut String, language: &str, content: &str) {
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
    let content = escape::block(content);
    let ticks = "`".repeat((longest_run(&content) + 1).max(3));
    let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
    out.push_str(&format!("{ticks}{language}\n{}\n{ticks}\n", content.trim_end_matches('\n')));
}

fn longest_run(content: &str) -> usize {
    content.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// An address as a link when it is a plain https address, else as text.
fn link(url: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:.-_#?=&%+".contains(c);
    if url.starts_with("https://") && url.chars().all(plain) { format!("<{url}>") } else { text(url) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn prose_is_inert() {
        assert_eq!(
            text("<img src=x> @all #1 **b** [a](b)"),
            "&lt;img src=x&gt; &#64;all &#35;1 \\*\\*b\\*\\* \\[a\\](b)"
        );
        assert!(!text("https://evil.example").contains("://"));
        assert_eq!(text("add `abi <abi/4.0>,` to CAP_NET_RAW"), "add `abi <abi/4.0>,` to CAP_NET_RAW");
        assert_eq!(text("one ` <b>"), "one \\` &lt;b&gt;");
        assert_eq!(text("a\n# b\x1b[0m"), "a\\\\n&#35; b\\\\x1b\\[0m");
    }

    #[test]
    fn fences_hold() {
        let mut out = String::new();
        fence(&mut out, "text\n```", "a\n````\n<script>\n");
        assert_eq!(out, "\n`````text\na\n````\n<script>\n`````\n");
        assert_eq!(code("a`b"), "``a`b``");
    }

    #[test]
    fn hostile_text_breaks_out_nowhere() {
        let out = render(&sample::hostile());
        assert!(!out.contains(|c| c != '\n' && escape::is_unsafe(c)));
        // Outside fences no line begins with what the hostile text wanted to begin it with.
        let mut fence = None;
        for line in out.lines() {
            let ticks = line.len() - line.trim_start_matches('`').len();
            match fence {
                None if ticks >= 3 => fence = Some(ticks),
                Some(open) if ticks >= open && line.len() == ticks => fence = None,
                None => assert!(!line.starts_with("audit:") && !line.starts_with("# pwned"), "{out}"),
                Some(_) => {}
            }
        }
        assert_eq!(fence, None);
    }

    #[test]
    fn the_seed_tells_what_why_fix_and_way_back() {
        let out = render(&sample::seed());
        for part in [
            "# AppArmor refused",
            "## Why",
            "## Evidence",
            "## Fix",
            "The way back:",
            "docker 26.1.5",
            "Stays blocked",
        ] {
            assert!(out.contains(part), "{part} is missing:\n{out}");
        }
    }

    #[test]
    fn secrets_are_left_out() {
        let mut case = sample::seed();
        case.diagnoses[0].cause = "started with DB_PASSWORD=hunter2".to_owned();
        assert!(!render(&case).contains("hunter2"));
    }
}
