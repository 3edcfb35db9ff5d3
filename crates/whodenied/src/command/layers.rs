//! `whodenied layers`.

use crate::exit::Exit;
use crate::output::Output;
use crate::settings::Settings;
use whodenied_kernel::Layer;

pub(crate) fn run(_settings: &Settings, output: &mut Output) -> Exit {
    let width = Layer::ALL.iter().map(|l| l.id().len()).max().unwrap_or(0);
    let text: String = Layer::ALL.iter().map(|l| format!("{:<width$}  {}\n", l.id(), l.title())).collect();
    output.print(&text);
    Exit::Fine
}
