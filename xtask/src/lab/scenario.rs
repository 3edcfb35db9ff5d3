//! Scenarios as data: what is set up, what is refused, what shows that this layer refused it, and what
//! whodenied has to say. The form is described in lab/README.md.

use crate::lab::image::Image;
use crate::lab::kernel::Kernel;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::path::Path;

/// One scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The file's name without its ending.
    #[serde(skip)]
    pub(crate) name: String,
    /// One sentence on what it shows.
    pub(crate) about: String,
    /// The kernels that can show it; all where none is named.
    #[serde(default)]
    kernels: Vec<String>,
    /// The kernels whose boot of the sample holds it.
    #[serde(default)]
    sample: Vec<String>,
    /// `apparmor` (where none is named) or `selinux`.
    #[serde(default)]
    image: Option<String>,
    /// What is started first: docker, podman, rootless, remap, containerd, auditd.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// How whodenied is asked.
    pub(crate) ask: Ask,
    /// Runs at the end of a boot: it changes the kernel for good.
    #[serde(default)]
    pub(crate) last: bool,
    #[serde(default)]
    setup: String,
    command: String,
    without: String,
    #[serde(default)]
    verify: String,
    #[serde(default)]
    cleanup: String,
    /// What has to be answered.
    pub(crate) expect: Expect,
}

/// How whodenied is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ask {
    /// `whodenied run -- COMMAND`.
    Run,
    /// `whodenied explain --container NAME` after its end.
    Container,
    /// `whodenied explain --compose FILE web` after its end.
    Compose,
    /// `whodenied explain --unit NAME` after its end.
    Unit,
    /// `whodenied explain` on the command's output and the kernel's records.
    Paste,
}

/// The truth, in the report's words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// The layer that refuses.
    pub(crate) layer: String,
    /// Layers that are right as well: another view of the same check.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// There is a kernel record or the state is complete: the layer must be named.
    #[serde(default)]
    pub(crate) record: bool,
    /// The least certainty that is asked for.
    #[serde(default)]
    pub(crate) certainty: Option<String>,
    /// A part of the operation's name.
    #[serde(default)]
    pub(crate) operation: String,
    /// A part of the object's name.
    #[serde(default)]
    pub(crate) object: String,
    /// What the answer calls the container or unit.
    #[serde(default)]
    pub(crate) workload: String,
    /// A part of one of the remedies.
    #[serde(default)]
    pub(crate) fix: String,
}

impl Scenario {
    /// Reads a scenario and checks its names.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let mut scenario: Self = yaml_serde::from_str(text).with_context(|| format!("scenario {name}"))?;
        name.clone_into(&mut scenario.name);
        for kernel in scenario.kernels.iter().chain(&scenario.sample) {
            Kernel::named(kernel).with_context(|| format!("{name}: no kernel {kernel}"))?;
        }
        if let Some(kernel) =
            scenario.sample.iter().find(|k| !scenario.kernels.is_empty() && !scenario.kernels.contains(k))
        {
            bail!("{name}: {kernel} is in the sample, but not among the kernels that show it");
        }
        if let Some(image) = &scenario.image {
            Image::named(image).with_context(|| format!("{name}: no image {image}"))?;
        }
        if scenario.command.trim().is_empty() || scenario.without.trim().is_empty() {
            bail!("{name}: no command, or nothing that shows which layer it is");
        }
        let words = ["proven", "likely", "possible"];
        if scenario.expect.certainty.as_deref().is_some_and(|c| !words.contains(&c)) {
            bail!("{name}: certainty is one of {words:?}");
        }
        Ok(scenario)
    }

    /// The image it runs on.
    pub(crate) fn image(&self) -> Image {
        self.image.as_deref().and_then(Image::named).unwrap_or(Image::AppArmor)
    }

    /// Whether the kernel can show it.
    pub(crate) fn runs_on(&self, kernel: Kernel) -> bool {
        self.kernels.is_empty() || self.kernels.iter().any(|k| k == kernel.name)
    }

    /// Whether the sample's boot of the kernel holds it.
    pub(crate) fn in_sample(&self, kernel: Kernel) -> bool {
        self.sample.iter().any(|k| k == kernel.name)
    }

    /// The engine that its containers run under.
    fn engine(&self) -> &str {
        let engines = ["docker", "podman", "rootless", "remap", "containerd"];
        self.needs.iter().map(String::as_str).find(|n| engines.contains(n)).unwrap_or("none")
    }

    /// Writes its parts into the folder for the guest.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let ask = format!("{:?}", self.ask).to_lowercase();
        let needs = self.needs.join(" ");
        for (file, text) in [
            ("name", self.name.as_str()),
            ("engine", self.engine()),
            ("needs", &needs),
            ("ask", &ask),
            ("setup.sh", &self.setup),
            ("command.sh", &self.command),
            ("without.sh", &self.without),
            ("verify.sh", &self.verify),
            ("cleanup.sh", &self.cleanup),
        ] {
            if !text.trim().is_empty() || !file.ends_with(".sh") {
                std::fs::write(folder.join(file), text)?;
            }
        }
        Ok(())
    }
}

/// Every scenario below the folder, in the order they run: bare ones first, then engine by engine.
pub(crate) fn all(folder: &Path) -> Result<Vec<Scenario>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        let (Some(name), Some("yaml")) =
            (path.file_stem().and_then(|s| s.to_str()), path.extension().and_then(|e| e.to_str()))
        else {
            continue;
        };
        found.push(Scenario::parse(name, &std::fs::read_to_string(&path)?)?);
    }
    found.sort_by(|a, b| (a.last, &a.needs, &a.name).cmp(&(b.last, &b.needs, &b.name)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Scenario, all};
    use crate::lab::kernel;

    #[test]
    fn every_scenario_reads_and_the_matrix_is_large() {
        let scenarios = all(&crate::build::root().join("lab/scenarios")).unwrap();
        assert!(scenarios.len() >= 50, "{}", scenarios.len());
        let runs: usize =
            scenarios.iter().map(|s| kernel::ALL.into_iter().filter(|k| s.runs_on(*k)).count()).sum();
        assert!(runs >= 120, "{runs}");
        let sample: usize =
            kernel::ALL.into_iter().map(|k| scenarios.iter().filter(|s| s.in_sample(k)).count()).sum();
        assert!(sample >= 20, "{sample}");
    }

    #[test]
    fn a_scenario_without_a_proof_is_refused() {
        let text = "about: x\nask: run\ncommand: 'false'\nwithout: ''\nexpect: {layer: dac}\n";
        assert!(Scenario::parse("x", text).is_err());
        let typo = "about: x\nask: run\ncommand: 'false'\nwithout: 'true'\nexpect: {layer: dac, sure: 1}\n";
        assert!(Scenario::parse("x", typo).is_err());
    }
}
