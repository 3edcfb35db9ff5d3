//! The child that asks the kernel: one process a user namespace, one thread for each set of
//! credentials, for these belong to threads in the kernel.

use super::perform::perform;
use nix::sched::{CloneFlags, unshare};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet as Bits, CapabilitySets, Gid, Uid,
    remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits,
    set_keep_capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::os::fd::{IntoRawFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use whodenied_access::{Operation, Subject, UserNamespace};
use whodenied_kernel::Capability;

/// What the controller sends, a line of JSON each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Order {
    /// Go to this directory; relative paths start there.
    Settle(String),
    /// Ask from now on as this subject.
    Become(Box<Subject>),
    /// Do this and say the errno.
    Do(Operation),
    /// Say the thread id of who would do the next thing.
    Identify,
}

/// Reads orders from standard input and answers each `Do` with a line: the errno, 0 when it worked, or
/// words when the credentials could not be taken. With `namespace` a new user namespace is made first;
/// the line `ready` says that its maps can be written, and a line `mapped` is waited for. With `tmpfs`
/// the next line is the number of a descriptor: a tmpfs of that namespace, mounted nowhere yet.
///
/// # Errors
/// When the pipes break or the namespace can't be made.
pub fn run(namespace: bool, tmpfs: bool) -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut line = String::new();
    if namespace {
        unshare(CloneFlags::CLONE_NEWUSER)?;
    }
    writeln!(output, "ready")?;
    output.flush()?;
    input.read_line(&mut line)?;
    rustix::process::umask(rustix::fs::Mode::empty());
    if tmpfs {
        // A thread may have a mount namespace of its own, in which its user namespace may mount.
        let made =
            std::thread::spawn(make_tmpfs).join().map_err(|_| std::io::Error::other("the thread ended"))?;
        writeln!(output, "{}", made.map_or(-1, IntoRawFd::into_raw_fd))?;
        output.flush()?;
    }
    let mut subject = None;
    let mut thread: Option<Asking> = None;
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        match serde_json::from_str::<Order>(&line)? {
            Order::Settle(directory) => rustix::process::chdir(directory)?,
            Order::Become(new) => {
                subject = Some(*new);
                thread = None;
            }
            Order::Identify => {
                let Some(subject) = &subject else { continue };
                let asking = thread.get_or_insert_with(|| Asking::start(subject));
                writeln!(output, "{}", asking.tid)?;
                output.flush()?;
            }
            Order::Do(operation) => {
                let Some(subject) = &subject else { continue };
                let asking = match thread.take() {
                    Some(asking) => asking,
                    None => Asking::start(subject),
                };
                let moves =
                    matches!(operation, Operation::ChangeDirectory { .. } | Operation::ChangeRoot { .. });
                let answer = asking.ask(operation);
                // Who has gone elsewhere does not come back.
                if !(moves && answer == Ok(0)) {
                    thread = Some(asking);
                }
                match answer {
                    Ok(errno) => writeln!(output, "{errno}")?,
                    Err(why) => writeln!(output, "{why}")?,
                }
                output.flush()?;
            }
        }
    }
}

fn make_tmpfs() -> std::io::Result<OwnedFd> {
    use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};
    unshare(CloneFlags::CLONE_NEWNS)?;
    let system = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(&system)?;
    Ok(fsmount(&system, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())?)
}

struct Asking {
    tid: i32,
    orders: Sender<Operation>,
    answers: Receiver<Result<i32, String>>,
}

impl Asking {
    fn start(subject: &Subject) -> Self {
        let (orders, todo) = channel::<Operation>();
        let (done, answers) = channel();
        let subject = subject.clone();
        std::thread::spawn(move || {
            let taken = take(&subject).map_err(|e| format!("credentials: {e}"));
            let tid = rustix::thread::gettid().as_raw_nonzero().get();
            if done.send(Ok(tid)).is_err() {
                return;
            }
            for operation in todo {
                let answer = taken.clone().map(|()| perform(&operation));
                if done.send(answer).is_err() {
                    return;
                }
            }
        });
        let tid = answers.recv().ok().and_then(Result::ok).unwrap_or(0);
        Self { tid, orders, answers }
    }

    fn ask(&self, operation: Operation) -> Result<i32, String> {
        self.orders.send(operation).map_err(|e| e.to_string())?;
        self.answers.recv().map_err(|e| e.to_string())?
    }
}

/// The id as its own namespace numbers it.
fn inside(id: u32, namespace: &UserNamespace, user: bool) -> u32 {
    let map = if user { &namespace.maps.users } else { &namespace.maps.groups };
    map.up(id).unwrap_or(u32::MAX)
}

/// Takes the subject's credentials for this thread, and a root and working directory of its own.
fn take(subject: &Subject) -> std::io::Result<()> {
    unshare(CloneFlags::CLONE_FS)?;
    let user = |id| Uid::from_raw(inside(id, &subject.namespace, true));
    let group = |id| Gid::from_raw(inside(id, &subject.namespace, false));
    if subject.no_setuid_fixup {
        set_capabilities_secure_bits(CapabilitiesSecureBits::NO_SETUID_FIXUP)?;
    }
    for capability in Capability::all().filter(|c| !subject.bounding.has(*c)) {
        remove_capability_from_bounding_set(Bits::from_bits_retain(1 << capability.0))?;
    }
    set_keep_capabilities(true)?;
    let groups: Vec<Gid> = subject.groups.iter().map(|g| group(*g)).collect();
    set_thread_groups(&groups)?;
    set_thread_res_gid(group(subject.gid), group(subject.fsgid), group(subject.fsgid))?;
    set_thread_res_uid(user(subject.uid), user(subject.fsuid), user(subject.fsuid))?;
    let sets = CapabilitySets {
        effective: Bits::from_bits_retain(subject.effective.0),
        permitted: Bits::from_bits_retain(subject.permitted.0),
        inheritable: Bits::from_bits_retain(subject.inheritable.0),
    };
    Ok(set_capabilities(None, sets)?)
}
