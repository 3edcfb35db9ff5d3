//! Questions of file access by another user, each with the commands that set it up.
//!
//! `$D` is an empty directory on a tmpfs of its own. The users alice (7001, in staff 7100 besides her own
//! group), bob (7002) and carol (7003) exist in a copy of the account files that only the comparison sees.

/// Who asks: the arguments of setpriv(1), or of another program that becomes the subject.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// alice with her groups.
    Alice,
    /// root with everything.
    Root,
    /// A root process without capabilities; asked by its process id.
    BareRoot,
    /// alice as root of a user namespace of her own; asked by its process id.
    Namespace,
}

pub struct Case {
    /// In a few words.
    pub what: &'static str,
    pub who: Who,
    /// Our word for the operation.
    pub operation: &'static str,
    /// Below `$D`; the second of those on two.
    pub path: &'static str,
    pub second: &'static str,
    /// Shell commands.
    pub setup: &'static str,
}

const fn case(what: &'static str, operation: &'static str, path: &'static str, setup: &'static str) -> Case {
    Case { what, who: Who::Alice, operation, path, second: "", setup }
}

const fn by(who: Who, case: Case) -> Case {
    Case { who, ..case }
}

const fn two(case: Case, second: &'static str) -> Case {
    Case { second, ..case }
}

pub const CASES: &[Case] = &[
    case("mode: other has no r", "read", "f", "echo x >f; chmod 600 f"),
    case("mode: through a supplementary group", "read", "f", "echo x >f; chgrp staff f; chmod 640 f"),
    case("mode: the owner has less than others", "read", "f", "echo x >f; chown alice f; chmod 044 f"),
    case("ACL: a user's entry", "read", "f", "echo x >f; chmod 600 f; setfacl -m u:alice:r f"),
    case(
        "ACL: the mask cuts the entry",
        "write",
        "f",
        "echo x >f; chmod 600 f; setfacl -m u:alice:rw,m::r f",
    ),
    case("ACL: a group's entry", "write", "f", "echo x >f; chmod 600 f; setfacl -m g:staff:rw f"),
    case("ACL: an entry that takes away", "read", "f", "echo x >f; chmod 644 f; setfacl -m u:alice:- f"),
    case(
        "ACL: an empty mask, so the kernel reads no list",
        "read",
        "f",
        "echo x >f; chmod 604 f; setfacl -m u:alice:r,m::- f",
    ),
    case(
        "ACL: a default list on the directory grants nothing now",
        "read",
        "d/f",
        "mkdir d; echo x >d/f; chmod 600 d/f; setfacl -d -m u:alice:rwx d",
    ),
    case(
        "a directory on the way without x",
        "read",
        "d/e/f",
        "mkdir -p d/e; echo x >d/e/f; chmod 644 d/e/f; chmod 700 d",
    ),
    case("a directory with x alone", "read", "d/f", "mkdir d; echo x >d/f; chmod 644 d/f; chmod 711 d"),
    case(
        "an ACL closes a directory on the way",
        "read",
        "d/f",
        "mkdir d; echo x >d/f; chmod 777 d; setfacl -m u:alice:- d",
    ),
    case("sticky: another's file", "delete", "d/f", "mkdir d; chmod 1777 d; echo x >d/f; chown bob d/f"),
    case("sticky: one's own file", "delete", "d/f", "mkdir d; chmod 1777 d; echo x >d/f; chown alice d/f"),
    case(
        "sticky: the directory is one's own",
        "delete",
        "d/f",
        "mkdir d; chown alice d; chmod 1755 d; echo x >d/f; chown bob d/f",
    ),
    case(
        "delete: the file's own mode does not matter",
        "delete",
        "d/f",
        "mkdir d; chown alice d; echo x >d/f; chmod 000 d/f",
    ),
    by(Who::Root, case("immutable, by root", "write", "f", "echo x >f; chattr +i f")),
    case("immutable directory: create", "create", "d/n", "mkdir d; chmod 777 d; chattr +i d"),
    case("append-only: plain writing by the owner", "write", "f", "echo x >f; chown alice f; chattr +a f"),
    case(
        "append-only: delete by the owner",
        "delete",
        "d/f",
        "mkdir d; chmod 777 d; echo x >d/f; chown alice d/f; chattr +a d/f",
    ),
    case(
        "read-only bind mount: write",
        "write",
        "m/f",
        "mkdir s m; echo x >s/f; chown alice s/f; mount --bind s m; mount -o remount,bind,ro m",
    ),
    case(
        "read-only bind mount: read",
        "read",
        "m/f",
        "mkdir s m; echo x >s/f; chown alice s/f; mount --bind s m; mount -o remount,bind,ro m",
    ),
    by(
        Who::Root,
        case(
            "read-only file system, by root",
            "create",
            "m/n",
            "mkdir m; mount -t tmpfs none m; mount -o remount,ro m",
        ),
    ),
    case(
        "noexec",
        "execute",
        "m/p",
        "mkdir m; mount -t tmpfs -o noexec,mode=755 none m; cp /bin/true m/p; chmod 755 m/p",
    ),
    case(
        "nosuid: a setuid program still runs",
        "execute",
        "m/p",
        "mkdir m; mount -t tmpfs -o nosuid,mode=755 none m; cp /bin/true m/p; chmod 4755 m/p",
    ),
    case("a program that can't be read runs", "execute", "p", "cp /bin/true p; chmod 711 p"),
    case(
        "a script's interpreter is on a noexec mount",
        "execute",
        "p",
        "mkdir m; mount -t tmpfs -o noexec,mode=755 none m; cp /bin/true m/i; chmod 755 m/i; printf '#!%s/m/i\\n' \"$PWD\" >p; chmod 755 p",
    ),
    case(
        "nodev: a device that everyone may read",
        "read",
        "m/n",
        "mkdir m; mount -t tmpfs -o nodev,mode=755 none m; mknod m/n c 1 3; chmod 666 m/n",
    ),
    by(Who::Root, case("root reads what no bit opens", "read", "f", "echo x >f; chown bob f; chmod 000 f")),
    by(Who::Root, case("root executes what no bit lets", "execute", "p", "cp /bin/true p; chmod 644 p")),
    by(Who::BareRoot, case("root without capabilities", "read", "f", "echo x >f; chown bob f; chmod 600 f")),
    by(Who::Namespace, case("root of a user namespace, root's file", "read", "f", "echo x >f; chmod 600 f")),
    by(
        Who::Namespace,
        case("root of a user namespace, its own file", "read", "f", "echo x >f; chown alice f; chmod 000 f"),
    ),
    case("create: a directory without w", "create", "d/n", "mkdir d; chmod 755 d"),
    case("create: through a group's w", "create", "d/n", "mkdir d; chgrp staff d; chmod 2775 d"),
    case("create: w without x", "create", "d/n", "mkdir d; chgrp staff d; chmod 2764 d"),
    case(
        "a link is followed to where it leads",
        "read",
        "l",
        "mkdir d; echo x >d/f; chmod 644 d/f; ln -s d/f l; chmod 700 d",
    ),
    case(
        "fs.protected_symlinks: another's link in a sticky directory",
        "read",
        "d/l",
        "mkdir d; chmod 1777 d; echo x >f; chmod 644 f; ln -s ../f d/l; chown -h bob d/l",
    ),
    two(
        case(
            "fs.protected_hardlinks: a link to another's file",
            "link",
            "f",
            "echo x >f; chmod 644 f; mkdir d; chmod 777 d",
        ),
        "d/l",
    ),
    case(
        "fs.protected_fifos: O_CREAT on another's pipe",
        "save",
        "d/p",
        "mkdir d; chmod 1777 d; mkfifo d/p; chmod 666 d/p; chown bob d/p",
    ),
    case(
        "truncate(2) is a matter of the file's mode",
        "truncate",
        "f",
        "echo x >f; chmod 444 f; chown alice f",
    ),
    two(
        case(
            "rename to another directory: a directory of another",
            "rename",
            "a/d",
            "mkdir a b a/d; chmod 777 a b; chmod 755 a/d",
        ),
        "b/d",
    ),
    two(
        case(
            "rename over another's file in a sticky directory",
            "rename",
            "a/f",
            "mkdir a b; chmod 777 a; chmod 1777 b; echo x >a/f; chown alice a/f; echo x >b/f; chown bob b/f",
        ),
        "b/f",
    ),
    case("chmod of a file that one may write", "chmod", "f", "echo x >f; chmod 666 f"),
    two(case("giving away one's own file", "chown", "f", "echo x >f; chown alice f"), "7002"),
    case("list: a directory with x alone", "list", "d", "mkdir d; chmod 711 d"),
    case(
        "a socket without w",
        "connect",
        "s",
        "python3 -c \"import socket;s=socket.socket(socket.AF_UNIX);s.bind('s')\"; chmod 755 s",
    ),
];

/// The operation in whycant's words; `None` for what it does not ask.
pub fn whycant(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "read" | "list" => "read",
        "write" => "write",
        "execute" => "exec",
        "delete" => "delete",
        "create" => "create",
        _ => return None,
    })
}

/// The operation in whyno's words.
pub fn whyno(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "read" | "list" => "read",
        "write" => "write",
        "execute" => "execute",
        "delete" => "delete",
        "create" => "create",
        _ => return None,
    })
}
