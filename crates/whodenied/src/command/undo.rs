//! `whodenied undo`.

use crate::args::Undo;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(undo: &Undo, output: &mut Output) -> anyhow::Result<Exit> {
    let undone = whodenied_trial::undo(&undo.directory)?;
    let lists = [
        ("removed", &undone.removed),
        ("restored", &undone.restored),
        ("left alone, changed since", &undone.kept),
    ];
    for (what, files) in lists {
        for file in files {
            output.remark(&format!("{what}: {}", undo.directory.join(file).display()));
        }
    }
    Ok(Exit::Fine)
}
