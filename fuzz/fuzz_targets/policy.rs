#![no_main]
//! AppArmor policy: read, judged, resolved and searched for conflicts. The files it can include are
//! itself and two small ones.

use whodenied_apparmor::compile::conflict;
use whodenied_apparmor::resolve::{Loader, Memory, Paths};
use whodenied_apparmor::syntax::{Entry, decode, parse};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = decode(data);
    for entry in [Entry::File, Entry::Rules] {
        assert_eq!(parse(&text, entry).root().text().to_string(), text);
    }
    let mut files = Memory::new(&[("/b/rules", "/a r,\ninclude <rules>\n"), ("/b/head", "@{A} = a b\n$B = true\n")]);
    files.0.insert("/b/self".to_owned(), data.to_vec());
    let mut loader = Loader::new(&files, Paths { base: "/b".to_owned(), include: Vec::new() });
    let policy = loader.resolve("/f", data);
    if policy.faults.is_empty() {
        drop(conflict::faults(&policy, None));
    }
});
