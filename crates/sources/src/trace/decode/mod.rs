//! A call's arguments in the words of its manual page, and what it was on.

mod names;
mod net;
mod net_names;
mod object;
mod structs;
mod table;
mod value;

pub use object::{Object, PathObject};

use super::event::Call;
use super::tracee::Tracee;
use table::Kind;

/// A call as its manual page would write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedCall {
    /// The system call; of `socketcall` the call it holds.
    pub name: &'static str,
    /// Arguments by their names in the manual page, in its order. What could not be read is `?`.
    pub args: Vec<(&'static str, String)>,
    /// What it was on.
    pub object: Option<Object>,
    /// The other thing, of calls on two: the new name, the mount point.
    pub second: Option<Object>,
}

impl DecodedCall {
    /// The value of an argument.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&str> {
        self.args.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Display for DecodedCall {
    /// As `openat(dirfd=AT_FDCWD, pathname="x", …)`; control characters as the values hold them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(", self.name)?;
        for (at, (key, value)) in self.args.iter().enumerate() {
            write!(f, "{}{key}={value}", if at == 0 { "" } else { ", " })?;
        }
        f.write_str(")")
    }
}

/// Reads the arguments of `call`, whose thread must still be stopped in it.
#[must_use]
pub fn decode(call: &Call) -> DecodedCall {
    let mut decoder = Decoder::new(call);
    if call.name == "socketcall" {
        decoder.unwrap_socketcall();
    }
    decoder.name = base_name(decoder.name);
    let rows = table::of(decoder.name);
    for (at, (name, kind)) in rows.iter().enumerate() {
        decoder.arg(at, name, *kind);
    }
    if decoder.name == "mount" {
        decoder.mount_source();
    }
    DecodedCall {
        name: if call.name == "socketcall" { decoder.name } else { call.name },
        args: decoder.args,
        object: decoder.object,
        second: decoder.second,
    }
}

/// The name under which the table has a call: without the width that 32-bit architectures add.
fn base_name(name: &'static str) -> &'static str {
    if !table::of(name).is_empty() {
        return name;
    }
    match name {
        "fstatat64" => "newfstatat",
        "fadvise64_64" | "arm_fadvise64_64" => "fadvise64",
        "mmap2" => "mmap",
        _ => ["_time64", "64", "32"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix).filter(|base| !table::of(base).is_empty()))
            .unwrap_or(name),
    }
}

struct Decoder<'a> {
    call: &'a Call,
    tracee: Tracee,
    name: &'static str,
    raw: [u64; 6],
    short: bool,
    /// The directory that the next path is relative to.
    dir: Option<i32>,
    args: Vec<(&'static str, String)>,
    object: Option<Object>,
    second: Option<Object>,
}

impl<'a> Decoder<'a> {
    fn new(call: &'a Call) -> Self {
        Self {
            call,
            tracee: Tracee { tid: call.tid },
            name: call.name,
            raw: call.args,
            short: call.is_32_bit(),
            dir: None,
            args: Vec::new(),
            object: None,
            second: None,
        }
    }

    /// `socketcall(call, args)`: the arguments are an array of longs in memory.
    fn unwrap_socketcall(&mut self) {
        let [number, at, ..] = self.raw;
        let Some(name) =
            usize::try_from(number).ok().and_then(|n| net_names::SOCKETCALLS.get(n.checked_sub(1)?)).copied()
        else {
            return;
        };
        let wide = if self.short { 4 } else { 8 };
        let mut args = [0; 6];
        for (i, slot) in args.iter_mut().enumerate() {
            *slot = self.tracee.word(at + i as u64 * wide, self.short).unwrap_or(0);
        }
        (self.name, self.raw) = (name, args);
    }

    /// The source of a bind mount or of a mount to be moved is a path; else it is only a name.
    fn mount_source(&mut self) {
        const MS_BIND: u64 = 0x1000;
        const MS_MOVE: u64 = 0x2000;
        if self.at(3) & (MS_BIND | MS_MOVE) != 0 {
            self.second = self.path(self.at(0), None).map(Object::Path);
        }
    }

    fn at(&self, index: usize) -> u64 {
        self.raw.get(index).copied().unwrap_or(0)
    }

    fn push(&mut self, name: &'static str, value: impl Into<String>) {
        self.args.push((name, value.into()));
    }

    /// The first thing named is the object, the next one the second; a file descriptor is it only
    /// where no path is.
    fn on(&mut self, object: Option<Object>) {
        let Some(object) = object else { return };
        if self.object.is_none() {
            self.object = Some(object);
        } else if self.second.is_none() && !matches!(object, Object::File { .. }) {
            self.second = Some(object);
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each kind of argument")]
    fn arg(&mut self, at: usize, name: &'static str, kind: Kind) {
        let raw = self.at(at);
        let int = raw as u32 as i32;
        match kind {
            Kind::Int | Kind::Id => self.push(name, int.to_string()),
            Kind::Unsigned => self.push(name, raw.to_string()),
            Kind::Hex => self.push(name, format!("{raw:#x}")),
            Kind::Mode => self.push(name, value::mode(raw & 0o177_777)),
            Kind::Flags(set) => self.push(name, value::flags(raw & self.width(), set)),
            Kind::Choice(set) => self.push(name, value::choice(raw & 0xffff_ffff, set)),
            Kind::Signal => self.push(name, value::signal(int)),
            Kind::Device => self.push(name, value::device(raw)),
            Kind::Dir => {
                self.dir = Some(int);
                self.push(name, object::dir_name(int));
            }
            Kind::Fd => {
                self.push(name, int.to_string());
                let file = object::file(self.tracee, int);
                if self.object.is_none() {
                    self.on(file);
                }
            }
            Kind::Path => {
                let dir = self.dir.take();
                match self.path(raw, dir) {
                    Some(path) => {
                        self.push(name, value::quoted(&path.given));
                        self.on(Some(Object::Path(path)));
                    }
                    // Absent: the directory itself is meant (utimensat with NULL).
                    None if raw == 0 => {
                        self.push(name, "NULL");
                        let file = dir.and_then(|fd| object::file(self.tracee, fd));
                        self.on(file);
                    }
                    None => self.push(name, "?"),
                }
            }
            Kind::Text => {
                let text = self.tracee.string(raw);
                let shown = match text {
                    Some(text) => value::quoted(&text),
                    None if raw == 0 => "NULL".to_owned(),
                    None => "?".to_owned(),
                };
                self.push(name, shown);
            }
            Kind::Pid => {
                self.push(name, int.to_string());
                self.on(Some(Object::Process { pid: int }));
            }
            Kind::OpenFlags => self.push(name, value::open_flags(raw, self.call.arch)),
            Kind::OpenMode => {
                let flags = self.at(at - 1);
                if flags & 0o100 != 0 || flags & 0o20_000_000 != 0 {
                    self.push(name, value::mode(raw & 0o7777));
                }
            }
            Kind::SocketType => self.push(name, value::socket_type(raw)),
            Kind::Protocol => {
                let shown = value::protocol(self.at(at.saturating_sub(2)), raw);
                self.push(name, shown);
            }
            Kind::SockName => {
                let shown = value::socket_option(self.at(at - 1), raw);
                self.push(name, shown);
            }
            Kind::Address => self.address(name, raw, self.at(at + 1)),
            Kind::Message => self.message(name, raw),
            Kind::OpenHow => self.open_how(raw),
            Kind::Clone => self.clone_flags(name, raw),
            Kind::Clone3 => self.clone3(raw),
            Kind::Rlimit => self.rlimit(name, raw),
            Kind::SchedParam => self.sched_param(raw),
            Kind::SchedAttr => self.sched_attr(raw),
            Kind::PerfAttr => self.perf_attr(raw),
            Kind::BpfAttr => self.bpf_attr(self.at(0), raw),
            Kind::CapHeader => self.cap_header(raw),
            Kind::CapData => self.cap_data(raw),
            Kind::MountAttr => self.mount_attr(raw),
            Kind::Prctl => self.prctl(),
            Kind::Groups => self.groups(name, self.at(at - 1), raw),
            Kind::LandlockAttr => self.landlock_attr(raw, self.at(at + 1)),
            Kind::LandlockRule => self.landlock_rule(self.at(at - 1), raw),
            Kind::FsValue => self.fs_value(name, raw),
        }
    }

    fn width(&self) -> u64 {
        if self.short { 0xffff_ffff } else { u64::MAX }
    }

    fn path(&self, at: u64, dir: Option<i32>) -> Option<PathObject> {
        let given = self.tracee.string(at)?;
        Some(PathObject::resolve(self.tracee, given, dir))
    }
}

#[cfg(test)]
mod tests;
