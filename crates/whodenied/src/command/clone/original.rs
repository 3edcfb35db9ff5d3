//! What is known of a container before its first clone.

use crate::output::Output;
use anyhow::{Context as _, bail};
use std::rc::Rc;
use std::time::Duration;
use whodenied_case::Origin;
use whodenied_engine::{Api, Endpoint, Limits, Surroundings, endpoints};
use whodenied_postmortem::{Options, Target};
use whodenied_text::escape;
use whodenied_trial::clone::{self, Ended, Original, Spec, Workshop};

/// The container, its engine, and what a post-mortem of it finds.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) shop: Rc<Workshop>,
    pub(super) spec: Spec,
    /// Configuration and state, as evidence beside a trace.
    pub(super) around: Vec<(Origin, String)>,
    pub(super) missing: Vec<String>,
}

impl Known {
    /// Finds the container that `target` means, and what its clones are made from.
    ///
    /// # Errors
    /// When no engine of this machine that can be asked knows it, or it can't be cloned.
    pub(super) fn of(target: &Target, network: bool) -> anyhow::Result<Self> {
        let gathered = whodenied_postmortem::gather(target, &Options::ours(Duration::from_millis(1600)));
        let name = match target {
            Target::Container(name) => name.clone(),
            _ => container_of(&gathered).context("no container of this service is there")?,
        };
        let socket = engine_of(&name)?;
        let shop = Workshop::begin(&socket)?;
        let original = Original::of(shop.api(), &name)?;
        let spec = Spec::of(&original, network)?;
        let around = gathered
            .pieces
            .into_iter()
            .filter(|p| {
                matches!(
                    p.origin,
                    Origin::Engine { .. } | Origin::Host { .. } | Origin::State { .. } | Origin::Paste { .. }
                )
            })
            .map(|p| (p.origin, p.text))
            .collect();
        Ok(Self { name: original.name, shop, spec, around, missing: gathered.missing })
    }
}

/// The container's name in what the engine said of it.
fn container_of(gathered: &whodenied_postmortem::Gathered) -> Option<String> {
    gathered.pieces.iter().find_map(|p| match &p.origin {
        Origin::Engine { asked } => asked.split_once(" inspect ").map(|(_, name)| name.to_owned()),
        _ => None,
    })
}

/// The socket of the engine that knows `name`.
fn engine_of(name: &str) -> anyhow::Result<String> {
    let mut untold = Vec::new();
    for found in endpoints(&Surroundings::ours()) {
        match found.endpoint {
            Endpoint::Socket(socket) => {
                match Api::new(&socket, found.flavour, Limits::default()).inspect_as_docker(name) {
                    Ok(_) => return Ok(socket),
                    Err(e) if e.is_unknown() => {}
                    Err(e) => untold.push(e.to_string()),
                }
            }
            Endpoint::Elsewhere(address) => {
                untold.push(format!("{address} is another machine: run whodenied there"));
            }
        }
    }
    if untold.is_empty() {
        bail!("no engine of this machine knows a container {}", escape::line(name));
    }
    bail!(
        "no engine that could be asked knows a container {}: {}",
        escape::line(name),
        escape::line(&untold.join("; "))
    )
}

/// Removes what a killed run left, and says so.
pub(super) fn clear(output: &mut Output) {
    let cleared = clone::clear();
    if cleared.runs > 0 {
        output.remark(&format!(
            "Left by an interrupted run and removed now: {} clones, the copies of {} runs.",
            cleared.containers.len(),
            cleared.runs
        ));
    }
    for failed in &cleared.failed {
        output.remark(failed);
    }
}

/// Names what the clone is not given.
pub(super) fn tell_withheld(spec: &Spec, output: &mut Output) {
    for withheld in &spec.withheld {
        output.remark(&format!("The clone is not given {}: {}.", withheld.what, withheld.why));
    }
}

/// One line on how a clone ended.
pub(super) fn ending(name: &str, ended: &Ended) -> String {
    let how = match ended {
        Ended { not_started: Some(why), .. } => format!("could not be started: {why}"),
        Ended { ran_on: true, .. } => "ran on until its time was over".to_owned(),
        Ended { out_of_memory: true, .. } => "was ended for want of memory".to_owned(),
        Ended { status: Some(status), .. } => format!("ended with {status}"),
        _ => "ended".to_owned(),
    };
    format!("The clone of {name} {how}, and is removed.")
}
