//! `whodenied profile fmt`.

use super::{Fmt, files};
use crate::exit::Exit;
use crate::output::Output;
use whodenied_apparmor::format::format;
use whodenied_apparmor::syntax::{Entry, decode, parse};
use whodenied_report::snippet::{Message, Severity, Spot, render};
use whodenied_text::escape;

pub(super) fn run(args: &Fmt, output: &mut Output) -> anyhow::Result<Exit> {
    let mut exit = Exit::Fine;
    for path in &args.files {
        let (name, bytes) = match files::read(path) {
            Ok(read) => read,
            Err(reason) => {
                output.error(&format!("{}: {reason}", path.display()));
                exit = Exit::Denied;
                continue;
            }
        };
        let text = decode(&bytes);
        // What only rules of an include hold is no file, but reads as one.
        let entry = if parse(&text, Entry::File).problems.is_empty() { Entry::File } else { Entry::Rules };
        let laid_out = match format(&text, entry) {
            Ok(laid_out) => laid_out,
            Err(_) => {
                exit = Exit::Denied;
                for problem in parse(&text, Entry::File).problems {
                    let message = Message {
                        severity: Severity::Error,
                        id: None,
                        text: problem.message,
                        spot: Spot { path: &name, text: &text, span: problem.span },
                        also: Vec::new(),
                        help: problem.hint.into_iter().collect(),
                    };
                    output.remark(render(&message).trim_end());
                }
                continue;
            }
        };
        if args.check {
            if laid_out != text {
                exit = Exit::Denied;
                output.print(&format!("{}\n", escape::line(&name)));
            }
        } else if args.write && name != "-" {
            if std::str::from_utf8(&bytes).is_err() {
                output.error(&format!("{name}: not UTF-8, so not written"));
                exit = Exit::Denied;
            } else if laid_out != text {
                whodenied_trial::save(path, &laid_out, true)?;
                output.print(&format!("{}\n", escape::line(&name)));
            }
        } else {
            // A file or a program gets the policy byte for byte: a tab in a value is part of it.
            let watched = std::io::IsTerminal::is_terminal(&std::io::stdout());
            output.print(if watched { escape::block(&laid_out) } else { laid_out.as_str().into() }.as_ref());
        }
    }
    Ok(exit)
}
