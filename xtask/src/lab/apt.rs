//! Debian packages through apt itself, with lists and state of our own: versions are resolved when asked,
//! signatures are checked, and the host's own configuration is neither read nor changed.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian is fetched from: `WHODENIED_LAB_MIRROR`, else the mirrors' common name.
pub(crate) fn mirror() -> String {
    std::env::var("WHODENIED_LAB_MIRROR").unwrap_or_else(|_| "http://deb.debian.org/debian".to_owned())
}

/// Debian's own keys, from its package debian-archive-keyring.
pub(crate) const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// One suite as apt sees it.
pub(crate) struct Apt {
    dir: PathBuf,
}

impl Apt {
    /// Fetches the suite's lists into the folder `dir`.
    pub(crate) fn new(dir: &Path, suite: &str) -> Result<Self> {
        let apt = Self { dir: dir.to_path_buf() };
        for part in ["lists/partial", "cache/archives/partial", "empty"] {
            std::fs::create_dir_all(dir.join(part))?;
        }
        std::fs::write(dir.join("status"), "")?;
        let source = format!("deb [arch=amd64 signed-by={KEYRING}] {} {suite} main\n", mirror());
        std::fs::write(dir.join("sources.list"), source)?;
        let at = dir.display();
        let settings = format!(
            "Dir::Etc::sourcelist \"{at}/sources.list\";\nDir::Etc::sourceparts \"{at}/empty\";\n\
             Dir::Etc::preferencesparts \"{at}/empty\";\nDir::State::lists \"{at}/lists\";\n\
             Dir::State::status \"{at}/status\";\nDir::Cache \"{at}/cache\";\nAPT::Architecture \"amd64\";\n\
             APT::Architectures {{ \"amd64\"; }};\nAPT::Sandbox::User \"\";\nAcquire::Languages \"none\";\n\
             Acquire::Retries \"3\";\n"
        );
        std::fs::write(dir.join("apt.conf"), settings)?;
        run(apt.command("apt-get").args(["-qq", "update"]))?;
        Ok(apt)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("APT_CONFIG", self.dir.join("apt.conf")).current_dir(&self.dir);
        command
    }

    /// A field of the package's newest version; `None` where the suite has no such package.
    pub(crate) fn field(&self, package: &str, field: &str) -> Result<Option<String>> {
        let output = self.command("apt-cache").args(["show", "--no-all-versions", package]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let prefix = format!("{field}: ");
        Ok(text.lines().find_map(|l| l.strip_prefix(&prefix)).map(str::to_owned))
    }

    /// Downloads the package and unpacks it into `to`.
    pub(crate) fn unpack(&self, package: &str, to: &Path) -> Result<()> {
        let folder = self.dir.join("fetched").join(package);
        std::fs::create_dir_all(&folder)?;
        run(self.command("apt-get").args(["-qq", "download", package]).current_dir(&folder))?;
        let file =
            std::fs::read_dir(&folder)?.next().with_context(|| format!("{package}: nothing came"))??;
        std::fs::create_dir_all(to)?;
        run(Command::new("dpkg-deb").arg("-x").arg(file.path()).arg(to))?;
        std::fs::remove_dir_all(folder)?;
        Ok(())
    }
}

/// Runs a command to its end; its error output is the error.
pub(crate) fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("can't run {:?}", command.get_program()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let tail: Vec<&str> = said.lines().rev().take(15).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        bail!("{:?}: {}\n{}", command.get_program(), output.status, tail.join("\n"));
    }
    Ok(output.stdout)
}
