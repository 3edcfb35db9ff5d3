//! One boot: a kernel, a disk, a job in; what it printed, its files and its status out.

use crate::lab::apt::run;
use crate::lab::cache;
use crate::lab::image::Image;
use crate::lab::kernel::Kernel;
use anyhow::{Context as _, Result};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What is booted.
pub(crate) struct Boot<'a> {
    /// The kernel.
    pub(crate) kernel: Kernel,
    /// The disk.
    pub(crate) image: Image,
    /// A folder with `job.sh`, which is run as root in its own copy.
    pub(crate) job: &'a Path,
    /// After so long the guest is switched off.
    pub(crate) limit: Duration,
    /// More of the kernel's command line.
    pub(crate) append: &'a str,
}

/// What a boot gave back.
pub(crate) struct Outcome {
    /// What the job printed, both streams.
    pub(crate) output: Vec<u8>,
    /// The kernel's console.
    pub(crate) console: Vec<u8>,
    /// The job's exit status; `None` where the guest ended without one.
    pub(crate) status: Option<i32>,
    /// The guest's uptime when the job started and when it ended, seconds.
    pub(crate) uptime: Vec<f64>,
    /// The whole boot on our clock.
    pub(crate) wall: Duration,
    /// CPU seconds that the emulator used: unlike the clock no matter of what else the machine does.
    pub(crate) cpu: f64,
}

impl Boot<'_> {
    /// Boots, runs the job and puts the files that it left in /out into the folder `files`. Every piece of
    /// output is handed to `seen` as it comes.
    pub(crate) fn run(&self, files: &Path, seen: &mut dyn FnMut(&[u8])) -> Result<Outcome> {
        let scratch = Scratch::new()?;
        let start = Instant::now();
        let mut qemu = self.qemu(&scratch.0)?;
        let at = |name: &str| scratch.0.join(name);
        qemu.arg("-serial").arg(format!("file:{}", at("console").display()));
        qemu.args(["-device", "virtio-serial-pci"]);
        for port in ["output", "files"] {
            qemu.arg("-chardev").arg(format!("file,id={port},path={}", at(port).display()));
            qemu.arg("-device").arg(format!("virtserialport,chardev={port},name=lab.{port}"));
        }
        let errors = std::fs::File::create(at("qemu"))?;
        let mut child = qemu
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .context("can't run QEMU")?;
        let mut read = 0;
        let mut cpu = 0.0;
        loop {
            cpu = cpu_of(child.id()).unwrap_or(cpu);
            let ended = child.try_wait()?.is_some();
            read += follow(&at("output"), read, seen);
            if ended {
                break;
            }
            if start.elapsed() > self.limit {
                child.kill()?;
                child.wait()?;
                seen(format!("\nlab: switched off after {} s\n", self.limit.as_secs()).as_bytes());
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let wall = start.elapsed();
        std::fs::create_dir_all(files)?;
        // One archive after the other; the last may be cut off, and what came before counts all the same.
        if std::fs::metadata(at("files")).is_ok_and(|m| m.len() > 0) {
            let _ = run(Command::new("tar")
                .args(["--extract", "--ignore-zeros", "--no-same-owner", "--no-same-permissions"])
                .arg("--file")
                .arg(at("files"))
                .arg("--directory")
                .arg(files));
        }
        let mut console = std::fs::read(at("console")).unwrap_or_default();
        console.extend(std::fs::read(at("qemu")).unwrap_or_default());
        let text = |name: &str| std::fs::read_to_string(files.join(name)).unwrap_or_default();
        let status = text(".status").trim().parse().ok();
        let uptime = text(".uptime").split_whitespace().filter_map(|n| n.parse().ok()).collect();
        for own in [".status", ".uptime"] {
            let _ = std::fs::remove_file(files.join(own));
        }
        Ok(Outcome {
            output: std::fs::read(at("output")).unwrap_or_default(),
            console,
            status,
            uptime,
            wall,
            cpu,
        })
    }

    /// Boots to a shell on this terminal.
    pub(crate) fn shell(&self) -> Result<()> {
        let scratch = Scratch::new()?;
        let mut qemu = self.qemu(&scratch.0)?;
        qemu.args(["-serial", "mon:stdio"]);
        println!("lab: the shell comes in about 20 s; `exit` switches the guest off, Ctrl-A x kills it");
        qemu.status().context("can't run QEMU")?;
        Ok(())
    }

    fn qemu(&self, scratch: &Path) -> Result<Command> {
        let kernel = self.kernel.build()?;
        let disk = self.image.build()?;
        let job = scratch.join("job.tar");
        run(Command::new("tar")
            .arg("--create")
            .arg("--file")
            .arg(&job)
            .arg("--directory")
            .arg(self.job)
            .arg("."))?;
        let mut qemu = Command::new("qemu-system-x86_64");
        // The guest's disk is a snapshot, kept here: nothing lasts, and nothing is left behind.
        qemu.env("TMPDIR", scratch);
        qemu.args(["-nodefaults", "-accel", "tcg,tb-size=512", "-cpu", "max", "-smp", "1", "-m", "3072"]);
        qemu.args(["-display", "none", "-vga", "none", "-no-reboot", "-device", "virtio-rng-pci"]);
        qemu.arg("-kernel").arg(kernel.vmlinuz).arg("-initrd").arg(kernel.initrd);
        let drive = |file: &Path, more: &str| format!("file={},format=raw,if=virtio,{more}", file.display());
        qemu.arg("-drive").arg(drive(&disk, "snapshot=on,cache=unsafe"));
        qemu.arg("-drive").arg(drive(&kernel.modules, "readonly=on"));
        qemu.arg("-drive").arg(drive(&job, "readonly=on"));
        let arguments = format!(
            "console=ttyS0 quiet panic=-1 mitigations=off init_on_alloc=0 no_timer_check systemd.unit=lab.target \
             systemd.default_timeout_start_sec=900 \
             systemd.show_status=0 {} {}",
            self.image.arguments(),
            self.append
        );
        qemu.arg("-append").arg(arguments);
        Ok(qemu)
    }
}

/// CPU seconds of a running process, proc_pid_stat(5) fields 14 and 15, in ticks of 1/100 s.
fn cpu_of(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    let (user, system) = (ticks()?, ticks()?);
    (user + system > 0.0).then_some((user + system) / 100.0)
}

/// Hands over what was written to `file` after `from`; returns how much.
fn follow(file: &Path, from: u64, seen: &mut dyn FnMut(&[u8])) -> u64 {
    let Ok(mut file) = std::fs::File::open(file) else { return 0 };
    let mut piece = Vec::new();
    if file.seek(SeekFrom::Start(from)).is_err() || file.read_to_end(&mut piece).is_err() || piece.is_empty()
    {
        return 0;
    }
    seen(&piece);
    piece.len() as u64
}

/// A folder of this run, removed at its end.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    /// Makes the folder; those that killed runs left are removed.
    pub(crate) fn new() -> Result<Self> {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let runs = cache::folder()?.join("runs");
        std::fs::create_dir_all(&runs)?;
        for entry in std::fs::read_dir(&runs)?.flatten() {
            let name = entry.file_name();
            let pid = name.to_str().and_then(|n| n.split('-').next()).unwrap_or("");
            if !Path::new("/proc").join(pid).is_dir() {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = runs.join(format!("{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
