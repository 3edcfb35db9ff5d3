//! Labels of processes: `ps -Z`, /proc/PID/attr/current, `id -Z`.
//!
//! Source: ps(1), apparmor(7).

use super::{Here, ls};
use crate::context::sink::Sink;
use whodenied_case::Predicate;

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    let mut words = here.text.split_whitespace();
    let Some(first) = words.next() else { return false };
    let second = words.next().unwrap_or("");
    let selinux = ls::is_label(first)
        && !first.contains(":object_r:")
        && (second.is_empty() || second.parse::<u32>().is_ok());
    let mode = matches!(second, "(enforce)" | "(complain)" | "(unconfined)" | "(kill)" | "(mixed)");
    let asked = here.near("attr/current") || here.near("attr/apparmor/current");
    let apparmor = mode && first.len() < 200 || asked && second.is_empty() && first == "unconfined";
    if !selinux && !apparmor {
        return false;
    }
    here.say(sink, "process-label", Predicate::ProcessLabel(first.to_owned()));
    true
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    #[test]
    fn labels() {
        assert_eq!(
            shown("system_u:system_r:container_t:s0:c1,c2 1234 ? 00:00:00 nginx", "ProcessLabel").len(),
            1
        );
        assert_eq!(shown("docker-default (enforce)", "ProcessLabel"), ["ProcessLabel(\"docker-default\")"]);
        assert_eq!(shown("$ cat /proc/self/attr/current\nunconfined", "ProcessLabel").len(), 1);
        assert!(shown("unconfined", "ProcessLabel").is_empty());
    }
}
