//! What a compiled policy can mediate: every feature that the kernel has and the policy names.
//!
//! Source: the reference compiler's output (versions 3.0 to 5.0) under feature trees of kernels 6.1 to 7.3.

use crate::features::Features;
use crate::features::effective::builtin;
use crate::policy::Class;

/// Who asks for what: the kernel's features, and those a policy is written for.
#[derive(Debug, Clone)]
pub struct Target {
    /// What the kernel can mediate.
    pub kernel: Features,
    /// What a policy without `abi` is written for; [`builtin`] when `None`.
    pub pin: Option<Features>,
}

impl Target {
    /// A kernel, and policy written for just this kernel unless its `abi` says otherwise.
    #[must_use]
    pub fn kernel(kernel: Features) -> Self {
        Self { pin: Some(kernel.clone()), kernel }
    }
}

/// Which sockets rules are compiled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sockets {
    /// None: networking is not mediated.
    None,
    /// By family and type in a table of their own, no class of the policy database.
    Families,
    /// By this class.
    Class(Class),
}

/// What both sides have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the features")]
pub struct Mediation {
    pub sockets: Sockets,
    /// The class in which Unix sockets are told apart by address and label.
    pub unix: Option<Class>,
    pub network_v7: bool,
    pub network_v7_unix: bool,
    pub network_v8: bool,
    pub network_v9: bool,
    pub network_v9_unix: bool,
    pub mount: bool,
    pub detached: bool,
    pub dbus: bool,
    pub signal: bool,
    pub ptrace: bool,
    pub userns: bool,
    pub io_uring: bool,
    pub posix_mqueue: bool,
    pub sysv_mqueue: bool,
    pub xattr: bool,
    pub interruptible: bool,
    pub kill_signal: bool,
    pub error: bool,
    pub disconnected_ipc: bool,
    pub identity: bool,
    /// Owners are told from others. A kernel with the second version of the table of permissions has no place
    /// for both, and what is allowed to owners is allowed to all.
    pub owners: bool,
}

impl Mediation {
    /// Of a policy whose `abi` names `abi`, for a target.
    #[must_use]
    pub fn of(target: &Target, abi: Option<&Features>) -> Self {
        let default;
        let policy = match abi.or(target.pin.as_ref()) {
            Some(policy) => policy,
            None => {
                default = builtin();
                &default
            }
        };
        let kernel = &target.kernel;
        let has = |path: &str| kernel.has(path) && policy.has(path);
        let network_v7 = has("network");
        let network_v8 = has("network_v8");
        let network_v9 = has("network_v9");
        let network_v7_unix = has("network/af_unix");
        let network_v9_unix = has("network_v9/af_unix");
        let sockets = match (network_v9, network_v8, network_v7) {
            (true, ..) => Sockets::Class(Class::NetV9),
            (_, true, _) => Sockets::Class(Class::NetV8),
            (_, _, true) => Sockets::Families,
            _ => Sockets::None,
        };
        let unix = match () {
            () if network_v9_unix => Some(Class::NetV9),
            () if network_v7_unix && network_v8 => Some(Class::NetV8),
            () if network_v7_unix => Some(Class::NetV7),
            () => None,
        };
        Self {
            sockets,
            unix,
            network_v7,
            network_v7_unix,
            network_v8,
            network_v9,
            network_v9_unix,
            mount: has("mount"),
            detached: kernel.has("mount/move_mount/detached"),
            dbus: has("dbus"),
            signal: has("signal"),
            ptrace: has("ptrace"),
            userns: has("namespaces/mask/userns_create"),
            io_uring: has("io_uring"),
            posix_mqueue: has("ipc/posix_mqueue"),
            sysv_mqueue: has("ipc/sysv_mqueue"),
            xattr: has("domain/attach_conditions/xattr"),
            interruptible: has("policy/profile/interruptible"),
            kill_signal: has("policy/profile/kill.signal"),
            error: has("policy/profile/error"),
            disconnected_ipc: has("domain/disconnected.ipc"),
            identity: has("domain/identity"),
            owners: kernel
                .value("policy/permstable32_version")
                .is_none_or(|version| hexadecimal(version) != Some(2)),
        }
    }
}

fn hexadecimal(text: &str) -> Option<u32> {
    u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
}
