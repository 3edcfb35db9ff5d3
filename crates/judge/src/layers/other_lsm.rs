//! IMA and EVM, IPE, BPF LSM programs, fanotify's permission events, Smack, TOMOYO.
//!
//! `ima_file_check` and `ima_bprm_check` (security/integrity/ima): EACCES with an INTEGRITY_DATA record.
//! `ima_load_data`: EACCES to kexec_load and init_module, which have no file to appraise.
//! `ipe_bprm_check_security` (security/ipe, since 6.12): EACCES with IPE_ACCESS. A program attached to
//! an LSM hook (`bpf_lsm_*`, since 5.7) answers what it likes, EPERM as a rule, and logs nothing.
//! `fanotify_handle_event` with FAN_DENY: EPERM, FANOTIFY record with resp=2. Smack
//! (security/smack): EACCES with lsm=SMACK; TOMOYO (security/tomoyo): EPERM or EACCES and its own line.

use crate::context::Context;
use crate::say::denies;
use whodenied_case::{Attempt, LsmState, Predicate, RecordKind, Support, Verdict};
use whodenied_kernel::{Call, Errno, Layer};

const LAYER: Layer = Layer::OtherLsm;

/// A mechanism by the names of its records.
const WRITERS: &[(&str, &str)] = &[
    ("IPE", "IPE, the integrity policy that decides which files may be executed"),
    ("INTEGRITY", "IMA or EVM, which measure and appraise files"),
    ("IMA", "IMA, which appraises files"),
    ("EVM", "EVM, which guards file attributes"),
    ("FANOTIFY", "a fanotify listener, which allows or denies opening and executing"),
    ("SMACK", "Smack"),
    ("TOMOYO", "TOMOYO"),
    ("BPF", "a BPF program on an LSM hook"),
    ("LOADPIN", "LoadPin, which takes kernel files from one file system only"),
    ("SAFESETID", "SafeSetID, which limits changes of ids"),
];

/// Components whose presence in the evidence makes one of these likely.
const COMPONENTS: &[(&str, &str)] = &[
    ("ima", "IMA"),
    ("evm", "EVM"),
    ("ipe", "IPE"),
    ("smack", "Smack"),
    ("tomoyo", "TOMOYO"),
    ("bpf-lsm", "a BPF program on an LSM hook"),
    ("fanotify", "a fanotify listener"),
    ("fapolicyd", "a fanotify listener"),
];

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    for record in &attempt.records {
        let RecordKind::Other { name, fields } = &record.kind else { continue };
        let upper = name.to_ascii_uppercase();
        let lsm =
            fields.iter().find(|(k, _)| k == "lsm").map_or("", |(_, v)| v.as_str()).to_ascii_uppercase();
        let writer = WRITERS.iter().find(|(tag, _)| upper.starts_with(tag) || lsm == *tag);
        if let Some((_, what)) = writer {
            let because = format!("The kernel logged a refusal by {what}.");
            return denies(attempt, LAYER, Support::Record, 90, because).policy(name.clone()).into();
        }
    }
    if !matches!(attempt.errno, Some(Errno::EACCES | Errno::EPERM)) {
        return None;
    }
    let state = cx.facts.find(|p| matches!(p, Predicate::Lsm(Layer::OtherLsm, LsmState::Enforcing)));
    let named = COMPONENTS.iter().find(|(name, _)| cx.facts.has_component(name));
    if let Some((_, what)) = named {
        let because = format!("{what} is at work on this host and may refuse this.");
        let executes = matches!(attempt.call, Some(Call::Exec | Call::Mmap | Call::Open));
        let (support, weight) = if executes { (Support::Usual, 70) } else { (Support::Fits, 35) };
        return denies(attempt, LAYER, support, weight, because)
            .facts(state.map(|f| f.id))
            .step("ausearch -m FANOTIFY,INTEGRITY_DATA,IPE_ACCESS -ts recent")
            .into();
    }
    if let Some(fact) = state {
        return denies(attempt, LAYER, Support::Fits, 40, "Another security module is active on this host.")
            .fact(fact.id)
            .step("cat /sys/kernel/security/lsm")
            .into();
    }
    // `ima_load_data`, `ima_post_read_file`: capabilities, sysctls and lockdown say EPERM.
    if matches!(attempt.call, Some(Call::Kexec | Call::Module))
        && attempt.errno == Some(Errno::EACCES)
        && !attempt.errno_inferred
        && !cx.contained()
    {
        let because = "Root gets EACCES for loading a kernel or module where IMA appraises what is loaded, as its policy for Secure Boot does: the older call hands over no file that it could appraise.";
        return denies(attempt, LAYER, Support::Exclusive, 78, because)
            .policy("IMA")
            .step("dmesg | grep -i -e ima -e lockdown; mokutil --sb-state")
            .into();
    }
    if attempt.call == Some(Call::Exec) && attempt.errno == Some(Errno::EPERM) && !cx.contained() {
        let because = "execve of a readable program gives EPERM where a fanotify listener or another security module refuses it.";
        return denies(attempt, LAYER, Support::Fits, 30, because)
            .step("ausearch -m FANOTIFY -ts recent")
            .into();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{attempt, denied};
    use whodenied_case::{Record, record::Channel};

    fn other(name: &str, lsm: &str) -> Attempt {
        let mut attempt = attempt(Call::Exec, Errno::EPERM, "/opt/x");
        attempt.records.push(Record {
            channel: Channel::Kernel,
            time_ms: None,
            serial: None,
            truncated: false,
            kind: RecordKind::Other {
                name: name.to_owned(),
                fields: vec![("lsm".to_owned(), lsm.to_owned())],
            },
        });
        attempt
    }

    #[test]
    fn records_of_other_modules() {
        assert_eq!(denied(judge, &other("FANOTIFY", ""), &[]), Some(Support::Record));
        assert_eq!(denied(judge, &other("IPE_ACCESS", ""), &[]), Some(Support::Record));
        assert_eq!(denied(judge, &other("AVC", "SMACK"), &[]), Some(Support::Record));
        assert_ne!(denied(judge, &other("VFS", ""), &[]), Some(Support::Record));
    }

    #[test]
    fn without_a_record() {
        let exec = attempt(Call::Exec, Errno::EPERM, "/opt/x");
        let ima = Predicate::Component { name: "ima".to_owned(), version: None };
        assert_eq!(denied(judge, &exec, &[ima]), Some(Support::Usual));
        assert_eq!(denied(judge, &exec, &[]), Some(Support::Fits));
        assert_eq!(denied(judge, &attempt(Call::Kexec, Errno::EACCES, ""), &[]), Some(Support::Exclusive));
        assert_eq!(denied(judge, &attempt(Call::Kexec, Errno::EPERM, ""), &[]), None);
        assert_eq!(denied(judge, &attempt(Call::Open, Errno::EPERM, "/opt/x"), &[]), None);
    }
}
