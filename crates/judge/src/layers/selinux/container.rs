//! What the domain of containers may not use.

use super::{LAYER, scaled, socket};
use crate::context::{Context, Presence, is_path, under};
use crate::say::{Say, denies};
use whodenied_case::{Attempt, Environment, ObjectKind, Support};
use whodenied_kernel::Call;

/// Judges one attempt in a container.
pub(super) fn judge(attempt: &Attempt, cx: &Context<'_>, presence: Presence) -> Option<Say> {
    let name = attempt.object_name();
    let root = cx.is_root(attempt);
    let user = cx.is_user(attempt);
    let say = |(support, weight): (Support, u8), because: &str| {
        Some(denies(attempt, LAYER, support, weight, because).policy("container_t"))
    };
    if socket(attempt) {
        let weight = if user { 45 } else { 82 };
        let (support, weight) = scaled(presence, weight);
        return say(
            (if user { Support::Usual } else { support }, weight),
            "Root passes the mode of the socket file; what is missing is the container domain's right to connect to the daemon's domain.",
        );
    }
    // The client's policy is asked whatever the server thinks of root.
    let owner = matches!(attempt.call, Some(Call::Chown | Call::Chmod | Call::Utime));
    if cx.has(Environment::Nfs) && !cx.has(Environment::RootSquash) && presence >= Presence::Likely && !owner
    {
        return say(
            (Support::Default, if presence == Presence::On { 84 } else { 70 }),
            "Everything on NFS has the type nfs_t, which a container may use only with the boolean virt_use_nfs; the modes do not matter to that.",
        );
    }
    let bind = cx.bind_over(name);
    let shared = |options: &[String]| options.iter().any(|o| o == "z" || o == "Z");
    if let Some((id, source, options)) = bind {
        let host_path = source.starts_with(['/', '.', '~', '$']);
        if shared(options) {
            let weight = if host_path { 20 } else { 55 };
            return Some(denies(attempt, LAYER, Support::Usual, weight, "The volume is relabelled on start, but content moved into it may keep the categories of another container.").fact(id).policy("container_t"));
        }
        if host_path {
            let (support, weight) = scaled(presence, if user { 62 } else { 80 });
            return Some(denies(attempt, LAYER, support, weight, "The volume keeps the label it has on the host, which a container may not use; nothing in the configuration relabels it (:z or :Z).").fact(id).policy("container_t"));
        }
        // Docker's containers are root unless something says otherwise, and root passes the modes.
        let docker = cx.runtime() == Some(whodenied_runtimes::Runtime::Docker) && !cx.remapped();
        let (_, weight) = scaled(presence, if docker && !user { 58 } else { 50 });
        return Some(
            denies(
                attempt,
                LAYER,
                Support::Usual,
                weight,
                "The volume may carry the label of another container.",
            )
            .fact(id)
            .policy("container_t"),
        );
    }
    let relabelled = cx.volumes().any(|(_, _, _, o)| shared(o));
    if let Some((id, ..)) = cx
        .volumes()
        .find(|(_, s, _, o)| s.starts_with(['/', '.', '~', '$']) && !shared(o))
        .filter(|_| !name.starts_with('/'))
    {
        let (support, weight) = scaled(presence, if user { 45 } else { 66 });
        return Some(
            denies(
                attempt,
                LAYER,
                support,
                weight,
                "A volume keeps the label it has on the host, which a container may not use.",
            )
            .fact(id)
            .policy("container_t"),
        );
    }
    if attempt.object.kind == ObjectKind::Device || under(name, "/dev") {
        let docker = cx.runtime() == Some(whodenied_runtimes::Runtime::Docker) && !cx.remapped();
        let (support, weight) = scaled(presence, if docker && !user { 76 } else { 55 });
        return say(
            (if docker && !user { support } else { Support::Usual }, weight),
            "A container may use the host's devices only with the boolean container_use_devices or a label of its own.",
        );
    }
    if under(name, "/sys") || under(name, "/proc") {
        let (support, weight) = scaled(presence, 55);
        return say((support, weight), "The container's domain may not use this kernel file.");
    }
    if presence < Presence::Likely {
        return None;
    }
    if cx.has(Environment::NoFsGroup) && !user && !relabelled {
        return say(
            (Support::Default, 84),
            "The orchestrator relabels no hostPath or local volume, so the directory keeps the label it has on the host, which a container may not use.",
        );
    }
    let weight = match (root, relabelled) {
        (true, false) => 60,
        (true, true) => 45,
        (false, true) => 42,
        (false, false) if user => 38,
        (false, false) => 54,
    };
    let support =
        if root && !cx.has(Environment::Nfs) && is_path(attempt) { Support::Default } else { Support::Usual };
    say(
        (support, weight),
        if root {
            "Root passes every file mode, so the label is what can refuse it."
        } else {
            "The label of the file may be one that a container may not use."
        },
    )
}
