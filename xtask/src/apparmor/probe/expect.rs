//! What the evaluator says of an operation: every question the kernel asks for it, in the kernel's order.

use super::Score;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use whodenied_apparmor::evaluate::{
    Address, Answer, DbusMessage, Kernel, Label, MountAttempt, Outcome, PtraceAccess, Socket, SocketUse,
    capability, change_profile, dbus_bind, dbus_message, exec, file, io_uring_sqpoll, link, mount, net_bit,
    pivot_root, ptrace, signal, socket, umount, userns,
};
use whodenied_apparmor::policy::{Profile, bit};
use whodenied_kernel::{Capability, Errno};

type Loaded = BTreeMap<String, Vec<Profile>>;

struct Asker<'a> {
    profile: &'a Profile,
    loaded: &'a Loaded,
    kernel: &'a Kernel,
    asked: Vec<Answer>,
}

/// Compares one result of the guest.
pub fn judge(result: &Value, kernel: &Kernel, loaded: &Loaded, score: &mut Score) -> Result<()> {
    let name = result["profile"].as_str().context("profile")?;
    let op = result["op"].as_str().context("op")?;
    let errno = result["errno"].as_i64().context("errno")?;
    let profile = loaded.get(name).and_then(|p| p.first()).context("a profile of the list")?;
    score.asked += 1;
    if op == "capget" {
        let theirs = result["caps"].as_u64().context("caps")?;
        for number in 0..41u8 {
            let ours = capability(profile, Capability(number));
            // The mask of a profile that complains is full, whatever its rules say.
            let complain = profile.mode == whodenied_apparmor::policy::Mode::Complain;
            if (theirs >> number & 1 == 1) != (ours.outcome.passes() || complain) {
                score.different.push(format!("{name}: capability {number}: {ours:?}"));
            }
        }
        return Ok(());
    }
    let pid = result["pid"].as_u64().unwrap_or(0);
    let mut asker = Asker { profile, loaded, kernel, asked: Vec::new() };
    asker.ask(op, pid).with_context(|| op.to_owned())?;
    // The kernel answers a daemon with the rules alone, whatever the mode.
    let dbus = op.starts_with("dbus");
    let passes = |a: &Answer| a.outcome.passes() && !(dbus && a.outcome == Outcome::Complained);
    let refused = asker.asked.iter().find(|a| !passes(a));
    // kcmp(2) has an error of its own for every refusal.
    let tracing = op.starts_with("kcmp");
    let theirs = matches!(errno, 1 | 13) || (op.starts_with("changeprofile not") && errno == 2);
    let wanted = refused.map(|a| a.errno.unwrap_or(Errno::EACCES));
    // So does setpriority(2).
    let wanted = wanted.map(|e| match e {
        _ if tracing => Errno::EPERM,
        _ if op == "nice" => Errno::EACCES,
        e => e,
    });
    let target = op.strip_prefix("changeprofile ");
    let expected_not_found = target.is_some_and(|t| !asker.is_loaded(t)) && refused.is_none();
    let agree = match wanted {
        Some(wanted) => i64::from(wanted.0) == errno,
        None if expected_not_found => errno == 2 || errno == 0,
        None => !theirs && errno != -1,
    };
    // What an earlier operation was not let make is missed before anybody is asked.
    let missed = errno == 2 && (op.ends_with("/new") || op.ends_with("/newdir")) && wanted.is_some();
    if missed {
        return Ok(());
    }
    if !agree {
        let said = asker.asked.iter().map(|a| format!("{:?}", a.outcome)).collect::<Vec<_>>().join(", ");
        score
            .different
            .push(format!("{name}: {op}: errno {errno}, we say {wanted:?} ({said}) {}", result["error"]));
        return Ok(());
    }
    let Some(refused) = refused else { return Ok(()) };
    score.denied += 1;
    // Where both sides refuse, either may be the one that writes.
    let sides = asker.asked.iter().filter(|a| !a.outcome.passes()).count();
    if sides == 1 || !(op.starts_with("kill") || op.starts_with("attach") || tracing) {
        records(result, name, op, refused, score);
    }
    Ok(())
}

/// Whether a record was written, and what its `info=` says.
fn records(result: &Value, name: &str, op: &str, refused: &Answer, score: &mut Score) {
    // Capabilities leave one record a second; daemons write their own for D-Bus.
    if refused.errno == Some(Errno::EPERM) || op.starts_with("dbus") {
        return;
    }
    let records: Vec<&str> =
        result["records"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let complains = result["op"].as_str().is_some_and(|o| o.starts_with("exec"));
    let denied: Vec<&&str> = records
        .iter()
        .filter(|r| r.contains("apparmor=\"DENIED\"") || (complains && r.contains("apparmor=\"ALLOWED\"")))
        .collect();
    if !refused.recorded {
        score.silent += 1;
        if !denied.is_empty() {
            score.different.push(format!("{name}: {op}: we say silent, the kernel wrote {denied:?}"));
        }
        return;
    }
    let Some(record) = denied.first() else {
        score.different.push(format!("{name}: {op}: we say it is recorded, the kernel wrote {records:?}"));
        return;
    };
    let info = record.split_once("info=\"").and_then(|(_, r)| r.split_once('"')).map(|(i, _)| i);
    score.infos += 1;
    if info != refused.info {
        score.different.push(format!("{name}: {op}: info {:?}, the kernel says {info:?}", refused.info));
    }
}

fn address(text: &str) -> Address {
    match text.strip_prefix('@') {
        Some(name) => Address::Abstract(name.as_bytes().to_vec()),
        None if text == "auto" => Address::Auto,
        None => Address::Path(text.as_bytes().to_vec()),
    }
}

fn kind(word: &str) -> u16 {
    match word {
        "stream" => 1,
        "dgram" => 2,
        "raw" => 3,
        _ => 5,
    }
}

impl Asker<'_> {
    fn file(&mut self, path: &str, request: u32) {
        // Everything belongs to root, who asks, but what is called so.
        let owner = !path.ends_with("/other");
        self.asked.push(file(self.profile, path.as_bytes(), owner, request));
    }

    fn cap(&mut self, cap: Capability) {
        self.asked.push(capability(self.profile, cap));
    }

    fn net(&mut self, family: u16, kind: u16, usage: SocketUse) {
        let which = Socket { family, kind, protocol: 0 };
        self.asked.push(socket(self.profile, self.kernel, &which, &usage));
    }

    fn peer(&self, peer: &str) -> (Label, Option<&Profile>) {
        match peer {
            "u" => (Label::parse(b"unconfined"), None),
            "s" => (Label::parse(&self.profile.name), Some(self.profile)),
            _ => (Label::parse(b"probe-peer"), self.loaded.get("probe-peer").and_then(|p| p.first())),
        }
    }

    fn is_loaded(&self, name: &str) -> bool {
        name == "unconfined" || self.loaded.contains_key(name)
    }

    fn me(&self) -> Label {
        Label::parse(&self.profile.name)
    }

    fn ask(&mut self, op: &str, pid: u64) -> Result<()> {
        let words: Vec<&str> =
            if op.starts_with("dbus|") { op.split('|').collect() } else { op.split(' ').collect() };
        let arg = |at: usize| words.get(at).copied().unwrap_or_default();
        let directory = |path: &str| format!("{}/", path.trim_end_matches('/'));
        match words[0] {
            "open" => {
                let path = arg(2);
                match arg(1) {
                    "r" => self.file(path, bit::READ),
                    "w" => self.file(path, bit::WRITE),
                    "rw" => self.file(path, bit::READ | bit::WRITE),
                    "a" => self.file(path, bit::APPEND),
                    "dir" => self.file(&directory(path), bit::READ),
                    // The open comes before the truncation.
                    "trunc" => {
                        self.file(path, bit::WRITE);
                        self.file(path, bit::WRITE | bit::SETATTR);
                    }
                    _ => {
                        if path.ends_with("/new") {
                            self.file(path, bit::CREATE);
                        }
                        self.file(path, bit::WRITE | bit::CREATE);
                    }
                }
            }
            "unlink" => self.file(arg(1), bit::DELETE),
            "mkdir" => self.file(&directory(arg(1)), bit::CREATE),
            "rmdir" => self.file(&directory(arg(1)), bit::DELETE),
            "symlink" => self.file(arg(1), bit::CREATE),
            "chmod" => self.file(arg(1), bit::CHMOD),
            "truncate" => self.file(arg(1), bit::WRITE | bit::SETATTR),
            "stat" => self.file(arg(1), bit::GETATTR),
            "flock" => {
                self.file(arg(1), bit::READ);
                self.file(arg(1), bit::LOCK | bit::WRITE);
            }
            "mmapx" => {
                self.file(arg(1), bit::READ);
                self.file(arg(1), bit::READ | bit::MMAP);
            }
            "rename" => {
                let from = bit::READ | bit::GETATTR | bit::WRITE | bit::SETATTR | bit::DELETE;
                self.file(arg(1), from);
                self.file(arg(2), bit::WRITE | bit::SETATTR | bit::CREATE);
            }
            "link" => {
                self.asked.push(link(self.profile, arg(2).as_bytes(), arg(1).as_bytes(), true));
            }
            "exec" => self.exec(arg(1)),
            "mknod" => {
                self.file(arg(1), bit::CREATE);
                self.cap(Capability::MKNOD);
            }
            "mount" => self.mount(&words),
            "umount" => {
                self.cap(Capability::SYS_ADMIN);
                self.asked.push(umount(self.profile, directory(arg(1)).as_bytes()));
            }
            "pivot_root" => {
                let pivot =
                    pivot_root(self.profile, directory(arg(1)).as_bytes(), directory(arg(2)).as_bytes());
                self.cap(Capability::SYS_ADMIN);
                self.asked.push(pivot);
            }
            "kill" => {
                let number: u32 = arg(1).parse()?;
                let (label, profile) = self.peer(arg(2));
                let receives = profile.map(|p| signal(p, number, false, &self.me()));
                self.asked.push(signal(self.profile, number, true, &label));
                self.asked.extend(receives);
            }
            "attach" | "kcmp" => {
                let (active, passive) = match words[0] {
                    "attach" => (PtraceAccess::Trace, PtraceAccess::TracedBy),
                    _ => (PtraceAccess::Read, PtraceAccess::ReadBy),
                };
                let (label, profile) = self.peer(arg(1));
                let suffers = profile.map(|p| ptrace(p, passive, &self.me()));
                self.asked.push(ptrace(self.profile, active, &label));
                self.asked.extend(suffers);
            }
            "userns" => self.asked.push(userns(self.profile, self.kernel)),
            "sqpoll" => self.asked.push(io_uring_sqpoll(self.profile, self.kernel)),
            "hostname" => self.cap(Capability::SYS_ADMIN),
            "chroot" => self.cap(Capability::SYS_CHROOT),
            "setuid" => self.cap(Capability::SETUID),
            "setgid" => self.cap(Capability::SETGID),
            "nice" => self.cap(Capability::SYS_NICE),
            "changeprofile" => {
                self.attr(pid, "current");
                // What is not loaded is not found before anybody is asked.
                if self.is_loaded(arg(1)) {
                    self.asked.push(change_profile(
                        self.profile,
                        &Label::parse(arg(1).as_bytes()),
                        None,
                        false,
                    ));
                }
            }
            "onexec" => {
                self.attr(pid, "exec");
                let target = Label::parse(arg(1).as_bytes());
                self.asked.push(change_profile(
                    self.profile,
                    &target,
                    Some((arg(2).as_bytes(), true)),
                    false,
                ));
            }
            "dbus" if arg(1) == "bind" => {
                self.asked.push(dbus_bind(self.profile, self.kernel, arg(2).as_bytes(), arg(3).as_bytes()));
            }
            "dbus" => {
                let [bus, name, label, path, interface, member] =
                    [2, 3, 4, 5, 6, 7].map(|at| arg(at).as_bytes().to_vec());
                let message = DbusMessage { bus, name, label, path, interface, member };
                self.asked.push(dbus_message(self.profile, self.kernel, &message, arg(1) == "send"));
            }
            _ => self.sockets(&words)?,
        }
        Ok(())
    }

    /// The child writes to its own file; its number is not the reporter's, and no rule tells numbers apart.
    fn attr(&mut self, pid: u64, name: &str) {
        self.file(&format!("/proc/{pid}/attr/{name}"), bit::WRITE | bit::CREATE);
        if let Some(last) = self.asked.last_mut()
            && last.outcome == Outcome::Denied
        {
            // Python opens for writing with O_CREAT and O_TRUNC.
            last.info = None;
        }
    }

    fn exec(&mut self, path: &str) {
        let loaded: Vec<&Profile> = self.loaded.values().flatten().collect();
        let done = exec(self.profile, self.kernel, path.as_bytes(), true, Some(&loaded));
        self.asked.push(done.answer);
    }

    fn mount(&mut self, words: &[&str]) {
        let word = |at: usize| words.get(at).copied().filter(|w| *w != "-");
        let flags: u32 = word(4).and_then(|f| f.parse().ok()).unwrap_or(0);
        let bytes = |text: &str| text.as_bytes().to_vec();
        let moved = flags & (4096 | 8192) != 0;
        let attempt = MountAttempt {
            // What is bound or moved is a directory; the kernel gives a mount without a source none.
            source: word(1).map(|s| if moved { format!("{s}/").into_bytes() } else { bytes(s) }),
            target: format!("{}/", word(2).unwrap_or_default()).into_bytes(),
            fstype: word(3).map(bytes),
            flags,
            data: word(5).map(bytes),
        };
        self.asked.push(mount(self.profile, &attempt));
        self.cap(Capability::SYS_ADMIN);
    }

    fn sockets(&mut self, words: &[&str]) -> Result<()> {
        let arg = |at: usize| words.get(at).copied().unwrap_or_default();
        let none = Address::Anonymous;
        match words[0] {
            "socket" => {
                let (family, kind): (u16, u16) = (arg(1).parse()?, arg(2).parse()?);
                self.net(family, kind, SocketUse::Create);
                if self.asked.last().is_some_and(|a| a.outcome.passes())
                    && (family == 17 || (family == 2 || family == 10) && kind == 3)
                {
                    // Without a protocol a raw internet socket is refused before anybody is asked.
                    if family == 17 {
                        self.cap(Capability::NET_RAW);
                    }
                }
            }
            "pair" => self.net(1, kind(arg(1)), SocketUse::Create),
            "ubind" => {
                self.net(1, kind(arg(1)), SocketUse::Create);
                let to = address(arg(2));
                self.net(1, kind(arg(1)), SocketUse::Bind(to.clone()));
                if let Address::Path(path) = to {
                    let path = String::from_utf8_lossy(&path).into_owned();
                    self.file(&path, bit::CREATE);
                }
            }
            "ulisten" => {
                self.net(1, 1, SocketUse::Create);
                self.net(1, 1, SocketUse::Bind(address(arg(1))));
                self.net(1, 1, SocketUse::Listen(address(arg(1)), 5));
            }
            "uconnect" | "usend" => {
                let stream = words[0] == "uconnect";
                let kind = if stream { 1 } else { 2 };
                self.net(1, kind, SocketUse::Create);
                let peer = address(arg(1));
                if let Address::Path(path) = &peer {
                    // The path is looked up for writing, which AppArmor is not asked about before 6.17.
                    let _ = path;
                }
                let request = match (stream, self.kernel.network_v9) {
                    (true, true) => net_bit::CONNECT | net_bit::SEND | net_bit::RECEIVE,
                    (true, false) => net_bit::CONNECT,
                    (false, _) => net_bit::SEND,
                };
                let label = Label::parse(b"unconfined");
                self.net(1, kind, SocketUse::Peer { request, own: none, peer, label, owner: true });
            }
            "ugetopt" | "usetopt" => {
                self.net(1, 1, SocketUse::Create);
                let request = if words[0] == "ugetopt" { bit::GETOPT } else { bit::SETOPT };
                self.net(1, 1, SocketUse::Option(none, request, 8));
            }
            "ugetname" => {
                self.net(1, 1, SocketUse::Create);
                self.net(1, 1, SocketUse::Own(none, bit::GETATTR));
            }
            "ushutdown" => {
                self.net(1, 1, SocketUse::Create);
                self.net(1, 1, SocketUse::Own(none, net_bit::SHUTDOWN));
            }
            "ibind" | "iconnect" | "isend" | "ilisten" | "isetopt" => {
                let kind = match words[0] {
                    "ibind" => kind(arg(1)),
                    "isend" => 2,
                    _ => 1,
                };
                self.net(2, kind, SocketUse::Create);
                let label = Label::parse(b"unconfined");
                let peer = |request| SocketUse::Peer {
                    request,
                    own: Address::Anonymous,
                    peer: Address::Anonymous,
                    label: label.clone(),
                    owner: true,
                };
                match words[0] {
                    "ibind" => self.net(2, kind, SocketUse::Bind(none)),
                    "iconnect" => self.net(2, kind, peer(net_bit::CONNECT)),
                    "isend" => self.net(2, kind, peer(net_bit::SEND)),
                    "isetopt" => self.net(2, kind, SocketUse::Option(none, bit::SETOPT, 9)),
                    _ => {
                        self.net(2, kind, SocketUse::Bind(none.clone()));
                        self.net(2, kind, SocketUse::Listen(none, 5));
                    }
                }
            }
            other => anyhow::bail!("the operation {other} is not known"),
        }
        Ok(())
    }
}
