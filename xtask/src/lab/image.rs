//! The guest's disk: Debian trixie with the engines, and either AppArmor or SELinux.

use crate::lab::apt::{Apt, KEYRING, mirror, run};
use crate::lab::cache;
use crate::lab::kernel::{disk_of, find, path};
use anyhow::{Context as _, Result};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which access control module the guest is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Image {
    /// AppArmor, as Debian has it.
    AppArmor,
    /// SELinux with Debian's default policy, every file labelled.
    SeLinux,
}

const PACKAGES: &str = include_str!("../../../lab/image/packages");
const SETUP: &str = include_str!("../../../lab/image/setup.sh");
const AGENT: &str = include_str!("../../../lab/image/agent.sh");

/// Raised when the code that builds the item changes what it builds.
const FORM: &str = "1";

/// Room on the disk, MiB; the file is sparse.
const SIZE: u64 = 6144;

impl Image {
    /// How it is named in scenarios.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AppArmor => "apparmor",
            Self::SeLinux => "selinux",
        }
    }

    /// The image that `name` names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::AppArmor, Self::SeLinux].into_iter().find(|i| i.name() == name)
    }

    /// What the kernel is told of it.
    pub(crate) fn arguments(self) -> &'static str {
        match self {
            Self::AppArmor => "lsm=landlock,lockdown,yama,apparmor,bpf",
            Self::SeLinux => "lsm=landlock,lockdown,yama,selinux,bpf selinux=1",
        }
    }

    fn packages(self) -> Vec<&'static str> {
        let lines = PACKAGES.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        lines
            .filter_map(|line| match line.split_once(':') {
                None => Some(line),
                Some((image, package)) => (image == self.name()).then(|| package.trim()),
            })
            .collect()
    }

    /// Builds the disk unless that was done before; needs root.
    pub(crate) fn build(self) -> Result<PathBuf> {
        let recipe = [FORM, PACKAGES, SETUP, AGENT, self.name()];
        let dir = cache::item(&format!("image-{}", self.name()), &recipe, |part| self.prepare(part))?;
        Ok(dir.join("root.img"))
    }

    fn prepare(self, part: &Path) -> Result<()> {
        let root = part.join("root");
        let include = self.packages().join(",");
        run(Command::new("mmdebstrap")
            .args([
                "--quiet",
                "--mode=root",
                "--variant=minbase",
                "--format=directory",
                "--architectures=amd64",
            ])
            .args(["--aptopt=Acquire::Languages \"none\"", "--aptopt=Acquire::Retries \"3\""])
            .args(
                ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"]
                    .map(|p| format!("--dpkgopt=path-exclude={p}")),
            )
            .arg(format!("--keyring={KEYRING}"))
            .arg(format!("--include={include}"))
            .arg("trixie")
            .arg(&root)
            .arg(mirror())
            .env("PATH", path()))?;
        place(&root.join("usr/local/sbin/lab-agent"), AGENT)?;
        place(&root.join("root/setup.sh"), SETUP)?;
        run(Command::new("chroot").arg(&root).args(["/bin/sh", "/root/setup.sh"]).env("PATH", path()))?;
        match self {
            Self::AppArmor => newest_parser(part, &root)?,
            Self::SeLinux => {
                let contexts = "/etc/selinux/default/contexts/files/file_contexts";
                run(Command::new("chroot")
                    .arg(&root)
                    .args(["setfiles", "-F", contexts, "/"])
                    .env("PATH", path()))?;
            }
        }
        disk_of(&root, &part.join("root.img"), SIZE)?;
        std::fs::remove_dir_all(root)?;
        Ok(())
    }
}

/// Debian unstable's AppArmor parser beside the guest's own, in /opt/parser: a profile compiled by the one
/// and for the features of another kernel is what many broken hosts have.
fn newest_parser(part: &Path, root: &Path) -> Result<()> {
    let apt = Apt::new(&part.join("apt"), "sid")?;
    let tools = part.join("tools");
    for package in ["apparmor", "libapparmor1"] {
        apt.unpack(package, &tools)?;
    }
    let to = root.join("opt/parser");
    std::fs::create_dir_all(&to)?;
    let parser = ["usr/sbin/apparmor_parser", "sbin/apparmor_parser"].map(|p| tools.join(p));
    let parser = parser.into_iter().find(|p| p.is_file()).context("no parser came")?;
    std::fs::copy(parser, to.join("apparmor_parser"))?;
    let library = find(&tools, &|n| n.starts_with("libapparmor.so.1")).context("no library came")?;
    std::fs::copy(library, to.join("libapparmor.so.1"))?;
    run(Command::new("cp").arg("-a").arg(tools.join("etc/apparmor.d")).arg(to.join("apparmor.d")))?;
    for left in [tools, part.join("apt")] {
        std::fs::remove_dir_all(left)?;
    }
    Ok(())
}

fn place(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text)?;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}
