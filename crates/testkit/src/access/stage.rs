//! A mount namespace of our own in which worlds are built, and the children that ask in it.
//!
//! The file system at the root is a tmpfs; the machine's own tree is out of reach. Zones lie behind
//! `/.h`, where the controller reaches them writable, and are seen through bind mounts whose options
//! change with each world.

use super::build::{make, wipe};
use super::plan::{Offer, Plan, Zone};
use super::sysctl::Sysctls;
use super::worker::Order;
use nix::sched::{CloneFlags, unshare};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, open, openat, unlinkat};
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount, mount_bind,
    mount_change, mount_remount, move_mount, open_tree, unmount,
};
use std::io::{BufRead, BufReader, Error, Result, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use whodenied_access::{Extent, IdMap, IdMaps, Mount, Operation, Subject, UserNamespace};

/// A child with its pipes.
pub struct Worker {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Its user namespace.
    pub namespace: UserNamespace,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Worker {
    fn start(namespace: UserNamespace, mode: &str, proc: &OwnedFd) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(mode)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::other("no pipes"));
        };
        let mut worker = Self { child, orders, answers: BufReader::new(answers), namespace };
        worker.line()?;
        if !worker.namespace.is_first() {
            let pid = worker.child.id();
            for (file, map) in
                [("uid_map", &worker.namespace.maps.users), ("gid_map", &worker.namespace.maps.groups)]
            {
                let text: String =
                    map.0.iter().map(|e| format!("{} {} {}\n", e.inside, e.outside, e.count)).collect();
                let file = openat(proc, format!("{pid}/{file}"), OFlags::WRONLY, Mode::empty())?;
                std::fs::File::from(file).write_all(text.as_bytes())?;
            }
        }
        writeln!(worker.orders, "mapped")?;
        Ok(worker)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err(Error::other("the worker has ended"));
        }
        Ok(line)
    }

    fn send(&mut self, order: &Order) -> Result<()> {
        writeln!(self.orders, "{}", serde_json::to_string(order)?)
    }

    /// Takes these credentials for what follows.
    ///
    /// # Errors
    /// When the pipe breaks.
    pub fn become_subject(&mut self, subject: &Subject) -> Result<()> {
        self.send(&Order::Become(Box::new(subject.clone())))
    }

    /// The thread that would do the next operation; it has the credentials.
    ///
    /// # Errors
    /// When the pipe breaks.
    pub fn identify(&mut self) -> Result<i32> {
        self.send(&Order::Identify)?;
        let line = self.line()?;
        line.trim().parse().map_err(|_| Error::other(line))
    }

    /// The errno of `operation` done for real, 0 when it worked.
    ///
    /// # Errors
    /// When the pipe breaks or the credentials can't be taken.
    pub fn ask(&mut self, operation: &Operation) -> Result<i32> {
        self.send(&Order::Do(operation.clone()))?;
        let line = self.line()?;
        line.trim().parse().map_err(|_| Error::other(line))
    }
}

/// The namespace, its mounts and its workers.
pub struct Stage {
    /// The children, the first in the first user namespace.
    pub workers: Vec<Worker>,
    /// What worlds may have here.
    pub offer: Offer,
    /// The machine's sysctls.
    pub sysctls: Sysctls,
    tree_inode: u64,
}

/// The user namespaces that subjects live in: maps that leave out some of the ids.
fn namespaces() -> Vec<UserNamespace> {
    vec![
        UserNamespace::first(),
        namespace(1, &[(0, 100_000, 1000)], &[(0, 100_000, 1000)]),
        namespace(2, &[(0, 1000, 2), (10, 100_000, 2)], &[(0, 1000, 1), (10, 100_000, 2)]),
        namespace(3, &[(0, 0, 1), (1, 1001, 1)], &[(0, 0, 1), (1, 1001, 2)]),
    ]
}

fn namespace(id: u64, users: &[(u32, u32, u32)], groups: &[(u32, u32, u32)]) -> UserNamespace {
    let map = |extents: &[(u32, u32, u32)]| {
        IdMap(
            extents
                .iter()
                .map(|(inside, outside, count)| Extent { inside: *inside, outside: *outside, count: *count })
                .collect(),
        )
    };
    UserNamespace {
        id,
        owner: 0,
        parent: Some(Box::new(UserNamespace::first())),
        maps: IdMaps { users: map(users), groups: map(groups) },
    }
}

/// The namespace whose maps the idmapped mount has. Some ids of files have no id there, and some ids
/// of subjects can't be stored.
fn mapping_namespace() -> UserNamespace {
    namespace(
        8,
        &[(0, 1000, 1), (1000, 1001, 2), (100_000, 100_000, 1)],
        &[(0, 1000, 1), (1000, 0, 1), (1002, 1002, 1), (65_534, 65_534, 1)],
    )
}

/// The namespace that mounts a tmpfs of its own; not every id can be stored there.
fn foreign_namespace() -> UserNamespace {
    namespace(
        9,
        &[(0, 0, 1), (1000, 1000, 2), (7, 100_000, 1)],
        &[(0, 0, 1), (1001, 1001, 2), (7, 100_000, 2)],
    )
}

/// A second mount of the tree, on `i`, with the ids of [`mapping_namespace`].
fn idmapped(base: &Path, proc: &OwnedFd) -> Result<IdMaps> {
    let holder = Worker::start(mapping_namespace(), "--worker-in-namespace", proc)?;
    let user = format!("{}/ns/user", holder.child.id());
    let user = openat(proc, user, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let how = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tree = open_tree(CWD, base.join("t"), how)?;
    whodenied_sources::syscalls::idmap_mount(tree.as_fd(), user.as_fd())?;
    let at = base.join("i");
    std::fs::create_dir(&at)?;
    move_mount(&tree, "", CWD, &at, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
    Ok(holder.namespace.maps.clone())
}

/// An overlay file system, as containers have it; all that is made lies in its upper layer.
fn overlay(base: &Path) -> Result<()> {
    let layers = base.join(".h/o");
    tmpfs(&layers)?;
    for name in ["lower", "upper", "work"] {
        std::fs::create_dir(layers.join(name))?;
    }
    let layers = layers.to_string_lossy();
    let data = format!("lowerdir={layers}/lower,upperdir={layers}/upper,workdir={layers}/work");
    let data = std::ffi::CString::new(data)?;
    mount("overlay", base.join(".h/5"), "overlay", MountFlags::empty(), Some(data.as_c_str()))?;
    std::fs::create_dir(base.join("o"))
}

/// The tmpfs that a worker made in its own namespace, mounted where all see it.
fn foreign_tmpfs(host: &mut Worker, base: &Path, proc: &OwnedFd) -> Result<()> {
    let fd = host.line()?;
    let fd = format!("{}/fd/{}", host.child.id(), fd.trim());
    let tree = openat(proc, fd, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    move_mount(&tree, "", CWD, base.join(".h/4"), MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
    std::fs::create_dir(base.join("u"))
}

/// An ext4 image mounted on `at`; false where the tools or loop devices are missing.
fn disk(image: &Path, at: &str) -> bool {
    let made = std::fs::File::create(image).and_then(|f| f.set_len(32 << 20)).is_ok();
    let run = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    };
    let Some(image) = image.to_str() else { return false };
    made && run("mkfs.ext4", &["-q", "-F", "-m", "0", image])
        && run("mount", &["-o", "loop,nodelalloc", image, at])
}

impl Stage {
    /// Leaves the machine's mounts behind and makes the stage. Needs root and a single thread.
    ///
    /// # Errors
    /// When the kernel refuses a step, as it does without root.
    pub fn set(scratch: &Path) -> Result<Self> {
        unshare(CloneFlags::CLONE_NEWNS)?;
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
        rustix::process::umask(Mode::empty());
        let proc = open("/proc", OFlags::PATH, Mode::empty())?;
        let sysctls = Sysctls::read(proc.try_clone()?)?;
        let base = scratch.join("base");
        std::fs::create_dir_all(&base)?;
        let left = open(scratch, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        tmpfs(&base)?;
        for name in [".h", ".h/0", ".h/1", ".h/2", ".h/3", ".h/4", ".h/5", ".h/o", "t", "t/mp", "b", "r"] {
            std::fs::create_dir(base.join(name))?;
        }
        tmpfs(&base.join(".h/1"))?;
        tmpfs(&base.join(".h/2"))?;
        let overlay = overlay(&base).is_ok();
        let image = scratch.join("image");
        let ext4 = base.join(".h/3").to_str().is_some_and(|at| disk(&image, at));
        if ext4 {
            std::fs::create_dir(base.join("e"))?;
            std::fs::remove_dir(base.join(".h/3/lost+found"))?;
        }
        std::fs::remove_file(&image)?;
        let mut workers = Vec::new();
        for namespace in namespaces() {
            let mode = if namespace.is_first() { "--worker" } else { "--worker-in-namespace" };
            workers.push(Worker::start(namespace, mode, &proc)?);
        }
        let maps = idmapped(&base, &proc).ok();
        let mut host = Worker::start(foreign_namespace(), "--worker-with-tmpfs", &proc)?;
        let foreign = foreign_tmpfs(&mut host, &base, &proc).ok().map(|()| host.namespace.clone());
        workers.push(host);
        std::fs::create_dir(base.join("proc"))?;
        mount_bind("/proc", base.join("proc"))?;
        mount_bind(base.join("t"), base.join(".h/0"))?;
        rustix::process::chdir(&base)?;
        rustix::process::pivot_root(".", ".")?;
        unmount(".", UnmountFlags::DETACH)?;
        rustix::process::chdir("/")?;
        unlinkat(&left, "base", AtFlags::REMOVEDIR)?;
        mount_bind("/t", "/b")?;
        mount_bind("/.h/1", "/t/mp")?;
        mount_bind("/.h/2", "/r")?;
        if ext4 {
            mount_bind("/.h/3", "/e")?;
        }
        // Before a mode there could keep them out.
        for worker in &mut workers {
            worker.send(&Order::Settle("/t".to_owned()))?;
        }
        let tree_inode = std::fs::metadata("/t")?.ino();
        if overlay {
            mount_bind("/.h/5", "/o")?;
        }
        if foreign.is_some() {
            mount_bind("/.h/4", "/u")?;
        }
        let offer = Offer { disk: ext4, overlay, maps, foreign, settings: sysctls.original() };
        Ok(Self { workers, offer, sysctls, tree_inode })
    }

    /// Builds a world where another one stood.
    ///
    /// # Errors
    /// When a file system refuses.
    pub fn build(&self, before: Option<&Plan>, plan: &Plan) -> Result<()> {
        if before.is_some_and(|b| b.options.read_only) {
            remount("/.h/2", MountFlags::empty())?;
        }
        self.put_tree_back()?;
        for zone in before.map(|b| b.zones.as_slice()).unwrap_or_default() {
            wipe(zone).map_err(|e| Error::other(format!("wiping {}: {e}", zone.root)))?;
        }
        for zone in &plan.zones {
            make(zone).map_err(|e| Error::other(format!("making {}: {e}", zone.root)))?;
        }
        if plan.options.read_only {
            remount("/.h/2", MountFlags::RDONLY)?;
        }
        let mut mounts =
            vec![("/b", &plan.options.bind), ("/t/mp", &plan.options.inner), ("/r", &plan.options.sealed)];
        if self.offer.disk {
            mounts.push(("/e", &plan.options.disk));
        }
        if self.offer.overlay {
            mounts.push(("/o", &plan.options.overlay));
        }
        if self.offer.maps.is_some() {
            mounts.push(("/i", &plan.options.mapped));
        }
        if self.offer.foreign.is_some() {
            mounts.push(("/u", &plan.options.foreign));
        }
        for (at, options) in mounts {
            remount(at, MountFlags::BIND | flags(options))?;
        }
        Ok(())
    }

    /// Builds the same world again, after an operation that changed it.
    ///
    /// # Errors
    /// When a file system refuses.
    pub fn rebuild(&self, plan: &Plan) -> Result<()> {
        self.put_tree_back()?;
        let sealed = |zone: &&Zone| !(plan.options.read_only && zone.root == "/.h/2");
        for zone in plan.zones.iter().filter(sealed) {
            wipe(zone).map_err(|e| Error::other(format!("wiping {}: {e}", zone.root)))?;
            make(zone).map_err(|e| Error::other(format!("making {}: {e}", zone.root)))?;
        }
        Ok(())
    }

    /// `/t` itself may have been renamed.
    fn put_tree_back(&self) -> Result<()> {
        let is_tree = |path: &Path| {
            std::fs::symlink_metadata(path).is_ok_and(|m| m.ino() == self.tree_inode && m.is_dir())
        };
        if is_tree(Path::new("/t")) {
            return Ok(());
        }
        for entry in std::fs::read_dir("/")? {
            let path = entry?.path();
            if is_tree(&path) && path != Path::new("/b") && path != Path::new("/i") {
                let there = std::fs::symlink_metadata("/t").is_ok();
                let how = if there { RenameFlags::EXCHANGE } else { RenameFlags::empty() };
                return Ok(rustix::fs::renameat_with(CWD, &path, CWD, "/t", how)?);
            }
        }
        Err(Error::other("the tree is gone"))
    }
}

/// A thread that has just ended may still hold a directory that is gone, which makes a file system busy.
fn remount(at: &str, flags: MountFlags) -> Result<()> {
    for _ in 0..200 {
        match mount_remount(at, flags, "") {
            Err(rustix::io::Errno::BUSY) => std::thread::sleep(std::time::Duration::from_millis(1)),
            other => return other.map_err(|e| Error::other(format!("remounting {at}: {e}"))),
        }
    }
    Err(Error::other(format!("{at} stays busy")))
}

fn tmpfs(at: &Path) -> Result<()> {
    Ok(mount("access", at, "tmpfs", MountFlags::empty(), Some(c"mode=755"))?)
}

fn flags(options: &Mount) -> MountFlags {
    let mut flags = MountFlags::empty();
    flags.set(MountFlags::RDONLY, options.read_only);
    flags.set(MountFlags::NOEXEC, options.no_exec);
    flags.set(MountFlags::NODEV, options.no_dev);
    flags.set(MountFlags::NOSUID, options.no_suid);
    if options.no_symfollow {
        // MS_NOSYMFOLLOW
        flags |= MountFlags::from_bits_retain(256);
    }
    flags
}
