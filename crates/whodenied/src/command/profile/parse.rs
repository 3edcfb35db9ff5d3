//! `whodenied profile parse`.

use super::{Format, Parse, files};
use crate::exit::Exit;
use crate::output::Output;
use serde_json::json;
use whodenied_apparmor::compile::conflict;
use whodenied_apparmor::resolve::Loader;
use whodenied_report::snippet;
use whodenied_sources::policy::Disk;
use whodenied_text::escape;

pub(super) fn run(args: &Parse, output: &mut Output) -> anyhow::Result<Exit> {
    let kernel = args.input.lookup.kernel()?;
    args.input.lookup.pin()?;
    let mut loader = Loader::new(&Disk, args.input.lookup.paths());
    let mut exit = Exit::Fine;
    for path in &args.input.files {
        let (name, bytes) = match files::read(path) {
            Ok(read) => read,
            Err(reason) => {
                exit = Exit::Denied;
                let file = path.to_string_lossy();
                match args.format {
                    Format::Text => output.error(&format!("{file}: {reason}")),
                    Format::Json => {
                        let errors = json!([{ "message": reason }]);
                        output
                            .print(&format!("{}\n", json!({ "file": file, "ok": false, "errors": errors })));
                    }
                }
                continue;
            }
        };
        let mut policy = loader.resolve(&name, &bytes);
        if policy.faults.is_empty() {
            policy.faults = conflict::faults(&policy, kernel.as_ref());
        }
        let ok = policy.faults.is_empty();
        if !ok {
            exit = Exit::Denied;
        }
        match args.format {
            Format::Text => {
                for fault in &policy.faults {
                    output.print(&snippet::render(&files::message(&policy, fault)));
                }
            }
            Format::Json => {
                let errors: Vec<_> = policy.faults.iter().map(|fault| {
                    let spot = files::spot(&policy, &fault.place);
                    let (line, column) = spot.line_column();
                    json!({ "path": spot.path, "line": line, "column": column, "message": fault.message, "hint": fault.hint })
                }).collect();
                output.print(&format!("{}\n", json!({ "file": name, "ok": ok, "errors": errors })));
            }
        }
        if args.format == Format::Text && ok && args.input.files.len() == 1 {
            let profiles: Vec<String> =
                policy.profiles.iter().map(|p| escape::clipped(&p.full_name(), 200)).collect();
            output.print(&format!("{}\n", profiles.join("\n")));
        }
    }
    Ok(exit)
}
