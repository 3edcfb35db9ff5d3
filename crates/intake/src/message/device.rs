//! Device nodes behind other words: TUN, KVM, GPU, NVML, sound, serial, USB.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    // Model-specific registers, behind any words.
    Rule::on(&["unable to", "to msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["unable to", "write msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["unable to", "read msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["unable to", "open msr"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["unable to", "/msr"])
        .call_if_none(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["unable to", "from msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["failed to", "to msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["failed to", "write msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["failed to", "read msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["failed to", "open msr"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["failed to", "/msr"])
        .call_if_none(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["failed to", "from msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["cannot", "to msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["cannot", "write msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["cannot", "read msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["cannot", "open msr"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["cannot", "/msr"])
        .call_if_none(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["cannot", "from msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["could not", "to msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["could not", "write msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["could not", "read msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["could not", "open msr"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["could not", "/msr"])
        .call_if_none(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["could not", "from msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["can't", "to msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["can't", "write msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["can't", "read msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["can't", "open msr"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["can't", "/msr"])
        .call_if_none(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["can't", "from msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["couldn't", "to msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["couldn't", "write msr"])
        .call(Call::Write)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["couldn't", "read msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["couldn't", "open msr"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["couldn't", "/msr"])
        .call_if_none(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["couldn't", "from msr"])
        .call(Call::Read)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such"]),
    Rule::on(&["could not access kvm kernel module"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/kvm")),
    Rule::on(&["failed to initialize kvm"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/kvm"))
        .without(&["no such file", "no such device"]),
    Rule::on(&["/dev/kvm", "permission"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/kvm"))
        .without(&["chmod", "make sure", "ls -"]),
    Rule::on(&["kvm", "access denied"]).call(Call::Open).kind(K::Device).object(From::Fixed("/dev/kvm")),
    Rule::on(&["failed to initialize nvml: unknown error"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/nvidiactl"))
        .states(s::DEVICE_RULES_REWRITTEN),
    Rule::on(&["failed to initialize nvml: insufficient permissions"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/nvidiactl")),
    Rule::on(&["nvml", "insufficient permissions"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/nvidiactl")),
    Rule::refine(&["cannot open tun/tap dev"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["tunsetiff"]).call(Call::Ioctl).kind(K::Device).object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["/dev/net/tun"])
        .call_if_none(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["tun device is not available"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["failed to open tun"])
        .call(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["creating tun device"])
        .call_if_none(Call::Mknod)
        .kind(K::Device)
        .object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["failed to open dri"]).call(Call::Open).kind(K::Device),
    Rule::refine(&["no va display found for device"]).call(Call::Open).kind(K::Device),
    Rule::on(&["unable to open /dev/kfd"]).call(Call::Open).kind(K::Device).object(From::Fixed("/dev/kfd")),
    Rule::on(&["is not member of", "group", "render"])
        .call(Call::Open)
        .kind(K::Device)
        .states(s::DEVICE_GROUP),
    Rule::on(&["add", "to the", "group", "/dev/"])
        .call(Call::Open)
        .kind(K::Device)
        .states(s::DEVICE_GROUP)
        .without(&["usermod", "-a -g"]),
    Rule::refine(&["could not open port"]).call(Call::Open).kind(K::Device).without(&["127.0.0.1"]),
    Rule::refine(&["libusb_error_access"]).call(Call::Open).kind(K::Device).errno(Errno::EACCES),
    Rule::on(&["libusb_error_access"]).call(Call::Open).kind(K::Device).errno(Errno::EACCES),
    Rule::on(&["libusb requires write access to usb device nodes"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EACCES),
    Rule::refine(&["access denied (insufficient permissions)"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EACCES),
    Rule::on(&["[errno 13] access denied (insufficient permissions)"])
        .call(Call::Open)
        .kind(K::Device)
        .errno(Errno::EACCES),
    Rule::refine(&["alsa lib", "permission denied"]).call(Call::Open).kind(K::Device),
    Rule::refine(&["can't open display"]).call(Call::Connect).kind(K::UnixSocketPath),
    Rule::refine(&["/dev/pts/"]).call_if_none(Call::Open).kind(K::Device),
    Rule::refine(&["/dev/stdout"]).call_if_none(Call::Open).kind(K::Device),
    Rule::refine(&["/dev/stderr"]).call_if_none(Call::Open).kind(K::Device),
    Rule::refine(&["/dev/console"]).call_if_none(Call::Open).kind(K::Device),
    Rule::on(&["unable to open pty"]).call(Call::Open).kind(K::Device).without(&["no such"]),
];
