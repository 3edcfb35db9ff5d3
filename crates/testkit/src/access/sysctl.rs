//! The sysctls `fs.protected_*`, which the whole machine shares.

use super::random::Random;
use rustix::fs::{Mode, OFlags, openat};
use std::io::{Read, Result, Write};
use std::os::fd::OwnedFd;
use whodenied_access::Settings;

/// Reads them, and puts them back when dropped after they were changed.
#[derive(Debug)]
pub struct Sysctls {
    proc: OwnedFd,
    original: Settings,
    changed: bool,
}

impl Sysctls {
    /// Through a descriptor of `/proc`, which need not be in reach later.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn read(proc: OwnedFd) -> Result<Self> {
        let text = |path: &str| -> Result<String> {
            let file = openat(&proc, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            let mut text = String::new();
            std::fs::File::from(file).read_to_string(&mut text)?;
            Ok(text)
        };
        let read =
            |name: &str| -> Result<u8> { text(&path(name))?.trim().parse().map_err(std::io::Error::other) };
        let release = text("sys/kernel/osrelease")?;
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
        let original = Settings {
            symlinks: read("symlinks")?,
            hardlinks: read("hardlinks")?,
            fifos: read("fifos")?,
            regular: read("regular")?,
            release: (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)),
        };
        Ok(Self { proc, original, changed: false })
    }

    /// As they were found.
    #[must_use]
    pub fn original(&self) -> Settings {
        self.original
    }

    /// Sets them for the whole machine to random values.
    ///
    /// # Errors
    /// When one can't be written.
    pub fn shuffle(&mut self, random: &mut Random) -> Result<Settings> {
        let settings = Settings {
            symlinks: random.pick(&[0, 1, 1]),
            hardlinks: random.pick(&[0, 1, 1]),
            fifos: random.pick(&[0, 1, 2]),
            regular: random.pick(&[0, 1, 2]),
            ..self.original
        };
        self.changed = true;
        self.write(settings)?;
        Ok(settings)
    }

    fn write(&self, settings: Settings) -> Result<()> {
        let all = [
            ("symlinks", settings.symlinks),
            ("hardlinks", settings.hardlinks),
            ("fifos", settings.fifos),
            ("regular", settings.regular),
        ];
        for (name, value) in all {
            let file = openat(&self.proc, path(name), OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
            std::fs::File::from(file).write_all(value.to_string().as_bytes())?;
        }
        Ok(())
    }
}

fn path(name: &str) -> String {
    format!("sys/fs/protected_{name}")
}

impl Drop for Sysctls {
    fn drop(&mut self) {
        if self.changed {
            let _ = self.write(self.original);
        }
    }
}
