//! What the default seccomp filters refuse, with which errno, by runtime and version.
//!
//! The default action is EPERM in Docker and containerd and ENOSYS in Podman (since 3.3) and
//! CRI-O. Conditions on capabilities are resolved when the container is created, against the
//! capabilities asked for, not against those the process has.
//!
//! Sources: moby `profiles/seccomp/default.json` by tag; containerd `contrib/seccomp`;
//! containers/common `pkg/seccomp/seccomp.json`; runc `libcontainer/seccomp/patchbpf` (ENOSYS for
//! calls numbered above the profile's highest, since 1.0.0-rc93).

mod added;
mod gated;
mod never;
mod podman;
mod render;

pub use render::{Change, profile};

use crate::Runtime;
use crate::version::{Numbers, Ranges};
use whodenied_kernel::{Capability, Errno};

/// A refusal by a default filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the program sees.
    pub errno: Errno,
    /// Why, as a clause without a full stop.
    pub why: String,
    /// The narrowest capability that makes the engine allow the call, where one does.
    pub unlocked_by: Option<Capability>,
    /// The first version whose default allows it (or answers so that programs fall back), where
    /// an upgrade helps.
    pub fixed_in: Option<&'static [u32]>,
}

/// A call as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<'a> {
    /// The kernel's name of the system call.
    pub syscall: &'a str,
    /// Arguments by name: `domain` and `persona` as numbers or kernel names, `flags` as names.
    pub args: &'a [(String, String)],
    /// Capabilities the engine was asked for, beyond its default.
    pub added: &'a [Capability],
    /// Every capability was asked for.
    pub all_caps: bool,
}

impl Query<'_> {
    fn arg(&self, name: &str) -> Option<&str> {
        self.args.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    fn granted(&self, caps: &[Capability]) -> bool {
        self.all_caps || caps.iter().any(|c| self.added.contains(c))
    }
}

/// What the default filter of `runtime` at `version` answers; `None` when it lets the call
/// through, or when that hangs on an argument that is not known.
#[must_use]
pub fn answer(runtime: Runtime, version: Option<&Numbers>, query: &Query<'_>) -> Option<Refusal> {
    by_argument(runtime, version, query)
        .or_else(|| podman::answer(runtime, version, query))
        .or_else(|| added::answer(runtime, version, query))
        .or_else(|| added::stub(runtime, version, query))
        .or_else(|| gated::answer(runtime, version, query))
        .or_else(|| never::answer(runtime, version, query))
}

/// The errno for a call that the profile does not list.
#[must_use]
pub fn default_errno(runtime: Runtime, version: Option<&Numbers>) -> Errno {
    const PODMAN_EPERM: Ranges = Ranges(&[(&[], &[3, 3])]);
    match runtime {
        Runtime::Docker | Runtime::Containerd => Errno::EPERM,
        Runtime::Podman if PODMAN_EPERM.holds(version) => Errno::EPERM,
        Runtime::Podman | Runtime::CriO => Errno::ENOSYS,
    }
}

const CONTAINERD_SOCKETS: Ranges =
    Ranges(&[(&[1, 7, 32], &[2]), (&[2, 0, 9], &[2, 1]), (&[2, 2, 4], &[2, 3]), (&[2, 3, 1], &[])]);
const DOCKER_ALG: Ranges = Ranges(&[(&[29, 4, 2], &[])]);
const DOCKER_VSOCK: Ranges = Ranges(&[(&[20, 10, 22], &[20, 10, 23]), (&[23], &[])]);
const CONTAINERD_VSOCK: Ranges = Ranges(&[(&[1, 7], &[])]);
const PODMAN_VSOCK: Ranges = Ranges(&[(&[5, 8], &[])]);

fn by_argument(runtime: Runtime, version: Option<&Numbers>, query: &Query<'_>) -> Option<Refusal> {
    // What no entry's conditions fit is answered as what is not listed.
    let errno = default_errno(runtime, version);
    let refuse = |why: &str| Some(Refusal { errno, why: why.to_owned(), unlocked_by: None, fixed_in: None });
    match query.syscall {
        "socket" | "socketpair" => match query.arg("domain")? {
            "AF_ALG" | "38" => {
                let blocked = match runtime {
                    Runtime::Docker => DOCKER_ALG.holds(version),
                    Runtime::Containerd => CONTAINERD_SOCKETS.holds(version),
                    Runtime::Podman | Runtime::CriO => false,
                };
                blocked.then(|| {
                    refuse("the kernel's crypto sockets (AF_ALG) are blocked since CVE-2026-31431")
                })?
            }
            // The condition is on socket alone.
            "AF_VSOCK" | "40" if query.syscall == "socket" => {
                let blocked = match runtime {
                    Runtime::Docker => DOCKER_VSOCK.holds(version),
                    Runtime::Containerd => CONTAINERD_VSOCK.holds(version),
                    Runtime::Podman => PODMAN_VSOCK.holds(version),
                    Runtime::CriO => false,
                };
                blocked.then(|| refuse("sockets to the hypervisor (AF_VSOCK) are not in the allow list"))?
            }
            _ => None,
        },
        "personality" => {
            let persona = query.arg("persona").or_else(|| query.arg("arg0"))?;
            let allowed = match number(persona) {
                Some(n) => [0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff].contains(&n),
                None => !persona.contains("ADDR_NO_RANDOMIZE"),
            };
            (!allowed).then(|| {
                refuse("only five values of personality are allowed, and ADDR_NO_RANDOMIZE (0x40000) is none of them")
            })?
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(runtime: Runtime, version: Option<&Numbers>, syscall: &str) -> Option<Errno> {
        answer(runtime, version, &Query { syscall, ..Query::default() }).map(|r| r.errno)
    }

    #[test]
    fn io_uring_by_runtime() {
        assert_eq!(ask(Runtime::Docker, Some(&[24]), "io_uring_setup"), None);
        assert_eq!(ask(Runtime::Docker, Some(&[25]), "io_uring_setup"), Some(Errno::EPERM));
        assert_eq!(ask(Runtime::Containerd, Some(&[1, 7]), "io_uring_setup"), None);
        assert_eq!(ask(Runtime::Podman, None, "io_uring_setup"), Some(Errno::ENOSYS));
    }

    #[test]
    fn clone3_falls_back_since_20_10_10() {
        assert_eq!(ask(Runtime::Docker, Some(&[20, 10, 9]), "clone3"), Some(Errno::EPERM));
        assert_eq!(ask(Runtime::Docker, Some(&[20, 10, 10]), "clone3"), Some(Errno::ENOSYS));
        assert_eq!(ask(Runtime::Podman, None, "clone3"), None);
    }

    #[test]
    fn calls_above_the_highest_number_do_not_exist() {
        // cachestat is 451: above 20.10.18's 449, below nothing it lists.
        assert_eq!(ask(Runtime::Docker, Some(&[24, 0, 9]), "cachestat"), Some(Errno::ENOSYS));
        assert_eq!(ask(Runtime::Docker, Some(&[26]), "cachestat"), None);
        // faccessat2 (439) before 20.10, whose runc knew no stub yet.
        assert_eq!(ask(Runtime::Docker, Some(&[19, 3, 12]), "faccessat2"), Some(Errno::EPERM));
        assert_eq!(ask(Runtime::Docker, Some(&[20, 10, 0]), "faccessat2"), None);
    }

    #[test]
    fn capabilities_unlock() {
        let perf = |added: &[Capability]| {
            answer(
                Runtime::Docker,
                Some(&[27]),
                &Query { syscall: "perf_event_open", added, ..Query::default() },
            )
        };
        assert_eq!(perf(&[]).and_then(|r| r.unlocked_by), Some(Capability::PERFMON));
        assert_eq!(perf(&[Capability::PERFMON]), None);
        assert_eq!(ask(Runtime::Docker, None, "mbind"), Some(Errno::EPERM));
        assert_eq!(ask(Runtime::Podman, None, "mbind"), None);
        assert_eq!(ask(Runtime::Docker, None, "openat"), None);
        assert_eq!(ask(Runtime::Docker, None, "chroot"), None);
    }

    #[test]
    fn arguments_decide() {
        let args = vec![("domain".to_owned(), "AF_ALG".to_owned())];
        let alg = |v: &[u32]| {
            answer(Runtime::Docker, Some(v), &Query { syscall: "socket", args: &args, ..Query::default() })
        };
        assert!(alg(&[29, 4, 1]).is_none() && alg(&[29, 4, 2]).is_some());
        let args = vec![("persona".to_owned(), "0x0040000".to_owned())];
        let query = Query { syscall: "personality", args: &args, ..Query::default() };
        assert!(answer(Runtime::Podman, None, &query).is_some());
        assert_eq!(ask(Runtime::Docker, None, "personality"), None);
    }
}
