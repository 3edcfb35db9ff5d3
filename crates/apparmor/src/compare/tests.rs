use super::*;
use crate::dfa::Builder;
use crate::policy::{Entry, Perms, bit};

/// Class 14 with one family and type that may do everything.
fn net(family: u8, kind: u8) -> Profile {
    let mut b = Builder::default();
    b.state(0, TRAP, [(14, StateId(2))], TRAP);
    b.state(0, TRAP, [(0, StateId(3))], TRAP);
    b.state(0, TRAP, [(family, StateId(4))], TRAP);
    b.state(0, TRAP, [(0, StateId(5))], TRAP);
    b.state(0, TRAP, [(kind, StateId(6))], TRAP);
    b.state(1, TRAP, [], TRAP);
    let create = Perms { allow: bit::CREATE, ..Perms::default() };
    let db = Database {
        dfa: b.build().unwrap(),
        entries: vec![Entry::default(), Entry::both(create)],
        ..Database::nothing()
    };
    Profile { policy: Some(db), ..Profile::new(b"p") }
}

#[test]
fn the_shortest_difference_is_told_in_words() {
    let kernel = Kernel::mainline(6, 12);
    let found = compare(&net(2, 1), &net(1, 1), &kernel).unwrap();
    let words: Vec<(bool, String)> = found.iter().map(|d| (d.second_allows, witness_words(d))).collect();
    assert!(words.contains(&(true, "create AF_UNIX stream sockets".to_owned())), "{words:?}");
    assert!(words.contains(&(false, "create AF_INET stream sockets".to_owned())), "{words:?}");
    assert_eq!(found.len(), 2, "{words:?}");
    assert_eq!(compare(&net(1, 1), &net(1, 1), &kernel), Ok(Vec::new()));
}

#[test]
fn a_class_that_only_one_mediates_is_said() {
    let kernel = Kernel::mainline(6, 12);
    let found = compare(&net(1, 1), &Profile::new(b"q"), &kernel).unwrap();
    let sockets: Vec<&Difference> = found.iter().filter(|d| d.class == Class::NetV8).collect();
    assert!(!sockets.is_empty() && sockets.iter().all(|d| d.unmediated && d.second_allows));
}

#[test]
fn capabilities_are_compared_by_name() {
    let mut more = Profile::new(b"q");
    more.caps.allow = 1 << 21;
    let found = compare(&Profile::new(b"p"), &more, &Kernel::NEWEST).unwrap();
    assert_eq!(found.iter().map(witness_words).collect::<Vec<_>>(), ["use CAP_SYS_ADMIN"]);
}
