//! Privilege that the program's file gives and that was taken away when it was executed.
//!
//! no_new_privs and nosuid mounts make the kernel ignore set-user-ID, set-group-ID and file
//! capabilities without an error: the program fails later, in whatever it tried. So the question is
//! asked again with the privilege: where the call passes then, its loss is the cause.
//! Source: `fs/exec.c` bprm_fill_uid, `security/commoncap.c` cap_bprm_creds_from_file.

use crate::say::{Say, denies};
use whodenied_access::CapabilitySet;
use whodenied_case::capture::{Capture, Lost};
use whodenied_case::{Answer, Attempt, Support, Verdict};
use whodenied_kernel::{Errno, Layer};
use whodenied_text::escape;

pub(super) fn judge(attempt: &Attempt, live: &Capture, errno: Errno, support: Support) -> Option<Say> {
    let lost = live.lost.as_ref().filter(|l| l.no_new_privs || l.nosuid)?;
    let refuses = |live: &Capture| {
        super::unfiltered(attempt, live, errno, support)
            .into_iter()
            .filter_map(Option::<Verdict>::from)
            .any(|v| matches!(v.answer, Answer::Denies { .. }))
    };
    let executed = live.syscall == "execve" && errno == Errno(0);
    if !executed {
        let mut with = live.clone();
        give(&mut with, lost);
        if !refuses(live) || refuses(&with) {
            return None;
        }
    }
    let what = match (lost.uid, lost.gid, lost.capabilities) {
        (Some(0), ..) => "set-user-ID root".to_owned(),
        (Some(uid), ..) => format!("set-user-ID to {uid}"),
        (None, Some(gid), 0) => format!("set-group-ID to {gid}"),
        (None, _, capabilities) => format!("the file capabilities {}", CapabilitySet(capabilities).names()),
    };
    let file = escape::line(&lost.file);
    let (layer, taker, policy) = if lost.no_new_privs {
        (Layer::NoNewPrivs, "the process has no_new_privs", "no_new_privs")
    } else {
        (Layer::MountFlags, "its file lies on a mount with nosuid", "nosuid")
    };
    let because = if executed {
        format!("{file} has {what} and runs without it, because {taker}; execve gives no error for that.")
    } else {
        format!(
            "{file} has {what} and runs without it, because {taker}; with it the call passes, so its loss is the cause."
        )
    };
    Some(denies(attempt, layer, support, 98, because).policy(policy))
}

/// Puts what the file gives into the process.
fn give(live: &mut Capture, lost: &Lost) {
    /// All capabilities that there are, as root gets them.
    const ALL: u64 = (1 << 41) - 1;
    let gained = if lost.uid == Some(0) { ALL & live.process.bounding } else { lost.capabilities };
    live.process.effective |= gained;
    if let Some(uid) = lost.uid {
        let [_, effective, saved, fs] = &mut live.process.uids;
        (*effective, *saved, *fs) = (uid, uid, uid);
    }
    if let Some(gid) = lost.gid {
        let [_, effective, saved, fs] = &mut live.process.gids;
        (*effective, *saved, *fs) = (gid, gid, gid);
    }
    if let Some(question) = &mut live.question {
        let subject = &mut question.subject;
        subject.effective = CapabilitySet(subject.effective.0 | gained);
        if let Some(uid) = lost.uid {
            (subject.euid, subject.fsuid) = (uid, uid);
        }
        if let Some(gid) = lost.gid {
            subject.fsgid = gid;
        }
    }
}
