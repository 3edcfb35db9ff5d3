//! Capabilities, user namespaces, io_uring, message queues, D-Bus, changes of profile.

use super::{Answer, Kernel, Label, Outcome, check, confined, file, label};
use crate::dfa::StateId;
use crate::policy::{Class, Database, Perms, Profile, bit};
use whodenied_kernel::{Capability, Errno};

fn begin(profile: &Profile, class: Class) -> Option<(&Profile, &Database, StateId)> {
    let profile = confined(profile)?;
    let db = profile.policy.as_ref()?;
    Some((profile, db, db.class(class)?))
}

/// May a task use this capability? Kernel `capability.c`, `profile_capable`. Refusals are EPERM; they leave
/// at most one record a second.
#[must_use]
pub fn capability(profile: &Profile, capability: Capability) -> Answer {
    let Some(profile) = confined(profile) else { return Answer::unmediated(Class::Cap) };
    let number = u32::from(capability.0);
    if let Some((profile, db, state)) = begin(profile, Class::Cap) {
        let perms = db.entry(db.dfa.next(state, (number >> 5) as u8)).owner;
        let mut answer = check(profile, &perms, 1 << (number & 31), Class::Cap, Errno::EPERM);
        answer.denied <<= number & 32;
        return answer;
    }
    let bit = 1u64 << number;
    let has = |mask: u64| u32::from(mask & bit != 0);
    let caps = &profile.caps;
    let perms = Perms {
        allow: has(caps.allow),
        audit: has(caps.audit),
        quiet: has(caps.quiet),
        kill: has(caps.kill) & !has(caps.allow),
        ..Perms::default()
    };
    let mut answer = check(profile, &perms, 1, Class::Cap, Errno::EPERM);
    if answer.denied != 0 {
        answer.denied = bit;
    }
    answer
}

/// May a task make a user namespace? Kernel `task.c`, `aa_profile_ns_perm`.
#[must_use]
pub fn userns(profile: &Profile, kernel: &Kernel) -> Answer {
    match begin(profile, Class::Namespace).filter(|_| kernel.userns) {
        Some((profile, db, state)) => {
            check(profile, &db.entry(state).owner, bit::APPEND, Class::Namespace, Errno::EACCES)
        }
        None => Answer::unmediated(Class::Namespace),
    }
}

/// May a task make a ring whose queue the kernel polls? Kernel `lsm.c`, `profile_uring`.
#[must_use]
pub fn io_uring_sqpoll(profile: &Profile, kernel: &Kernel) -> Answer {
    match begin(profile, Class::IoUring).filter(|_| kernel.io_uring) {
        Some((profile, db, state)) => {
            check(profile, &db.entry(state).owner, bit::CREATE, Class::IoUring, Errno::EACCES)
        }
        None => Answer::unmediated(Class::IoUring),
    }
}

/// May a task use a ring with the credentials of a task with this label?
#[must_use]
pub fn io_uring_override(profile: &Profile, kernel: &Kernel, of: &Label) -> Answer {
    match begin(profile, Class::IoUring).filter(|_| kernel.io_uring) {
        Some((profile, db, state)) => {
            let perms = label::permissions(db, of, state, false, false, bit::APPEND);
            check(profile, &perms, bit::APPEND, Class::IoUring, Errno::EACCES)
        }
        None => Answer::unmediated(Class::IoUring),
    }
}

/// A message queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueName {
    /// POSIX, by name with its `/`.
    Posix(Vec<u8>),
    /// System V, by key.
    SysV(u32),
}

/// May a task do this (`WRITE`, `READ`, `CREATE`, `DELETE`, `OPEN`, `SETATTR`, `GETATTR`) with a queue made by
/// a task with this label? Only patched kernels ask.
#[must_use]
pub fn mqueue(
    profile: &Profile,
    kernel: &Kernel,
    queue: &QueueName,
    of: Option<&Label>,
    request: u32,
) -> Answer {
    let class = match queue {
        QueueName::Posix(_) => Class::PosixMqueue,
        QueueName::SysV(_) => Class::SysvMqueue,
    };
    let Some((profile, db, start)) = begin(profile, class).filter(|_| kernel.patched) else {
        return Answer::unmediated(class);
    };
    let state = match queue {
        QueueName::Posix(name) => db.dfa.walk(start, name),
        QueueName::SysV(key) => db.dfa.walk(start, &key.to_be_bytes()),
    };
    let mut perms = db.entry(state).owner;
    if perms.allow & request != request
        && let Some(of) = of
    {
        perms = label::permissions(db, of, db.dfa.next(state, 0), false, false, request);
    }
    check(profile, &perms, request, class, Errno::EACCES)
}

/// A D-Bus message. What is not known of it is `None`, which matches rules that do not ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DbusMessage {
    /// `session`, `system` or an address.
    pub bus: Vec<u8>,
    /// The name of the other.
    pub name: Vec<u8>,
    /// Its label.
    pub label: Vec<u8>,
    /// Object path.
    pub path: Vec<u8>,
    /// Interface.
    pub interface: Vec<u8>,
    /// Member.
    pub member: Vec<u8>,
}

/// The D-Bus daemon asks this of the kernel (`.access`) about a task that sends (`send`) or gets a message.
#[must_use]
pub fn dbus_message(profile: &Profile, kernel: &Kernel, message: &DbusMessage, send: bool) -> Answer {
    let m = message;
    let parts = [&m.bus, &m.name, &m.label, &m.path, &m.interface, &m.member];
    dbus(profile, kernel, &parts.map(Vec::as_slice), if send { bit::WRITE } else { bit::READ })
}

/// May a task own a name on a bus?
#[must_use]
pub fn dbus_bind(profile: &Profile, kernel: &Kernel, bus: &[u8], name: &[u8]) -> Answer {
    dbus(profile, kernel, &[bus, name], bit::OPEN)
}

fn dbus(profile: &Profile, kernel: &Kernel, parts: &[&[u8]], request: u32) -> Answer {
    // Mainline answers by rules only where the policy is as new as its own mediation of D-Bus: where it has
    // class 15 (kernel `apparmorfs.c`, `profile_query_cb`; measured on 7.3).
    let old = kernel.network_v9 && !kernel.patched && !profile.mediates(Class::NetV9);
    let Some((profile, db, mut state)) = begin(profile, Class::Dbus).filter(|_| !old) else {
        return Answer::unmediated(Class::Dbus);
    };
    for (at, part) in parts.iter().enumerate() {
        if at != 0 {
            state = db.dfa.next(state, 0);
        }
        state = db.dfa.walk(state, part);
    }
    check(profile, &db.entry(state).owner, request, Class::Dbus, Errno::EACCES)
}

/// May a task change into this label now (aa_change_profile(2)), or at the exec of a program (`onexec`: the
/// path of the program, whether the task owns it)? `stack` adds to the label instead. Kernel `domain.c`,
/// `change_profile_perms`, `profile_onexec`.
#[must_use]
pub fn change_profile(
    profile: &Profile,
    target: &Label,
    onexec: Option<(&[u8], bool)>,
    stack: bool,
) -> Answer {
    let Some(profile) = confined(profile) else { return Answer::unmediated(Class::Domain) };
    let request = if onexec.is_some() { bit::ONEXEC } else { bit::CHANGE_PROFILE };
    let Some((db, start)) = file::database(profile) else {
        return check(profile, &Perms::default(), request, Class::Domain, Errno::EACCES);
    };
    let asked = label::permissions(db, target, start, true, stack, request);
    let mut answer = check(profile, &asked, request, Class::Domain, Errno::EACCES);
    if let Some((program, owner)) = onexec
        && answer.outcome == Outcome::Allowed
    {
        let state = db.dfa.walk(start, program);
        let perms = *db.entry(state).of(owner);
        if perms.allow & bit::ONEXEC == 0 {
            let info = Some("no change_onexec valid for executable");
            return check(profile, &perms, request, Class::Domain, Errno::EACCES).with_info(info);
        }
        let pair = label::permissions(db, target, db.dfa.next(state, 0), true, stack, request);
        answer = check(profile, &pair, request, Class::Domain, Errno::EACCES)
            .with_info(Some("change_profile onexec"));
    }
    answer
}
