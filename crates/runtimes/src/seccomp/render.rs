//! A default filter written out as a profile that an engine takes: for the container with these
//! capabilities, since engines resolve their conditions when a container is made.
//!
//! Source of the form: OCI runtime specification, `config-linux.md`, "Seccomp", with moby's `archMap`.

use super::{Query, answer, default_errno};
use crate::Runtime;
use crate::version::Numbers;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use whodenied_kernel::syscall::Arch;
use whodenied_kernel::{Capability, Errno};

/// The calls of x86-64, x86, AArch64 and 32-bit ARM end below this number, the private ones of ARM aside.
const NUMBERS: u64 = 512;
/// Flags of clone(2) that make namespaces: CLONE_NEW* without CLONE_NEWTIME and CLONE_NEWCGROUP's newer
/// relatives, as moby masks them.
const NAMESPACES: u64 = 0x7e02_0000;
/// The values of personality(2) that every default allows.
const PERSONAS: [u64; 5] = [0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// One entry of `syscalls`.
struct Entry {
    names: Vec<&'static str>,
    action: String,
    /// A condition on the first argument, as a JSON object.
    args: Option<String>,
    /// It is no part of the default.
    added: bool,
}

/// One call that a profile is to answer otherwise than the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kernel's name of it.
    pub syscall: String,
    /// Only with this first argument: of socket(2) and personality(2).
    pub first: Option<u64>,
    /// Let through, or this error.
    pub errno: Option<Errno>,
}

/// The default of `runtime` at `version`, with `changes`, for a container that was given `added` beyond the runtime's own
/// capabilities, as JSON text that ends with a newline.
#[must_use]
pub fn profile(
    runtime: Runtime,
    version: Option<&Numbers>,
    added: &[Capability],
    all_caps: bool,
    changes: &[Change],
) -> String {
    let default = default_errno(runtime, version);
    let mut text = String::from("{\n");
    let _ = writeln!(text, "  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"defaultErrnoRet\": {},", default.0);
    text.push_str(
        "  \"archMap\": [\n    {\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]},\n    {\"architecture\": \"SCMP_ARCH_AARCH64\", \"subArchitectures\": [\"SCMP_ARCH_ARM\"]}\n  ],\n  \"syscalls\": [\n",
    );
    let entries: Vec<String> =
        entries(runtime, version, added, all_caps, changes).iter().map(Entry::text).collect();
    text.push_str(&entries.join(",\n"));
    text.push_str("\n  ]\n}\n");
    text
}

fn entries(
    runtime: Runtime,
    version: Option<&Numbers>,
    added: &[Capability],
    all_caps: bool,
    changes: &[Change],
) -> Vec<Entry> {
    let default = default_errno(runtime, version);
    let ask = |syscall: &str, args: &[(String, String)]| {
        answer(runtime, version, &Query { syscall, args, added, all_caps })
    };
    let changed =
        |name: &str, first: Option<u64>| changes.iter().find(|c| c.syscall == name && c.first == first);
    let (mut allowed, mut refused) = (Vec::new(), BTreeMap::<i32, Vec<&'static str>>::new());
    let mut special = Vec::new();
    let only = |name, args: String| Entry {
        names: vec![name],
        action: ALLOW.to_owned(),
        args: Some(args),
        added: false,
    };
    // What differs from the default stands first, where a person sees it.
    let mut entries = Vec::new();
    for name in names() {
        match ask(name, &[]) {
            _ if changed(name, None).is_some() => {
                let action =
                    changed(name, None).and_then(|c| c.errno).map_or_else(|| ALLOW.to_owned(), refuse);
                entries.push(Entry { names: vec![name], action, args: None, added: true });
            }
            Some(refusal) if refusal.errno != default => {
                refused.entry(refusal.errno.0).or_default().push(name);
            }
            Some(_) => {}
            None if name == "personality" => {
                let more = changes.iter().filter(|c| c.syscall == name).filter_map(|c| c.first);
                let equals = |v| only(name, condition("SCMP_CMP_EQ", v, None));
                special.extend(PERSONAS.into_iter().map(equals));
                entries.extend(more.map(|v| Entry { added: true, ..equals(v) }));
            }
            None if matches!(name, "socket" | "socketpair") => {
                let refuses = |n: &u64| {
                    changed(name, Some(*n)).is_none()
                        && ask(name, &[("domain".to_owned(), n.to_string())]).is_some()
                };
                let families: Vec<u64> = (0..64).filter(refuses).collect();
                if families.is_empty() {
                    allowed.push(name);
                }
                special.extend(between(&families).into_iter().map(|c| only(name, c)));
            }
            None if name == "clone" && ask(name, &[("flags".into(), "CLONE_NEWNS".into())]).is_some() => {
                special.push(only(name, condition("SCMP_CMP_MASKED_EQ", NAMESPACES, Some(0))));
            }
            None => allowed.push(name),
        }
    }
    entries.push(Entry { names: allowed, action: ALLOW.to_owned(), args: None, added: false });
    entries.extend(special);
    for (errno, names) in refused {
        entries.push(Entry { names, action: refuse(Errno(errno)), args: None, added: false });
    }
    entries
}

fn refuse(errno: Errno) -> String {
    format!("\"SCMP_ACT_ERRNO\", \"errnoRet\": {}", errno.0)
}

const ALLOW: &str = "\"SCMP_ACT_ALLOW\"";

/// The system calls that any of these architectures has, in the order of the alphabet.
fn names() -> BTreeSet<&'static str> {
    [Arch::X86_64, Arch::X86, Arch::Aarch64, Arch::Arm]
        .into_iter()
        .flat_map(|arch| (0..NUMBERS).filter_map(move |n| arch.syscall_name(n)))
        .collect()
}

fn condition(op: &str, value: u64, two: Option<u64>) -> String {
    let two = two.map_or_else(String::new, |v| format!(", \"valueTwo\": {v}"));
    format!("{{\"index\": 0, \"value\": {value}{two}, \"op\": \"{op}\"}}")
}

/// Everything but these values, each part as a condition of its own: engines take several conditions on one
/// argument for enough each.
fn between(refused: &[u64]) -> Vec<String> {
    let (Some(first), Some(last)) = (refused.first(), refused.last()) else { return Vec::new() };
    if first == last {
        return vec![condition("SCMP_CMP_NE", *first, None)];
    }
    let mut out = vec![condition("SCMP_CMP_LT", *first, None)];
    let within = (*first..*last).filter(|v| !refused.contains(v));
    out.extend(within.map(|v| condition("SCMP_CMP_EQ", v, None)));
    out.push(condition("SCMP_CMP_GT", *last, None));
    out
}

impl Entry {
    fn text(&self) -> String {
        let mut names = String::new();
        for (n, name) in self.names.iter().enumerate() {
            let before = match n {
                0 => "",
                n if n % 6 == 0 => ",\n        ",
                _ => ", ",
            };
            let _ = write!(names, "{before}\"{name}\"");
        }
        let args = self.args.as_ref().map_or_else(String::new, |a| format!(", \"args\": [{a}]"));
        let added = if self.added { ",\n      \"comment\": \"added to the default\"" } else { "" };
        format!("    {{\"names\": [{names}],\n      \"action\": {}{args}{added}}}", self.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_seccomp::profile::{Abi, Host, Question, Resolved, read};
    use whodenied_text::SourceId;

    /// What is written decides as the data says, every call with arguments that conditions speak of.
    #[test]
    fn what_is_written_decides_as_the_data_says() {
        let mut asked = 0;
        for (runtime, version, added) in [
            (Runtime::Docker, Some(&[20, 10, 24][..]), &[][..]),
            (Runtime::Docker, Some(&[26, 1, 5]), &[Capability::SYS_ADMIN]),
            (Runtime::Docker, Some(&[28, 5, 2]), &[Capability::SYS_NICE, Capability::SYS_PTRACE]),
            (Runtime::Docker, Some(&[29, 4, 2]), &[]),
            (Runtime::Docker, None, &[]),
            (Runtime::Containerd, Some(&[1, 7, 24]), &[]),
            (Runtime::Podman, Some(&[4, 3, 1]), &[]),
            (Runtime::Podman, Some(&[5, 4, 2]), &[Capability::PERFMON]),
        ] {
            let text = profile(runtime, version, added, false, &[]);
            let profile = read(&text, SourceId(0)).unwrap();
            for (arch, abi) in
                [(Arch::X86_64, Abi::from(Arch::X86_64)), (Arch::Aarch64, Abi::from(Arch::Aarch64))]
            {
                let mut host = Host::new(arch);
                host.options.enosys_stub = false;
                let resolved = Resolved::new(&profile, &host);
                for (name, value) in questions(arch) {
                    let args = [value, 0, 0, 0, 0, 0];
                    let Some(question) = Question::named(&host, abi, name, args) else { continue };
                    let words = words(name, value);
                    let query = Query { syscall: name, args: &words, added, all_caps: false };
                    let want = answer(runtime, version, &query).map(|r| r.errno);
                    let got = resolved.decide(&question.data).answer;
                    let got = if got.lets_through() { None } else { got.errno() };
                    assert_eq!(got, want, "{runtime:?} {version:?} {arch:?} {name}({value:#x})");
                    asked += 1;
                }
            }
        }
        assert!(asked > 5000, "{asked}");
    }

    /// A change changes what it names and nothing else.
    #[test]
    fn a_change_is_exact() {
        let change = |syscall: &str, first, errno| Change { syscall: syscall.to_owned(), first, errno };
        let host = Host::new(Arch::X86_64);
        let abi = Abi::from(Arch::X86_64);
        let version: &[u32] = &[29, 4, 2];
        let decided = |changes: &[Change]| {
            let profile =
                read(&profile(Runtime::Docker, Some(version), &[], false, changes), SourceId(0)).unwrap();
            let resolved = Resolved::new(&profile, &host);
            questions(Arch::X86_64)
                .into_iter()
                .filter_map(|(name, value)| {
                    let question = Question::named(&host, abi, name, [value, 0, 0, 0, 0, 0])?;
                    Some(((name, value), resolved.decide(&question.data).answer))
                })
                .collect::<Vec<_>>()
        };
        let before = decided(&[]);
        for (change, name, value, count) in [
            (change("unshare", None, None), "unshare", 0, 2),
            (change("personality", Some(0x4_0000), None), "personality", 0x4_0000, 1),
            (change("socket", Some(38), None), "socket", 38, 1),
            (change("clone3", None, Some(Errno::EPERM)), "clone3", 0, 2),
        ] {
            let after = decided(&[change]);
            let differs: Vec<_> =
                before.iter().zip(&after).filter(|(b, a)| b != a).map(|(b, _)| b.0).collect();
            assert_eq!(differs.len(), count, "{name}: {differs:?}");
            assert!(differs.contains(&(name, value)), "{name}: {differs:?}");
        }
    }

    fn questions(arch: Arch) -> Vec<(&'static str, u64)> {
        (0..NUMBERS)
            .filter_map(|n| arch.syscall_name(n))
            .flat_map(|name| {
                let values: Vec<u64> = match name {
                    "personality" => vec![0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff, 0x4_0000, 1],
                    "clone" => vec![0, 0x11, 0x2_0000, 0x1000_0000, 0x4000_0000],
                    "socket" | "socketpair" => (0..46).collect(),
                    _ => vec![0, 1],
                };
                values.into_iter().map(move |v| (name, v))
            })
            .collect()
    }

    fn words(name: &str, value: u64) -> Vec<(String, String)> {
        match name {
            "personality" => vec![("persona".into(), value.to_string())],
            "socket" | "socketpair" => vec![("domain".into(), value.to_string())],
            "clone" if value & NAMESPACES != 0 => vec![("flags".into(), "CLONE_NEWNS".into())],
            _ => Vec::new(),
        }
    }
}
