use super::*;
use crate::dfa::{Builder, StateId, TRAP};
use crate::policy::{Database, Entry, bit};
use whodenied_kernel::Capability;

/// Files: `/a` allows reading to its owner, refuses writing silently; everything else nothing.
fn profile(mode: Mode, audit: bool) -> Profile {
    let mut b = Builder::default();
    b.state(0, TRAP, [(b'/', StateId(2))], TRAP);
    b.state(0, TRAP, [(b'a', StateId(3))], TRAP);
    b.state(1, TRAP, [], TRAP);
    let owner = Perms { allow: bit::READ, quiet: bit::WRITE, ..Perms::default() };
    let file = Database {
        dfa: b.build().unwrap(),
        entries: vec![Entry::default(), Entry { owner, other: Perms::default() }],
        ..Database::nothing()
    };
    let mut p = Profile { mode, file: Some(file), ..Profile::new(b"p") };
    p.flags.audit = audit;
    p.caps.allow = 1 << 10;
    p.caps.quiet = 1 << 21;
    p
}

#[test]
fn halves_and_silence() {
    let p = profile(Mode::Enforce, false);
    assert_eq!(file(&p, b"/a", true, bit::READ).outcome, Outcome::Allowed);
    let other = file(&p, b"/a", false, bit::READ);
    assert_eq!((other.outcome, other.recorded, other.errno), (Outcome::Denied, true, Some(Errno::EACCES)));
    let silent = file(&p, b"/a", true, bit::WRITE);
    assert_eq!((silent.outcome, silent.recorded, silent.quiet), (Outcome::Denied, false, true));
    // Of two things refused one is silent: the other is recorded.
    assert!(file(&p, b"/a", true, bit::WRITE | bit::CREATE).recorded);
}

/// Measured: a plain `deny` is enforced in complain mode, an `audit deny` is not; `flags=(audit)` makes noise.
#[test]
fn modes() {
    let complain = profile(Mode::Complain, false);
    assert_eq!(file(&complain, b"/b", true, bit::READ).outcome, Outcome::Complained);
    assert_eq!(file(&complain, b"/a", true, bit::WRITE).outcome, Outcome::Denied);
    let noisy = profile(Mode::Complain, true);
    assert_eq!(file(&noisy, b"/a", true, bit::WRITE).outcome, Outcome::Complained);
    assert!(file(&profile(Mode::Enforce, true), b"/a", true, bit::WRITE).recorded);
    let unconfined = profile(Mode::Unconfined, false);
    assert_eq!(file(&unconfined, b"/b", true, bit::READ).outcome, Outcome::Unmediated);
    let kill = file(&profile(Mode::Kill, false), b"/b", true, bit::READ);
    assert_eq!((kill.outcome, kill.kills), (Outcome::Denied, true));
}

#[test]
fn capabilities_are_eperm_and_may_be_silent() {
    let p = profile(Mode::Enforce, false);
    assert_eq!(capability(&p, Capability::NET_BIND_SERVICE).outcome, Outcome::Allowed);
    let admin = capability(&p, Capability::SYS_ADMIN);
    assert_eq!((admin.outcome, admin.errno, admin.recorded), (Outcome::Denied, Some(Errno::EPERM), false));
    assert_eq!(admin.denied, 1 << 21);
}

/// No policy database: nothing but files and capabilities is mediated.
#[test]
fn what_is_not_mediated_is_said() {
    let p = profile(Mode::Enforce, false);
    let kernel = Kernel::NEWEST;
    let peer = Label::parse(b"unconfined");
    assert_eq!(userns(&p, &kernel).outcome, Outcome::Unmediated);
    assert_eq!(signal(&p, 15, true, &peer).outcome, Outcome::Unmediated);
    assert_eq!(mount(&p, &MountAttempt::default()).outcome, Outcome::Unmediated);
    let stream = Socket { family: 1, kind: 1, protocol: 0 };
    assert_eq!(socket(&p, &kernel, &stream, &SocketUse::Create).outcome, Outcome::Unmediated);
}

#[test]
fn labels_are_read_as_the_kernel_writes_them() {
    let label = Label::parse(b"docker-default//&:other:a//b (enforce)\n");
    let name = |c: &Component| (c.namespace.clone(), c.name.clone());
    assert_eq!(
        label.components.iter().map(name).collect::<Vec<_>>(),
        [(None, b"docker-default".to_vec()), (Some(b"other".to_vec()), b"a//b".to_vec())]
    );
    assert!(Label::parse(b"unconfined").is_unconfined());
}

#[test]
fn the_strictest_of_a_label_decides() {
    let strict = file(&profile(Mode::Enforce, false), b"/b", true, bit::READ);
    let lax = file(&profile(Mode::Unconfined, false), b"/b", true, bit::READ);
    assert_eq!(all([lax.clone(), strict.clone()]), Some(strict));
    assert_eq!(all([lax.clone()]), Some(lax));
    assert_eq!(all([]), None);
}
