//! Debian's cloud kernels: the image itself, what it needs to reach its disks, and its modules as a disk.

use crate::lab::apt::{Apt, run};
use crate::lab::cache;
use crate::lab::initrd::Archive;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A kernel of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// How it is named on the command line and in scenarios.
    pub(crate) name: &'static str,
    /// The Debian suite whose newest cloud kernel it is.
    pub(crate) suite: &'static str,
}

/// Every kernel, oldest first.
pub(crate) const ALL: [Kernel; 3] = [
    Kernel { name: "6.1", suite: "bookworm" },
    Kernel { name: "6.12", suite: "trixie" },
    Kernel { name: "7.x", suite: "trixie-backports" },
];

/// What a kernel needs to reach its disks and ports, in loading order; built-in ones are passed over.
const BOOT_MODULES: &str = "crc16 crc32c_generic libcrc32c crc32c_cryptoapi mbcache jbd2 ext4 virtio virtio_ring \
    virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk virtio_console";

const INIT: &str = include_str!("../../../lab/image/initrd.sh");

/// Raised when the code that builds the item changes what it builds.
const FORM: &str = "2";

/// A kernel in the cache.
pub(crate) struct Built {
    /// The kernel.
    pub(crate) vmlinuz: PathBuf,
    /// Its first root.
    pub(crate) initrd: PathBuf,
    /// An ext4 file system of its modules.
    pub(crate) modules: PathBuf,
    /// Its release, as uname(2) tells it.
    pub(crate) release: String,
}

impl Kernel {
    /// The kernel that `name` names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|k| k.name == name || k.suite == name)
    }

    /// Fetches and prepares it, unless that was done before.
    pub(crate) fn build(self) -> Result<Built> {
        let recipe = [FORM, INIT, BOOT_MODULES, self.suite];
        let dir = cache::item(&format!("kernel-{}", self.name), &recipe, |part| prepare(self.suite, part))?;
        let release = std::fs::read_to_string(dir.join("release"))?;
        Ok(Built {
            vmlinuz: dir.join("vmlinuz"),
            initrd: dir.join("initrd"),
            modules: dir.join("modules.img"),
            release,
        })
    }
}

fn prepare(suite: &str, part: &Path) -> Result<()> {
    let apt = Apt::new(&part.join("apt"), suite)?;
    let depends = apt.field("linux-image-cloud-amd64", "Depends")?.context("no cloud kernel")?;
    let image = depends
        .split([',', ' ', '|'])
        .find(|w| w.starts_with("linux-image-") && w.ends_with("cloud-amd64"))
        .context("the cloud kernel's package names no image")?;
    let root = part.join("root");
    // Newer kernels part the image, its modules and what boots it.
    for kind in ["image", "base", "binary", "modules"] {
        let package = image.replacen("image", kind, 1);
        if apt.field(&package, "Package")?.is_some() {
            apt.unpack(&package, &root)?;
        }
    }
    let modules = ["usr/lib/modules", "lib/modules"].map(|m| root.join(m)).into_iter().find(|m| m.is_dir());
    let modules = modules.context("no modules came")?;
    let release = std::fs::read_dir(&modules)?.next().context("no modules")??.file_name();
    let release = release.to_str().context("a release that is no text")?.to_owned();
    let base = modules.parent().and_then(Path::parent).context("no root")?;
    run(Command::new("depmod").arg("-b").arg(base).arg(&release).env("PATH", path()))?;
    let vmlinuz = find(&root, &|n| n.starts_with("vmlinuz")).context("no kernel came")?;
    std::fs::copy(vmlinuz, part.join("vmlinuz"))?;

    // Busybox from Debian stable, so that the host needs none.
    let tools = Apt::new(&part.join("apt-tools"), "trixie")?;
    tools.unpack("busybox-static", &part.join("tools"))?;
    let busybox = ["usr/bin/busybox", "bin/busybox"].map(|b| part.join("tools").join(b));
    let busybox = busybox.into_iter().find(|b| b.is_file()).context("no busybox came")?;
    let mut archive = Archive::default();
    for folder in ["bin", "dev", "mnt", "m"] {
        archive.folder(folder);
    }
    archive.file("bin/busybox", &std::fs::read(busybox)?);
    archive.file("init", INIT.as_bytes());
    archive.file("order", BOOT_MODULES.as_bytes());
    for module in BOOT_MODULES.split_whitespace() {
        let names = [format!("{module}.ko"), format!("{module}.ko.xz"), format!("{module}.ko.zst")];
        let Some(file) = find(&modules, &|n| names.iter().any(|m| m == n)) else { continue };
        let bytes = match file.extension().and_then(|e| e.to_str()) {
            Some("xz") => run(Command::new("xz").arg("-dc").arg(&file))?,
            Some("zst") => run(Command::new("zstd").arg("-dc").arg(&file))?,
            _ => std::fs::read(&file)?,
        };
        archive.file(&format!("m/{module}.ko"), &bytes);
    }
    std::fs::write(part.join("initrd"), archive.finish())?;
    disk(&modules, &part.join("modules.img"))?;
    std::fs::write(part.join("release"), release)?;
    for left in ["root", "apt", "apt-tools", "tools"] {
        std::fs::remove_dir_all(part.join(left))?;
    }
    Ok(())
}

/// The path with the folders of system programs, which an ordinary user's lacks.
pub(crate) fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

/// An ext4 file system `image` that holds what is below `folder`, with a quarter to spare.
pub(crate) fn disk(folder: &Path, image: &Path) -> Result<()> {
    let used = run(Command::new("du").args(["-s", "-B1M", "--apparent-size"]).arg(folder))?;
    let used: u64 = String::from_utf8_lossy(&used).split_whitespace().next().unwrap_or("").parse()?;
    disk_of(folder, image, used + used / 4 + 64)
}

/// The same with a size in MiB.
pub(crate) fn disk_of(folder: &Path, image: &Path, mib: u64) -> Result<()> {
    std::fs::File::create(image)?.set_len(mib << 20)?;
    run(Command::new("mkfs.ext4")
        .args(["-q", "-F", "-E", "lazy_itable_init=1", "-d"])
        .arg(folder)
        .arg(image)
        .env("PATH", path()))?;
    Ok(())
}

/// The first regular file below `folder` whose name fits.
pub(crate) fn find(folder: &Path, fits: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if let Some(found) = find(&entry.path(), fits) {
                return Some(found);
            }
        } else if kind.is_file() && entry.file_name().to_str().is_some_and(fits) {
            return Some(entry.path());
        }
    }
    None
}
