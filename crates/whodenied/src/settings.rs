//! What follows from the command line and the surroundings: width, colour, character set.

use crate::args::{Args, Command, DefaultCommand, Fix, Format, Plain, Shown};
use anstream::{AutoStream, ColorChoice};
use std::path::PathBuf;
use whodenied_report::terminal;

/// Resolved once, before anything is read.
pub(crate) struct Settings {
    pub(crate) format: Format,
    pub(crate) color: ColorChoice,
    pub(crate) terminal: terminal::Options,
    pub(crate) write: Option<PathBuf>,
    pub(crate) force: bool,
}

impl Settings {
    pub(crate) fn new(args: &Args) -> Self {
        let shown = shown(args);
        let plain = plain(args);
        // Honours NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM=dumb; never when piped.
        let color = AutoStream::choice(&std::io::stdout());
        let width = plain
            .map_or(shown.width, |p| p.width)
            .or_else(|| terminal_size::terminal_size().map(|(w, _)| w.0));
        Self {
            format: plain.map_or(shown.format, |p| p.format),
            color,
            terminal: terminal::Options {
                width: width.map_or(80, usize::from),
                color: color != ColorChoice::Never,
                unicode: unicode(|name| std::env::var(name).ok()),
                all: shown.all,
                ..terminal::Options::default()
            },
            write: fix(args).map_or(&shown.write, |f| &f.write).clone(),
            force: fix(args).map_or(shown.force, |f| f.force),
        }
    }
}

const fn fix(args: &Args) -> Option<&Fix> {
    match &args.command {
        Some(Command::Fix(fix)) => Some(fix),
        _ => None,
    }
}

const fn plain(args: &Args) -> Option<&Plain> {
    match &args.command {
        Some(Command::Can(can)) => Some(&can.plain),
        Some(Command::Default(DefaultCommand::Show(show))) => Some(&show.plain),
        Some(Command::Doctor(doctor)) => Some(&doctor.plain),
        Some(Command::Fix(fix)) => Some(&fix.plain),
        _ => None,
    }
}

const fn shown(args: &Args) -> &Shown {
    match &args.command {
        Some(Command::Explain(explain)) => &explain.options.shown,
        Some(Command::Demo(demo)) => &demo.shown,
        Some(Command::Run(run)) => &run.shown,
        _ => &args.options.shown,
    }
}

/// False when the locale names another character set than UTF-8. An unset locale says nothing
/// about the terminal, and those that show the report understand UTF-8.
fn unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| variable(n).filter(|v| !v.is_empty()));
    named.is_none_or(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::unicode;

    #[test]
    fn the_locale_decides_the_character_set() {
        let with = |pairs: &'static [(&str, &str)]| {
            unicode(move |name| pairs.iter().find(|p| p.0 == name).map(|p| p.1.to_owned()))
        };
        assert!(with(&[]));
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!with(&[("LANG", "de_DE.ISO-8859-1")]));
    }
}
