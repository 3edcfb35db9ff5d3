//! Every family in every dressing.

use super::*;
use crate::segment::tests::lines;
use whodenied_case::record::ApparmorVerdict;

fn records(text: &str) -> Vec<Record> {
    lines(text).iter().filter_map(read).map(|(record, _)| record).collect()
}

fn one(text: &str) -> Record {
    let mut all = records(text);
    assert_eq!(all.len(), 1, "{text:?}: {all:#?}");
    all.remove(0)
}

/// Bodies as the kernel writes them after the head, and the type.
const BODIES: &[(&str, &str)] = &[
    (
        "1400",
        "apparmor=\"DENIED\" operation=\"signal\" class=\"signal\" profile=\"docker-default\" pid=776562 comm=\"runc\" requested_mask=\"receive\" denied_mask=\"receive\" signal=quit peer=\"snap.docker.dockerd\"",
    ),
    (
        "1400",
        "apparmor=\"DENIED\" operation=\"mount\" info=\"failed flags match\" error=-13 profile=\"lxd-c1_</var/lib/lxd>\" name=\"/run/\" pid=4306 comm=\"(mysqld)\" flags=\"ro, remount, bind\"",
    ),
    (
        "1400",
        "avc:  denied  { read open } for  pid=45869 comm=\"nginx\" name=\"nginx.conf\" dev=\"nvme0n1p4\" ino=2498240 scontext=system_u:system_r:container_t:s0:c82,c904 tcontext=unconfined_u:object_r:unlabeled_t:s0 tclass=file permissive=0",
    ),
    (
        "1326",
        "auid=4294967295 uid=998 gid=998 ses=4294967295 subj=unconfined pid=7053 comm=\"pyzor\" exe=\"/usr/bin/python2.7\" sig=31 arch=c000003e syscall=141 compat=0 ip=0x7f085ec6abf7 code=0x80000000",
    ),
    ("1423", "domain=1334be6dc blockers=fs.remove_file,fs.make_reg path=\"/tmp\" dev=\"tmpfs\" ino=1"),
];

fn name_of(number: &str) -> &str {
    match number {
        "1326" => "SECCOMP",
        "1423" => "LANDLOCK_ACCESS",
        _ => "AVC",
    }
}

#[test]
fn every_family_in_every_dressing() {
    for (number, body) in BODIES {
        let name = name_of(number);
        let kernel = format!("audit: type={number} audit(1745819311.037:2350): {body}");
        let auditd = format!("type={name} msg=audit(1745819311.037:2350): {body}");
        let html =
            kernel.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
        let json = kernel.replace('\\', "\\\\").replace('"', "\\\"");
        let dressings = [
            kernel.clone(),
            auditd.clone(),
            kernel.strip_prefix("audit: ").unwrap().to_owned(),
            format!("[  421.527168] {kernel}"),
            format!("[Mon Jul 22 12:43:40 2024] {kernel}"),
            format!("<5>[  421.527168] {kernel}"),
            format!("5,1234,5678,-;{kernel}"),
            format!("Apr 28 16:48:31 server kernel: {kernel}"),
            format!("Apr 28 16:48:31 server kernel: [43286694.926594] {kernel}"),
            format!("ago 12 12:11:35 lenovo-y540 kernel: {kernel}"),
            format!("2024-07-22T12:43:40.123456+02:00 h kernel: {kernel}"),
            format!("kernel: {kernel}"),
            format!("node=web1 {auditd}"),
            format!("> > Apr 28 16:48:31 server kernel: {kernel}"),
            format!("```\n{auditd}\n```"),
            format!("`{kernel}`"),
            format!("\u{1b}[32m[  421.527168] \u{1b}[0m\u{1b}[33maudit: \u{1b}[0m{}", &kernel[7..]),
            kernel.replace('"', "“"),
            html,
            format!("{{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"{json}\",\"_HOSTNAME\":\"h\"}}"),
            format!("{auditd}\u{1d}AUID=\"unset\" UID=\"root\""),
            format!("logs: {kernel}"),
            format!("logs: |\n    {kernel}\n"),
            format!("  {kernel}\r"),
        ];
        let expected = one(&kernel);
        for dressing in dressings {
            let record = one(&dressing);
            assert_eq!(record.serial, Some(2350), "{dressing}");
            assert_eq!(record.time_ms, Some(1_745_819_311_037), "{dressing}");
            assert_eq!(record.channel, Channel::Kernel, "{dressing}");
            let fields = |r: &Record| match r.kind.clone() {
                RecordKind::Apparmor(r) => r.fields,
                RecordKind::Selinux(r) => r.fields,
                RecordKind::Seccomp(r) => r.fields,
                RecordKind::Landlock(r) => r.fields,
                other => panic!("{other:?}"),
            };
            let (a, b) = (fields(&record), fields(&expected));
            assert_eq!(a.get(..b.len()), Some(b.as_slice()), "{dressing}");
            assert!(!record.truncated, "{dressing}");
        }
        // The journal's own audit lines, without time and serial.
        let journal = one(&format!("Aug 11 17:21:43 h audit[3449]: {name} {body}"));
        assert_eq!(journal.channel, Channel::Kernel);
        let in_a_container = one(&format!("web-1  | {kernel}"));
        assert_eq!(in_a_container.channel, Channel::ProgramLog);
    }
}

#[test]
fn apparmor_records() {
    let RecordKind::Apparmor(r) = one(BODIES[0].1).kind else { panic!() };
    assert_eq!(r.verdict, ApparmorVerdict::Denied);
    assert_eq!(r.profile(), Some("docker-default"));
    assert_eq!(r.get("peer"), Some("snap.docker.dockerd"));
    let text = "apparmor=\"ALLOWED\" operation=\"open\" profile=\"cmp\" name=\"/etc/shadow\"";
    let RecordKind::Apparmor(r) = one(text).kind else { panic!() };
    assert_eq!(r.verdict, ApparmorVerdict::Allowed);
    let dbus = "type=USER_AVC msg=audit(1.0:9): pid=700 uid=101 auid=4294967295 ses=4294967295 subj=unconfined msg='apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"system\" path=\"/\" interface=\"org.freedesktop.Avahi.Server\" member=\"GetVersionString\" mask=\"send\" name=\"org.freedesktop.Avahi\" pid=1 label=\"docker-default\" peer_pid=2 peer_label=\"unconfined\" exe=\"/usr/bin/dbus-daemon\" sauid=101 hostname=? addr=? terminal=?'";
    let RecordKind::Apparmor(r) = one(dbus).kind else { panic!() };
    assert!(r.dbus);
    assert_eq!(r.profile(), Some("docker-default"));
    assert_eq!(r.get("peer_label"), Some("unconfined"));
}

#[test]
fn selinux_records() {
    let RecordKind::Selinux(r) = one(BODIES[2].1).kind else { panic!() };
    assert!(r.denied && !r.user);
    assert_eq!(r.permissions, ["read", "open"]);
    assert_eq!(r.permissive, Some(false));
    let cut = "Aug 11 17:21:43 t audit[3449]: AVC avc:  denied  { shutdown } for  pid=3449 comm=\"nginx\" lport=443 scontext=system_u:system_r:container_t:s0:c842,c880 tcontext=unconfined_u:un>";
    let record = one(cut);
    assert!(record.truncated);
    let RecordKind::Selinux(r) = record.kind else { panic!() };
    assert_eq!(r.tcontext.as_deref(), Some("unconfined_u:un"));
    let user = "type=USER_AVC msg=audit(1.0:9): pid=1 uid=0 msg='avc:  denied  { start } for auid=n/a path=\"/usr/lib/systemd/system/x.service\" scontext=a:b:c_t:s0 tcontext=a:b:d_t:s0 tclass=service permissive=0  exe=\"/usr/lib/systemd/systemd\"'";
    let RecordKind::Selinux(r) = one(user).kind else { panic!() };
    assert!(r.user);
    assert_eq!(r.tclass.as_deref(), Some("service"));
    let RecordKind::Selinux(r) = one("avc:  granted  { execute } for pid=1 tclass=file").kind else {
        panic!()
    };
    assert!(!r.denied);
}

#[test]
fn seccomp_records() {
    let text = "audit[7053]: SECCOMP auid=4294967295 uid=998 pid=7053 comm=\"pyzor\" exe=\"/usr/bin/python2.7\" sig=31 arch=c000003e **syscall=141** compat=0 ip=0x7f085ec6abf7 code=0x0";
    let RecordKind::Seccomp(r) = one(text).kind else { panic!() };
    assert_eq!((r.syscall, r.arch, r.code, r.sig), (Some(141), Some(0xc000_003e), Some(0), Some(31)));
    let interpreted = "type=SECCOMP msg=audit(04/28/2026 16:48:31.123:896) : auid=unset uid=root pid=7 comm=x exe=/x sig=SIGSYS arch=x86_64 syscall=ptrace compat=0 ip=0x1 code=kill";
    let RecordKind::Seccomp(r) = one(interpreted).kind else { panic!() };
    assert_eq!((r.syscall, r.arch, r.code, r.sig), (Some(101), Some(0xc000_003e), Some(0), Some(31)));
}

#[test]
fn syscall_records() {
    let text = "type=SYSCALL msg=audit(1494922606.289:896): arch=c000003e syscall=258 success=no exit=-13 a0=ffffff9c comm=\"portainer\" exe=\"/portainer\" key=(null)\u{1d}ARCH=x86_64 SYSCALL=mkdirat";
    let RecordKind::Syscall(r) = one(text).kind else { panic!() };
    assert_eq!((r.syscall.as_deref(), r.exit.as_deref()), (Some("mkdirat"), Some("-13")));
    let text = "type=SYSCALL msg=audit(1494922606.289:896): arch=x86_64 syscall=mkdirat success=no exit=EACCES(Permission denied) a0=1 comm=portainer";
    let RecordKind::Syscall(r) = one(text).kind else { panic!() };
    assert_eq!(r.exit.as_deref(), Some("EACCES(Permission denied)"));
}

#[test]
fn a_body_on_the_next_line() {
    let text = "[Mon Jul 22 12:43:40 2024] audit: type=1400 audit(1721652220.385:212):\napparmor=\"DENIED\" operation=\"unlink\" class=\"posix_mqueue\"\nprofile=\"snap.docker.dockerd\" name=\"/\" pid=35290 comm=\"runc:[2:INIT]\"\nrequested=\"getattr\" denied=\"getattr\"class=\"posix_mqueue\" fsuid=0 ouid=0";
    let record = one(text);
    assert_eq!(record.serial, Some(212));
    let RecordKind::Apparmor(r) = record.kind else { panic!() };
    assert_eq!(r.denied(), Some("getattr"));
    assert_eq!(r.get("comm"), Some("runc:[2:INIT]"));
}

#[test]
fn other_kernel_lines() {
    for (text, name) in [
        ("[ 1.234567] VFS: Mount too revealing", "VFS"),
        ("[ 1.234567] cgroup: fork rejected by pids controller in /docker/x", "cgroup"),
        (
            "audit: type=1400 audit(1.0:2): lsm=SMACK fn=smack_inode_permission action=denied subject=\"_\" object=\"x\" requested=w pid=1",
            "SMACK",
        ),
        ("type=FANOTIFY msg=audit(1.0:2): resp=2 fan_type=1", "FANOTIFY"),
        (
            "type=INTEGRITY_DATA msg=audit(1.0:2): pid=1 op=appraise_data cause=missing-hash comm=\"x\" name=\"/x\" res=0",
            "INTEGRITY_DATA",
        ),
        (
            "audit: type=1420 audit(1.0:2): ipe_op=EXECUTE ipe_hook=BPRM_CHECK enforcing=1 pid=1 comm=\"x\" path=\"/x\" rule=\"DEFAULT action=DENY\"",
            "IPE_ACCESS",
        ),
    ] {
        let RecordKind::Other { name: found, .. } = one(text).kind else { panic!("{text}") };
        assert_eq!(found, name);
    }
    assert!(records("type=FANOTIFY msg=audit(1.0:2): resp=1").is_empty());
}

#[test]
fn old_and_relayed_forms() {
    let text = "[ 1.234567] type=1503 audit(1255000000.123:9): operation=\"inode_permission\" requested_mask=\"r::\" denied_mask=\"r::\" fsuid=0 name=\"/etc/x\" pid=1234 profile=\"/usr/sbin/cupsd\"";
    let RecordKind::Apparmor(r) = one(text).kind else { panic!() };
    assert_eq!(
        (r.verdict, r.get("operation"), r.denied()),
        (ApparmorVerdict::Denied, Some("open"), Some("r"))
    );
    let text = "fapolicyd[812]: rule=9 dec=deny_audit perm=execute auid=1000 pid=77 exe=/usr/bin/bash : path=/home/u/ls ftype=application/x-executable trust=0";
    let RecordKind::Other { name, fields } = one(text).kind else { panic!() };
    assert_eq!(name, "FANOTIFY");
    assert!(fields.contains(&("path".to_owned(), "/home/u/ls".to_owned())));
    let text = "Apr 28 16:48:31 h kernel: message repeated 12 times: [ audit: type=1400 audit(1.000:2): apparmor=\"DENIED\" operation=\"open\" profile=\"p\" name=\"/x\" pid=1 comm=\"a\"]";
    let all = lines(text);
    assert_eq!(all[0].count, 12);
    let (record, _) = read(&all[0]).unwrap();
    let RecordKind::Apparmor(r) = record.kind else { panic!() };
    assert_eq!(r.get("comm"), Some("a"));
}

#[test]
fn hostile_names_stay_names() {
    let fake = "apparmor=\\\"DENIED\\\" operation=\\\"mount\\\" profile=\\\"docker-default\\\"";
    let text = format!(
        "type=SECCOMP msg=audit(1.0:2): pid=1 comm=\"x {fake}\" exe=\"/x\" sig=31 arch=c000003e syscall=101 code=0x0"
    );
    assert!(matches!(one(&text).kind, RecordKind::Seccomp(_)));
    let text = format!("apparmor=\"ALLOWED\" operation=\"open\" profile=\"p\" comm=\"{fake}\" pid=1");
    let RecordKind::Apparmor(r) = one(&text).kind else { panic!() };
    assert_eq!(r.verdict, ApparmorVerdict::Allowed);
    assert_eq!(r.get("operation"), Some("open"));
    let newline = "apparmor=\"DENIED\" operation=\"open\" profile=\"p\" comm=780A61707061726D6F723D2244454E494544220A pid=1";
    let RecordKind::Apparmor(r) = one(newline).kind else { panic!() };
    assert_eq!(r.get("comm"), Some("x\napparmor=\"DENIED\"\n"));
}

#[test]
fn prose_is_no_record() {
    for text in [
        "I set audit=0 and apparmor=0 on the kernel command line",
        "the avc: messages are gone",
        "BOOT_IMAGE=/vmlinuz root=/dev/sda1 apparmor=1 security=apparmor",
        "type=bind,source=/a,target=/b",
        "Use --security-opt apparmor=unconfined",
        "- apparmor=unconfined",
        "seccomp=unconfined",
    ] {
        assert!(records(text).is_empty(), "{text}");
    }
}

#[test]
fn a_transition_that_bounds_forbid() {
    let text = "type=SELINUX_ERR msg=audit(1515446105.513:1559): op=security_bounded_transition \
                seresult=denied oldcontext=system_u:system_r:init_t:s0 newcontext=system_u:system_r:httpd_t:s0";
    let found = records(text);
    assert!(matches!(&found[0].kind, RecordKind::Selinux(avc)
        if avc.denied && avc.permissions == ["bounded_transition"]
            && avc.tcontext.as_deref() == Some("system_u:system_r:httpd_t:s0")));
}

#[test]
fn truncation_and_noise_never_panic() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for (number, body) in BODIES {
        let text = format!("type={number} audit(1745819311.037:2350): {body}");
        for end in 0..text.len() {
            let _ = records(&text[..end]);
        }
        for _ in 0..2000 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..8 {
                let at = usize::try_from(random() % bytes.len() as u64).unwrap();
                bytes[at] = [b'"', b'=', b'\\', b'\n', b' ', 0x1b, 0xc3, b'\'', b'(', b'{', b'>', b'&']
                    [usize::try_from(random() % 12).unwrap()];
            }
            let _ = records(&String::from_utf8_lossy(&bytes));
        }
    }
    for _ in 0..2000 {
        let noise: Vec<u8> = (0..200).map(|_| random() as u8).collect();
        let _ = records(&String::from_utf8_lossy(&noise));
    }
}
