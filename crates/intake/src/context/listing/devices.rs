//! Device cgroup lists: `c 195:0 rw` as in devices.list and `DeviceAllow`.
//!
//! Source: Linux `Documentation/admin-guide/cgroup-v1/devices.rst`.

use super::Here;
use crate::context::sink::Sink;
use whodenied_case::{Knob, Predicate, Setting, Surface};

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    let words: Vec<&str> = here.text.split_whitespace().collect();
    let [kind, numbers, access] = words.as_slice() else { return false };
    let part = |p: &str| p == "*" || (!p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    let fits = matches!(*kind, "a" | "b" | "c")
        && numbers.split_once(':').is_some_and(|(a, b)| part(a) && part(b))
        && !access.is_empty()
        && access.bytes().all(|b| b"rwm".contains(&b));
    if fits {
        let knob = Knob::DeviceRule(here.text.to_owned());
        here.say(
            sink,
            "devices",
            Predicate::Setting(Setting { surface: Surface::Other, service: None, knob }),
        );
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;

    #[test]
    fn rules() {
        assert_eq!(shown("c 195:* rwm", "DeviceRule").len(), 1);
        assert!(shown("a b:c d", "DeviceRule").is_empty());
    }
}
