//! Call expressions that people paste beside an error: evidence which call failed.

use super::call_expr::{self, Expression};
use super::{Found, errno_text, python};
use crate::segment::Document;
use whodenied_case::Failure;
use whodenied_kernel::Call;

/// Calls that stand in any code, and so tell nothing unless somebody says that they fail.
const EVERYWHERE: [Call; 12] = [
    Call::Open,
    Call::Read,
    Call::Write,
    Call::Stat,
    Call::Access,
    Call::Gettime,
    Call::Send,
    Call::Recv,
    Call::Accept,
    Call::Exec,
    Call::Ioctl,
    Call::Listen,
];

struct Pasted {
    expression: Expression,
    line: usize,
    /// True when this line or the one before says that it fails.
    failing: bool,
}

/// Gives failures without a call the pasted one, and makes a failure of a call that is said to fail
/// where nothing else failed.
pub(crate) fn attach(doc: &Document, found: &mut Vec<Found>) {
    let wanting = found.iter().any(|f| wants(&f.failure));
    if !wanting && !found.is_empty() {
        return;
    }
    if wanting && let Some(pid) = attached_to(doc) {
        for item in found.iter_mut().filter(|f| wants(&f.failure)) {
            item.failure.call = Some(Call::Ptrace);
            item.failure.kind = whodenied_case::ObjectKind::Process;
            item.failure.object = Some(pid.clone());
            // Who looks into another process words EPERM and EACCES alike.
            item.failure.errno_inferred = true;
        }
        return;
    }
    let pasted = pasted(doc);
    let mut calls: Vec<Call> = pasted.iter().filter(|p| p.failing).map(|p| p.expression.call).collect();
    if calls.is_empty() {
        calls = pasted.iter().map(|p| p.expression.call).filter(|c| !EVERYWHERE.contains(c)).collect();
    }
    calls.dedup();
    let [call] = calls[..] else { return };
    let Some(chosen) = pasted.iter().find(|p| p.expression.call == call) else { return };
    if wanting {
        for item in found.iter_mut().filter(|f| wants(&f.failure)) {
            fill(&mut item.failure, &chosen.expression);
        }
    } else if chosen.failing && !chosen.expression.args.is_empty() {
        let mut failure = Failure::default();
        fill(&mut failure, &chosen.expression);
        let Some(line) = doc.lines.get(chosen.line) else { return };
        failure.deciding = Some(line.span_of(chosen.expression.at.start, chosen.expression.at.end));
        found.push(Found {
            failure,
            span: line.span(),
            dialect: "call-expression",
            lines: (chosen.line, chosen.line),
        });
    }
}

/// The process that a command of the paste looks into: `--pid 4711`, `attach 4711`, `gdb -p 4711`.
fn attached_to(doc: &Document) -> Option<String> {
    doc.lines.iter().take(400).map(|l| l.text.as_str()).filter(|t| t.len() < 300).find_map(|text| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let number = |w: Option<&&str>| {
            let w = w?.trim_matches(|c: char| "`'\",;.)".contains(c));
            (!w.is_empty() && w.len() < 9 && w.bytes().all(|b| b.is_ascii_digit())).then(|| w.to_owned())
        };
        let signals =
            words.iter().any(|w| matches!(*w, "kill" | "pkill" | "renice" | "taskset" | "chrt" | "perf"));
        let tracer = words.iter().any(|w| {
            super::tools::default_call(w.trim_matches('`')).is_some_and(|(call, _)| call == Call::Ptrace)
        });
        words.iter().enumerate().filter(|_| !signals).find_map(|(n, word)| match *word {
            "--pid" | "--attach" | "attach" => number(words.get(n + 1)),
            "-p" if tracer => number(words.get(n + 1)),
            _ => number(word.strip_prefix("--pid=").as_ref()),
        })
    })
}

fn wants(failure: &Failure) -> bool {
    failure.call.is_none() && failure.object.is_none() && !failure.own_refusal
}

fn fill(failure: &mut Failure, expression: &Expression) {
    failure.call = Some(expression.call);
    failure.syscall = Call::from_syscall(&expression.name).map(|_| expression.name.clone());
    failure.args.extend(expression.args.iter().cloned());
    failure.object.clone_from(&expression.object);
    failure.kind = python::kind_of(failure);
}

fn pasted(doc: &Document) -> Vec<Pasted> {
    let mut out: Vec<Pasted> = Vec::new();
    let mut said = false;
    for (line, text) in doc.lines.iter().map(|l| l.text.as_str()).enumerate().take(4000) {
        if text.is_empty() {
            continue;
        }
        let low = text.get(..text.len().min(400)).unwrap_or("").to_ascii_lowercase();
        let fails = ["fail", "denied", "not permitted", "returns -1", "refused", "eperm", "eacces", "enosys"]
            .iter()
            .any(|w| low.contains(w));
        // A line with an error of its own has been read already, or is no refusal.
        let told = !errno_text::mentions(text).is_empty();
        if let Some(expression) = call_expr::find(text, 0).filter(|_| !told && !text.starts_with("File \"")) {
            out.push(Pasted { expression, line, failing: fails || said });
            if out.len() == 64 {
                break;
            }
        }
        // `# the syscall that fails` speaks of the next line.
        said = fails && (text.starts_with(['#', '/', ';', '*']) || text.ends_with(':'));
    }
    out
}
