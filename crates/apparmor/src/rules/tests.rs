use super::*;
use crate::syntax::{self, Entry};

fn rule(text: &str) -> Result<Rule, Vec<String>> {
    let parse = syntax::parse(text, Entry::Rules);
    let mut problems = parse.problems.clone();
    let rule = parse.root().children().find(|n| n.kind().is_rule()).and_then(|n| read(&n, &mut problems));
    rule.filter(|_| problems.is_empty()).ok_or_else(|| problems.into_iter().map(|p| p.message).collect())
}

#[test]
fn rules_that_are_right() {
    for text in [
        "file,",
        "audit file,",
        "/a rwlkm,",
        "deny /a x,",
        "owner rw @{HOME}/x,",
        "/a Pix -> b,",
        "/a cux,",
        "unsafe px /a,",
        "/a l -> /b,",
        "link subset /a -> /b,",
        "capability,",
        "deny capability net_admin sys_ptrace,",
        "network,",
        "network inet tcp,",
        "network packet,",
        "network netlink raw,",
        "network (send receive) inet ip=10.0.0.1 peer=(ip=::1 port=1-2),",
        "unix,",
        "unix (connect send) type=stream peer=(label=x addr=@y),",
        "unix bind addr=none,",
        "dbus bind bus=system name=a.b,",
        "dbus send path=/a peer=(name=a label=b),",
        "signal send set=(hup rtmin+3) peer=x,",
        "ptrace (read, trace) peer=/x,",
        "mount options=(rw,bind) /a -> /b,",
        "mount options in (ro nosuid) fstype=ext4 -> /x,",
        "mount options=(slave) -> /a,",
        "umount /a,",
        "remount /a,",
        "pivot_root oldroot=/a /b -> c,",
        "change_profile unsafe /a -> b,",
        "set rlimit cpu <= 3 minutes,",
        "set rlimit as <= 2047MB,",
        "set rlimit nice <= -10,",
        "userns create,",
        "mqueue r type=posix /x,",
        "io_uring sqpoll,",
        "all,",
        "priority=-1000 userns,",
        "audit deny other /a w,",
    ] {
        assert!(rule(text).is_ok(), "{text}: {:?}", rule(text));
    }
}

#[test]
fn rules_that_are_wrong() {
    for text in [
        "/a x,",
        "/a wa,",
        "/a rpx Ux,",
        "/a pxux,",
        "deny /a px,",
        "safe /a r,",
        "owner network,",
        "priority=1 network,",
        "priority=1001 /a r,",
        "deny audit /a r,",
        "allow deny /a r,",
        "capability CAP_CHOWN,",
        "capability nonsense,",
        "network inet6 nonsense,",
        "network unix tcp,",
        "network inet raw tcp,",
        "network ip=1.2.3,",
        "network port=5-3,",
        "network peer=(port=65536),",
        "network create peer=(ip=::1),",
        "network unix ip=127.0.0.1,",
        "unix addr=/x,",
        "unix bind peer=(addr=@x),",
        "unix type=(stream dgram),",
        "unix send receive,",
        "dbus bind member=x,",
        "dbus name=a path=/b,",
        "dbus bus=a bus=b,",
        "signal set=lost,",
        "signal set=rtmin+33,",
        "signal set in (hup),",
        "ptrace peer=a /b,",
        "mount options=(rw ro),",
        "mount options=(remount) /a -> /b,",
        "mount options in ro,",
        "mount options=(nonsense),",
        "change_profile unsafe -> x,",
        "set rlimit rttime <= 60m,",
        "set rlimit cpu <= infinity x,",
        "userns read,",
        "mqueue type=sysv /x,",
        "mqueue foo,",
        "io_uring peer=x,",
        "all read,",
        "userns (create),",
        "deny file,",
        "unix label=x,",
        "owner all,",
        "priority=5 all,",
        "network inet ip=10.0.0.0/8,",
        "network inet6 icmp,",
        "mount options=(bind) fstype=ext4 /a -> /b,",
        "remount -> /a,",
    ] {
        assert!(rule(text).is_err(), "{text}: {:?}", rule(text));
    }
}
