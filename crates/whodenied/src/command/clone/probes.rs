//! What a clone is refused of the dangerous operations, before and after a remedy.

use anyhow::bail;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;
use whodenied_sources::probe::{Answer, PROBES, attempt};
use whodenied_trial::clone::{Change, Instead, Spec, Wanted, Workshop};

/// The subcommand's name; not for people.
pub(crate) const NAME: &str = "__probe";
/// So long all of them may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tries every operation here and prints a line for each.
pub(crate) fn run() -> String {
    let mut out = String::new();
    for probe in PROBES {
        let _ = writeln!(out, "{} {}", probe.id, attempt(probe));
    }
    out
}

/// The answers in the order of [`PROBES`].
pub(crate) fn of_clone(
    shop: &Rc<Workshop>,
    spec: &Spec,
    changes: &[Change],
    program: &Instead,
) -> anyhow::Result<Vec<Answer>> {
    let wanted = Wanted { instead: Some(super::ourselves::with(program, NAME)), held: false };
    let ended = shop.make(spec, changes, &wanted)?.run_to_end(PATIENCE)?;
    if let Some(why) = ended.not_started {
        bail!("the operations could not be tried: {why}");
    }
    Ok(read(&ended.log))
}

/// What is not told was not tried.
fn read(log: &str) -> Vec<Answer> {
    let told: Vec<(&str, Answer)> = log
        .lines()
        .filter_map(|l| l.trim_end().split_once(' '))
        .filter_map(|(id, answer)| Some((id, Answer::read(answer)?)))
        .collect();
    PROBES
        .iter()
        .map(|p| told.iter().find(|(id, _)| *id == p.id).map_or(Answer::NotHere, |(_, answer)| *answer))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        let read = read("mount-tmpfs refused:1\r\nnoise\nreboot allowed\n");
        let of = |id: &str| PROBES.iter().position(|p| p.id == id).and_then(|n| read.get(n)).copied();
        assert_eq!(of("mount-tmpfs"), Some(Answer::Refused(1)));
        assert_eq!(of("reboot"), Some(Answer::Allowed));
        assert_eq!(of("kexec"), Some(Answer::NotHere));
    }
}
