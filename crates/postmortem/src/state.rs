//! What was put together about a container, as lines of evidence: `whodenied_case::workload` has the keys.

use crate::dead::{Dead, Filter};

/// The lines.
pub(crate) fn lines(dead: &Dead) -> String {
    let mut out = String::new();
    let mut say = |key: &str, value: &str| {
        // One line each, whatever the value holds.
        let value: String =
            value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(1000).collect();
        if !value.is_empty() {
            out.push_str(&format!("{key}: {value}\n"));
        }
    };
    let or_empty = |o: &Option<String>| o.clone().unwrap_or_default();
    say("service", &or_empty(&dead.workload.service));
    say("unit", &or_empty(&dead.workload.unit));
    say("container", &or_empty(&dead.workload.container));
    say("id", &dead.id);
    say("image", &or_empty(&dead.workload.image));
    say("engine", format!("{} {}", dead.engine, dead.version).trim());
    if dead.rootless {
        say("rootless", "yes");
    }
    say("status", &dead.status);
    if let Some(ids) = dead.ids.as_ref().filter(|_| dead.ids_are_fixed()) {
        say("uid", &ids.uid.to_string());
        say("gid", &ids.gid.to_string());
        let groups: Vec<String> = ids.groups.iter().take(64).map(u32::to_string).collect();
        say("groups", &groups.join(" "));
        if let Some(effective) = dead.effective {
            say("effective", &format!("{effective:016x}"));
        }
    }
    if dead.ids.as_ref().is_some_and(|ids| ids.uid == 0) {
        say("starts as", "root");
    }
    if let Some(bounding) = dead.bounding {
        say("bounding", &format!("{bounding:016x}"));
    }
    for (inside, outside, count) in dead.maps.uids.iter().take(1) {
        say("uid map", &format!("{inside} {outside} {count}"));
    }
    if !dead.engine.is_empty() {
        say("no new privileges", if dead.no_new_privs { "yes" } else { "no" });
    }
    match dead.filter {
        Filter::None => say("seccomp", "none"),
        Filter::Default => say("seccomp", "default"),
        Filter::Own => say("seccomp", "own profile"),
        Filter::Unknown => {}
    }
    say("label", &dead.label);
    out
}
