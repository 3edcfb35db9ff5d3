//! Attempts and facts from whole texts.

use crate::read_text;
use whodenied_case::{Attempt, Case, Engine, Environment, LsmState, ObjectKind, Predicate, Says};
use whodenied_kernel::{Call, Errno, Layer};

fn recorded(case: &Case) -> Vec<&Attempt> {
    case.attempts.iter().filter(|a| !a.records.is_empty()).collect()
}

fn one(text: &str) -> Attempt {
    let case = read_text(text);
    let found = recorded(&case);
    assert_eq!(found.len(), 1, "{text}: {found:#?}");
    found[0].clone()
}

/// One record, and call, object kind, object, errno and an argument of the attempt.
type Row = (
    &'static str,
    Option<Call>,
    ObjectKind,
    &'static str,
    Option<Errno>,
    Option<(&'static str, &'static str)>,
);

#[test]
fn records_become_attempts() {
    use ObjectKind as K;
    let rows: &[Row] = &[
        (
            "apparmor=\"DENIED\" operation=\"open\" class=\"file\" profile=\"rec\" name=\"/etc/shadow\" pid=191 comm=\"cat\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0",
            Some(Call::Open),
            K::Path,
            "/etc/shadow",
            Some(Errno::EACCES),
            Some(("denied", "r")),
        ),
        (
            "apparmor=\"DENIED\" operation=\"mknod\" class=\"file\" profile=\"rec\" name=\"/tmp/new\" pid=221 comm=\"touch\" requested_mask=\"c\" denied_mask=\"c\" fsuid=0 ouid=0",
            Some(Call::Create),
            K::Path,
            "/tmp/new",
            Some(Errno::EACCES),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"mknod\" class=\"file\" profile=\"passt\" name=\"/run/libvirt/qemu/passt/1-node1-net0.socket\" pid=11950 comm=\"passt.avx2\" requested_mask=\"c\" denied_mask=\"c\" fsuid=100106 ouid=100106",
            Some(Call::Bind),
            K::UnixSocketPath,
            "/run/libvirt/qemu/passt/1-node1-net0.socket",
            Some(Errno::EACCES),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"open\" class=\"file\" profile=\"passt\" name=\"/proc/sys/net/ipv4/ip_local_port_range\" pid=1 comm=\"passt\" requested_mask=\"r\" denied_mask=\"r\" fsuid=1 ouid=1",
            Some(Call::Open),
            K::Sysctl,
            "/proc/sys/net/ipv4/ip_local_port_range",
            Some(Errno::EACCES),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"capable\" class=\"cap\" profile=\"unprivileged_userns\" pid=2710577 comm=\"bwrap\" capability=8  capname=\"setpcap\"",
            None,
            K::Capability,
            "CAP_SETPCAP",
            Some(Errno::EPERM),
            Some(("capability", "CAP_SETPCAP")),
        ),
        (
            "apparmor=\"DENIED\" operation=\"capable\" profile=\"p\" pid=1 comm=\"x\" capability=18  capname=\"sys_chroot\"",
            Some(Call::Chroot),
            K::Capability,
            "CAP_SYS_CHROOT",
            Some(Errno::EPERM),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"signal\" class=\"signal\" profile=\"docker-default\" pid=1 comm=\"runc\" requested_mask=\"receive\" denied_mask=\"receive\" signal=quit peer=\"snap.docker.dockerd\"",
            Some(Call::Kill),
            K::Process,
            "snap.docker.dockerd",
            Some(Errno::EACCES),
            Some(("signal", "SIGQUIT")),
        ),
        (
            "apparmor=\"DENIED\" operation=\"ptrace\" profile=\"docker-default\" pid=12830 comm=\"ps\" requested_mask=\"trace\" denied_mask=\"trace\" peer=\"docker-default\"",
            Some(Call::Ptrace),
            K::Process,
            "docker-default",
            Some(Errno::EACCES),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"mount\" info=\"failed type match\" error=-13 profile=\"lxd-c_</var/lib/lxd>\" name=\"/mnt/\" pid=4306 comm=\"mount.nfs\" fstype=\"nfs\" srcname=\"172.18.10.16:/mnt\" flags=\"rw\"",
            Some(Call::Mount),
            K::MountPoint,
            "/mnt/",
            Some(Errno::EACCES),
            Some(("fstype", "nfs")),
        ),
        (
            "apparmor=\"DENIED\" operation=\"create\" class=\"net\" info=\"failed protocol match\" error=-13 profile=\"docker-default\" pid=587 comm=\"python3\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"create\" denied=\"create\" addr=none",
            Some(Call::Socket),
            K::UnixSocket,
            "",
            Some(Errno::EACCES),
            Some(("domain", "AF_UNIX")),
        ),
        (
            "apparmor=\"DENIED\" operation=\"connect\" class=\"net\" profile=\"ux2\" pid=560 comm=\"python3\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"send receive connect\" denied=\"send connect\" addr=none peer_addr=\"@abs\" peer=\"unconfined\"",
            Some(Call::Connect),
            K::UnixSocket,
            "@abs",
            Some(Errno::EACCES),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"change_onexec\" profile=\"/usr/bin/dockerd\" pid=6886 comm=\"runc:[2:INIT]\" target=\"unconfined\"",
            Some(Call::LabelChange),
            K::Label,
            "unconfined",
            Some(Errno::EACCES),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"change_onexec\" class=\"file\" info=\"label not found\" error=-2 profile=\"unconfined\" name=\"nosuch\" pid=1521 comm=\"runc:[2:INIT]\"",
            Some(Call::LabelChange),
            K::Label,
            "nosuch",
            Some(Errno::ENOENT),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"exec\" class=\"file\" info=\"no new privs\" error=-1 profile=\"rec3\" name=\"/tmp/pok\" pid=224 comm=\"sh\" requested_mask=\"x\" denied_mask=\"x\" fsuid=0 ouid=0 target=\"rec\"",
            Some(Call::Exec),
            K::Executable,
            "/tmp/pok",
            Some(Errno::EPERM),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"unlink\" class=\"posix_mqueue\" profile=\"snap.docker.dockerd\" name=\"/\" pid=35290 comm=\"runc:[2:INIT]\" requested=\"getattr\" denied=\"getattr\"class=\"posix_mqueue\" fsuid=0 ouid=0",
            Some(Call::Mqueue),
            K::Path,
            "/",
            Some(Errno::EACCES),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"userns_create\" class=\"namespace\" profile=\"rec\" pid=418 comm=\"unshare\" requested=\"userns_create\" denied=\"userns_create\"",
            Some(Call::UsernsCreate),
            K::Namespace,
            "user namespace",
            Some(Errno::EACCES),
            None,
        ),
        (
            "apparmor=\"DENIED\" operation=\"uring_sqpoll\" class=\"io_uring\" profile=\"rec2\" pid=569 comm=\"python3\" requested=\"sqpoll\" denied=\"sqpoll\"",
            Some(Call::IoUring),
            K::Unknown,
            "",
            Some(Errno::EACCES),
            None,
        ),
        (
            "type=USER_AVC msg=audit(1.0:9): pid=700 uid=101 msg='apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"system\" path=\"/\" interface=\"org.freedesktop.Avahi.Server\" member=\"GetVersionString\" mask=\"send\" name=\"org.freedesktop.Avahi\" pid=1 label=\"docker-default\" peer_pid=2 peer_label=\"unconfined\"'",
            Some(Call::Dbus),
            K::BusName,
            "org.freedesktop.Avahi",
            Some(Errno::EACCES),
            Some(("member", "GetVersionString")),
        ),
        (
            "avc:  denied  { write } for  pid=9068 comm=\"portainer\" name=\"portainerdata\" dev=\"vda2\" ino=8128932 scontext=system_u:system_r:svirt_lxc_net_t:s0:c398,c536 tcontext=system_u:object_r:usr_t:s0 tclass=dir",
            Some(Call::Create),
            K::Directory,
            "portainerdata",
            Some(Errno::EACCES),
            Some(("class", "dir")),
        ),
        (
            "avc:  denied  { shutdown } for  pid=3449 comm=\"nginx\" laddr=2001::1 lport=443 faddr=2001::2 fport=54751 scontext=a:b:container_t:s0 tcontext=a:b:unconfined_service_t:s0 tclass=tcp_socket permissive=0",
            Some(Call::Shutdown),
            K::Port,
            "54751",
            Some(Errno::EACCES),
            None,
        ),
        (
            "avc:  denied  { name_bind } for  pid=1 comm=\"httpd\" src=8081 scontext=a:b:httpd_t:s0 tcontext=a:b:transproxy_port_t:s0 tclass=tcp_socket permissive=0",
            Some(Call::Bind),
            K::Port,
            "8081",
            Some(Errno::EACCES),
            Some(("port", "8081")),
        ),
        (
            "avc:  denied  { connectto } for  pid=1 comm=\"fluxd\" path=\"/run/docker.sock\" scontext=a:b:container_t:s0 tcontext=a:b:container_runtime_t:s0 tclass=unix_stream_socket permissive=0",
            Some(Call::Connect),
            K::UnixSocketPath,
            "/run/docker.sock",
            Some(Errno::EACCES),
            None,
        ),
        (
            "avc:  denied  { sys_admin } for  pid=1 comm=\"x\" capability=21  scontext=a:b:container_t:s0 tcontext=a:b:container_t:s0 tclass=capability permissive=0",
            None,
            K::Capability,
            "CAP_SYS_ADMIN",
            Some(Errno::EPERM),
            None,
        ),
        (
            "type=SECCOMP msg=audit(1.0:9): auid=1 uid=998 gid=998 ses=1 pid=7053 comm=\"pyzor\" exe=\"/usr/bin/python2.7\" sig=31 arch=c000003e syscall=141 compat=0 ip=0x7f08 code=0x0",
            Some(Call::Setpriority),
            K::Unknown,
            "",
            None,
            Some(("signal", "SIGSYS")),
        ),
        (
            "type=SECCOMP msg=audit(1.0:9): auid=1 uid=0 gid=0 ses=1 pid=7 comm=\"x\" exe=\"/x\" sig=0 arch=c00000b7 syscall=425 compat=0 ip=0x1 code=0x50026",
            Some(Call::IoUring),
            K::Unknown,
            "",
            Some(Errno::ENOSYS),
            Some(("arch", "aarch64")),
        ),
        (
            "type=1423 audit(1.0:9): domain=1334be6dc blockers=fs.make_reg path=\"/tmp\" dev=\"tmpfs\" ino=1",
            Some(Call::Create),
            K::Path,
            "/tmp",
            Some(Errno::EACCES),
            None,
        ),
        (
            "type=1423 audit(1.0:9): domain=1334be6f1 blockers=net.bind_tcp saddr=127.0.0.1 src=8080",
            Some(Call::Bind),
            K::Port,
            "8080",
            Some(Errno::EACCES),
            None,
        ),
        (
            "type=1423 audit(1.0:9): domain=1334be70a blockers=scope.signal opid=1 ocomm=\"init\"",
            Some(Call::Kill),
            K::Process,
            "init",
            Some(Errno::EPERM),
            None,
        ),
        (
            "[ 1.234567] Lockdown: python3: raw io port access is restricted; see man kernel_lockdown.7",
            Some(Call::Ioperm),
            K::KernelFile,
            "raw io port access",
            Some(Errno::EPERM),
            None,
        ),
        (
            "[ 1.234567] ptrace attach of \"sleep 20\"[757] was attempted by \"/usr/bin/strace -p 757\"[759]",
            Some(Call::Ptrace),
            K::Process,
            "sleep 20",
            Some(Errno::EPERM),
            None,
        ),
        (
            "type=SYSCALL msg=audit(1.0:9): arch=c000003e syscall=161 success=no exit=-1 a0=1 ppid=1 pid=2 uid=0 fsuid=0 comm=\"chroot\" exe=\"/usr/sbin/chroot\" key=(null)",
            Some(Call::Chroot),
            K::Unknown,
            "",
            Some(Errno::EPERM),
            None,
        ),
    ];
    for (text, call, kind, object, errno, arg) in rows {
        let attempt = one(text);
        assert_eq!(attempt.call, *call, "{text}");
        assert_eq!(attempt.object.kind, *kind, "{text}");
        assert_eq!(attempt.object_name(), *object, "{text}");
        assert_eq!(attempt.errno, *errno, "{text}");
        if let Some((key, value)) = arg {
            assert_eq!(attempt.arg(key), Some(*value), "{text}");
        }
        assert!(!attempt.spans.is_empty());
    }
}

#[test]
fn a_syscall_record_joins_by_serial() {
    let text = "type=AVC msg=audit(1494922606.289:896): avc:  denied  { write } for  pid=9068 comm=\"portainer\" name=\"data\" dev=\"vda2\" ino=8128932 scontext=a:b:svirt_lxc_net_t:s0 tcontext=a:b:usr_t:s0 tclass=dir\n\
        type=SYSCALL msg=audit(1494922606.289:896): arch=c000003e syscall=258 success=no exit=-13 a0=1 ppid=9050 pid=9068 uid=0 fsuid=0 comm=\"portainer\" exe=\"/portainer\" key=(null)\n\
        type=CWD msg=audit(1494922606.289:896): cwd=\"/srv\"\n\
        type=PATH msg=audit(1494922606.289:896): item=0 name=\"/srv/\" nametype=PARENT\n\
        type=PATH msg=audit(1494922606.289:896): item=1 name=\"vol/data\" nametype=CREATE\n";
    let attempt = one(text);
    assert_eq!(attempt.call, Some(Call::Mkdir));
    assert_eq!(attempt.syscall.as_deref(), Some("mkdirat"));
    assert_eq!(attempt.errno, Some(Errno::EACCES));
    assert_eq!(attempt.object_name(), "/srv/vol/data");
    assert_eq!(attempt.subject.uid, Some(0));
    assert_eq!(attempt.records.len(), 2);
    // In any order.
    let lines: Vec<&str> = text.lines().rev().collect();
    assert_eq!(one(&lines.join("\n")).syscall.as_deref(), Some("mkdirat"));
}

#[test]
fn the_same_denial_is_counted() {
    let line = |serial: u32, pid: u32| {
        format!(
            "audit: type=1400 audit(1745819311.037:{serial}): apparmor=\"DENIED\" operation=\"open\" profile=\"p\" name=\"/x\" pid={pid} comm=\"a\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0\n"
        )
    };
    let text: String = (0..50).map(|i| line(i, i + 100)).collect();
    let attempt = one(&text);
    assert_eq!(attempt.count, 50);
    assert!(attempt.spans.len() <= 8 && attempt.records.len() <= 4);
}

#[test]
fn what_is_logged_but_allowed_is_no_denial() {
    let allowed = "apparmor=\"ALLOWED\" operation=\"open\" profile=\"cmp\" name=\"/etc/shadow\" pid=1 comm=\"cat\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0";
    let denied = "apparmor=\"DENIED\" operation=\"open\" profile=\"rec\" name=\"/etc/passwd\" pid=1 comm=\"cat\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0";
    let status = "apparmor=\"STATUS\" operation=\"profile_load\" profile=\"unconfined\" name=\"capn\" pid=347 comm=\"apparmor_parser\"";
    let logged = "type=SECCOMP msg=audit(1.0:9): pid=7 comm=\"x\" sig=0 arch=c000003e syscall=101 compat=0 ip=0x1 code=0x7ffc0000";
    assert_eq!(one(&format!("{allowed}\n{denied}")).object_name(), "/etc/passwd");
    assert!(recorded(&read_text(status)).is_empty());
    assert!(recorded(&read_text(logged)).is_empty());
    // With nothing else to explain, it is shown as what it is.
    assert_eq!(one(allowed).object_name(), "/etc/shadow");
}

#[test]
fn records_tell_of_the_surroundings() {
    let case = read_text(
        "audit: type=1400 audit(1723479095.677:169): apparmor=\"AUDIT\" operation=\"userns_create\" class=\"namespace\" info=\"Userns create - transitioning profile\" profile=\"unconfined\" pid=2710574 comm=\"bwrap\" requested=\"userns_create\" target=\"unprivileged_userns\"",
    );
    assert!(case.facts.has(Environment::UsernsRestriction));
    assert!(case.facts.lsm(Layer::Apparmor).is_some_and(|(s, _)| s == LsmState::Enforcing));
    let case = read_text(
        "kernel: audit: type=1400 audit(1739296150.596:141): apparmor=\"DENIED\" operation=\"signal\" class=\"signal\" profile=\"containers-default-0.57.4-apparmor1\" pid=35666 comm=\"runc\" requested_mask=\"receive\" denied_mask=\"receive\" signal=hup peer=\"podman\"",
    );
    assert!(case.facts.has_engine(Engine::Podman));
    let case = read_text(
        "type=AVC msg=audit(1.0:8): avc:  denied  { read } for  pid=1 comm=\"x\" scontext=a:b:container_t:s0 tcontext=a:b:c_t:s0 tclass=file permissive=1",
    );
    assert!(case.facts.lsm(Layer::Selinux).is_some_and(|(s, _)| s == LsmState::Permissive));
    let case = read_text(
        "type=SECCOMP msg=audit(1.0:9): pid=7 comm=\"x\" sig=31 arch=c000003e syscall=101 compat=0 ip=0x1 code=0x0",
    );
    assert!(case.facts.find(|p| *p == Predicate::SeccompFilter(true)).is_some());
}

#[test]
fn a_printed_failure_and_its_record_are_one_attempt() {
    for (printed, record) in [
        (
            "mount.nfs: Operation not permitted",
            "[1.234567] audit: type=1400 audit(1.000:65): apparmor=\"DENIED\" operation=\"mount\" info=\"failed type match\" error=-13 profile=\"lxd-c_</var/lib/lxd>\" name=\"/mnt/\" pid=4306 comm=\"mount.nfs\" fstype=\"nfs\" srcname=\"172.18.10.16:/mnt\" flags=\"rw\"",
        ),
        (
            "PermissionError: [Errno 13] Permission denied: '/srv/data/x.db'",
            "audit: type=1400 audit(1.000:65): avc:  denied  { open } for  pid=1 comm=\"python3\" name=\"x.db\" dev=\"vda\" ino=1 scontext=a:b:container_t:s0 tcontext=a:b:c_t:s0 tclass=file permissive=0",
        ),
        (
            "cat: /etc/shadow: Permission denied",
            "audit: type=1400 audit(1.000:8): apparmor=\"DENIED\" operation=\"open\" class=\"file\" profile=\"rec\" name=\"/etc/shadow\" pid=191 comm=\"cat\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0",
        ),
        (
            "[alert] 4#4: *6 shutdown() failed (13: Permission denied) while processing HTTP/2 connection",
            "Aug 11 17:21:43 h audit[3449]: AVC avc:  denied  { shutdown } for  pid=3449 comm=\"nginx\" lport=443 fport=54751 scontext=a:b:container_t:s0 tcontext=unconfined_u:un>",
        ),
        (
            "sh: 1: /tmp/bb: Permission denied",
            "audit: type=1400 audit(1.000:9): apparmor=\"DENIED\" operation=\"exec\" class=\"file\" profile=\"rec\" name=\"/tmp/bb\" pid=191 comm=\"sh\" requested_mask=\"x\" denied_mask=\"x\" fsuid=0 ouid=0",
        ),
        (
            "dd: failed to open '/dev/mem': Operation not permitted",
            "[ 1.234567] Lockdown: dd: /dev/mem,kmem,port is restricted; see man kernel_lockdown.7",
        ),
        (
            "RTNETLINK answers: Operation not permitted",
            "audit: type=1400 audit(1.000:28): apparmor=\"DENIED\" operation=\"capable\" class=\"cap\" profile=\"capn\" pid=348 comm=\"ip\" capability=12  capname=\"net_admin\"",
        ),
        (
            "cat: /tmp/f: Permission denied",
            "audit: type=1400 audit(1.000:30): apparmor=\"DENIED\" operation=\"capable\" class=\"cap\" profile=\"capd\" pid=372 comm=\"cat\" capability=1  capname=\"dac_override\"",
        ),
    ] {
        let attempt = one(&format!("{printed}\n{record}\n"));
        assert!(attempt.printed && attempt.records.len() == 1, "{printed}: {attempt:#?}");
        let case = read_text(&format!("{record}\n{printed}\n"));
        assert_eq!(case.attempts.len(), 1, "{printed}: {:#?}", case.attempts);
    }
    // Another object, another program: two attempts.
    let case = read_text(
        "cat: /etc/passwd: Permission denied\naudit: type=1400 audit(1.000:8): apparmor=\"DENIED\" operation=\"open\" profile=\"rec\" name=\"/etc/shadow\" pid=191 comm=\"cat\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0\n",
    );
    assert_eq!(case.attempts.len(), 2, "{:#?}", case.attempts);
}

/// Written by Linux 6.12 (Debian 13) and 7.3 as root in virtual machines: dmesg and audit.log.
const REAL: &str = include_str!("../../testdata/kernel-records.txt");

#[test]
fn every_record_of_real_kernels_is_understood() {
    for line in REAL.lines() {
        let case = read_text(line);
        let records = case.claims.iter().filter(|c| matches!(c.says, Says::Record(_))).count();
        // A load that failed names no operation; all else is a whole record.
        assert_eq!(records, 1, "{line}");
        let Says::Record(record) = &case.claims[0].says else { panic!("{line}") };
        let audit = line.contains("audit(");
        assert_eq!(record.serial.is_some() && record.time_ms.is_some(), audit, "{line}");
        assert!(!record.truncated || !line.contains("operation="), "{line}");
        let logged = line.contains("code=0x7ffc0000") || line.contains("\"STATUS\"");
        let passed = line.contains("success=yes") || line.contains("exit=0");
        let failed_otherwise =
            line.contains("success=no") && !line.contains("exit=-13") && !line.contains("exit=-1 ");
        let found = recorded(&case);
        if logged || passed || failed_otherwise {
            assert!(found.is_empty(), "{line}: {found:#?}");
            continue;
        }
        assert_eq!(found.len(), 1, "{line}");
        let attempt = found[0];
        let named = attempt.call.is_some()
            || attempt.object.kind == ObjectKind::Capability
            || attempt.syscall.is_some();
        assert!(named, "{line}: {attempt:#?}");
        let seccomp = line.contains("1326") || line.contains("SECCOMP");
        assert!(attempt.errno.is_some() || seccomp, "{line}");
        assert!(attempt.subject.program.is_some() || line.contains("blockers="), "{line}");
    }
}
