//! docker-default of Docker 28.5 as the reference parsers compile it (crates/apparmor/data/compiled).

use super::*;
use crate::context::Context;
use whodenied_access::{FileSystem, Inode, Kind, Mount, NodeId, OpenFlags, Operation, Subject, Tree, World};
use whodenied_case::capture::{ProcessState, Question, SCHEMA};
use whodenied_case::{AttemptId, Facts};

const WORDS: &[u8] = include_bytes!("../../../apparmor/data/compiled/docker-default-linux-6.1-parser-3.0.8");
const TABLE: &[u8] = include_bytes!("../../../apparmor/data/compiled/docker-default-linux-6.12-parser-4.1.0");
const PACKED: &[u8] = include_bytes!("../../../apparmor/data/compiled/docker-default-linux-7.3-parser-5.0.2");

fn policy(load: &[u8], release: &str, features: &str) -> Policy {
    let held = Held {
        name: "docker-default".to_owned(),
        mode: "enforce".to_owned(),
        load: Some(0),
        ..Held::default()
    };
    Policy {
        release: release.to_owned(),
        features: features.to_owned(),
        mode: "enforce".to_owned(),
        audit: "normal".to_owned(),
        steady: true,
        profiles: vec![held],
        loads: vec![armour::to_text(load)],
        ..Policy::default()
    }
}

/// The same profile on the three kernels it was compiled for.
fn kernels() -> [Policy; 3] {
    let of = |load, release, features| policy(load, release, features);
    [
        of(WORDS, "6.1.0-49", include_str!("../../../apparmor/data/features/linux-6.1")),
        of(TABLE, "6.12.107", include_str!("../../../apparmor/data/features/linux-6.12")),
        of(PACKED, "7.3.4", include_str!("../../../apparmor/data/features/linux-7.3")),
    ]
}

fn capture(syscall: &str, errno: Errno, question: Option<Question>) -> Capture {
    let json = format!(
        r#"{{"schema":"{SCHEMA}","line":1,"syscall":"{syscall}","errno":{},"process":{{"pid":1,"comm":"c","uids":[0,0,0,0],"gids":[0,0,0,0],"groups":[],"effective":0,"permitted":0,"bounding":0,"inheritable":0,"ambient":0,"no_new_privs":false,"seccomp":0,"same_user_namespace":true}}}}"#,
        errno.0
    );
    let mut capture: Capture = serde_json::from_str(&json).unwrap();
    let process = &mut capture.process;
    *process = ProcessState {
        label: "docker-default (enforce)".to_owned(),
        root: "/".to_owned(),
        effective: CapabilitySet::all().0,
        same_user_namespace: true,
        ..std::mem::take(process)
    };
    capture.question = question;
    capture
}

/// A file of this mode and owner, to be opened by a user; 0 is root with every capability.
fn opened(path: &str, mode: u16, owner: u32, uid: u32, write: bool) -> Question {
    let root = Inode::new(Kind::Directory, 0o755, 0, 0);
    let mut world = Tree::new(FileSystem::new(1), Mount::default(), root);
    let mut at: NodeId = world.root();
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    for (n, part) in parts.iter().enumerate() {
        let inode = match n + 1 == parts.len() {
            true => Inode::new(Kind::File, mode, owner, owner),
            false => Inode::new(Kind::Directory, 0o755, 0, 0),
        };
        at = world.add(at, part.as_bytes(), inode);
    }
    let mut subject = Subject::user(uid, uid);
    if uid == 0 {
        subject.effective = CapabilitySet::all();
    }
    let flags = OpenFlags { read: !write, write, ..OpenFlags::default() };
    Question { subject, operation: Operation::Open { path: path.into(), flags }, world }
}

fn attempt(capture: Capture) -> Attempt {
    let mut attempt = Attempt::new(AttemptId(0));
    attempt.errno = Some(Errno(capture.errno));
    attempt.syscall = Some(capture.syscall.clone());
    attempt.args = capture.args.clone();
    attempt.live = Some(Box::new(capture));
    attempt
}

fn answer(policy: &Policy, attempt: &Attempt) -> Option<Answer> {
    let decoded = InForce::of(policy);
    let facts = Facts::default();
    let cx = Context {
        facts: &facts,
        trials: &[],
        attempts: std::slice::from_ref(attempt),
        policy: decoded.as_ref(),
    };
    let mut verdicts = Vec::new();
    apply(attempt, &cx, &mut verdicts);
    verdicts.pop().map(|v| v.answer)
}

fn support(answer: Option<Answer>) -> Option<Support> {
    match answer? {
        Answer::Denies { support, .. } => Some(support),
        _ => None,
    }
}

fn allowed(answer: &Option<Answer>) -> bool {
    matches!(answer, Some(Answer::Allows { .. }))
}

#[test]
fn a_silent_deny_is_decided_by_the_rule() {
    for policy in kernels() {
        let write = opened("/proc/sysrq-trigger", 0o200, 0, 0, true);
        let seen = attempt(capture("openat", Errno::EACCES, Some(write)));
        let Some(Answer::Denies { support, because, policy: named, .. }) = answer(&policy, &seen) else {
            panic!("nothing is said on {}", policy.release)
        };
        assert_eq!(support, Support::State, "{}", policy.release);
        assert!(because.contains("/proc/sysrq-trigger") && because.contains("no record"), "{because}");
        assert_eq!(named.as_deref(), Some("docker-default"));
        // With another error than the kernel gave nothing is claimed.
        let other = attempt(capture("openat", Errno::EROFS, seen.live.unwrap().question));
        assert_eq!(answer(&policy, &other), None, "{}", policy.release);
    }
}

#[test]
fn what_the_rules_allow_is_acquitted() {
    for policy in kernels() {
        let secret = opened("/etc/secret", 0o600, 5, 1000, false);
        let mut seen = capture("openat", Errno::EACCES, Some(secret));
        seen.process.effective = 0;
        assert!(allowed(&answer(&policy, &attempt(seen))), "{}", policy.release);
        // Every family of sockets but those that a rule names.
        let mut socket = capture("socket", Errno::EPERM, None);
        socket.args = vec![("domain".into(), "AF_INET".into()), ("type".into(), "SOCK_RAW".into())];
        assert!(allowed(&answer(&policy, &attempt(socket))), "{}", policy.release);
    }
}

#[test]
fn mounts_are_refused_before_the_capability_is_asked() {
    for policy in kernels() {
        let mut seen = capture("mount", Errno::EACCES, None);
        seen.args =
            [("source", "none"), ("filesystemtype", "\"tmpfs\""), ("mountflags", "0"), ("data", "NULL")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .to_vec();
        seen.resolved = vec!["/mnt/".to_owned()];
        assert_eq!(support(answer(&policy, &attempt(seen.clone()))), Some(Support::State));
        // The target is not known, and none is allowed.
        seen.resolved.clear();
        assert_eq!(support(answer(&policy, &attempt(seen.clone()))), Some(Support::State));
        // unmounting is allowed.
        seen.syscall = "umount2".to_owned();
        seen.resolved = vec!["/mnt/".to_owned()];
        assert!(allowed(&answer(&policy, &attempt(seen))));
    }
}

#[test]
fn namespaces_by_what_the_kernel_mediates() {
    let mut seen = capture("unshare", Errno::EACCES, None);
    seen.args = vec![("flags".to_owned(), "CLONE_NEWUSER".to_owned())];
    let [old, middle, new] = kernels();
    let because = |policy: &Policy| match answer(policy, &attempt(seen.clone())) {
        Some(Answer::Allows { because }) => because,
        other => panic!("{other:?}"),
    };
    assert!(because(&old).contains("does not mediate user namespaces"));
    // It is mediated, no rule allows it, and the kernel would have written a record.
    for policy in [middle, new] {
        assert_eq!(support(answer(&policy, &attempt(seen.clone()))), Some(Support::Configured));
    }
}

#[test]
fn nothing_is_claimed_of_another_policy() {
    let [policy, ..] = kernels();
    let write = || Some(opened("/proc/sysrq-trigger", 0o200, 0, 0, true));
    let seen = || capture("openat", Errno::EACCES, write());
    let with = |change: &dyn Fn(&mut Policy)| {
        let mut policy = policy.clone();
        change(&mut policy);
        support(answer(&policy, &attempt(seen())))
    };
    assert_eq!(with(&|_| {}), Some(Support::State));
    // It was loaded or removed in between.
    assert_eq!(with(&|p| p.steady = false), Some(Support::Configured));
    // Another mode, of the profile or of the module; another name; no features; no load; a damaged one.
    assert_eq!(with(&|p| p.profiles[0].mode = "complain".into()), None);
    assert_eq!(with(&|p| p.mode = "complain".into()), None);
    assert_eq!(with(&|p| p.profiles[0].name = "other".into()), None);
    assert_eq!(with(&|p| p.features.clear()), None);
    assert_eq!(with(&|p| p.loads.clear()), None);
    assert_eq!(with(&|p| p.loads[0].truncate(100)), None);
    assert_eq!(with(&|p| p.profiles[0].namespace = "n".into()), None);
    // A root of which the name is not known.
    let mut lost = seen();
    lost.process.root.clear();
    assert_eq!(answer(&policy, &attempt(lost)), None);
    // In a chroot the path begins at the root of the namespace: nothing there is denied.
    let mut inside = seen();
    inside.process.root = "/srv/jail".to_owned();
    assert!(allowed(&answer(&policy, &attempt(inside))));
}

#[test]
fn every_profile_of_a_stack_is_asked() {
    let [policy, ..] = kernels();
    let stack = |label: &str, question: Question| {
        let mut seen = capture("openat", Errno::EACCES, Some(question));
        seen.process.label = label.to_owned();
        seen.process.effective = 0;
        answer(&policy, &attempt(seen))
    };
    let trigger = || opened("/proc/sysrq-trigger", 0o666, 0, 0, true);
    let secret = || opened("/etc/secret", 0o600, 5, 1000, false);
    // One refuses: whatever the other says. One is not known: nothing is ruled out.
    assert_eq!(support(stack("docker-default//&other (enforce)", trigger())), Some(Support::Configured));
    assert_eq!(stack("docker-default//&other (enforce)", secret()), None);
    assert!(allowed(&stack("docker-default//&unconfined (enforce)", secret())));
    assert!(allowed(&stack("unconfined", secret())));
}

#[test]
fn a_record_against_the_rules_is_a_fault_of_ours() {
    use whodenied_case::record::ApparmorRecord;
    use whodenied_case::{Channel, Record};
    let [policy, ..] = kernels();
    let decoded = InForce::of(&policy).unwrap();
    let secret = opened("/etc/secret", 0o600, 5, 1000, false);
    let mut seen = attempt(capture("openat", Errno::EACCES, Some(secret)));
    assert_eq!(disagreement(&seen, &decoded), None);
    let record = ApparmorRecord {
        verdict: ApparmorVerdict::Denied,
        dbus: false,
        fields: vec![
            ("operation".to_owned(), "open".to_owned()),
            ("profile".to_owned(), "docker-default".to_owned()),
        ],
    };
    seen.records.push(Record {
        channel: Channel::Kernel,
        time_ms: None,
        serial: None,
        truncated: false,
        kind: RecordKind::Apparmor(Box::new(record)),
    });
    let said = disagreement(&seen, &decoded).unwrap();
    assert!(said.contains("bug of whodenied"), "{said}");
}
