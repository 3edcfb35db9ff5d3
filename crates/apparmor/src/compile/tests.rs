use super::*;
use crate::evaluate::{Answer, Kernel, Outcome, Question};
use crate::features::{Features, shipped};
use crate::resolve::Memory;

/// What abi 3.0 and 4.0 name that matters here.
fn older() -> Features {
    let mut tree = Features::default();
    for path in
        ["network/af_unix", "network_v8/af_mask", "file/mask", "namespaces/mask/userns_create", "signal/mask"]
    {
        tree.insert(path, "yes");
    }
    tree
}

fn compiled(body: &str, pin: Option<Features>) -> Result<Compiled, String> {
    let kernel = shipped::nearest(7, 2, false).0;
    let target = Target { pin: Some(pin.unwrap_or_else(|| kernel.clone())), kernel };
    let text = format!("profile p {{\n{body}\n}}\n");
    let files = Memory::default();
    match text_of(&text, &files, &target) {
        Ok(mut all) => Ok(all.remove(0)),
        Err(faults) => Err(faults.first().map_or_else(String::new, |f| f.message.clone())),
    }
}

fn text_of(text: &str, files: &Memory, target: &Target) -> Result<Vec<Compiled>, Vec<Fault>> {
    super::text("t", text.as_bytes(), files, Paths::default(), target, &Limits::default()).1
}

fn ask(profile: &policy::Profile, words: &str, owner: bool) -> Answer {
    let words: Vec<&str> = words.split(' ').collect();
    Question::parse(&words).unwrap().ask(profile, &Kernel::mainline(7, 2), owner)
}

fn may(body: &str, words: &str) -> bool {
    ask(&compiled(body, None).unwrap().profile, words, true).outcome.passes()
}

/// Measured on kernel 7.2.13 with what the reference compiles.
#[test]
fn unix_sockets_are_answered_as_the_kernel_does() {
    let newest = |body: &str| compiled(body, None).unwrap().profile;
    let old = |body: &str| compiled(body, Some(older())).unwrap().profile;
    for (profile, words, info) in [
        (newest("file, network inet,"), "create unix stream", Some("failed af match")),
        (newest("file, unix (create) type=stream,"), "create unix dgram", Some("failed type match")),
        (newest("file, network unix stream,"), "create unix dgram", Some("failed type match")),
        (old("file, network inet,"), "create unix stream", Some("failed af match")),
        (newest("file, network, deny network unix,"), "create unix stream", Some("failed protocol match")),
    ] {
        let answer = ask(&profile, words, true);
        assert_eq!((answer.outcome, answer.info, answer.recorded), (Outcome::Denied, info, true), "{words}");
    }
    let silent = ask(&newest("file, network, deny unix,"), "create unix stream", true);
    assert_eq!((silent.outcome, silent.recorded), (Outcome::Denied, false));
    // What looks denied and is not: the rule has no class to stand in.
    assert_eq!(ask(&old("file, network, deny unix,"), "create unix stream", true).outcome, Outcome::Allowed);
    assert_eq!(
        ask(&newest("file, network (create) unix,"), "listen unix stream", true).outcome,
        Outcome::Allowed
    );
    assert_eq!(ask(&newest("all,"), "create unix stream", true).outcome, Outcome::Allowed);
    let builtin = crate::features::effective::builtin();
    let nothing = compiled("file, deny network,", Some(builtin)).unwrap();
    assert_eq!(ask(&nothing.profile, "create inet stream", true).outcome, Outcome::Unmediated);
    assert_eq!(nothing.unenforced, [1]);
}

#[test]
fn ranks_decide_each_permission_by_itself() {
    for (body, words, allowed) in [
        ("/a rw, deny /a w,", "read /a", true),
        ("/a rw, deny /a w,", "write /a", false),
        ("/a rw, priority=1 /a w, deny /a w,", "write /a", true),
        ("priority=-1 deny /** w, /a w,", "write /a", true),
        ("deny owner /a r, /a r,", "read /a", false),
        ("/bin/* px, /bin/ls ix,", "execute /bin/ls", true),
        ("all,", "execute /bin/ls", true),
        ("/a ix,", "map /a", false),
        ("/a rix,", "map /a", true),
        ("/a rix, priority=1 deny /a m,", "map /a", false),
        (
            "capability chown, priority=5 capability chown, deny capability chown,",
            "capability CAP_CHOWN",
            false,
        ),
        ("umount, mount,", "mount tmpfs on /x type tmpfs", true),
        ("mount fstype=tmpfs -> /x/,", "mount tmpfs on /x type tmpfs", true),
        ("mount fstype=tmpfs options=ro -> /x/,", "mount tmpfs on /x type tmpfs", false),
        ("mount options in (ro) fstype=tmpfs -> /x/,", "mount tmpfs on /x type tmpfs with ro", true),
        ("signal send set=term peer=x,", "signal TERM to x", true),
        ("signal send set=term peer=x,", "signal KILL to x", false),
        ("userns,", "userns", true),
        ("", "userns", false),
        ("priority=1 deny userns, userns,", "userns", false),
        ("change_profile -> x,", "change-profile x", true),
        ("change_profile -> x,", "change-profile y", false),
        ("link /a -> /b, /a r, /b r,", "link /a to /b", true),
        ("link /a -> /b, /a r, /b r,", "link /a to /c", false),
    ] {
        assert_eq!(may(body, words), allowed, "{body} {words}");
    }
    let owner = compiled("owner /a r,", None).unwrap().profile;
    assert!(ask(&owner, "read /a", true).outcome.passes() && !ask(&owner, "read /a", false).outcome.passes());
}

#[test]
fn contradictions_and_limits_are_errors() {
    assert!(compiled("/a* px, /a* ix,", None).is_err());
    assert!(compiled("/a px, /a ix,", None).is_err());
    assert!(compiled("owner /a px, other /a ix,", None).is_ok());
    assert!(compiled("/a* px -> x, /a? px -> y,", None).is_err());
    let kernel = shipped::nearest(7, 2, false).0;
    let bomb = format!("/**a{} r,", "?".repeat(30));
    let limits = Limits { states: 5_000, ..Limits::default() };
    let policy = Loader::new(&Memory::default(), Paths::default())
        .resolve("t", format!("profile p {{ {bomb} }}").as_bytes());
    assert!(policy.faults.is_empty(), "{:?}", policy.faults);
    let faults = compile(&policy, &Target::kernel(kernel), &limits).unwrap_err();
    assert!(faults[0].message.contains("5000 states"), "{faults:?}");
}

#[test]
fn deciding_and_near_rules_are_named() {
    let c = compiled("/etc/** r,\ndeny /etc/shadow rw,\n/etc/passwd w,\nowner /etc/shado? w,", None).unwrap();
    let read = u64::from(claim::file::READ);
    let write = u64::from(claim::file::WRITE);
    let deciding = |path: &[u8], bit| Provenance::deciding(&c.provenance.file, path, bit);
    assert_eq!(
        deciding(b"/etc/shadow", read).unwrap(),
        Deciding { decision: Decision::Deny, rules: vec![1] }
    );
    assert_eq!(
        deciding(b"/etc/group", read).unwrap(),
        Deciding { decision: Decision::Allow, rules: vec![0] }
    );
    assert_eq!(deciding(b"/etc/group", write), None);
    let near = Provenance::nearest(&c.provenance.file, b"/etc/passwe", write, 2);
    assert_eq!(near.iter().map(|n| (n.rule, n.matches)).collect::<Vec<_>>(), [(0, true), (2, false)]);
    assert_eq!(near[1].follows, b"/etc/passw".len());
}
