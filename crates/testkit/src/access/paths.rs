//! Random paths.

use super::plan::{NAMES, Plan, Zone};
use super::random::Random;
use whodenied_access::Kind;

/// A random path into such a world: sometimes absolute, sometimes crooked, often of something there.
#[must_use]
pub fn path(random: &mut Random) -> Vec<u8> {
    const STARTS: &[&[u8]] = &[
        b"/t/", b"/t/", b"", b"", b"", b"/b/", b"/b/", b"/t/mp/", b"mp/", b"/r/", b"/e/", b"/e/", b"/",
        b"/i/", b"/i/",
    ];
    const PARTS: &[&[u8]] =
        &[b"a", b"b", b"c", b"d", b"a", b"b", b"c", b"d", b"..", b".", b"mp", b"new", b"t"];
    let mut path = random.pick(STARTS).to_vec();
    for i in 0..=random.below(4) {
        if i > 0 {
            path.extend(if random.chance(4) { b"//".as_slice() } else { b"/" });
        }
        path.extend(random.pick(PARTS));
    }
    if random.chance(4) {
        path.push(b'/');
    }
    if random.chance(1) {
        path = random.pick(&[b"/".as_slice(), b"", b".", b"..", b"//"]).to_vec();
    }
    path
}

impl Plan {
    /// A random path, mostly of something that is there or could be made there.
    #[must_use]
    pub fn path(&self, random: &mut Random) -> Vec<u8> {
        self.some_path(random, false, None)
    }

    /// A random path, mostly of something of this type.
    #[must_use]
    pub fn path_of(&self, random: &mut Random, kind: Kind) -> Vec<u8> {
        self.some_path(random, false, Some(kind))
    }

    /// A random path, mostly of something that is not there in a directory that is.
    #[must_use]
    pub fn new_path(&self, random: &mut Random) -> Vec<u8> {
        let fresh = random.chance(60);
        self.some_path(random, fresh, None)
    }

    /// A random path beside `path`, so that both lie on one mount, or else any.
    #[must_use]
    pub fn path_beside(&self, random: &mut Random, path: &[u8]) -> Vec<u8> {
        if random.chance(40) {
            return self.new_path(random);
        }
        let end = path.iter().rposition(|b| *b == b'/').map_or(0, |i| i + 1);
        let mut beside = path[..end].to_vec();
        if random.chance(30) {
            beside.extend(random.pick(NAMES));
            beside.push(b'/');
        }
        beside.extend(random.pick(&[b"a".as_slice(), b"b", b"c", b"d", b"new", b"new"]));
        beside
    }

    fn some_path(&self, random: &mut Random, fresh: bool, kind: Option<Kind>) -> Vec<u8> {
        if random.chance(15) {
            return path(random);
        }
        let which = if random.chance(40) { 0 } else { random.below(self.zones.len() - 2) };
        let zone = &self.zones[which];
        let prefixes: &[&[u8]] = match zone.root.as_str() {
            "/t" => &[b"/t/", b"", b"/b/", b"/i/", b"/i/"],
            "/.h/1" => &[b"/t/mp/", b"mp/"],
            "/.h/2" => &[b"/r/"],
            "/.h/3" => &[b"/e/", b"../e/"],
            "/.h/4" => &[b"/u/", b"../u/"],
            _ => &[b"/o/", b"../o/"],
        };
        let mut names = Vec::new();
        let mut start = random.below(zone.nodes.len());
        let of_kind = |zone: &Zone, kind| {
            (0..zone.nodes.len()).filter(|i| zone.nodes[*i].inode.kind == kind).collect::<Vec<_>>()
        };
        if let Some(all) = kind.map(|kind| of_kind(zone, kind)).filter(|all| !all.is_empty()) {
            start = random.pick(&all);
        }
        while fresh && !zone.nodes[start].inode.is_directory() {
            start = zone.nodes[start].parent.unwrap_or(0);
        }
        let mut at = Some(start).filter(|i| *i != 0 || random.chance(20));
        while let Some(index) = at.filter(|i| *i != 0) {
            names.push(zone.nodes[index].name.as_slice());
            at = zone.nodes[index].parent;
        }
        names.reverse();
        if fresh {
            names.push(b"new");
        } else if random.chance(20) {
            names.push(random.pick(&[b"new".as_slice(), b"a", b"b", b".", b".."]));
        }
        let mut path = random.pick(prefixes).to_vec();
        if names.is_empty() && path.is_empty() {
            path.push(b'.');
        }
        path.extend(names.join(&b'/'));
        if random.chance(4) {
            path.push(b'/');
        }
        path
    }
}
