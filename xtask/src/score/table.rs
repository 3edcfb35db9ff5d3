//! Prints what a score came to.

use super::Outcome;
use super::corpus::{Case, Evidence, Half, Style};
use std::collections::BTreeMap;

/// Right answers out of how many.
#[derive(Default, Clone, Copy)]
struct Tally {
    right: usize,
    three: usize,
    of: usize,
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        self.right += usize::from(outcome.right);
        self.three += usize::from(outcome.among_three);
        self.of += 1;
    }

    fn show(self) -> String {
        let percent = |n: usize| 100.0 * n as f64 / self.of.max(1) as f64;
        format!(
            "{:4}/{:<4} {:5.1} %   first three {:5.1} %",
            self.right,
            self.of,
            percent(self.right),
            percent(self.three)
        )
    }
}

fn tally<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Tally {
    let mut tally = Tally::default();
    outcomes.for_each(|o| tally.add(o));
    tally
}

/// The whole table: by style, evidence, certainty and layer; then misses.
pub fn print(cases: &[Case], outcomes: &[Outcome], split: bool, misses: bool) {
    println!("all                 {}", tally(outcomes.iter()).show());
    if split {
        for (half, name) in [(Half::Dev, "written with"), (Half::Held, "held out")] {
            println!("{name:19} {}", tally(outcomes.iter().filter(|o| cases[o.case].half == half)).show());
        }
    }
    for (style, name) in [(Style::Labelled, "labelled"), (Style::Bare, "bare")] {
        println!("{name:19} {}", tally(outcomes.iter().filter(|o| o.style == style)).show());
    }
    println!();
    for kind in Evidence::ALL {
        let t = tally(outcomes.iter().filter(|o| cases[o.case].evidence == kind));
        println!("{:19} {}", kind.name(), t.show());
    }
    println!();
    for certainty in ["proven", "likely", "possible", ""] {
        let t = tally(outcomes.iter().filter(|o| o.certainty == certainty));
        println!("{:19} {}", if certainty.is_empty() { "no answer" } else { certainty }, t.show());
    }
    println!();
    let mut layers: BTreeMap<&str, Tally> = BTreeMap::new();
    for o in outcomes {
        layers.entry(&cases[o.case].layers[0]).or_default().add(o);
    }
    for (layer, t) in layers {
        println!("{layer:19} {}", t.show());
    }
    meant(cases, outcomes);
    let broad: Vec<_> = outcomes.iter().filter(|o| o.broad.is_some()).collect();
    println!("\nbroad word in the first remedy: {}", broad.len());
    for o in broad {
        println!("  {} ({})", cases[o.case].id, o.broad.as_deref().unwrap_or(""));
    }
    let mut times: Vec<f64> = outcomes.iter().map(|o| o.took_ms).collect();
    times.sort_by(f64::total_cmp);
    if let (Some(median), Some(max)) = (times.get(times.len() / 2), times.last()) {
        println!("whole process: median {median:.1} ms, slowest {max:.1} ms");
    }
    let wrong: Vec<_> = outcomes.iter().filter(|o| !o.right).collect();
    println!("\nmisses: {}", wrong.len());
    for o in wrong {
        let case = &cases[o.case];
        println!(
            "  {:8} {:45} {} but {} ({}), also {}",
            format!("{:?}", o.style).to_lowercase(),
            case.id,
            case.layers.join("|"),
            o.layer.as_deref().unwrap_or("none"),
            o.certainty,
            o.others.join(" ")
        );
        if misses {
            println!("           truth: {} on {}", case.operation, case.object);
            println!("           said:  {} on {}", o.operation, o.object);
        }
    }
}

/// How often operation and object are the established ones, and where not (of the part that rules are
/// written with).
fn meant(cases: &[Case], outcomes: &[Outcome]) {
    let show = |name: &str, of: &[&Outcome]| {
        let percent = |n: usize| 100.0 * n as f64 / of.len().max(1) as f64;
        let operation = of.iter().filter(|o| o.same.0).count();
        let object = of.iter().filter(|o| o.same.1).count();
        let both = of.iter().filter(|o| o.same == (true, true)).count();
        println!(
            "{name:19} operation {operation}/{} {:.1} %, object {object} {:.1} %, both {both} {:.1} %",
            of.len(),
            percent(operation),
            percent(object),
            percent(both)
        );
    };
    println!("\noperation and object, by meaning");
    let logs: Vec<_> = outcomes.iter().filter(|o| cases[o.case].logs).collect();
    let told: Vec<_> = outcomes.iter().filter(|o| cases[o.case].evidence != Evidence::ConfigOnly).collect();
    show("with logs", &logs);
    show("error or logs", &told);
    for o in told.iter().filter(|o| o.same != (true, true) && o.style == Style::Labelled) {
        let case = &cases[o.case];
        if case.half == Half::Dev {
            println!(
                "  {:45} {} on {}; said {} on {}",
                case.id, case.operation, case.object, o.operation, o.object
            );
        }
    }
}

/// One JSON object a line, for comparing runs.
pub fn print_json(cases: &[Case], outcomes: &[Outcome]) {
    for o in outcomes {
        let case = &cases[o.case];
        let line = serde_json::json!({
            "id": case.id, "style": format!("{:?}", o.style), "truth": case.layers, "layer": o.layer,
            "certainty": o.certainty, "right": o.right, "three": o.among_three, "operation": o.operation,
            "object": o.object, "true_operation": case.operation, "true_object": case.object, "known": o.known,
        });
        println!("{line}");
    }
}
