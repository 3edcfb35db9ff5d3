//! A decoded call as a question of the model of file access.

use crate::trace::{DecodedCall, Object, PathObject};
use std::os::unix::ffi::OsStrExt as _;
use whodenied_access::{EXECUTE, Kind, OpenFlags, Operation, READ, RenameHow, Times, WRITE};

/// The question, and the path objects whose walk it needs with whether the last link is followed.
pub(super) struct Asked<'a> {
    pub(super) operation: Operation,
    pub(super) paths: Vec<(&'a PathObject, bool)>,
}

/// The question that `call` asks; `None` for calls that are about no path, or whose path is an open
/// descriptor.
#[allow(clippy::too_many_lines, reason = "one arm for each family of calls")]
pub(super) fn of(call: &DecodedCall) -> Option<Asked<'_>> {
    let first = path_of(call.object.as_ref());
    let second = path_of(call.second.as_ref());
    let one = |follow: bool, make: &dyn Fn(Vec<u8>) -> Operation| {
        let object = first.filter(|p| !p.given.is_empty())?;
        Some(Asked { operation: make(object.given.clone()), paths: vec![(object, follow)] })
    };
    let flag = |name: &str| call.args.iter().any(|(key, value)| key.contains("flags") && has(value, name));
    let follow = !flag("AT_SYMLINK_NOFOLLOW");
    match call.name {
        "open" | "openat" | "openat2" | "creat" => {
            let flags = open_flags(call);
            one(!flags.no_follow, &|path| Operation::Open { path, flags })
        }
        "access" | "faccessat" | "faccessat2" => {
            let mode = call.arg("mode").unwrap_or("");
            let want = [("R_OK", READ), ("W_OK", WRITE), ("X_OK", EXECUTE)]
                .iter()
                .filter(|(name, _)| has(mode, name))
                .fold(0, |all, (_, bit)| all | bit);
            let effective = flag("AT_EACCESS");
            one(follow, &|path| Operation::Access { path, want, effective, follow })
        }
        "stat" | "stat64" | "newfstatat" | "fstatat64" | "statx" | "statfs" | "statfs64" => {
            one(follow, &|path| Operation::Stat { path, follow })
        }
        "lstat" | "lstat64" => one(false, &|path| Operation::Stat { path, follow: false }),
        "readlink" | "readlinkat" => one(false, &|path| Operation::ReadLink { path }),
        "chdir" => one(true, &|path| Operation::ChangeDirectory { path }),
        "chroot" => one(true, &|path| Operation::ChangeRoot { path }),
        "mkdir" | "mkdirat" => one(false, &|path| Operation::MakeDirectory { path }),
        "mknod" | "mknodat" => {
            let kind = node_kind(call.arg("mode").unwrap_or(""));
            let device = device(call.arg("dev").unwrap_or("")).unwrap_or((0, 0));
            one(false, &|path| Operation::MakeNode { path, kind, device })
        }
        "symlink" | "symlinkat" => {
            let object = second.or(first).filter(|p| !p.given.is_empty())?;
            let operation = Operation::MakeSymlink { path: object.given.clone() };
            Some(Asked { operation, paths: vec![(object, false)] })
        }
        "link" | "linkat" => {
            let follow = flag("AT_SYMLINK_FOLLOW");
            let (from, to) = (first?, second?);
            let operation = Operation::Link { from: from.given.clone(), to: to.given.clone(), follow };
            (!from.given.is_empty()).then(|| Asked { operation, paths: vec![(from, follow), (to, false)] })
        }
        "rename" | "renameat" | "renameat2" => {
            let (from, to) = (first?, second?);
            let how = match () {
                () if flag("RENAME_EXCHANGE") => RenameHow::Exchange,
                () if flag("RENAME_NOREPLACE") => RenameHow::NoReplace,
                () => RenameHow::Replace,
            };
            let operation = Operation::Rename { from: from.given.clone(), to: to.given.clone(), how };
            Some(Asked { operation, paths: vec![(from, false), (to, false)] })
        }
        "rmdir" => one(false, &|path| Operation::RemoveDirectory { path }),
        "unlinkat" if flag("AT_REMOVEDIR") => one(false, &|path| Operation::RemoveDirectory { path }),
        "unlink" | "unlinkat" => one(false, &|path| Operation::Unlink { path }),
        "chmod" | "fchmodat" | "fchmodat2" => one(follow, &|path| Operation::ChangeMode { path, mode: 0 }),
        "chown" | "chown32" | "lchown" | "lchown32" | "fchownat" => {
            let follow = follow && !call.name.starts_with('l');
            let id = |key: &[&str]| key.iter().find_map(|k| call.arg(k)).and_then(|v| v.parse().ok());
            let (uid, gid) = (id(&["owner", "user", "uid"]), id(&["group", "gid"]));
            one(follow, &|path| Operation::ChangeOwner { path, uid, gid, follow })
        }
        "utime" | "utimes" | "utimensat" | "futimesat" => {
            let times =
                if call.args.iter().any(|(_, value)| value == "NULL") { Times::Now } else { Times::Given };
            one(follow, &|path| Operation::SetTimes { path, times, follow })
        }
        "truncate" | "truncate64" => one(true, &|path| Operation::Truncate { path }),
        "setxattr" | "lsetxattr" | "getxattr" | "lgetxattr" | "removexattr" | "lremovexattr" => {
            let follow = !call.name.starts_with('l');
            let name = call.arg("name")?.trim_matches('"').as_bytes().to_vec();
            let kind = call.name.trim_start_matches('l');
            one(follow, &|path| match kind {
                "setxattr" => Operation::SetAttribute { path, name: name.clone(), follow },
                "getxattr" => Operation::GetAttribute { path, name: name.clone(), follow },
                _ => Operation::RemoveAttribute { path, name: name.clone(), follow },
            })
        }
        "execve" | "execveat" => one(follow, &|path| Operation::Execute { path }),
        "connect" | "sendto" | "sendmsg" => one(true, &|path| Operation::Connect { path }),
        "bind" => one(false, &|path| Operation::Bind { path }),
        _ => None,
    }
}

fn path_of(object: Option<&Object>) -> Option<&PathObject> {
    match object? {
        Object::Path(path) | Object::Unix(path) => Some(path),
        _ => None,
    }
}

fn has(flags: &str, name: &str) -> bool {
    flags.split('|').any(|f| f.trim() == name)
}

fn open_flags(call: &DecodedCall) -> OpenFlags {
    let text = call.arg("flags").unwrap_or("");
    let flag = |name: &str| has(text, name);
    let creat = call.name == "creat";
    let both = flag("O_RDWR");
    let temporary = flag("O_TMPFILE") || flag("__O_TMPFILE");
    OpenFlags {
        read: both || !(flag("O_WRONLY") || creat),
        write: both || flag("O_WRONLY") || creat,
        create: flag("O_CREAT") || creat,
        exclusive: flag("O_EXCL"),
        truncate: flag("O_TRUNC") || creat,
        append: flag("O_APPEND"),
        directory: flag("O_DIRECTORY"),
        no_follow: flag("O_NOFOLLOW"),
        no_atime: flag("O_NOATIME"),
        temporary,
        path_only: flag("O_PATH"),
    }
}

fn node_kind(mode: &str) -> Kind {
    match mode.split('|').next().unwrap_or("") {
        "S_IFCHR" => Kind::Character,
        "S_IFBLK" => Kind::Block,
        "S_IFIFO" => Kind::Fifo,
        "S_IFSOCK" => Kind::Socket,
        _ => Kind::File,
    }
}

/// `makedev(1, 3)`, `1:3`.
fn device(text: &str) -> Option<(u32, u32)> {
    let mut numbers =
        text.split(|c: char| !c.is_ascii_digit() && !c.is_ascii_hexdigit() && c != 'x').filter_map(|n| {
            n.strip_prefix("0x").map_or_else(|| n.parse().ok(), |h| u32::from_str_radix(h, 16).ok())
        });
    Some((numbers.next()?, numbers.next()?))
}

/// The directory that a relative path starts from, in the tracee's own terms.
pub(super) fn base(path: &PathObject) -> Option<std::path::PathBuf> {
    if path.given.first() == Some(&b'/') {
        return None;
    }
    let full = path.full.as_os_str().as_bytes();
    let given = full.len().checked_sub(path.given.len())?;
    let base = full.get(..given)?;
    full.get(given..).is_some_and(|tail| tail == path.given.as_slice()).then(|| {
        let trimmed = base.strip_suffix(b"/").unwrap_or(base);
        let shown = if trimmed.is_empty() { b"/".as_slice() } else { trimmed };
        std::path::PathBuf::from(std::ffi::OsStr::from_bytes(shown))
    })
}
