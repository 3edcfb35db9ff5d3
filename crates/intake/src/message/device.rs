//! Device nodes behind other words: TUN, KVM, GPU, NVML, sound, serial, USB.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

/// A complaint about a model-specific register of the processor.
const fn msr(needs: &'static [&'static str], call: Call) -> Rule {
    Rule::on(needs)
        .call(call)
        .kind(K::Device)
        .errno(Errno::EPERM)
        .object(From::Fixed("/dev/cpu/0/msr"))
        .without(&["no such", "permission denied"])
}

pub(crate) const RULES: &[Rule] = &[
    // Model-specific registers, behind any words.
    msr(&["unable to", "to msr"], Call::Write),
    msr(&["unable to", "write msr"], Call::Write),
    msr(&["unable to", "from msr"], Call::Read),
    msr(&["unable to", "read msr"], Call::Read),
    msr(&["unable to", "open msr"], Call::Open),
    msr(&["unable to", "/msr"], Call::Open),
    msr(&["failed to", "to msr"], Call::Write),
    msr(&["failed to", "write msr"], Call::Write),
    msr(&["failed to", "from msr"], Call::Read),
    msr(&["failed to", "read msr"], Call::Read),
    msr(&["failed to", "open msr"], Call::Open),
    msr(&["failed to", "/msr"], Call::Open),
    msr(&["cannot", "to msr"], Call::Write),
    msr(&["cannot", "write msr"], Call::Write),
    msr(&["cannot", "from msr"], Call::Read),
    msr(&["cannot", "read msr"], Call::Read),
    msr(&["cannot", "open msr"], Call::Open),
    msr(&["cannot", "/msr"], Call::Open),
    msr(&["could not", "to msr"], Call::Write),
    msr(&["could not", "write msr"], Call::Write),
    msr(&["could not", "from msr"], Call::Read),
    msr(&["could not", "read msr"], Call::Read),
    msr(&["could not", "open msr"], Call::Open),
    msr(&["could not", "/msr"], Call::Open),
    msr(&["can't", "to msr"], Call::Write),
    msr(&["can't", "write msr"], Call::Write),
    msr(&["can't", "from msr"], Call::Read),
    msr(&["can't", "read msr"], Call::Read),
    msr(&["can't", "open msr"], Call::Open),
    msr(&["can't", "/msr"], Call::Open),
    msr(&["couldn't", "to msr"], Call::Write),
    msr(&["couldn't", "write msr"], Call::Write),
    msr(&["couldn't", "from msr"], Call::Read),
    msr(&["couldn't", "read msr"], Call::Read),
    msr(&["couldn't", "open msr"], Call::Open),
    msr(&["couldn't", "/msr"], Call::Open),
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
