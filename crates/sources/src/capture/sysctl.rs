//! The sysctls that decide calls, as the process's own namespaces have them.
//!
//! `net.*` are of a network namespace and `user.*` of a user namespace, and /proc/sys shows those of
//! whoever reads (`net/sysctl_net.c`, net_ctl_header_lookup; `kernel/ucount.c`, set_lookup), whatever
//! /proc it is. So they are read by a child of ours that has entered the namespaces; where it may not,
//! they are missing.

#![allow(unsafe_code, reason = "entering a namespace needs a process of its own: fork and setns")]

use crate::trace::Tracee;
use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use whodenied_case::capture::ProcessState;

/// The sysctls that decide calls.
const SYSCTLS: &[&str] = &[
    "kernel.yama.ptrace_scope",
    "kernel.unprivileged_bpf_disabled",
    "kernel.unprivileged_userns_clone",
    "kernel.apparmor_restrict_unprivileged_userns",
    "kernel.perf_event_paranoid",
    "kernel.dmesg_restrict",
    "kernel.kptr_restrict",
    "kernel.io_uring_disabled",
    "kernel.sched_rt_runtime_us",
    "kernel.modules_disabled",
    "kernel.kexec_load_disabled",
    "vm.unprivileged_userfaultfd",
    "vm.overcommit_memory",
    "vm.mmap_min_addr",
    "fs.protected_symlinks",
    "fs.protected_hardlinks",
    "fs.protected_fifos",
    "fs.protected_regular",
    "fs.nr_open",
    "fs.pipe-max-size",
];

/// Those of a namespace, with the calls that they decide: for others they are not worth a process.
const OF_NET: &[&str] = &["net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range"];
const NET_CALLS: &[&str] = &["bind", "socket", "socketcall"];
const OF_USER: &[&str] = &["user.max_user_namespaces"];
const USER_CALLS: &[&str] = &["unshare", "clone", "clone3"];
/// No value of these is longer.
const LONGEST: usize = 256;

/// The sysctls by dotted name. What `syscall` may depend on and can't be read is said in `missing`.
pub(super) fn sysctls(
    tracee: Tracee,
    process: &ProcessState,
    syscall: &str,
    missing: &mut Vec<String>,
) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = SYSCTLS
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), words(&std::fs::read(file(key)).ok()?))))
        .collect();
    let own = |name: &str| {
        let its = tracee.link(&format!("ns/{name}"));
        its.is_some() && its == std::fs::read_link(format!("/proc/self/ns/{name}")).ok()
    };
    for (name, keys, calls) in [("net", OF_NET, NET_CALLS), ("user", OF_USER, USER_CALLS)] {
        if own(name) {
            found.extend(
                keys.iter().filter_map(|k| Some(((*k).to_owned(), words(&std::fs::read(file(k)).ok()?)))),
            );
        } else if calls.contains(&syscall) {
            match inside(tracee, name, process.same_user_namespace, keys) {
                Ok(values) => found
                    .extend(keys.iter().zip(values).filter_map(|(k, v)| Some(((*k).to_owned(), words(&v?))))),
                Err(error) => missing.push(format!(
                    "{} could not be read in the {name} namespace of process {}: {error}.",
                    keys.join(" and "),
                    process.pid
                )),
            }
        }
    }
    found
}

fn file(key: &str) -> String {
    format!("/proc/sys/{}", key.replace('.', "/"))
}

fn words(value: &[u8]) -> String {
    String::from_utf8_lossy(value).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The values as they stand in the tracee's namespace `name`; nothing for a file that is not there.
fn inside(tracee: Tracee, name: &str, same_user: bool, keys: &[&str]) -> io::Result<Vec<Option<Vec<u8>>>> {
    let open = |name: &str| File::open(tracee.proc(&format!("ns/{name}")));
    let user = if same_user { None } else { Some(open("user")?) };
    let other = if name == "user" { None } else { Some(open(name)?) };
    let names = keys
        .iter()
        .map(|k| CString::new(file(k)).map_err(io::Error::other))
        .collect::<io::Result<Vec<_>>>()?;
    // As the owner of the user namespace in it; or from ours, which may own the other.
    match read_inside(&[user.as_ref(), other.as_ref()], &names) {
        Err(_) if user.is_some() && other.is_some() => read_inside(&[None, other.as_ref()], &names),
        done => done,
    }
}

/// Enters the namespaces in a child and reads the files there.
fn read_inside(namespaces: &[Option<&File>], names: &[CString]) -> io::Result<Vec<Option<Vec<u8>>>> {
    let mut fds = [0; 2];
    // SAFETY: fills the two descriptors of a local.
    if unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just given us both.
    let (from, to) = unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) };
    // SAFETY: the child makes system calls only, on memory that was allocated before; it never returns.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: as above.
        unsafe { child(namespaces, names, to.as_raw_fd()) }
    }
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    drop(to);
    let mut told = Vec::new();
    let got = File::from(from).take((names.len() as u64 + 1) * (LONGEST as u64 + 4)).read_to_end(&mut told);
    // SAFETY: waits for our own child; no status is asked for.
    unsafe {
        while libc::waitpid(pid, std::ptr::null_mut(), libc::__WALL) < 0
            && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
        {}
    }
    got?;
    parse(&told, names.len())
}

/// An error number, then of each file a length (negative: not there) and so many bytes.
fn parse(told: &[u8], files: usize) -> io::Result<Vec<Option<Vec<u8>>>> {
    let short = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let number = |at: usize| -> io::Result<i32> {
        let bytes = told.get(at..at + 4).ok_or_else(short)?;
        Ok(i32::from_ne_bytes(bytes.try_into().map_err(io::Error::other)?))
    };
    match number(0)? {
        0 => {}
        errno => return Err(io::Error::from_raw_os_error(errno)),
    }
    let mut at = 4;
    let mut values = Vec::new();
    for _ in 0..files {
        let long = usize::try_from(number(at)?).ok();
        at += 4;
        values.push(match long {
            Some(long) => Some(told.get(at..at + long).ok_or_else(short)?.to_vec()),
            None => None,
        });
        at += long.unwrap_or(0);
    }
    Ok(values)
}

/// The child's side.
///
/// # Safety
/// Only after fork: makes system calls only.
unsafe fn child(namespaces: &[Option<&File>], names: &[CString], to: i32) -> ! {
    // SAFETY: system calls on memory that lives; the errno location is this thread's.
    unsafe {
        let tell = |bytes: *const u8, long: usize| {
            if libc::write(to, bytes.cast(), long) < 0 {
                libc::_exit(1);
            }
        };
        let number = |n: i32| tell((&raw const n).cast(), 4);
        for namespace in namespaces.iter().flatten() {
            if libc::setns(namespace.as_raw_fd(), 0) < 0 {
                number(*libc::__errno_location());
                libc::_exit(1);
            }
        }
        number(0);
        let mut buffer = [0u8; LONGEST];
        for name in names {
            let fd = libc::open(name.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
            let got = if fd < 0 { -1 } else { libc::read(fd, buffer.as_mut_ptr().cast(), LONGEST) };
            number(if got < 0 { -1 } else { got as i32 });
            if got > 0 {
                tell(buffer.as_ptr(), got as usize);
            }
        }
        libc::_exit(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_child_tells() {
        let mut told = Vec::new();
        for part in [&0i32.to_ne_bytes()[..], &2i32.to_ne_bytes(), b"80", &(-1i32).to_ne_bytes()] {
            told.extend_from_slice(part);
        }
        assert_eq!(parse(&told, 2).unwrap(), [Some(b"80".to_vec()), None]);
        assert!(parse(&told[..9], 2).is_err());
        assert_eq!(parse(&1i32.to_ne_bytes(), 2).unwrap_err().raw_os_error(), Some(1));
    }

    #[test]
    fn our_own() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let mut missing = Vec::new();
        let state = super::super::process::state(Tracee { tid: pid }, pid, &mut missing);
        let found = sysctls(Tracee { tid: pid }, &state, "bind", &mut missing);
        let ports = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").ok();
        assert_eq!(found.get(OF_NET[0]).map(String::as_str), ports.as_deref().map(str::trim));
        assert!(missing.is_empty(), "{missing:?}");
    }
}
