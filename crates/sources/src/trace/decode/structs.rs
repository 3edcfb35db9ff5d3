//! Arguments that are structures in memory.

use super::object::{self, Object};
use super::value::{choice, flags, mode as mode_of, open_flags, signal};
use super::{Decoder, names};
use whodenied_kernel::Capability;

const UNREAD: &str = "?";

impl Decoder<'_> {
    /// `struct open_how` of openat2(2).
    pub(super) fn open_how(&mut self, at: u64) {
        let [Some(flag), Some(mode), Some(resolve)] = [0, 8, 16].map(|o| self.tracee.u64(at + o)) else {
            self.push("flags", UNREAD);
            return;
        };
        self.push("flags", open_flags(flag, self.call.arch));
        if mode != 0 {
            self.push("mode", mode_of(mode));
        }
        self.push("resolve", flags(resolve, names::RESOLVE));
    }

    /// The flags of clone(2), whose lowest byte is the signal to the parent.
    pub(super) fn clone_flags(&mut self, name: &'static str, raw: u64) {
        let value = raw & 0xffff_ff00 & self.width();
        let mut shown = flags(value, names::CLONE);
        let at_end = i32::try_from(raw & 0xff).unwrap_or(0);
        if at_end != 0 {
            shown = if value == 0 { signal(at_end) } else { format!("{shown}|{}", signal(at_end)) };
        }
        self.push(name, shown);
    }

    /// `struct clone_args`: flags first, the signal fifth.
    pub(super) fn clone3(&mut self, at: u64) {
        match self.tracee.u64(at) {
            Some(value) => self.push("flags", flags(value, names::CLONE)),
            None => self.push("flags", UNREAD),
        }
        if let Some(value) = self.tracee.u64(at + 32) {
            self.push("exit_signal", signal(i32::try_from(value).unwrap_or(0)));
        }
    }

    /// `struct rlimit` (longs) or `struct rlimit64`.
    pub(super) fn rlimit(&mut self, name: &'static str, at: u64) {
        if at == 0 {
            self.push(name, "NULL");
            return;
        }
        let short = self.short && self.name != "prlimit64";
        let wide = if short { 4 } else { 8 };
        let none = if short { 0xffff_ffff } else { u64::MAX };
        let show = |v: u64| if v == none { "RLIM_INFINITY".to_owned() } else { v.to_string() };
        let soft = self.tracee.word(at, short).map_or_else(|| UNREAD.to_owned(), show);
        let hard = self.tracee.word(at + wide, short).map_or_else(|| UNREAD.to_owned(), show);
        self.push("rlim_cur", soft);
        self.push("rlim_max", hard);
    }

    pub(super) fn sched_param(&mut self, at: u64) {
        let priority = self.tracee.u32(at);
        self.push("sched_priority", priority.map_or(UNREAD.to_owned(), |p| p.cast_signed().to_string()));
    }

    /// `struct sched_attr`: size, policy, flags (64 bits), nice, priority, and three times.
    pub(super) fn sched_attr(&mut self, at: u64) {
        let Some(policy) = self.tracee.u32(at + 4) else {
            self.push("sched_policy", UNREAD);
            return;
        };
        self.push("sched_policy", choice(u64::from(policy), names::SCHED));
        if let (Some(nice), Some(priority)) = (self.tracee.u32(at + 16), self.tracee.u32(at + 20)) {
            self.push("sched_nice", nice.cast_signed().to_string());
            self.push("sched_priority", priority.to_string());
        }
    }

    /// `struct perf_event_attr`: type, size, config, …, and at byte 40 the bits of which 4 and 5
    /// to 7 leave kernel, hypervisor and user out.
    pub(super) fn perf_attr(&mut self, at: u64) {
        const TYPES: &names::Set = &[
            (0, "PERF_TYPE_HARDWARE"),
            (1, "PERF_TYPE_SOFTWARE"),
            (2, "PERF_TYPE_TRACEPOINT"),
            (3, "PERF_TYPE_HW_CACHE"),
            (4, "PERF_TYPE_RAW"),
            (5, "PERF_TYPE_BREAKPOINT"),
        ];
        const BITS: &names::Set =
            &[(1, "disabled"), (0x10, "exclude_user"), (0x20, "exclude_kernel"), (0x40, "exclude_hv")];
        let [Some(kind), Some(config), Some(bits)] =
            [(0, true), (8, false), (40, false)].map(|(o, short)| self.tracee.word(at + o, short))
        else {
            self.push("attr", UNREAD);
            return;
        };
        self.push("type", choice(kind, TYPES));
        self.push("config", format!("{config:#x}"));
        self.push("exclude", flags(bits & 0x71, BITS));
    }

    /// `union bpf_attr`, as far as it decides: the type of program or map, the path of a pin.
    pub(super) fn bpf_attr(&mut self, command: u64, at: u64) {
        match command & 0xffff_ffff {
            0 => {
                if let Some(kind) = self.tracee.u32(at) {
                    self.push("map_type", kind.to_string());
                }
            }
            5 => {
                if let Some(kind) = self.tracee.u32(at) {
                    self.push("prog_type", choice(u64::from(kind), names::BPF_PROG));
                }
            }
            6 | 7 => {
                if let Some(path) = self.tracee.u64(at).and_then(|p| self.path(p, None)) {
                    self.push("pathname", super::value::quoted(&path.given));
                    self.on(Some(Object::Path(path)));
                }
            }
            _ => {}
        }
    }

    /// `struct __user_cap_header_struct`: version and process.
    pub(super) fn cap_header(&mut self, at: u64) {
        if let Some(pid) = self.tracee.u32(at + 4) {
            self.push("pid", pid.cast_signed().to_string());
        }
    }

    /// Two times effective, permitted and inheritable: the lower and the upper 32 bits.
    pub(super) fn cap_data(&mut self, at: u64) {
        for (name, offset) in [("effective", 0), ("permitted", 4), ("inheritable", 8)] {
            let [Some(low), Some(high)] = [at + offset, at + offset + 12].map(|a| self.tracee.u32(a)) else {
                self.push(name, UNREAD);
                return;
            };
            self.push(name, capabilities(u64::from(low) | u64::from(high) << 32));
        }
    }

    /// `struct mount_attr` of mount_setattr(2).
    pub(super) fn mount_attr(&mut self, at: u64) {
        let [Some(set), Some(clear), Some(propagation), Some(userns)] =
            [0, 8, 16, 24].map(|o| self.tracee.u64(at + o))
        else {
            self.push("attr_set", UNREAD);
            return;
        };
        self.push("attr_set", flags(set, names::MOUNT_ATTR));
        self.push("attr_clr", flags(clear, names::MOUNT_ATTR));
        if propagation != 0 {
            self.push("propagation", flags(propagation, names::MS));
        }
        if set & 0x10_0000 != 0 {
            self.push("userns_fd", userns.to_string());
        }
    }

    /// The arguments of prctl(2) after its option.
    pub(super) fn prctl(&mut self) {
        const AMBIENT: &names::Set = &[
            (1, "PR_CAP_AMBIENT_IS_SET"),
            (2, "PR_CAP_AMBIENT_RAISE"),
            (3, "PR_CAP_AMBIENT_LOWER"),
            (4, "PR_CAP_AMBIENT_CLEAR_ALL"),
        ];
        const SECUREBITS: &names::Set = &[
            (1, "SECBIT_NOROOT"),
            (2, "SECBIT_NOROOT_LOCKED"),
            (4, "SECBIT_NO_SETUID_FIXUP"),
            (8, "SECBIT_NO_SETUID_FIXUP_LOCKED"),
            (0x10, "SECBIT_KEEP_CAPS"),
            (0x20, "SECBIT_KEEP_CAPS_LOCKED"),
            (0x40, "SECBIT_NO_CAP_AMBIENT_RAISE"),
            (0x80, "SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED"),
        ];
        let (second, third) = (self.at(1), self.at(2));
        match self.at(0) & 0xffff_ffff {
            22 => self.push("mode", second.to_string()),
            23 | 24 => self.push("cap", capability(second)),
            28 => self.push("securebits", flags(second, SECUREBITS)),
            47 => {
                self.push("arg2", choice(second, AMBIENT));
                self.push("cap", capability(third));
            }
            1 => self.push("sig", signal(i32::try_from(second).unwrap_or(0))),
            _ => {
                self.push("arg2", format!("{second:#x}"));
                self.push("arg3", format!("{third:#x}"));
            }
        }
    }

    /// An array of group ids.
    pub(super) fn groups(&mut self, name: &'static str, count: u64, at: u64) {
        // The old calls of i386 and ARM have ids of 16 bits.
        let narrow = self.call.name == "setgroups" && self.short;
        let wide = if narrow { 2 } else { 4 };
        let count = usize::try_from(count.min(64)).unwrap_or(0);
        let bytes = self.tracee.bytes(at, count * wide).unwrap_or_default();
        let shown: Vec<String> = bytes
            .chunks_exact(wide)
            .map(|id| match *id {
                [a, b] => u16::from_ne_bytes([a, b]).to_string(),
                [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]).to_string(),
                _ => UNREAD.to_owned(),
            })
            .collect();
        self.push(name, format!("[{}]", shown.join(", ")));
    }

    /// `struct landlock_ruleset_attr`, as much as the size says there is of it.
    pub(super) fn landlock_attr(&mut self, at: u64, size: u64) {
        for (offset, name, set) in [
            (0, "handled_access_fs", names::LANDLOCK_FS),
            (8, "handled_access_net", names::LANDLOCK_NET),
            (16, "scoped", names::LANDLOCK_SCOPE),
        ] {
            if at != 0
                && offset + 8 <= size
                && let Some(value) = self.tracee.u64(at + offset)
            {
                self.push(name, flags(value, set));
            }
        }
    }

    /// `struct landlock_path_beneath_attr` (packed) or `landlock_net_port_attr`.
    pub(super) fn landlock_rule(&mut self, kind: u64, at: u64) {
        let Some(allowed) = self.tracee.u64(at) else {
            self.push("allowed_access", UNREAD);
            return;
        };
        if kind == 2 {
            self.push("allowed_access", flags(allowed, names::LANDLOCK_NET));
            if let Some(port) = self.tracee.u64(at + 8) {
                self.push("port", port.to_string());
            }
            return;
        }
        self.push("allowed_access", flags(allowed, names::LANDLOCK_FS));
        if let Some(fd) = self.tracee.u32(at + 8) {
            self.push("parent_fd", fd.cast_signed().to_string());
            // The path, not the rule set, is what the rule is on.
            self.object = object::file(self.tracee, fd.cast_signed());
        }
    }

    /// The value of fsconfig(2), a string for FSCONFIG_SET_STRING and the paths.
    pub(super) fn fs_value(&mut self, name: &'static str, at: u64) {
        if matches!(self.at(1) & 0xffff_ffff, 1 | 3 | 4)
            && let Some(text) = self.tracee.string(at)
        {
            self.push(name, super::value::quoted(&text));
        }
    }
}

fn capability(number: u64) -> String {
    let known = u8::try_from(number).ok().and_then(|n| Capability(n).name());
    known.map_or_else(|| number.to_string(), |name| format!("CAP_{name}"))
}

/// Capabilities by name.
pub(super) fn capabilities(bits: u64) -> String {
    if bits & 0x1ff_ffff_ffff == 0x1ff_ffff_ffff {
        return "all".to_owned();
    }
    let named: Vec<String> = Capability::all()
        .filter(|c| bits >> c.0 & 1 == 1)
        .filter_map(|c| Some(format!("CAP_{}", c.name()?)))
        .collect();
    if named.is_empty() { format!("{bits:#x}") } else { named.join("|") }
}
