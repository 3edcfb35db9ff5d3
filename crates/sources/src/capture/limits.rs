//! How much of a resource limit a refused call would have taken.
//!
//! Sources: getrlimit(2), proc_pid_status(5), proc_pid_fdinfo(5); the functions named below.
//! RLIMIT_LOCKS and RLIMIT_RSS refuse nothing since Linux 2.4; RLIMIT_CPU, RLIMIT_RTTIME and RLIMIT_CORE
//! end programs or their dumps and refuse no call.

use crate::trace::{Call, DecodedCall, Tracee};
use whodenied_case::capture::{LimitUse, ProcessState};
use whodenied_kernel::Errno;

/// The limit that can have refused the call with its error, and what the call would have come to.
pub(super) fn limit(
    tracee: Tracee,
    call: &Call,
    decoded: &DecodedCall,
    process: &ProcessState,
) -> Option<LimitUse> {
    let number = |name: &str| decoded.arg(name).and_then(parse);
    let long = || match decoded.name {
        // What it grows by: old_address, old_size, new_size.
        "mremap" => Some(call.args[2].saturating_sub(call.args[1])),
        _ => number("length").or_else(|| number("len")),
    };
    let (name, would) = match (call.errno()?, decoded.name) {
        // fs/file.c, alloc_fd. A message queue's own EMFILE is ipc/mqueue.c, mqueue_get_inode.
        (Errno::EMFILE, name) => {
            let files = std::fs::read_dir(tracee.proc("fd")).ok()?.count() as u64 + 1;
            let full = soft(process, "Max open files").is_some_and(|most| files > most);
            if !full && name == "mq_open" {
                // How much the user's queues hold is told nowhere: nothing else answers so.
                return Some(LimitUse {
                    name: "RLIMIT_MSGQUEUE".to_owned(),
                    would: None,
                    soft: soft(process, "Max msgqueue size")?,
                });
            }
            ("RLIMIT_NOFILE", files)
        }
        // kernel/fork.c, copy_process; fs/exec.c, do_execveat_common.
        (Errno::EAGAIN, "clone" | "clone3" | "fork" | "vfork" | "execve" | "execveat") => {
            ("RLIMIT_NPROC", tasks(process.uids[0])? + 1)
        }
        // mm/mlock.c, do_mlock; mm/mmap.c, mlock_future_ok.
        (Errno::ENOMEM | Errno::EPERM, "mlock" | "mlock2") | (Errno::EAGAIN, "mmap" | "mremap") => {
            ("RLIMIT_MEMLOCK", size(tracee, "VmLck")? + long()?)
        }
        (Errno::ENOMEM | Errno::EPERM, "mlockall") => ("RLIMIT_MEMLOCK", size(tracee, "VmSize")?),
        // mm/mmap.c, may_expand_vm.
        (Errno::ENOMEM, "mmap" | "mremap") => {
            let asked = long()?;
            let whole = size(tracee, "VmSize")? + asked;
            match soft(process, "Max address space") {
                Some(most) if whole > most => ("RLIMIT_AS", whole),
                _ => ("RLIMIT_DATA", size(tracee, "VmData")? + asked),
            }
        }
        // mm/filemap.c, generic_write_check_limits; fs/attr.c, inode_newsize_ok.
        (Errno::EFBIG, "truncate" | "truncate64" | "ftruncate" | "ftruncate64") => ("RLIMIT_FSIZE", long()?),
        (Errno::EFBIG, "fallocate") => ("RLIMIT_FSIZE", number("offset")?.checked_add(number("len")?)?),
        (Errno::EFBIG, "pwrite64") => ("RLIMIT_FSIZE", number("offset")?.checked_add(1)?),
        (Errno::EFBIG, _) => ("RLIMIT_FSIZE", position(tracee, call)?.checked_add(1)?),
        // kernel/signal.c, __sigqueue_alloc.
        (Errno::EAGAIN, "rt_sigqueueinfo" | "rt_tgsigqueueinfo" | "timer_create") => {
            let queued = tracee.status("SigQ")?;
            ("RLIMIT_SIGPENDING", queued.split('/').next()?.trim().parse::<u64>().ok()? + 1)
        }
        _ => return None,
    };
    Some(LimitUse { name: name.to_owned(), would: Some(would), soft: soft(process, in_proc(name)?)? })
}

/// The name of a limit in /proc/PID/limits.
fn in_proc(name: &str) -> Option<&'static str> {
    Some(match name {
        "RLIMIT_NOFILE" => "Max open files",
        "RLIMIT_NPROC" => "Max processes",
        "RLIMIT_MEMLOCK" => "Max locked memory",
        "RLIMIT_AS" => "Max address space",
        "RLIMIT_DATA" => "Max data size",
        "RLIMIT_FSIZE" => "Max file size",
        "RLIMIT_SIGPENDING" => "Max pending signals",
        _ => return None,
    })
}

/// The soft limit; `None` for one without end.
fn soft(process: &ProcessState, name: &str) -> Option<u64> {
    process.limits.get(name)?.0.parse().ok()
}

fn parse(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A line of status in KiB, as bytes.
fn size(tracee: Tracee, key: &str) -> Option<u64> {
    let value = tracee.status(key)?;
    value.strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Where the descriptor writes next: its offset, or the end of a file that is appended to.
fn position(tracee: Tracee, call: &Call) -> Option<u64> {
    const O_APPEND: u64 = 0o2000;
    let fd = call.args[0] as u32;
    let info = std::fs::read_to_string(tracee.proc(&format!("fdinfo/{fd}"))).ok()?;
    let field = |key: &str| info.lines().find_map(|l| l.strip_prefix(key)).map(str::trim);
    let offset: u64 = field("pos:")?.parse().ok()?;
    let flags = u64::from_str_radix(field("flags:")?, 8).ok()?;
    let end = || std::fs::metadata(tracee.proc(&format!("fd/{fd}"))).map(|m| m.len()).ok();
    if flags & O_APPEND != 0 { end() } else { Some(offset) }
}

/// The threads whose real user is `uid`; `None` where not all can be seen.
fn tasks(uid: u32) -> Option<u64> {
    let mut all = 0;
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        let Ok(status) = std::fs::read_to_string(entry.path().join("status")) else { continue };
        let field = |key: &str| status.lines().find_map(|l| l.strip_prefix(key)).map(str::trim);
        let own = field("Uid:").and_then(|v| v.split_whitespace().next()?.parse().ok()) == Some(uid);
        if own {
            all += field("Threads:").and_then(|v| v.parse::<u64>().ok()).unwrap_or(1);
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_use() {
        let us = Tracee { tid: i32::try_from(std::process::id()).unwrap() };
        assert!(size(us, "VmSize").unwrap() > 1 << 20);
        let state = super::super::process::state(us, us.tid, &mut Vec::new());
        assert!(tasks(state.uids[0]).unwrap() >= 1);
        assert_eq!((parse("0x10"), parse("12"), parse("x")), (Some(16), Some(12), None));
        for name in ["RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_FSIZE"] {
            assert!(state.limits.contains_key(in_proc(name).unwrap()), "{name}");
        }
    }
}
