#![allow(clippy::cast_possible_truncation, reason = "small test numbers")]

use super::*;
use proptest::prelude::*;

/// `ab*` worth 1 and `x` worth 2, with two equivalent copies of the state after `a`.
fn example() -> Dfa {
    let mut b = Builder::default();
    b.state(0, TRAP, [(b'a', StateId(2)), (b'x', StateId(4))], TRAP);
    b.state(1, TRAP, [(b'b', StateId(3))], TRAP);
    b.state(1, TRAP, [(b'b', StateId(2))], TRAP);
    b.state(2, TRAP, [], StateId(3));
    b.state(0, TRAP, [], TRAP);
    b.build().unwrap()
}

#[test]
fn walks() {
    let dfa = example();
    let accept = |s: &str| dfa.accept(dfa.walk(START, s.as_bytes()));
    assert_eq!(accept("abbb"), 1);
    assert_eq!(accept("x"), 2);
    assert_eq!(accept("ax"), 0);
    assert_eq!(dfa.walk(START, b"ax"), TRAP);
    assert_eq!(dfa.out_of_band(dfa.walk(START, b"x")), StateId(3));
}

#[test]
fn minimises() {
    let m = example().minimise(&[], |a| a);
    // Trap, start, `ab*`, `x`; the state nothing reaches is gone.
    assert_eq!(m.dfa.len(), 4);
    assert_eq!(m.map[2], m.map[3]);
    assert_eq!(m.map[5], None);
    assert_eq!(equivalent((&example(), START), (&m.dfa, START), |a| a, |a| a, 1000), Ok(None));
    let none = example().minimise(&[], |_| 0);
    assert_eq!(none.dfa.len(), 2);
    assert_eq!(none.map[1], Some(START));
}

#[test]
fn shortest_witness_is_readable() {
    let mut b = Builder::default();
    b.state(0, StateId(2), [(b'/', TRAP)], TRAP);
    b.state(7, TRAP, [], TRAP);
    let other = b.build().unwrap();
    let differ = equivalent((&Dfa::nothing(), START), (&other, START), |a| a, |a| a, 1000).unwrap();
    assert_eq!(differ, Some(vec![Symbol::Byte(b'a')]));
    assert_eq!(equivalent((&example(), START), (&other, START), |a| a, |a| a, 2), Err(TooLarge));
}

#[test]
fn an_edge_must_lead_somewhere() {
    let mut b = Builder::default();
    b.state(0, StateId(9), [], TRAP);
    assert_eq!(b.build(), Err(BuildError::NoSuchState { from: START, to: StateId(9) }));
    assert_eq!(Builder::default().build().unwrap(), Dfa::nothing());
}

/// Any automaton of up to 12 states over an alphabet of four bytes and the out-of-band symbol.
fn automata() -> impl Strategy<Value = Dfa> {
    let state = (0u32..3, 0u32..12, prop::collection::vec((0u8..4, 0u32..12), 0..4), 0u32..12);
    prop::collection::vec(state, 1..12).prop_map(|states| {
        let count = states.len() as u32 + 1;
        let mut b = Builder::default();
        for (accept, default, edges, oob) in states {
            let edges =
                edges.into_iter().map(|(byte, to)| (b"ab/\x00"[usize::from(byte)], StateId(to % count)));
            b.state(accept, StateId(default % count), edges, StateId(oob % count));
        }
        b.build().unwrap()
    })
}

fn words() -> impl Strategy<Value = Vec<Symbol>> {
    let symbol = prop_oneof![
        prop::sample::select(b"ab/\x00z".to_vec()).prop_map(Symbol::Byte),
        Just(Symbol::OutOfBand)
    ];
    prop::collection::vec(symbol, 0..10)
}

fn run(dfa: &Dfa, word: &[Symbol]) -> u32 {
    dfa.accept(word.iter().fold(START, |s, &symbol| dfa.step(s, symbol)))
}

proptest! {
    /// The minimal automaton decides every word as before, and minimising again changes nothing.
    #[test]
    fn minimising_keeps_the_meaning(dfa in automata(), words in prop::collection::vec(words(), 20)) {
        let m = dfa.minimise(&[], |a| a);
        prop_assert_eq!(equivalent((&dfa, START), (&m.dfa, START), |a| a, |a| a, 10_000), Ok(None));
        for word in words {
            prop_assert_eq!(run(&dfa, &word), run(&m.dfa, &word));
        }
        prop_assert_eq!(m.dfa.minimise(&[], |a| a).dfa, m.dfa);
    }

    /// A witness is a word on which the two differ, and no random word shorter than it is one.
    #[test]
    fn witnesses_are_true_and_shortest(a in automata(), b in automata(), words in prop::collection::vec(words(), 40)) {
        let witness = equivalent((&a, START), (&b, START), |v| v, |v| v, 10_000).unwrap();
        if let Some(w) = &witness {
            prop_assert_ne!(run(&a, w), run(&b, w));
        }
        for word in words {
            if run(&a, &word) != run(&b, &word) {
                prop_assert!(witness.as_ref().is_some_and(|w| w.len() <= word.len()));
            }
        }
    }

    /// No two states of the minimal automaton are worth the same on every word.
    #[test]
    fn minimal_is_minimal(dfa in automata()) {
        let m = dfa.minimise(&[], |a| a).dfa;
        for x in m.states().skip(2) {
            for y in m.states().filter(|y| y.0 < x.0 && *y != START) {
                prop_assert_ne!(equivalent((&m, x), (&m, y), |a| a, |a| a, 10_000), Ok(None));
            }
        }
    }

    /// Bytes of one class lead to the same states; those of different classes do not, somewhere.
    #[test]
    fn classes_are_exact(dfa in automata()) {
        let classes = ByteClasses::of(&dfa);
        for x in *b"ab/\x00xyz\xff" {
            for y in *b"ab/\x00xyz\xff" {
                let same = dfa.states().all(|s| dfa.next(s, x) == dfa.next(s, y));
                prop_assert_eq!(same, classes.class(x) == classes.class(y));
            }
        }
    }
}
