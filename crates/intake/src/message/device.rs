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

/// `blk_verify_command`, `scsi_ioctl`: most commands need it, whoever opened the node.
const RAW_IO: &[(&str, &str)] = &[("request", "SG_IO"), ("capability", "SYS_RAWIO")];
/// `cap_convert_nscap`, `cap_inode_setxattr`.
const FILE_CAPS: &[(&str, &str)] = &[("capability", "SETFCAP")];
/// `nvme_cmd_allowed` (drivers/nvme/host/ioctl.c).
const ADMIN: &[(&str, &str)] = &[("request", "NVME_IOCTL_ADMIN_CMD"), ("capability", "SYS_ADMIN")];

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
    // The memory of the machine, by what programs of firmware and chipsets call it.
    Rule::refine(&["gain memory access"]).call(Call::Open).kind(K::Device).object(From::Fixed("/dev/mem")),
    Rule::refine(&["physical memory"])
        .call_if_none(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/mem")),
    Rule::refine(&["system memory map"]).call(Call::Open).kind(K::Device).object(From::Fixed("/dev/mem")),
    Rule::refine(&["memory device"]).call_if_none(Call::Open).kind(K::Device).object(From::Fixed("/dev/mem")),
    Rule::refine(&["accessing high tables"]).call(Call::Open).kind(K::Device).object(From::Fixed("/dev/mem")),
    Rule::refine(&["wrmsr"]).call(Call::Write).kind(K::Device).object(From::Fixed("/dev/cpu/0/msr")),
    Rule::refine(&["rdmsr"]).call(Call::Read).kind(K::Device).object(From::Fixed("/dev/cpu/0/msr")),
    // A tunnel's interface is made by an ioctl on the open device.
    Rule::refine(&["ioctl", "tun"])
        .call(Call::Ioctl)
        .kind(K::Device)
        .args(&[("request", "TUNSETIFF")])
        .object(From::Fixed("/dev/net/tun"))
        .without(&["return", "fortun", "tune"]),
    Rule::refine(&["initialize tunnel"])
        .call_if_none(Call::Ioctl)
        .kind(K::Device)
        .args(&[("request", "TUNSETIFF")])
        .object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["create tun"])
        .call_if_none(Call::Ioctl)
        .kind(K::Device)
        .object(From::Fixed("/dev/net/tun")),
    // Go's tunnels: `tstun.New("tailscale0"): …`, `CreateTUN("wg0") failed`.
    Rule::refine(&["tstun"]).call(Call::Open).kind(K::Device).object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["createtun"]).call(Call::Open).kind(K::Device).object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["creating tun"])
        .call_if_none(Call::Ioctl)
        .kind(K::Device)
        .object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["create tap"])
        .call_if_none(Call::Ioctl)
        .kind(K::Device)
        .object(From::Fixed("/dev/net/tun")),
    Rule::refine(&["set capabilities on file"]).call(Call::Xattr).args(FILE_CAPS),
    Rule::refine(&["security.capability"]).call(Call::Xattr).args(FILE_CAPS),
    Rule::refine(&["cap_set_file"]).call(Call::Xattr).args(FILE_CAPS),
    // Commands handed through to a disk: the node is open, and the driver asks for a capability.
    Rule::refine(&["read device identity failed"]).call(Call::Ioctl).args(RAW_IO),
    Rule::refine(&["inquiry failed"]).call(Call::Ioctl).args(RAW_IO),
    Rule::refine(&["sg_io"]).call(Call::Ioctl).args(RAW_IO),
    Rule::refine(&["hdio_"]).call(Call::Ioctl).args(RAW_IO),
    Rule::refine(&["ata pass"]).call(Call::Ioctl).args(RAW_IO),
    Rule::refine(&["ata_16"]).call(Call::Ioctl).args(RAW_IO),
    Rule::refine(&["scsi pass"]).call(Call::Ioctl).args(RAW_IO),
    Rule::refine(&["smart_cmd"]).call(Call::Ioctl).args(RAW_IO),
    Rule::refine(&["nvme_ioctl"]).call(Call::Ioctl).args(ADMIN),
    Rule::refine(&["nvme", "identify controller"]).call(Call::Ioctl).args(ADMIN),
    Rule::refine(&["nvme admin"]).call(Call::Ioctl).args(ADMIN),
    Rule::refine(&["siocsif"]).call(Call::Ioctl).kind(K::OtherSocket).args(&[("request", "SIOCSIF")]),
    Rule::refine(&["siocadd"]).call(Call::Ioctl).kind(K::OtherSocket).args(&[("request", "SIOCADD")]),
    Rule::refine(&["siocethtool"]).call(Call::Ioctl).kind(K::OtherSocket).args(&[("request", "SIOCETHTOOL")]),
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
    Rule::refine(&["drm device"])
        .call_if_none(Call::Open)
        .kind(K::Device)
        .object(From::Fixed("/dev/dri/card0")),
    Rule::refine(&["drm master"]).call(Call::Ioctl).kind(K::Device).object(From::Fixed("/dev/dri/card0")),
    // BlueZ's tools on a raw socket of the adapter (`hci_sock_bound_ioctl`, net/bluetooth/hci_sock.c).
    Rule::refine(&["scan parameters failed"]).call(Call::Socket).kind(K::RawSocket),
    Rule::refine(&["enable scan failed"]).call(Call::Socket).kind(K::RawSocket),
    Rule::refine(&["hci", "device"])
        .call(Call::Socket)
        .kind(K::RawSocket)
        .without(&["/dev/", "xhci", "ehci", "ahci"]),
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
