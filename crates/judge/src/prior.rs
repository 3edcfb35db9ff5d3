//! First guesses: which layers refuse such a call most often, where nothing in the evidence decides.
//!
//! A guess rests on structure alone: the family of the call, the errno, what kind of object it is, and
//! which layers the surroundings have (an engine's filter and capabilities, ids that are mapped, a
//! distribution's security module, a unit's sandbox). It is always the weakest answer (`Support::Prior`),
//! so it never goes before anything that a layer's own file says, and always `possible` with the command
//! that would decide. A layer that answered already, or that can't give this errno for this call
//! (`whodenied_kernel::order`), is left out.
//!
//! The numbers order; they are no probabilities.

use crate::context::{Context, Presence, file_call, is_path, needed, never_refuses, under, writes};
use crate::say::denies;
use whodenied_case::{Answer, Attempt, Engine, Environment, ObjectKind, Support, Verdict};
use whodenied_kernel::{Call, Capability, Errno, Layer};

/// A guess: the layer, its weight, why it is usual.
type Guess = (Layer, u8, &'static str);

const MODES: &str =
    "Most refusals of this kind are by owner, group and mode of the path or of a directory above it.";
const LABEL: &str =
    "Where SELinux enforces, a label that the domain may not use is the next most usual cause.";
const PROFILE: &str =
    "Where the program or container runs under an AppArmor profile, a rule it lacks is a usual cause.";
const MAPPED: &str =
    "Ids are mapped here, and files of ids without a mapping belong to nobody the process can be.";
const MISSING: &str = "The call asks for a capability, which is what most processes refused so lack.";
const FILTER: &str = "A filter that does not list the call answers so before the kernel looks at it.";

const SANDBOX: &str = "Root passes modes; a Landlock sandbox that the program or its launcher put itself into binds root too and leaves no trace in the configuration.";

/// Adds the guesses to what the layers said.
pub(crate) fn add(attempt: &Attempt, cx: &Context<'_>, verdicts: &mut Vec<Verdict>) {
    if attempt.own_refusal || attempt.live.is_some() || !attempt.records.is_empty() || !attempt.printed {
        return;
    }
    let Some(errno) = attempt.errno else { return };
    for (layer, weight, because) in guesses(attempt, cx, errno) {
        let answered =
            verdicts.iter().any(|v| v.layer == layer && !matches!(v.answer, Answer::Undecidable { .. }));
        if weight == 0 || answered || never_refuses(attempt, layer) {
            continue;
        }
        if let Some(verdict) = denies(attempt, layer, Support::Prior, weight, because).into() {
            verdicts.push(verdict);
        }
    }
}

fn guesses(attempt: &Attempt, cx: &Context<'_>, errno: Errno) -> Vec<Guess> {
    let eperm = errno == Errno::EPERM || attempt.errno_inferred;
    let eacces = errno == Errno::EACCES || attempt.errno_inferred;
    match errno {
        Errno::EROFS => return vec![(Layer::Readonly, 60, "Only a read-only mount answers so.")],
        Errno::EOPNOTSUPP => {
            return vec![(Layer::Filesystem, 60, "The file system says that it does not support this.")];
        }
        Errno::ENOSYS => return vec![(Layer::Seccomp, 50, FILTER)],
        Errno::EACCES | Errno::EPERM => {}
        _ => return Vec::new(),
    }
    if attempt.call.is_none() && !is_path(attempt) {
        return of_nothing(cx, eperm && !eacces);
    }
    if file_call(attempt) || is_path(attempt) && attempt.call.is_none() {
        let mut out = if eacces { file_denied(attempt, cx) } else { Vec::new() };
        if eperm {
            out.extend(file_not_permitted(attempt, cx));
        }
        return out;
    }
    let mut out = if eperm { privileged(attempt, cx) } else { Vec::new() };
    if eacces {
        out.extend(by_module(attempt, cx));
    }
    out
}

/// How likely a security module is to have refused, by whether it is there.
fn scaled(presence: Presence, weight: u8) -> u8 {
    match presence {
        Presence::On => weight,
        Presence::Likely => weight - weight / 5,
        Presence::Unknown => weight / 2,
        Presence::Unlikely | Presence::Off => 0,
    }
}

/// Nothing but the error: neither call nor object.
fn of_nothing(cx: &Context<'_>, not_permitted: bool) -> Vec<Guess> {
    let contained = cx.contained();
    if not_permitted {
        return vec![
            (Layer::Userns, if cx.remapped() || cx.system_container() { 44 } else { 0 }, MAPPED),
            (Layer::Seccomp, if cx.oci() { 40 } else { 12 }, FILTER),
            (Layer::Capability, if contained { 36 } else { 42 }, MISSING),
            (Layer::Dac, 18, MODES),
        ];
    }
    vec![
        (Layer::Dac, 40, MODES),
        (Layer::Selinux, scaled(cx.selinux(), 48), LABEL),
        (Layer::Apparmor, scaled(cx.apparmor(), if contained { 44 } else { 34 }), PROFILE),
        (Layer::Userns, if cx.remapped() { 38 } else { 0 }, MAPPED),
    ]
}

/// EACCES for a path: `inode_permission` asks modes and lists first, then the security modules.
fn file_denied(attempt: &Attempt, cx: &Context<'_>) -> Vec<Guess> {
    let name = attempt.object_name();
    let kernel = under(name, "/proc") || under(name, "/sys");
    let exec = attempt.call == Some(Call::Exec);
    let snap = cx.facts.has_engine(Engine::Snap) || cx.facts.has_engine(Engine::DockerSnap);
    // On SELinux's own hosts a container's bind mount is refused by its label more often than by modes.
    let bound = cx.oci() && cx.bind_over(name).is_some();
    let profile = match (kernel, snap, cx.contained()) {
        (_, true, _) => 54,
        // The engines' default profiles refuse most writing below these, and modes do not bind root.
        (true, _, true) => 46,
        (_, _, true) => 12,
        _ => 26,
    };
    let sticky = writes(attempt) && ["/tmp", "/var/tmp", "/run/lock"].iter().any(|d| under(name, d));
    // Root that passes modes is refused by what binds root too.
    let passes = cx.facts.statement("starts-as-root").is_some()
        && !cx.is_user(attempt)
        && cx.holds_by_bounding(Capability::DAC_OVERRIDE);
    vec![
        (Layer::Dac, if passes && !exec { 20 } else { 42 }, MODES),
        (Layer::Landlock, if passes && !kernel { 30 } else { 0 }, SANDBOX),
        (Layer::Selinux, scaled(cx.selinux(), if bound { 56 } else { 40 }), LABEL),
        (Layer::Apparmor, scaled(cx.apparmor(), profile), PROFILE),
        (Layer::Userns, if cx.remapped() || cx.system_container() { 36 } else { 0 }, MAPPED),
        (
            Layer::MountFlags,
            if exec { 30 } else { 0 },
            "A noexec mount under the file refuses to execute it, whatever its mode.",
        ),
        (
            Layer::Sysctl,
            if sticky { 34 } else { 0 },
            "In a sticky directory that everybody may write, fs.protected_regular keeps even root from opening another user's file with O_CREAT.",
        ),
        (
            Layer::Filesystem,
            if cx.has(Environment::Nfs) || cx.has(Environment::Fuse) { 34 } else { 0 },
            "The server behind the mount decides for itself.",
        ),
    ]
}

/// EPERM for a path: ownership checks, inode flags, the file system, the device filter.
fn file_not_permitted(attempt: &Attempt, cx: &Context<'_>) -> Vec<Guess> {
    let name = attempt.object_name();
    let device = attempt.object.kind == ObjectKind::Device || under(name, "/dev");
    let flags = "An immutable or append-only flag of the inode refuses this to root too.";
    let server = "A file system without owners and modes of its own, or its server, answers so.";
    // A file of the image, opened by a C library that may ask by openat2.
    let newer = cx.oci()
        && attempt.call == Some(Call::Open)
        && name.starts_with('/')
        && cx.bind_over(name).is_none()
        && !cx.remapped()
        && !cx.kubernetes();
    match attempt.call {
        _ if device => vec![
            (Layer::DeviceCgroup, 48, "EPERM on opening a device node is the sign of the device filter."),
            (Layer::Capability, 24, MISSING),
            (Layer::Seccomp, if cx.oci() { 16 } else { 8 }, FILTER),
        ],
        Some(Call::Chown | Call::Chmod | Call::Utime | Call::Xattr) => vec![
            (Layer::Userns, if cx.remapped() { 46 } else { 0 }, MAPPED),
            (
                Layer::Dac,
                if attempt.call == Some(Call::Chown) { 0 } else { 40 },
                "Only the owner may change mode and times.",
            ),
            (Layer::Capability, 36, MISSING),
            (Layer::Filesystem, 34, server),
            (Layer::InodeFlags, 14, flags),
        ],
        Some(Call::Unlink | Call::Rename | Call::Open | Call::Create | Call::Write | Call::Truncate) => vec![
            (Layer::InodeFlags, if newer { 30 } else { 40 }, flags),
            (Layer::Dac, 28, "In a sticky directory only the owner removes or renames a file."),
            (
                Layer::Lockdown,
                if under(name, "/sys/kernel") { 44 } else { 0 },
                "A locked-down kernel closes debugging files to root too.",
            ),
            (
                Layer::Seccomp,
                if newer {
                    44
                } else if cx.oci() {
                    26
                } else {
                    8
                },
                FILTER,
            ),
            (Layer::Filesystem, 20, server),
        ],
        Some(Call::Link) => vec![(
            Layer::Sysctl,
            46,
            "fs.protected_hardlinks lets an ordinary user link only to files that it owns or may write.",
        )],
        Some(Call::Exec) => vec![
            (Layer::Seccomp, if cx.oci() { 38 } else { 12 }, FILTER),
            (
                Layer::Capability,
                34,
                "A file with capabilities that the bounding set lacks does not start at all.",
            ),
            (
                Layer::NoNewPrivs,
                20,
                "Under no_new_privs a change of the security domain on execution is refused.",
            ),
        ],
        _ => vec![
            (Layer::Seccomp, if cx.oci() { 40 } else { 14 }, FILTER),
            (Layer::Capability, 34, MISSING),
            (Layer::InodeFlags, 16, flags),
        ],
    }
}

/// EPERM from a call that asks for more than ids.
fn privileged(attempt: &Attempt, cx: &Context<'_>) -> Vec<Guess> {
    let asks = needed(attempt).is_some();
    let outer = "The call asks for a right in the first user namespace, or in the one that owns the object, which root of a mapped container does not hold.";
    let foreign = cx.remapped() || cx.system_container();
    let namespaces = matches!(
        attempt.call,
        Some(
            Call::Mount
                | Call::Umount
                | Call::Setns
                | Call::Unshare
                | Call::UsernsCreate
                | Call::PivotRoot
                | Call::Mknod
                | Call::Setgroups
                | Call::IdMap
        )
    );
    let filter = match (cx.oci(), cx.unit()) {
        (true, _) => 40,
        (_, true) => 32,
        _ => 14,
    };
    let limit = matches!(
        attempt.call,
        Some(Call::Mlock | Call::Setpriority | Call::Sched | Call::Setrlimit | Call::Bpf)
    );
    vec![
        (
            Layer::Userns,
            if foreign && namespaces {
                48
            } else if foreign && asks {
                34
            } else {
                0
            },
            outer,
        ),
        (Layer::Capability, if asks { 44 } else { 22 }, MISSING),
        (Layer::Seccomp, if asks { filter - filter / 8 } else { filter }, FILTER),
        (Layer::Rlimit, if limit { 30 } else { 0 }, "Without the capability a limit of the process decides."),
        (
            Layer::Sysctl,
            if matches!(attempt.call, Some(Call::UsernsCreate | Call::Bpf | Call::PerfEventOpen)) {
                30
            } else {
                0
            },
            "A sysctl of the host closes the call to ordinary users.",
        ),
    ]
}

/// EACCES from a call whose own checks answer EPERM: a security module.
fn by_module(attempt: &Attempt, cx: &Context<'_>) -> Vec<Guess> {
    let object = matches!(attempt.object.kind, ObjectKind::UnixSocketPath);
    vec![
        (Layer::Dac, if object { 42 } else { 0 }, MODES),
        (Layer::Selinux, scaled(cx.selinux(), 46), LABEL),
        (Layer::Apparmor, scaled(cx.apparmor(), 44), PROFILE),
        (
            Layer::Seccomp,
            if cx.oci() && attempt.call == Some(Call::IoUring) { 45 } else { 0 },
            "The default filters do not hold the call; that they answer EPERM may have been lost in the program's own words.",
        ),
        (
            Layer::Capability,
            if attempt.errno_inferred || needed(attempt).is_some() { 20 } else { 0 },
            MISSING,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{attempt, distro, facts};
    use whodenied_case::Predicate;

    fn first(attempt: &Attempt, all: &[Predicate]) -> Option<Layer> {
        let facts = facts(all);
        let cx =
            Context { facts: &facts, trials: &[], attempts: std::slice::from_ref(attempt), policy: None };
        let mut verdicts = Vec::new();
        add(attempt, &cx, &mut verdicts);
        let weight = |v: &Verdict| match v.answer {
            Answer::Denies { weight, .. } => weight,
            _ => 0,
        };
        verdicts.iter().max_by_key(|v| weight(v)).map(|v| v.layer)
    }

    #[test]
    fn by_structure() {
        let docker = Predicate::Engine(Engine::Docker);
        let open = attempt(Call::Open, Errno::EACCES, "/data/x");
        assert_eq!(first(&open, &[]), Some(Layer::Dac));
        let node = attempt(Call::Open, Errno::EPERM, "/dev/x");
        assert_eq!(first(&node, std::slice::from_ref(&docker)), Some(Layer::DeviceCgroup));
        let name = attempt(Call::Sethostname, Errno::EPERM, "");
        assert_eq!(first(&name, std::slice::from_ref(&docker)), Some(Layer::Capability));
        let remove = attempt(Call::Unlink, Errno::EPERM, "/srv/x");
        assert_eq!(first(&remove, &[]), Some(Layer::InodeFlags));
        let trace = attempt(Call::Ptrace, Errno::EACCES, "");
        assert_eq!(first(&trace, &[distro("fedora", "40")]), Some(Layer::Selinux));
        assert_eq!(first(&trace, &[distro("ubuntu", "24.04")]), Some(Layer::Apparmor));
        // A module that is known to be absent is no guess.
        assert_eq!(first(&attempt(Call::Open, Errno::ENOENT, "/x"), &[docker]), None);
    }

    #[test]
    fn nothing_but_an_error() {
        let mut bare = attempt(Call::Open, Errno::EPERM, "");
        bare.call = None;
        let podman = [Predicate::Engine(Engine::Podman), Predicate::Environment(Environment::Rootless)];
        assert_eq!(first(&bare, &podman), Some(Layer::Userns));
        assert_eq!(first(&bare, &[Predicate::Engine(Engine::Docker)]), Some(Layer::Seccomp));
        bare.errno = Some(Errno::EACCES);
        assert_eq!(first(&bare, &[]), Some(Layer::Dac));
        bare.own_refusal = true;
        assert_eq!(first(&bare, &[]), None);
    }

    #[test]
    fn what_a_layer_said_stays() {
        let open = attempt(Call::Open, Errno::EACCES, "/data/x");
        let facts = facts(&[]);
        let cx = Context { facts: &facts, trials: &[], attempts: std::slice::from_ref(&open), policy: None };
        let mut verdicts: Vec<Verdict> =
            Option::<Verdict>::from(crate::say::allows(&open, Layer::Dac, "The process is root."))
                .into_iter()
                .collect();
        add(&open, &cx, &mut verdicts);
        assert!(verdicts.iter().filter(|v| v.layer == Layer::Dac).count() == 1);
    }
}
