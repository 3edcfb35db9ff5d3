use super::apply;
use whodenied_access::{
    CapabilitySet, FileSystem, Inode, Kind, Mount, OpenFlags, Operation, Subject, Tree, World,
};
use whodenied_case::capture::{
    Afterwards, Capture, LandlockAnswer, LimitUse, Lost, ProcessState, Question, SCHEMA,
};
use whodenied_case::{Answer, Attempt, AttemptId, Support, Verdict};
use whodenied_kernel::{Capability, Errno, Layer};

fn capture(syscall: &str, errno: Errno) -> Capture {
    Capture {
        schema: SCHEMA.to_owned(),
        line: 1,
        syscall: syscall.to_owned(),
        args: Vec::new(),
        object: None,
        second: None,
        errno: errno.0,
        process: ProcessState {
            uids: [1000; 4],
            gids: [1000; 4],
            same_user_namespace: true,
            ..ProcessState::default()
        },
        question: None,
        partial: false,
        names: [("u0".to_owned(), "root".to_owned())].into(),
        target_uids: None,
        target_label: String::new(),
        resolved: Vec::new(),
        filter: None,
        start: None,
        lost: None,
        hidden_by: None,
        limit: None,
        landlock: None,
        sysctls: std::collections::BTreeMap::new(),
        after: None,
        places: None,
        missing: Vec::new(),
        blame: 0,
    }
}

/// `/private` of root with this mode, opened for reading by uid 1000.
fn opened(mode: u16) -> Question {
    let root = Inode::new(Kind::Directory, 0o755, 0, 0);
    let mut world = Tree::new(FileSystem::new(1), Mount::default(), root);
    world.add(world.root(), b"private", Inode::new(Kind::File, mode, 0, 0));
    Question {
        subject: Subject { effective: CapabilitySet::default(), ..Subject::user(1000, 1000) },
        operation: Operation::Open {
            path: b"/private".to_vec(),
            flags: OpenFlags { read: true, ..OpenFlags::default() },
        },
        world,
    }
}

fn verdicts(capture: Capture, already: &[Layer]) -> Vec<Verdict> {
    let mut attempt = Attempt::new(AttemptId(0));
    attempt.errno = Some(Errno(capture.errno));
    attempt.syscall = Some(capture.syscall.clone());
    attempt.live = Some(Box::new(capture));
    let mut verdicts: Vec<Verdict> = already
        .iter()
        .map(|layer| {
            let say = super::denies(&attempt, *layer, Support::Usual, 50, "reasoned");
            Option::<Verdict>::from(say).unwrap()
        })
        .collect();
    apply(&attempt, &mut verdicts);
    verdicts
}

fn answer(verdicts: &[Verdict], layer: Layer) -> Option<Answer> {
    verdicts.iter().find(|v| v.layer == layer).map(|v| v.answer.clone())
}

#[test]
fn the_model_decides_and_takes_the_place_of_what_was_reasoned() {
    let seen = Capture { question: Some(opened(0o600)), ..capture("openat", Errno::EACCES) };
    let found = verdicts(seen, &[Layer::Dac, Layer::Apparmor]);
    let Some(Answer::Denies { because, support, .. }) = answer(&found, Layer::Dac) else {
        panic!("{found:?}")
    };
    assert_eq!(support, Support::State);
    assert!(because.contains("/private is root:0 0600") && because.contains("may not read"), "{because}");
    assert_eq!(found.iter().filter(|v| v.layer == Layer::Dac).count(), 1);
}

#[test]
fn what_the_model_lets_through_is_ruled_out() {
    let seen = Capture { question: Some(opened(0o644)), ..capture("openat", Errno::EACCES) };
    let found = verdicts(seen, &[Layer::Dac, Layer::Apparmor]);
    assert!(matches!(answer(&found, Layer::Dac), Some(Answer::Allows { .. })), "{found:?}");
    assert!(matches!(answer(&found, Layer::Apparmor), Some(Answer::Denies { .. })));
}

#[test]
fn where_the_file_system_checks_more_nothing_is_ruled_out() {
    let seen = Capture { question: Some(opened(0o644)), partial: true, ..capture("openat", Errno::EACCES) };
    assert!(matches!(answer(&verdicts(seen, &[Layer::Dac]), Layer::Dac), Some(Answer::Denies { .. })));
}

#[test]
fn another_error_than_the_models_decides_nothing() {
    let seen = Capture { question: Some(opened(0o600)), ..capture("openat", Errno::EPERM) };
    let found = verdicts(seen, &[Layer::Dac]);
    let Some(Answer::Denies { support, .. }) = answer(&found, Layer::Dac) else { panic!("{found:?}") };
    assert_eq!(support, Support::Usual);
}

#[test]
fn a_filter_that_nobody_read_keeps_it_from_being_proven() {
    let mut seen = capture("mount", Errno::EPERM);
    seen.process.seccomp = 2;
    let Some(Answer::Denies { support, .. }) = answer(&verdicts(seen.clone(), &[]), Layer::Capability) else {
        panic!("no denial")
    };
    assert_eq!(support, Support::Stated);
    seen.process.seccomp = 0;
    seen.process.effective = CapabilitySet::default().with(Capability::SYS_ADMIN).0;
    assert!(matches!(answer(&verdicts(seen, &[]), Layer::Capability), Some(Answer::Allows { .. })));
}

fn denied(verdicts: &[Verdict]) -> Vec<(Layer, Support)> {
    verdicts
        .iter()
        .filter_map(|v| match &v.answer {
            Answer::Denies { support, .. } => Some((v.layer, *support)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_lost_privilege_is_the_cause_only_where_it_would_have_helped() {
    let raw = |lost: Option<Lost>| {
        let mut seen = Capture { lost, ..capture("socket", Errno::EPERM) };
        seen.args = vec![("domain".into(), "AF_INET".into()), ("type".into(), "SOCK_RAW".into())];
        let mut attempt = Attempt::new(AttemptId(0));
        attempt.args.clone_from(&seen.args);
        attempt.errno = Some(Errno::EPERM);
        attempt.live = Some(Box::new(seen));
        let mut verdicts = Vec::new();
        apply(&attempt, &mut verdicts);
        denied(&verdicts)
    };
    let bit = |c: Capability| 1 << c.0;
    let lost = |capabilities, no_new_privs, nosuid| {
        Some(Lost { file: "/x".into(), capabilities, no_new_privs, nosuid, ..Lost::default() })
    };
    assert_eq!(raw(None), [(Layer::Capability, Support::State)]);
    assert_eq!(raw(lost(bit(Capability::NET_RAW), true, false)), [(Layer::NoNewPrivs, Support::State)]);
    assert_eq!(raw(lost(bit(Capability::NET_RAW), false, true)), [(Layer::MountFlags, Support::State)]);
    // Another capability would not have helped; and what we alone took is no cause.
    assert_eq!(raw(lost(bit(Capability::CHOWN), true, false)), [(Layer::Capability, Support::State)]);
    assert_eq!(raw(lost(bit(Capability::NET_RAW), false, false)), [(Layer::Capability, Support::State)]);
}

#[test]
fn a_domain_refuses_after_the_modes() {
    let landlock = Some(LandlockAnswer { refuses: true, layer: 1, right: "READ_FILE".into() });
    let seen = |mode| Capture {
        question: Some(opened(mode)),
        landlock: landlock.clone(),
        ..capture("openat", Errno::EACCES)
    };
    assert_eq!(denied(&verdicts(seen(0o644), &[])), [(Layer::Landlock, Support::State)]);
    assert_eq!(denied(&verdicts(seen(0o600), &[])), [(Layer::Dac, Support::State)]);
}

#[test]
fn a_hidden_path_is_no_missing_one() {
    let hidden_by = Some(("/tmp".to_owned(), "tmpfs".to_owned()));
    let seen = Capture { hidden_by, ..capture("openat", Errno::ENOENT) };
    assert_eq!(denied(&verdicts(seen, &[])), [(Layer::Filesystem, Support::State)]);
    assert_eq!(denied(&verdicts(capture("openat", Errno::ENOENT), &[])), []);
}

#[test]
fn limits_by_the_limits_in_force() {
    let limited = |syscall, errno, name: &str, would, effective: u64| {
        let mut seen = capture(syscall, errno);
        seen.process.effective = effective;
        seen.limit = Some(LimitUse { name: name.into(), would, soft: 20 });
        denied(&verdicts(seen, &[]))
    };
    let rlimit = [(Layer::Rlimit, Support::State)];
    let bit = |c: Capability| 1 << c.0;
    for (syscall, errno, name, free) in [
        ("openat", Errno::EMFILE, "RLIMIT_NOFILE", 0),
        ("clone", Errno::EAGAIN, "RLIMIT_NPROC", bit(Capability::SYS_RESOURCE)),
        ("mlock", Errno::ENOMEM, "RLIMIT_MEMLOCK", bit(Capability::IPC_LOCK)),
        ("mmap", Errno::ENOMEM, "RLIMIT_AS", 0),
        ("write", Errno::EFBIG, "RLIMIT_FSIZE", 0),
    ] {
        assert_eq!(limited(syscall, errno, name, Some(21), 0), rlimit, "{name}");
        assert_eq!(limited(syscall, errno, name, Some(20), 0), [], "{name} has room");
        if free != 0 {
            assert_eq!(limited(syscall, errno, name, Some(21), free), [], "{name} does not bind");
        }
    }
    assert_eq!(limited("mq_open", Errno::EMFILE, "RLIMIT_MSGQUEUE", None, 0), rlimit);
    assert_eq!(
        limited("mlock", Errno::EPERM, "RLIMIT_MEMLOCK", Some(21), 0),
        [],
        "only a limit of 0 answers so"
    );
}

#[test]
fn a_namespace_that_another_user_namespace_owns() {
    let mut seen = capture("mount", Errno::EPERM);
    seen.process.effective = u64::MAX;
    seen.process.same_user_namespace = false;
    assert_eq!(denied(&verdicts(seen.clone(), &[])), []);
    seen.process.shared = vec!["mnt".into()];
    assert_eq!(denied(&verdicts(seen, &[])), [(Layer::Userns, Support::State)]);
}

#[test]
fn where_model_and_kernel_disagree_both_are_told() {
    let mut attempt = Attempt::new(AttemptId(0));
    let tell = |attempt: &mut Attempt, errno: Errno, mode| {
        attempt.errno = Some(errno);
        attempt.live = Some(Box::new(Capture { question: Some(opened(mode)), ..capture("openat", errno) }));
        super::disagreement(attempt)
    };
    let odd = tell(&mut attempt, Errno::EROFS, 0o600).unwrap();
    assert!(odd.contains("EROFS") && odd.contains("EACCES") && odd.contains("bug of whodenied"), "{odd}");
    assert_eq!(tell(&mut attempt, Errno::EACCES, 0o600), None);
    // What the model lets through another layer may refuse.
    assert_eq!(tell(&mut attempt, Errno::EACCES, 0o644), None);
    let live = attempt.live.as_mut().unwrap();
    live.errno = Errno::EROFS.0;
    live.process.seccomp = 2;
    attempt.errno = Some(Errno::EROFS);
    assert_eq!(super::disagreement(&attempt), None, "a filter that nobody read may have answered");
}

#[test]
fn state_put_together_afterwards_proves_only_where_it_can_have_been_no_other() {
    let after = |unless: &str| Afterwards { unless: unless.to_owned(), ..Afterwards::default() };
    let seen = |mode, unless| Capture {
        question: Some(opened(mode)),
        after: Some(after(unless)),
        ..capture("openat", Errno::EACCES)
    };
    let support = |found: &[Verdict]| match answer(found, Layer::Dac) {
        Some(Answer::Denies { support, because, .. }) => Some((support, because)),
        _ => None,
    };
    let certain = support(&verdicts(seen(0o600, ""), &[])).unwrap();
    assert_eq!(certain.0, Support::State);
    let open = support(&verdicts(seen(0o600, "it was changed since"), &[])).unwrap();
    assert_eq!(open.0, Support::Configured);
    assert!(open.1.ends_with("That holds unless it was changed since."), "{}", open.1);
    // What would let it through now need not have done so then.
    let found = verdicts(seen(0o644, "it was changed since"), &[Layer::Dac]);
    assert!(matches!(answer(&found, Layer::Dac), Some(Answer::Denies { .. })));
    let found = verdicts(seen(0o644, ""), &[Layer::Dac]);
    assert!(matches!(answer(&found, Layer::Dac), Some(Answer::Allows { .. })));
}
