//! Settings as `manifest` gives them, in the case's terms.

use whodenied_case as case;
use whodenied_manifest as manifest;

pub(super) fn surface(surface: manifest::Surface) -> case::Surface {
    use case::Surface as To;
    use manifest::Surface as From;
    match surface {
        From::Compose => To::Compose,
        From::RunLine => To::RunLine,
        From::Kubernetes => To::Kubernetes,
        From::SystemdUnit => To::SystemdUnit,
        From::Quadlet => To::Quadlet,
        From::Lxc => To::Lxc,
        From::Dockerfile => To::Dockerfile,
        From::Inspect => To::Inspect,
        From::Ci => To::Ci,
        From::Prose => To::Prose,
        From::Other => To::Other,
    }
}

fn cap(cap: manifest::CapSpec) -> case::CapSpec {
    match cap {
        manifest::CapSpec::All => case::CapSpec::All,
        manifest::CapSpec::One(one) => case::CapSpec::One(one),
    }
}

pub(super) fn knob(knob: manifest::Knob) -> case::Knob {
    use case::Knob as To;
    use manifest::Knob as From;
    match knob {
        From::CapAdd(c) => To::CapAdd(cap(c)),
        From::CapDrop(c) => To::CapDrop(cap(c)),
        From::Privileged(b) => To::Privileged(b),
        From::Apparmor(s) => To::Apparmor(s),
        From::Seccomp(s) => To::Seccomp(s),
        From::SelinuxLabel(s) => To::SelinuxLabel(s),
        From::SystemPaths(s) => To::SystemPaths(s),
        From::NoNewPrivs(b) => To::NoNewPrivs(b),
        From::User(s) => To::User(s),
        From::GroupAdd(s) => To::GroupAdd(s),
        From::FsGroup(s) => To::FsGroup(s),
        From::UsernsMode(s) => To::UsernsMode(s),
        From::ReadOnlyRoot(b) => To::ReadOnlyRoot(b),
        From::Volume { source, target, options } => To::Volume { source, target, options },
        From::Tmpfs { target, options } => To::Tmpfs { target, options },
        From::Device(s) => To::Device(s),
        From::DeviceRule(s) => To::DeviceRule(s),
        From::Sysctl { key, value } => To::Sysctl { key, value },
        From::Ulimit { name, value } => To::Ulimit { name, value },
        From::Network(s) => To::Network(s),
        From::Ipc(s) => To::Ipc(s),
        From::Pid(s) => To::Pid(s),
        From::Publish { host, container } => To::Publish { host, container },
        From::Image(s) => To::Image(s),
        From::OciRuntime(s) => To::OciRuntime(s),
        From::Unit { key, value } => To::Unit { key, value },
        From::Lxc { key, value } => To::Lxc { key, value },
        From::Other { key, value } => To::Other { key, value },
    }
}
