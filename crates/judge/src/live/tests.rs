use super::apply;
use whodenied_access::{
    CapabilitySet, FileSystem, Inode, Kind, Mount, OpenFlags, Operation, Subject, Tree, World,
};
use whodenied_case::capture::{Capture, ProcessState, Question, SCHEMA};
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
        filter: None,
        start: None,
        lost: None,
        hidden_by: None,
        landlock: None,
        sysctls: std::collections::BTreeMap::new(),
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
