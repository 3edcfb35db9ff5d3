//! The words of a question, `OP ARGUMENT…`, in the field's own terms.

use std::net::IpAddr;
use whodenied_access::{Kind, OpenFlags, Operation, RenameHow, Times};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A call on files.
    File(Operation),
    /// `bind(2)` of an internet socket.
    Port(u16),
    /// `kill(2)` of a process, any signal but SIGCONT within a session.
    Kill(i32),
    /// `ptrace(PTRACE_ATTACH)` of a process.
    Trace(i32),
    /// `mount(2)` on a directory.
    Mount(Vec<u8>),
}

/// Every word for an operation with its arguments and what it stands for.
pub const WORDS: &[(&str, &str, &str)] = &[
    ("read", "PATH", "open for reading"),
    ("write", "PATH", "open for writing"),
    ("append", "PATH", "open for writing with O_APPEND"),
    ("overwrite", "PATH", "open for writing with O_TRUNC"),
    ("truncate", "PATH", "truncate(2)"),
    ("create", "PATH", "open with O_CREAT | O_EXCL"),
    ("save", "PATH", "open with O_CREAT | O_TRUNC, as a shell's > does"),
    ("execute", "PATH", "execve(2), with the interpreters of scripts and programs"),
    ("list", "PATH", "read the names in a directory"),
    ("traverse", "PATH", "walk through a directory, chdir(2)"),
    ("stat", "PATH", "stat(2)"),
    ("readlink", "PATH", "readlink(2)"),
    ("delete", "PATH", "unlink(2)"),
    ("rmdir", "PATH", "rmdir(2)"),
    ("mkdir", "PATH", "mkdir(2)"),
    ("mkfifo", "PATH", "mknod(2) of a named pipe"),
    ("mknod", "PATH", "mknod(2) of a device"),
    ("symlink", "PATH", "symlink(2) at PATH"),
    ("link", "PATH NEW", "link(2)"),
    ("rename", "PATH NEW", "rename(2)"),
    ("chmod", "PATH", "chmod(2)"),
    ("chown", "PATH UID[:GID]", "chown(2)"),
    ("chgrp", "PATH GID", "chown(2) of the group alone"),
    ("touch", "PATH", "set the times to now, utimensat(2)"),
    ("setfacl", "PATH", "set an access control list"),
    ("setxattr", "PATH NAME", "setxattr(2)"),
    ("getxattr", "PATH NAME", "getxattr(2)"),
    ("removexattr", "PATH NAME", "removexattr(2)"),
    ("chroot", "PATH", "chroot(2)"),
    ("mount", "PATH", "mount(2) on PATH"),
    ("connect", "PATH", "connect(2) to a unix socket"),
    ("bind", "PATH | [ADDRESS:]PORT", "bind(2) of a unix socket, or of a port"),
    ("kill", "PID", "kill(2)"),
    ("ptrace", "PID", "ptrace(2) PTRACE_ATTACH"),
];

/// Other words for the same.
const ALIASES: &[(&str, &str)] = &[
    ("exec", "execute"),
    ("execve", "execute"),
    ("run", "execute"),
    ("open", "read"),
    ("unlink", "delete"),
    ("remove", "delete"),
    ("rm", "delete"),
    ("mv", "rename"),
    ("ln", "link"),
    ("ls", "list"),
    ("search", "traverse"),
    ("chdir", "traverse"),
    ("cd", "traverse"),
    ("listen", "bind"),
    ("signal", "kill"),
    ("trace", "ptrace"),
    ("attach", "ptrace"),
    ("utime", "touch"),
];

impl Question {
    /// Reads `words`: the operation and its arguments, bytes as the command line has them.
    ///
    /// # Errors
    /// One sentence that says what is missing or unknown.
    pub fn parse(word: &str, arguments: &[Vec<u8>]) -> Result<Self, String> {
        let word = ALIASES.iter().find(|(alias, _)| *alias == word).map_or(word, |(_, word)| *word);
        let Some((word, takes, _)) = WORDS.iter().find(|(known, ..)| *known == word) else {
            let known: Vec<&str> = WORDS.iter().map(|(word, ..)| *word).collect();
            return Err(format!("the operation is none of {}", known.join(", ")));
        };
        let needed = takes.split(" | ").next().unwrap_or("").split(' ').count();
        if arguments.len() != needed {
            return Err(format!("{word} takes {takes}"));
        }
        let path = arguments.first().cloned().unwrap_or_default();
        let second = arguments.get(1).cloned().unwrap_or_default();
        let flags = OpenFlags::default();
        let open = |flags| Self::File(Operation::Open { path: path.clone(), flags });
        let follow = true;
        Ok(match *word {
            "read" => open(OpenFlags { read: true, ..flags }),
            "write" => open(OpenFlags { write: true, ..flags }),
            "append" => open(OpenFlags { write: true, append: true, ..flags }),
            "overwrite" => open(OpenFlags { write: true, truncate: true, ..flags }),
            "create" => open(OpenFlags { write: true, create: true, exclusive: true, ..flags }),
            "save" => open(OpenFlags { write: true, create: true, truncate: true, ..flags }),
            "list" => open(OpenFlags { read: true, directory: true, ..flags }),
            "truncate" => Self::File(Operation::Truncate { path }),
            "execute" => Self::File(Operation::Execute { path }),
            "traverse" => Self::File(Operation::ChangeDirectory { path }),
            "stat" => Self::File(Operation::Stat { path, follow }),
            "readlink" => Self::File(Operation::ReadLink { path }),
            "delete" => Self::File(Operation::Unlink { path }),
            "rmdir" => Self::File(Operation::RemoveDirectory { path }),
            "mkdir" => Self::File(Operation::MakeDirectory { path }),
            "mkfifo" => Self::File(Operation::MakeNode { path, kind: Kind::Fifo, device: (0, 0) }),
            "mknod" => Self::File(Operation::MakeNode { path, kind: Kind::Character, device: (1, 3) }),
            "symlink" => Self::File(Operation::MakeSymlink { path }),
            "link" => Self::File(Operation::Link { from: path, to: second, follow: false }),
            "rename" => Self::File(Operation::Rename { from: path, to: second, how: RenameHow::Replace }),
            "chmod" => Self::File(Operation::ChangeMode { path, mode: 0 }),
            "chown" => {
                let text = text(&second)?;
                let (uid, gid) = text.split_once(':').map_or((text, None), |(u, g)| (u, Some(g)));
                let uid = Some(uid).filter(|u| !u.is_empty()).map(id).transpose()?;
                let gid = gid.map(id).transpose()?;
                Self::File(Operation::ChangeOwner { path, uid, gid, follow })
            }
            "chgrp" => {
                let gid = Some(id(text(&second)?)?);
                Self::File(Operation::ChangeOwner { path, uid: None, gid, follow })
            }
            "touch" => Self::File(Operation::SetTimes { path, times: Times::Now, follow }),
            "setfacl" => {
                let name = b"system.posix_acl_access".to_vec();
                Self::File(Operation::SetAttribute { path, name, follow })
            }
            "setxattr" => Self::File(Operation::SetAttribute { path, name: second, follow }),
            "getxattr" => Self::File(Operation::GetAttribute { path, name: second, follow }),
            "removexattr" => Self::File(Operation::RemoveAttribute { path, name: second, follow }),
            "chroot" => Self::File(Operation::ChangeRoot { path }),
            "mount" => Self::Mount(path),
            "connect" => Self::File(Operation::Connect { path }),
            "bind" => match port(&path) {
                Some(port) => Self::Port(port),
                None => Self::File(Operation::Bind { path }),
            },
            "kill" => Self::Kill(pid(&path)?),
            _ => Self::Trace(pid(&path)?),
        })
    }
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "an id is a number".to_owned())
}

fn id(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "the owner and group are given as numbers, UID or UID:GID".to_owned())
}

fn pid(bytes: &[u8]) -> Result<i32, String> {
    let pid = text(bytes).ok().and_then(|t| t.strip_prefix("pid:").unwrap_or(t).parse().ok());
    pid.filter(|pid| *pid > 0).ok_or_else(|| "this takes a process id".to_owned())
}

/// `80`, `:80`, `0.0.0.0:80`, `[::]:80`; a path with a slash is never a port.
fn port(bytes: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(bytes).ok()?;
    let Some((address, port)) = text.rsplit_once(':') else { return text.parse().ok() };
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let known = address.is_empty() || address == "*" || address.parse::<IpAddr>().is_ok();
    known.then(|| port.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Question, String> {
        let arguments: Vec<Vec<u8>> = words[1..].iter().map(|w| w.as_bytes().to_vec()).collect();
        Question::parse(words[0], &arguments)
    }

    #[test]
    fn every_word_is_understood_and_counts_its_arguments() {
        for (word, takes, _) in WORDS {
            let count = takes.split(" | ").next().unwrap().split(' ').count();
            let mut words = vec![*word];
            words.extend(["7", "8"].iter().take(count));
            assert!(parse(&words).is_ok(), "{word}");
            words.push("9");
            assert!(parse(&words).is_err(), "{word} takes too many");
            assert!(parse(&[word]).is_err(), "{word} takes none");
        }
        for (alias, word) in ALIASES {
            assert!(WORDS.iter().any(|w| w.0 == *word), "{alias}");
            assert!(!WORDS.iter().any(|w| w.0 == *alias), "{alias}");
        }
        assert!(parse(&["fly", "x"]).is_err());
    }

    #[test]
    fn ports_are_told_from_paths() {
        let cases =
            [("80", Some(80)), (":80", Some(80)), ("[::]:443", Some(443)), ("127.0.0.1:22", Some(22))];
        for (text, want) in cases {
            assert_eq!(parse(&["bind", text]), Ok(Question::Port(want.unwrap())), "{text}");
        }
        for text in ["/run/x.sock", "./80", "99999", "a:80"] {
            let path = text.as_bytes().to_vec();
            assert_eq!(parse(&["bind", text]), Ok(Question::File(Operation::Bind { path })), "{text}");
        }
    }

    #[test]
    fn owners_are_numbers() {
        let chown = |text| parse(&["chown", "f", text]);
        let want = |uid, gid| {
            Ok(Question::File(Operation::ChangeOwner { path: b"f".to_vec(), uid, gid, follow: true }))
        };
        assert_eq!(chown("7"), want(Some(7), None));
        assert_eq!(chown("7:8"), want(Some(7), Some(8)));
        assert_eq!(chown(":8"), want(None, Some(8)));
        assert!(chown("x").is_err() && parse(&["kill", "-1"]).is_err());
    }
}
