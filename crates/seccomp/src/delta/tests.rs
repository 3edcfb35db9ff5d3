use super::*;
use crate::profile::{Compare, Options};
use whodenied_kernel::Capability;
use whodenied_kernel::syscall::Arch;

/// Written as engines write their defaults.
const PRETTY: &str = "{
\t\"defaultAction\": \"SCMP_ACT_ERRNO\",
\t\"defaultErrnoRet\": 1,
\t\"archMap\": [
\t\t{\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X86\"]}
\t],
\t\"syscalls\": [
\t\t{
\t\t\t\"names\": [
\t\t\t\t\"close\",
\t\t\t\t\"read\",
\t\t\t\t\"write\"
\t\t\t],
\t\t\t\"action\": \"SCMP_ACT_ALLOW\"
\t\t},
\t\t{
\t\t\t\"names\": [
\t\t\t\t\"clone3\"
\t\t\t],
\t\t\t\"action\": \"SCMP_ACT_ERRNO\",
\t\t\t\"errnoRet\": 38,
\t\t\t\"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}
\t\t},
\t\t{
\t\t\t\"names\": [\"bpf\", \"perf_event_open\"],
\t\t\t\"action\": \"SCMP_ACT_ALLOW\",
\t\t\t\"includes\": {\"caps\": [\"CAP_BPF\"]}
\t\t}
\t]
}
";

fn grant(name: &str) -> Grant {
    Grant { syscall: name.to_owned(), args: Vec::new() }
}

fn equal(name: &str, index: u8, value: u64) -> Grant {
    let c = Condition { index, value, value_two: 0, op: Compare::Equal };
    Grant { syscall: name.to_owned(), args: vec![c] }
}

/// The lines that an edit adds and takes away.
fn lines(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let only = |a: &str, b: &str| {
        a.lines().filter(|l| !b.lines().any(|m| m == *l)).map(|l| l.trim().to_owned()).collect::<Vec<_>>()
    };
    (only(after, before), only(before, after))
}

#[test]
fn a_name_goes_where_names_are_allowed() {
    let host = Host::new(Arch::X86_64);
    let delta = allow(PRETTY, &[grant("io_uring_setup")], &host).unwrap();
    assert_eq!(delta.edits.len(), 1);
    assert_eq!(lines(PRETTY, &delta.text), (vec!["\"io_uring_setup\",".to_owned()], Vec::new()));
    assert!(delta.text.contains("\t\t\t\t\"close\",\n\t\t\t\t\"io_uring_setup\",\n\t\t\t\t\"read\","));
    assert!(delta.compared >= 1400 && delta.shifted.is_empty());
    let delta = allow(PRETTY, &[grant("bpf"), grant("unshare"), grant("mount")], &host).unwrap();
    assert_eq!(lines(PRETTY, &delta.text).1, Vec::<String>::new());
    assert!(
        delta.text.contains("\t\t\t\t\"bpf\",\n\t\t\t\t\"close\",\n\t\t\t\t\"mount\",\n"),
        "{}",
        delta.text
    );
}

#[test]
fn what_is_allowed_stays_as_it_is() {
    let mut host = Host::new(Arch::X86_64);
    assert_eq!(allow(PRETTY, &[grant("read")], &host).unwrap().edits, []);
    assert!(!allow(PRETTY, &[grant("bpf")], &host).unwrap().edits.is_empty());
    host.caps.push(Capability::BPF);
    assert_eq!(allow(PRETTY, &[grant("bpf")], &host).unwrap().edits, []);
}

#[test]
fn what_refuses_by_name_is_taken_out() {
    let delta = allow(PRETTY, &[grant("clone3")], &Host::new(Arch::X86_64)).unwrap();
    assert!(!delta.text.contains("errnoRet\": 38"));
    assert!(delta.text.contains("\"clone3\",\n\t\t\t\t\"close\""), "{}", delta.text);
    // A default that allows needs no more than that.
    let deny = r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["bpf","mount"],"action":"SCMP_ACT_ERRNO"}]}"#;
    let delta = allow(deny, &[grant("mount")], &Host::new(Arch::X86_64)).unwrap();
    assert_eq!(
        delta.text,
        r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["bpf"],"action":"SCMP_ACT_ERRNO"}]}"#
    );
    let delta = allow(deny, &[grant("mount"), grant("bpf")], &Host::new(Arch::X86_64));
    assert!(delta.is_err() || !delta.unwrap().text.contains("bpf"));
}

#[test]
fn one_argument_value_and_no_other() {
    let host = Host::new(Arch::X86_64);
    let delta = allow(PRETTY, &[equal("personality", 0, 0x4_0000)], &host).unwrap();
    let expected = "\t\t},
\t\t{
\t\t\t\"names\": [
\t\t\t\t\"personality\"
\t\t\t],
\t\t\t\"action\": \"SCMP_ACT_ALLOW\",
\t\t\t\"args\": [
\t\t\t\t{
\t\t\t\t\t\"index\": 0,
\t\t\t\t\t\"value\": 262144,
\t\t\t\t\t\"op\": \"SCMP_CMP_EQ\"
\t\t\t\t}
\t\t\t]
\t\t}
\t]
}
";
    assert!(delta.text.ends_with(expected), "{}", delta.text);
    assert_eq!(allow(PRETTY, &[equal("clone3", 1, 88)], &host), Err(Refused::Overridden { entry: 1 }));
}

#[test]
fn other_forms_are_kept() {
    let host = Host::new(Arch::Aarch64);
    for (before, after) in [
        (
            r#"{"defaultAction":"SCMP_ACT_ERRNO"}"#,
            r#"{"defaultAction":"SCMP_ACT_ERRNO", "syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_ALLOW"}]}"#,
        ),
        (
            r#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}"#,
            r#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names": ["bpf"], "action": "SCMP_ACT_ALLOW"}]}"#,
        ),
        (
            r#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"name":"read","action":"SCMP_ACT_ALLOW"}]}"#,
            r#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"name":"read","action":"SCMP_ACT_ALLOW"}, {"names":["bpf"],"action":"SCMP_ACT_ALLOW"}]}"#,
        ),
        (
            r#"{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["write","read"],"action":"SCMP_ACT_ALLOW"}]}}}"#,
            r#"{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["write","read","bpf"],"action":"SCMP_ACT_ALLOW"}]}}}"#,
        ),
    ] {
        assert_eq!(allow(before, &[grant("bpf")], &host).unwrap().text, after);
    }
}

#[test]
fn the_stub_moves_with_a_higher_number_and_that_is_said() {
    let options = Options { enosys_stub: true, ..Options::default() };
    let host = Host { options, ..Host::new(Arch::X86_64) };
    let delta = allow(PRETTY, &[grant("mseal")], &host).unwrap(); // 462, above clone3's 435
    assert!(delta.shifted.contains(&("x86_64", 461)) && !delta.shifted.contains(&("x86_64", 463)));
    assert!(!delta.shifted.contains(&("x86_64", 435)));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let host = Host::new(Arch::X86_64);
    for name in ["no_such_call", "\"],", "", "riscv_flush_icache"] {
        assert_eq!(allow(PRETTY, &[grant(name)], &host), Err(Refused::NoSuchCall(name.to_owned())));
    }
    let mut twice = equal("personality", 0, 1);
    twice.args.push(twice.args[0]);
    assert_eq!(allow(PRETTY, &[twice], &host), Err(Refused::TwoOnOneArgument("personality".to_owned())));
    assert!(matches!(allow("{", &[], &host), Err(Refused::Profile(_))));
}
