//! The operations, as words that the guest performs and the evaluator is asked about.

const ROOT: &str = "/tmp/aa";

/// Every operation.
pub fn all() -> Vec<String> {
    let mut ops: Vec<String> = Vec::new();
    for path in ["own", "other", "ro", "a", "dir/x", "dir/sub/y", "denied", "audited", "bin/x"] {
        for way in ["r", "w", "a"] {
            ops.push(format!("open {way} {ROOT}/{path}"));
        }
    }
    for op in [
        "open rw own",
        "open create own",
        "open trunc own",
        "open trunc b",
        "open create new",
        "open dir dir/",
        "open dir .",
        "stat own",
        "stat other",
        "stat dir/",
        "truncate own",
        "truncate ro",
        "chmod own",
        "chmod ro",
        "flock own",
        "flock ro",
        "flock denied",
        "mmapx own",
        "mmapx ro",
        "mmapx a",
        "unlink new",
        "unlink gone",
        "mkdir newdir",
        "rmdir newdir",
        "rmdir gonedir",
        "symlink sym",
        "exec bin/x",
        "exec bin/ux",
        "exec bin/px",
        "exec bin/pix",
        "exec bin/cx",
        "exec bin/none",
        "exec bin/table",
        "mknod dev",
    ] {
        let (verb, path) = op.rsplit_once(' ').unwrap_or((op, ""));
        ops.push(format!("{verb} {ROOT}/{}", path.trim_end_matches('.')));
    }
    for pair in ["a link", "ro link2", "b link2", "denied hard2"] {
        let (from, to) = pair.split_once(' ').unwrap_or((pair, ""));
        ops.push(format!("link {ROOT}/{from} {ROOT}/{to}"));
    }
    ops.push(format!("rename {ROOT}/from1 {ROOT}/to"));
    ops.push(format!("rename {ROOT}/own {ROOT}/own"));
    for family in [1, 2, 10, 16, 17, 38, 40] {
        for kind in [1, 2, 3, 5] {
            ops.push(format!("socket {family} {kind} 0"));
        }
    }
    ops.extend(
        [
            "pair stream",
            "pair dgram",
            "pair seqpacket",
            "ubind stream @aa-mine",
            "ubind dgram @aa-mine2",
            "ubind stream auto",
            "ulisten @aa-mine3",
            "ulisten @aa-mine",
            "uconnect @aa-server",
            "usend @aa-dgram",
            "ugetopt",
            "usetopt",
            "ugetname",
            "ushutdown",
            "ibind stream",
            "ibind dgram",
            "iconnect",
            "isend",
            "ilisten",
            "isetopt",
        ]
        .map(str::to_owned),
    );
    ops.push(format!("ubind stream {ROOT}/sock"));
    ops.push(format!("uconnect {ROOT}/server"));
    // 1 ro, 2 nosuid, 4 nodev, 8 noexec, 32 remount, 4096 bind, 16384 rec, 8192 move, 1 << 18 private.
    for mount in [
        "tmpfs m1 tmpfs 0",
        "tmpfs m1 tmpfs 1",
        "tmpfs m2 tmpfs 3",
        "proc m2 proc 3",
        "proc m2 proc 1",
        "sysfs m2 sysfs 3",
        "/dir m3 - 4096",
        "/dir m3 - 20480",
        "/dir m4 - 20480",
        "tmpfs m5 tmpfs 12",
        "tmpfs m5 tmpfs 4",
        "tmpfs m5 tmpfs 14",
        "- um - 4129",
        "- um - 262144",
        "- um - 32",
        "- um - 1048576",
        "/from m4 - 8192",
        "tmpfs m5 tmpfs 0 size=1m",
    ] {
        let mut words: Vec<String> = mount.split(' ').map(str::to_owned).collect();
        words[0] = words[0].strip_prefix('/').map_or(words[0].clone(), |p| format!("{ROOT}/{p}"));
        words[1] = format!("{ROOT}/{}", words[1]);
        ops.push(format!("mount {}", words.join(" ")));
    }
    ops.push(format!("pivot_root {ROOT}/um {ROOT}/um"));
    ops.push(format!("umount {ROOT}/um"));
    for signal in [0, 1, 10, 15, 34, 40] {
        for peer in ["u", "s", "q"] {
            // What the peers do not ignore would end them.
            if signal < 32 {
                ops.push(format!("kill {signal} {peer}"));
            }
        }
    }
    for peer in ["u", "s", "q"] {
        ops.push(format!("attach {peer}"));
        ops.push(format!("kcmp {peer}"));
    }
    ops.extend(
        [
            "userns",
            "sqpoll",
            "capget",
            "hostname",
            "chroot",
            "setuid",
            "setgid",
            "nice",
            "changeprofile probe-peer",
            "changeprofile probe-all",
            "changeprofile not-loaded",
            "changeprofile unconfined",
        ]
        .map(str::to_owned),
    );
    ops.push(format!("onexec probe-peer {ROOT}/bin/x"));
    for dbus in [
        "send|system|org.example|unconfined|/org/example|org.example.A|Get",
        "send|system|org.example|unconfined|/org/example|org.example.A|Set",
        "send|system|org.example|other|/org/example|org.example.A|Get",
        "receive|session|:1.4|unconfined|/|org.example.A|Get",
        "receive|system|:1.4|unconfined|/|org.example.A|Get",
        "bind|session|org.example.One",
        "bind|session|org.other",
    ] {
        ops.push(format!("dbus|{dbus}"));
    }
    ops
}

/// The kind of an operation, by which profiles name those that they are asked.
pub fn kind(op: &str) -> &'static str {
    match op.split([' ', '|']).next().unwrap_or_default() {
        "socket" | "pair" | "ubind" | "ulisten" | "uconnect" | "usend" | "ugetopt" | "usetopt"
        | "ugetname" | "ushutdown" | "ibind" | "iconnect" | "isend" | "ilisten" | "isetopt" => "net",
        "mount" | "umount" | "pivot_root" => "mounts",
        "kill" | "attach" | "kcmp" | "dbus" => "ipc",
        "userns" | "sqpoll" | "capget" | "hostname" | "chroot" | "setuid" | "setgid" | "nice" | "mknod" => {
            "caps"
        }
        _ => "files",
    }
}
