//! What the kernel (or dbus-daemon, for its own checks) logged, decoded.

use whodenied_kernel::Capability;

/// How a record reached us. Live, only kernel channels count as kernel records; in a paste the
/// dressing of the line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// dmesg, kmsg, journal, syslog, audit.log.
    Kernel,
    /// Inside the log of a container or program: that application's text, no kernel record.
    ProgramLog,
    /// Pasted bare.
    Bare,
}

/// One record: audit event or kernel message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How it reached us.
    pub channel: Channel,
    /// Audit time in milliseconds since 1970, where printed.
    pub time_ms: Option<u64>,
    /// Audit serial number, where printed.
    pub serial: Option<u64>,
    /// True when the line ends before its record does.
    pub truncated: bool,
    /// The record proper.
    pub kind: RecordKind,
}

/// The verdict word of an AppArmor record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApparmorVerdict {
    /// `DENIED`.
    Denied,
    /// `ALLOWED`: complain mode, nothing was refused.
    Allowed,
    /// `AUDIT`.
    Audit,
    /// `STATUS`: policy was loaded, replaced or removed.
    Status,
    /// `HINT`, `ERROR`, `KILLED`, `AUTO` or another word.
    Other,
}

/// A record by who wrote it. Strings are decoded (hex included) and hostile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordKind {
    /// AppArmor, type 1400 or 1500 to 1507; or dbus-daemon's AppArmor check (`dbus` set).
    Apparmor(Box<ApparmorRecord>),
    /// SELinux AVC or USER_AVC.
    Selinux(Box<AvcRecord>),
    /// SECCOMP, type 1326.
    Seccomp(Box<SeccompRecord>),
    /// LANDLOCK_ACCESS, type 1423.
    Landlock(Box<LandlockRecord>),
    /// SYSCALL, type 1300: joins the others by serial.
    Syscall(Box<SyscallRecord>),
    /// `Lockdown: COMM: WHAT is restricted`.
    Lockdown {
        /// The program.
        comm: String,
        /// What is restricted.
        what: String,
    },
    /// Yama's `ptrace attach of "T"[pid] was attempted by "C"[pid]`.
    Yama {
        /// The tracer.
        comm: String,
        /// The target.
        target: String,
    },
    /// Another kernel line that names a refusal (`VFS: Mount too revealing`, IPE, IMA, fanotify).
    Other {
        /// The record type or the writer: `IPE_ACCESS`, `INTEGRITY_DATA`, `VFS`.
        name: String,
        /// Key and value pairs or the whole message under the key `message`.
        fields: Vec<(String, String)>,
    },
}

/// An AppArmor record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApparmorRecord {
    /// `apparmor=`.
    pub verdict: ApparmorVerdict,
    /// True when dbus-daemon wrote it.
    pub dbus: bool,
    /// Every other key with its decoded value, in the order written; unknown keys are kept.
    pub fields: Vec<(String, String)>,
}

impl ApparmorRecord {
    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The confining label: `profile=` or `label=`.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.get("profile").or_else(|| self.get("label"))
    }

    /// `requested_mask=` or `requested=`: the two spellings mean the same.
    #[must_use]
    pub fn requested(&self) -> Option<&str> {
        self.get("requested_mask").or_else(|| self.get("requested")).or_else(|| self.get("mask"))
    }

    /// `denied_mask=` or `denied=`.
    #[must_use]
    pub fn denied(&self) -> Option<&str> {
        self.get("denied_mask").or_else(|| self.get("denied"))
    }
}

/// An SELinux access vector record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AvcRecord {
    /// True for `avc: denied`, false for `granted`.
    pub denied: bool,
    /// True for USER_AVC (systemd, dbus).
    pub user: bool,
    /// The permissions in braces.
    pub permissions: Vec<String>,
    /// `scontext=`; may be cut.
    pub scontext: Option<String>,
    /// `tcontext=`; may be cut.
    pub tcontext: Option<String>,
    /// `tclass=`.
    pub tclass: Option<String>,
    /// `permissive=1` is `Some(true)`.
    pub permissive: Option<bool>,
    /// Every key with its decoded value, in the order written.
    pub fields: Vec<(String, String)>,
}

impl AvcRecord {
    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

/// A seccomp record. The kernel logs no arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeccompRecord {
    /// `syscall=`, the number in `arch`.
    pub syscall: Option<u64>,
    /// `arch=`, an AUDIT_ARCH value.
    pub arch: Option<u32>,
    /// `code=`, the SECCOMP_RET value.
    pub code: Option<u32>,
    /// `sig=`.
    pub sig: Option<u32>,
    /// Every key with its decoded value.
    pub fields: Vec<(String, String)>,
}

/// A Landlock access record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LandlockRecord {
    /// `blockers=`, split at commas.
    pub blockers: Vec<String>,
    /// Every key with its decoded value.
    pub fields: Vec<(String, String)>,
}

/// A SYSCALL record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyscallRecord {
    /// `syscall=`: a number, or a name where auditd interpreted it.
    pub syscall: Option<String>,
    /// `exit=`: negative errno or its name.
    pub exit: Option<String>,
    /// Every key with its decoded value.
    pub fields: Vec<(String, String)>,
}

/// The capability a record names by `capability=` number or `capname=`.
#[must_use]
pub fn capability_of(record: &ApparmorRecord) -> Option<Capability> {
    record
        .get("capname")
        .and_then(Capability::from_name)
        .or_else(|| record.get("capability")?.trim().parse().ok().map(Capability))
}
