//! `cargo xtask lab`: real kernels with AppArmor or SELinux and container engines, under emulation.

mod apt;
mod boot;
mod cache;
mod image;
mod initrd;
mod kernel;
mod matrix;
mod scenario;
mod verdict;

use anyhow::{Context as _, Result, bail};
use boot::{Boot, Scratch};
use image::Image;
use kernel::Kernel;
use matrix::Choice;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// What was asked for.
struct Asked {
    kernels: Vec<Kernel>,
    image: Option<Image>,
    job: Option<PathBuf>,
    out: Option<PathBuf>,
    limit: Duration,
    append: String,
    shell: bool,
    build: bool,
    list: bool,
    full: bool,
    again: bool,
    names: Vec<String>,
}

/// `cargo xtask lab …`, described in lab/README.md. True when all went well.
pub(crate) fn run(args: &[String]) -> Result<bool> {
    let asked = read(args)?;
    let choice = Choice {
        kernels: asked.kernels.clone(),
        names: asked.names.clone(),
        full: asked.full,
        image: asked.image,
    };
    if asked.list {
        choice.list()?;
        return Ok(true);
    }
    if asked.again {
        return Ok(choice.again()?.failed == 0);
    }
    if let Some(reason) = missing() {
        bail!("{reason}");
    }
    let image = asked.image.unwrap_or(Image::AppArmor);
    if asked.build {
        let kernels = if asked.kernels.is_empty() { kernel::ALL.to_vec() } else { asked.kernels.clone() };
        for kernel in kernels {
            println!("lab: {} is Linux {}", kernel.name, kernel.build()?.release);
        }
        image.build()?;
        return Ok(true);
    }
    if !asked.shell && asked.job.is_none() {
        return Ok(choice.run()?.failed == 0);
    }
    let [kernel] = asked.kernels[..] else { bail!("one --kernel is wanted") };
    let empty = Scratch::new()?;
    let folder = asked.job.clone().unwrap_or_else(|| empty.0.clone());
    let boot = Boot { kernel, image, job: &folder, limit: asked.limit, append: &asked.append };
    if asked.shell {
        Boot { append: &format!("lab.shell {}", asked.append), ..boot }.shell()?;
        return Ok(true);
    }
    if !folder.join("job.sh").is_file() {
        bail!("{} has no job.sh", folder.display());
    }
    job(&boot, asked.out)
}

/// The sample, for `cargo xtask test`: why it does not run here, if so.
pub(crate) fn sample() -> Result<Choice, String> {
    if std::env::var_os("WHODENIED_LAB").is_some_and(|v| v == "0") {
        return Err("WHODENIED_LAB=0".to_owned());
    }
    missing().map_or_else(|| Ok(Choice::default()), Err)
}

/// Runs a job folder; its output goes to ours as it comes.
fn job(boot: &Boot<'_>, out: Option<PathBuf>) -> Result<bool> {
    let out = match out {
        Some(out) => out,
        None => crate::build::root().join("target/lab/out"),
    };
    let outcome = boot.run(&out, &mut |piece| {
        let _ = std::io::stdout().write_all(piece);
        let _ = std::io::stdout().flush();
    })?;
    let uptime: Vec<String> = outcome.uptime.iter().map(|u| format!("{u:.1} s")).collect();
    eprintln!(
        "lab: status {}, job from uptime {}, {:.0} s in all ({:.0} s of CPU), {} bytes printed, files in {}",
        outcome.status.map_or("none".to_owned(), |s| s.to_string()),
        uptime.join(" to "),
        outcome.wall.as_secs_f64(),
        outcome.cpu,
        outcome.output.len(),
        out.display()
    );
    if outcome.status.is_none() {
        eprintln!("lab: the guest's console:\n{}", String::from_utf8_lossy(&outcome.console));
    }
    Ok(outcome.status == Some(0))
}

fn read(args: &[String]) -> Result<Asked> {
    let mut asked = Asked {
        kernels: Vec::new(),
        image: None,
        job: None,
        out: None,
        limit: Duration::from_secs(1200),
        append: String::new(),
        shell: false,
        build: false,
        list: false,
        full: false,
        again: false,
        names: Vec::new(),
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} wants a value"));
        match arg.as_str() {
            "--kernel" => {
                let name = value()?;
                asked.kernels.push(Kernel::named(name).with_context(|| format!("no kernel {name}"))?);
            }
            "--image" => {
                let name = value()?;
                asked.image = Some(Image::named(name).with_context(|| format!("no image {name}"))?);
            }
            "--job" => asked.job = Some(PathBuf::from(value()?)),
            "--out" => asked.out = Some(PathBuf::from(value()?)),
            "--limit" => asked.limit = Duration::from_secs(value()?.parse().context("--limit SECONDS")?),
            "--append" => asked.append = value()?.clone(),
            "--shell" => asked.shell = true,
            "--build" => asked.build = true,
            "--list" => asked.list = true,
            "--again" => asked.again = true,
            "--full" => asked.full = true,
            "--scenario" => asked.names.push(value()?.clone()),
            _ => bail!("unknown argument {arg}; see lab/README.md"),
        }
    }
    Ok(asked)
}

/// Why the lab can't run here; `None` where it can.
fn missing() -> Option<String> {
    let path = kernel::path();
    let has = |program: &str| path.split(':').any(|d| std::path::Path::new(d).join(program).is_file());
    for (program, package) in [
        ("qemu-system-x86_64", "qemu-system-x86"),
        ("mmdebstrap", "mmdebstrap"),
        ("mkfs.ext4", "e2fsprogs"),
        ("depmod", "kmod"),
        ("xz", "xz-utils"),
        ("apt-get", "apt"),
        ("dpkg-deb", "dpkg"),
    ] {
        if !has(program) {
            return Some(format!("no {program} here (Debian package {package})"));
        }
    }
    if !std::path::Path::new(apt::KEYRING).is_file() {
        return Some("Debian's keys are missing (package debian-archive-keyring)".to_owned());
    }
    if !is_root() {
        return Some("not root, which building the guest's disk needs".to_owned());
    }
    None
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uids = status.lines().find_map(|l| l.strip_prefix("Uid:")).unwrap_or("");
    uids.split_whitespace().nth(1) == Some("0")
}
