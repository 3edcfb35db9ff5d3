//! Privilege that an executed file should have given and did not.
//!
//! The kernel gives neither set-user-ID nor file capabilities to a process that is traced by one
//! without CAP_SYS_PTRACE, that has no_new_privs, or whose file is on a nosuid mount.
//! Source: `fs/exec.c` bprm_fill_uid, `security/commoncap.c` cap_bprm_creds_from_file.

use super::event::PrivilegeLost;
use super::sys;
use super::tracee::{Tracee, status_line};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

/// Whether we hold CAP_SYS_PTRACE.
pub(super) fn may_ptrace() -> bool {
    const CAP_SYS_PTRACE: u64 = 19;
    let status = std::fs::read("/proc/thread-self/status").unwrap_or_default();
    hex(&status, "CapEff") >> CAP_SYS_PTRACE & 1 == 1
}

fn hex(status: &[u8], key: &str) -> u64 {
    status_line(status, key).and_then(|v| u64::from_str_radix(&v, 16).ok()).unwrap_or(0)
}

/// What the program that `tracee` has just executed runs without.
pub(super) fn lost(tracee: Tracee, traced: bool) -> Option<PrivilegeLost> {
    const SET_UID: u32 = 0o4000;
    /// Set-group-ID; without execute permission for the group it is no such bit.
    const SET_GID: u32 = 0o2010;
    let exe = tracee.proc("exe");
    let file = std::fs::metadata(&exe).ok()?;
    let c_path = CString::new(exe.as_os_str().as_bytes()).ok()?;
    let capabilities =
        sys::xattr(&c_path, c"security.capability").map_or(0, |value| permitted(&value).unwrap_or(0));
    let set_uid = file.mode() & SET_UID != 0;
    let set_gid = file.mode() & SET_GID == SET_GID;
    if !set_uid && !set_gid && capabilities == 0 {
        return None;
    }
    // An owner that its user namespace does not map is not given (bprm_fill_uid).
    let mapped = |file: &str, id: u32| {
        let map = std::fs::read_to_string(tracee.proc(file)).unwrap_or_default();
        map.lines().any(|line| {
            let mut numbers = line.split_whitespace().skip(1).filter_map(|n| n.parse::<u32>().ok());
            let (Some(from), Some(count)) = (numbers.next(), numbers.next()) else { return false };
            id.checked_sub(from).is_some_and(|n| n < count)
        })
    };
    let known = mapped("uid_map", file.uid()) && mapped("gid_map", file.gid());
    let status = std::fs::read(tracee.proc("status")).ok()?;
    let no_new_privs = status_line(&status, "NoNewPrivs").is_some_and(|v| v == "1");
    // Under the flag it would not be given with a map either.
    let given = known || no_new_privs;
    let (set_uid, set_gid) = (set_uid && given, set_gid && given);
    // Real, effective, saved and file system id.
    let effective =
        |key: &str| -> Option<u32> { status_line(&status, key)?.split_whitespace().nth(1)?.parse().ok() };
    let missing = |set: bool, owner: u32, now: Option<u32>| {
        (set && now.is_some_and(|now| now != owner)).then_some(owner)
    };
    let uid = missing(set_uid, file.uid(), effective("Uid"));
    let gid = missing(set_gid, file.gid(), effective("Gid"));
    let capabilities = capabilities & !hex(&status, "CapPrm");
    if uid.is_none() && gid.is_none() && capabilities == 0 {
        return None;
    }
    const ST_NOSUID: u64 = 2;
    Some(PrivilegeLost {
        tid: tracee.tid,
        file: tracee.link("exe").unwrap_or(exe),
        uid,
        gid,
        capabilities,
        no_new_privs,
        nosuid: sys::mount_flags(&c_path).is_ok_and(|flags| flags & ST_NOSUID != 0),
        traced,
    })
}

/// The permitted set of a `security.capability` attribute (`struct vfs_cap_data`, revision 1 to 3).
fn permitted(value: &[u8]) -> Option<u64> {
    let word = |at: usize| -> Option<u64> {
        Some(u64::from(u32::from_le_bytes(value.get(at..at + 4)?.try_into().ok()?)))
    };
    let low = word(4)?;
    let high = if word(0)? >> 24 >= 2 { word(12)? } else { 0 };
    Some(low | high << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_file_capabilities() {
        // cap_net_raw+ep, revision 2: magic 0x02000001, permitted 1 << 13.
        let value = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(permitted(&value), Some(1 << 13));
        // cap_bpf (39) in the upper word.
        let value = [1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(permitted(&value), Some(1 << 39));
        assert_eq!(permitted(&[1, 2]), None);
    }
}
