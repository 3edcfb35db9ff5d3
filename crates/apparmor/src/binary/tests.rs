#![allow(clippy::cast_possible_truncation, reason = "small test numbers")]

use super::*;
use crate::dfa::{Builder, StateId, TRAP};
use crate::policy::{Attachment, Caps, Database, Entry, Perms, Rlimits, Transition, bit};
use proptest::prelude::*;

/// A file database: `/a` is readable by its owner, `/b` changes to the table's profile at exec.
fn file() -> Database {
    let mut b = Builder::default();
    b.state(0, TRAP, [(b'/', StateId(2))], TRAP);
    b.state(0, TRAP, [(b'a', StateId(3)), (b'b', StateId(4))], TRAP);
    b.state(1, TRAP, [], TRAP);
    b.state(2, TRAP, [], TRAP);
    let always = Perms { allow: bit::GETATTR, ..Perms::default() };
    let read = Perms { allow: bit::GETATTR | bit::READ | bit::OPEN, ..Perms::default() };
    let exec = Perms { allow: bit::GETATTR | bit::EXEC, xindex: Transition::table(0, 0), ..Perms::default() };
    Database {
        dfa: b.build().unwrap(),
        entries: vec![Entry::both(always), Entry { owner: read, other: always }, Entry::both(exec)],
        transitions: vec![b":ns:other".to_vec()],
        ..Database::nothing()
    }
}

fn profile() -> Profile {
    let mut b = Builder::default();
    b.state(1, TRAP, [(14, StateId(2)), (2, StateId(2))], TRAP);
    b.state(2, TRAP, [], TRAP);
    let allow = |allow| Entry::both(Perms { allow, ..Perms::default() });
    let policy = Database {
        dfa: b.build().unwrap(),
        file_start: StateId(2),
        entries: vec![Entry::default(), allow(0x8000), allow(0x8004)],
        ..Database::nothing()
    };
    let mut b = Builder::default();
    b.state(0, TRAP, [(b'/', StateId(2))], TRAP);
    b.state(1, TRAP, [], StateId(1));
    let attachment = Database {
        dfa: b.build().unwrap(),
        entries: vec![Entry::default(), Entry::both(Perms { allow: bit::EXEC, ..Perms::default() })],
        ..Database::nothing()
    };
    let mut limits = Rlimits { mask: 1 << 7, ..Rlimits::default() };
    limits.limits[7] = 1024;
    Profile {
        namespace: Some(b"ns".to_vec()),
        attachment: Some(Attachment { database: attachment, length: 1 }),
        caps: Caps { allow: 1 << 40 | 2, quiet: 1, ..Caps::default() },
        xattrs: vec![b"security.x".to_vec()],
        rlimits: Some(limits),
        policy: Some(policy),
        file: Some(file()),
        ..Profile::new(b"name//child")
    }
}

fn targets() -> [Target; 4] {
    let table = PermsForm::Table;
    [
        Target::default(),
        Target { wide: true, ..Target::default() },
        Target { perms: table, ..Target::default() },
        Target { perms: table, wide: true, ..Target::default() },
    ]
}

#[test]
fn writes_what_it_reads() {
    for target in targets() {
        let bytes = encode(&profile(), &target).unwrap();
        let load = decode(&bytes, &Limits::default()).unwrap();
        assert_eq!(load.units.len(), 1);
        assert_eq!(load.units[0].profile, profile(), "{target:?}");
        assert!(load.units[0].layout.out_of_band);
        assert_eq!(load.units[0].layout.wide, target.wide);
    }
}

/// Automata are aligned in the unit they were written for, wherever it stands in a load.
#[test]
fn units_are_read_one_after_another() {
    let mut other = Profile::new(b"another");
    other.file = Some(file());
    for name in [&b"a"[..], b"ab", b"abc", b"abcdefg"] {
        let first = Profile { name: name.to_vec(), namespace: None, ..profile() };
        let mut bytes = encode(&first, &Target::default()).unwrap();
        bytes.extend(encode(&other, &Target::default()).unwrap());
        let load = decode(&bytes, &Limits::default()).unwrap();
        assert_eq!(load.units.iter().map(|u| &u.profile).collect::<Vec<_>>(), [&first, &other]);
    }
}

#[test]
fn what_words_cannot_say_needs_the_table() {
    let mut profile = profile();
    profile.file.as_mut().unwrap().entries[1].owner.prompt = bit::WRITE;
    assert_eq!(encode(&profile, &Target::default()), Err(EncodeError::Words));
    let table = Target { perms: PermsForm::Table, ..Target::default() };
    assert_eq!(
        decode(&encode(&profile, &table).unwrap(), &Limits::default()).unwrap().units[0].profile,
        profile
    );
}

#[test]
fn envelopes_are_opened_within_limits() {
    let bytes = encode(&profile(), &Target::default()).unwrap();
    let zlib = miniz_oxide::deflate::compress_to_vec_zlib(&bytes, 6);
    let zstd =
        ruzstd::encoding::compress_to_vec(bytes.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    let extended = [&[1, 2, 0, 0, 0, 0, 0, 0], zstd.as_slice()].concat();
    for packed in [&zlib, &zstd, &extended] {
        assert!(is_policy(packed));
        assert_eq!(decode(packed, &Limits::default()).unwrap().units[0].profile, profile());
        let small = Limits { bytes: bytes.len() - 1, ..Limits::default() };
        assert_eq!(decode(packed, &small).unwrap_err().what, "more policy than is read");
        assert!(decode(&packed[..packed.len() / 2], &Limits::default()).is_err());
    }
    assert!(!is_policy(b"profile x { }"));
}

/// What parser 5.0 writes to a file for kernels that take compressed policy: each profile packed by itself. The
/// kernel (7.3) refuses such a file in one write.
#[test]
fn loads_one_after_another_are_all_read() {
    let one = encode(&profile(), &Target::default()).unwrap();
    let other = Profile { name: b"other".to_vec(), ..profile() };
    let two = encode(&other, &Target::default()).unwrap();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let header = [1, 3, 0, 0, 0, 0, 0, 0];
    let packed = |bytes: &[u8]| [&header[..], &ruzstd::encoding::compress_to_vec(bytes, level)].concat();
    let file = [packed(&one), packed(&two)].concat();
    let load = decode(&file, &Limits::default()).unwrap();
    assert_eq!((load.loads, load.units.len()), (2, 2));
    assert_eq!(load.units[1].profile, other);
    let parts = loads(&file, &Limits::default()).unwrap();
    assert_eq!(parts, [packed(&one), packed(&two)]);
    let small = Limits { bytes: one.len() + two.len() - 1, ..Limits::default() };
    assert_eq!(decode(&file, &small).unwrap_err().what, "more policy than is read");
    let tail = [file.as_slice(), b"x"].concat();
    assert_eq!(decode(&tail, &Limits::default()).unwrap_err().what, "this is no compiled AppArmor policy");
}

/// The accept words of the manual's example: bits 0 to 13 for owners, 14 to 27 for others.
#[test]
fn words_mean_what_the_kernel_takes_them_for() {
    use super::compat::{Purpose, entry};
    let e = entry(Purpose::File, 7, false, 0x0000_0004 | 0x0000_0002 << 14, 0);
    assert_eq!(e.owner.allow, bit::READ | bit::OPEN | bit::GETATTR);
    assert_eq!(
        e.other.allow,
        bit::WRITE
            | bit::SETATTR
            | bit::GETATTR
            | bit::CREATE
            | bit::DELETE
            | bit::CHMOD
            | bit::CHOWN
            | bit::OPEN
    );
    // `ix` with the scrubbing of the environment: execute, index 0, inherit.
    let e = entry(Purpose::File, 7, false, 0x201, 0);
    assert_eq!(e.owner.xindex, Transition::fallback(Transition::INHERIT));
    // Sockets: bits 14 and up are attributes, accept, bind, listen and options.
    let e = entry(Purpose::Policy, 7, false, 0x7f << 14, 0);
    assert_eq!(
        e.owner.allow,
        bit::SETATTR
            | bit::GETATTR
            | bit::ACCEPT
            | bit::BIND
            | bit::LISTEN
            | bit::SETOPT
            | bit::GETOPT
            | bit::LOCK
    );
    assert_eq!(entry(Purpose::Policy, 7, true, 0x7f << 14, 0), Entry::default());
}

/// Damages one thing and says what is refused.
#[test]
fn what_the_kernel_refuses_is_refused() {
    let good = encode(&profile(), &Target::default()).unwrap();
    let find = |what: &[u8]| good.windows(what.len()).position(|w| w == what).unwrap();
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        decode(&bytes, &Limits::default()).unwrap_err().what
    };
    let version = find(b"version\0\x02") + 9;
    assert_eq!(refused(&|b| b[version] = 4), "no kernel takes policy of this version");
    let magic = find(&[0x1b, 0x5e, 0x78, 0x3d]);
    assert_eq!(refused(&|b| b[magic] = 0), "the automaton does not begin with its magic number");
    assert_eq!(refused(&|b| b[magic + 13] = 4), "the automaton has flags that no kernel knows");
    // The first table is that of accepts; then 12 bytes of head and 3 words.
    let base = magic + 24 + 2 * (12 + 4 * 3usize).next_multiple_of(8);
    assert_eq!(good[base..base + 4], [0, 2, 0, 4]);
    let state = base + 12 + 4;
    assert_eq!(
        refused(&|b| b[state] = 0x80),
        "a state of the automaton has flags that are not allowed there"
    );
    assert_eq!(refused(&|b| b[state + 1] = 0xff), "a state's transitions lie outside the automaton's tables");
    let default = base + (12 + 4 * 3usize).next_multiple_of(8);
    assert_eq!(good[default..default + 4], [0, 4, 0, 2]);
    assert_eq!(refused(&|b| b[default + 13] = 9), "the automaton leads to a state that is not there");
    assert_eq!(refused(&|b| b.truncate(b.len() - 1)), "the profile does not end");
    let flags = find(b"flags\0\x07") + 7 + 5;
    assert_eq!(refused(&|b| b[flags + 1] = 9), "the profile's mode is one that no kernel knows");
}

/// Chains of differences that run in a circle end in an error, and long ones do not take long.
#[test]
fn differences_in_a_circle() {
    use super::tables::Tables;
    let make = |states: u32, default: &dyn Fn(u32) -> u32| {
        let mut bytes = Vec::new();
        for word in [0x1b5e_783d_u32, 24, 0, 0x0001_0000] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.resize(24, 0);
        let mut table = |id: u16, cells: &mut dyn Iterator<Item = u32>, count: u32| {
            bytes.extend(id.to_be_bytes());
            bytes.extend(4u16.to_be_bytes());
            bytes.extend(0u32.to_be_bytes());
            bytes.extend(count.to_be_bytes());
            cells.for_each(|c| bytes.extend(c.to_be_bytes()));
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        };
        table(1, &mut (0..states).map(|_| 0), states);
        table(2, &mut (0..states).map(|s| if s < 2 { 0 } else { 1 << 31 }), states);
        table(4, &mut (0..states).map(default), states);
        table(8, &mut (0..256).map(|_| 0), 256);
        table(3, &mut (0..256).map(|_| 0), 256);
        bytes
    };
    let circle = Tables::read(&make(5, &|s| if s < 2 { 0 } else { 2 + (s - 1) % 3 }), false).unwrap();
    assert_eq!(circle.dfa(1000, |_| 0).unwrap_err(), "the automaton's differences run in a circle");
    let long = Tables::read(&make(200_000, &|s| s.saturating_sub(1)), false).unwrap();
    assert_eq!(long.dfa(1000, |_| 0).unwrap().len(), 200_000);
}

fn profiles() -> impl Strategy<Value = Profile> {
    let state = (0u32..3, 0u32..9, prop::collection::vec((any::<u8>(), 0u32..9), 0..40), 0u32..9);
    (prop::collection::vec(state, 1..8), any::<u64>(), any::<u64>()).prop_map(|(states, allow, quiet)| {
        let count = states.len() as u32 + 1;
        let mut b = Builder::default();
        for (accept, default, edges, oob) in states {
            let edges = edges.into_iter().map(|(byte, to)| (byte, StateId(to % count)));
            b.state(accept, StateId(default % count), edges, StateId(oob % count));
        }
        let mut database = file();
        database.dfa = b.build().unwrap();
        // Entries are numbered by the first state that has them, as reading numbers them.
        let m = database.dfa.clone();
        let mut seen: Vec<u32> = Vec::new();
        for s in m.states() {
            if !seen.contains(&m.accept(s)) {
                seen.push(m.accept(s));
            }
        }
        let renamed = |a: u32| seen.iter().position(|s| *s == a).unwrap() as u32;
        let mut b = Builder::new(renamed(m.accept(TRAP)));
        for s in m.states().skip(1) {
            b.row(renamed(m.accept(s)), &m.row(s), m.out_of_band(s));
        }
        database.entries = seen.iter().map(|a| database.entries[*a as usize]).collect();
        database.dfa = b.build().unwrap();
        let caps = Caps { allow, quiet, ..Caps::default() };
        Profile { file: Some(database), caps, ..Profile::new(b"p") }
    })
}

proptest! {
    /// Any automaton comes back as it was, in every form.
    #[test]
    fn any_automaton_comes_back(profile in profiles()) {
        for target in targets() {
            let bytes = encode(&profile, &target).unwrap();
            prop_assert_eq!(&decode(&bytes, &Limits::default()).unwrap().units[0].profile, &profile);
        }
    }

    /// Damage is refused or read, never a panic, and what is read can be written and read again.
    #[test]
    fn damage_never_panics(
        table in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let perms = if table { PermsForm::Table } else { PermsForm::Words };
        let mut bytes = encode(&profile(), &Target { perms, ..Target::default() }).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(load) = decode(&bytes, &Limits::default()) {
            for unit in &load.units {
                let table = Target { perms: PermsForm::Table, ..Target::default() };
                if let Ok(again) = encode(&unit.profile, &table) {
                    prop_assert!(decode(&again, &Limits::default()).is_ok());
                }
            }
        }
        bytes.truncate(cut.index(bytes.len()));
        let _ = decode(&bytes, &Limits::default());
    }
}
