//! A failed call as it was seen live: what the kernel decided by, read while the thread stood in it.
//!
//! A capture is one line of JSON in a saved case's evidence, so that a trace can be explained on any
//! machine. The call itself stands beside it as a line of strace's form, which a report quotes.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use whodenied_access::{Operation, Subject, Tree, World};

/// The schema of capture lines.
pub const SCHEMA: &str = "whodenied-capture/1";

/// One failed call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// [`SCHEMA`].
    pub schema: String,
    /// The line of the trace that tells of the call, counted from 1.
    pub line: u32,
    /// The system call.
    pub syscall: String,
    /// Arguments by their names in the manual page.
    #[serde(default)]
    pub args: Vec<(String, String)>,
    /// What the call was on.
    #[serde(default)]
    pub object: Option<Thing>,
    /// The other thing of calls on two.
    #[serde(default)]
    pub second: Option<Thing>,
    /// The error's number.
    pub errno: i32,
    /// The caller.
    pub process: ProcessState,
    /// The call as a question about files, where it is one and every part could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// True when a file system on the way checks more than mode, owner, lists and mounts (sysfs, vfat):
    /// what the model refuses is refused, what it lets through may be refused all the same.
    #[serde(default)]
    pub partial: bool,
    /// Names of the ids that occur, by `u` or `g` and the number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// The paths of a mount, unmount or change of root without links, in the process's own terms, a directory
    /// with `/` at its end: where to (or the new root), then what from (or where the old root goes).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<String>,
    /// Real and saved user of the process that the call was on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_uids: Option<[u32; 2]>,
    /// The AppArmor label of the process that the call was on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target_label: String,
    /// What the seccomp filters that were seen installed answer to this very call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<FilterAnswer>,
    /// The sysctls that can decide it, by dotted name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// The command that was followed and how it was started; nothing for a process attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// The privilege that the file of the running program should have given and did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
    /// What the Landlock domain that was seen being entered answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landlock: Option<LandlockAnswer>,
    /// Where a mount hides the path from the process though it is there outside of its mount
    /// namespace: the mount point in the process's terms, and its file system type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_by: Option<(String, String)>,
    /// The resource limit that can have refused the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitUse>,
    /// Set when the state was put together after the call, from configuration and what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Afterwards>,
    /// Of a container whose clone was followed: paths inside and where they lie on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Vec<(String, String)>>,
    /// What could not be read, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// How much speaks for this call having made the command fail; only the order counts.
    #[serde(default)]
    pub blame: u32,
}

/// How a state was put together after the call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Afterwards {
    /// The name of the evidence whose line tells of the call.
    pub told_by: String,
    /// Why the state may have been another when the call was made, one sentence; "" when it can't have
    /// been: the ids and capabilities are fixed by the configuration, and nothing on the way has changed
    /// since.
    pub unless: String,
    /// Paths inside and where they lie on the host, the innermost last.
    #[serde(default)]
    pub places: Vec<(String, String)>,
}

/// What a call was on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum Thing {
    /// A path in the process's own terms, links as they are.
    Path(String),
    /// An open file or what else a descriptor is.
    File(String),
    /// A Unix socket by its path.
    Unix(String),
    /// A Unix socket by its abstract name.
    Abstract(String),
    /// An internet address and port.
    Inet(String, u16),
    /// A process id as given.
    Process(i32),
    /// Anything else, in words.
    Other(String),
}

/// A process when its call failed; ids as the observer's user namespace sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessState {
    /// Process id, as the observer sees it.
    pub pid: i32,
    /// Its name; hostile text.
    pub comm: String,
    /// The program that runs.
    #[serde(default)]
    pub exe: Option<String>,
    /// Real, effective, saved and file system user.
    pub uids: [u32; 4],
    /// Real, effective, saved and file system group.
    pub gids: [u32; 4],
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// `CapEff`.
    pub effective: u64,
    /// `CapPrm`.
    pub permitted: u64,
    /// `CapBnd`.
    pub bounding: u64,
    /// `CapInh`.
    pub inheritable: u64,
    /// `CapAmb`.
    pub ambient: u64,
    /// `NoNewPrivs`.
    pub no_new_privs: bool,
    /// `Seccomp`: 0 none, 1 strict, 2 filter.
    pub seccomp: u8,
    /// `Seccomp_filters`, where the kernel tells it.
    #[serde(default)]
    pub filters: Option<u32>,
    /// The label by the security module that /proc shows one of; "" for none.
    #[serde(default)]
    pub label: String,
    /// Its root directory as its mount namespace names it; "" where that is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub root: String,
    /// True when it is in the observer's user namespace.
    pub same_user_namespace: bool,
    /// `uid_map`: inside, outside, count.
    #[serde(default)]
    pub uid_map: Vec<(u32, u32, u32)>,
    /// `gid_map`.
    #[serde(default)]
    pub gid_map: Vec<(u32, u32, u32)>,
    /// Soft and hard limits by their names in /proc/PID/limits, `unlimited` as it stands there.
    #[serde(default)]
    pub limits: BTreeMap<String, (String, String)>,
    /// Its program and arguments, as /proc/PID/cmdline gives them; hostile text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The namespaces (`mnt`, `net`, `uts`, `ipc`, `pid`, `cgroup`) that it shares with the observer
    /// although its user namespace is another: its capabilities do not count there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<String>,
    /// What runs it: `docker`, `podman`, `kubernetes`, `lxc`, `nspawn`, `systemd` for a service of the
    /// system, `host` for any other process.
    #[serde(default)]
    pub engine: String,
    /// Its cgroup (v2 path, or the lines of a hierarchy of v1).
    #[serde(default)]
    pub cgroup: String,
}

/// The answer of a Landlock domain to one call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandlockAnswer {
    /// It refuses.
    pub refuses: bool,
    /// The layer that refuses, in the order they were entered, counted from 1.
    pub layer: u32,
    /// The right asked for, as LANDLOCK_ACCESS_FS_* has it, or with `NET_` as LANDLOCK_ACCESS_* has it.
    pub right: String,
}

/// A resource limit and what the call would have taken of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUse {
    /// As getrlimit(2) names it.
    pub name: String,
    /// What the call would have come to, in the limit's unit; nothing where that can't be seen and
    /// nothing else than the limit gives this error.
    pub would: Option<u64>,
    /// The soft limit.
    pub soft: u64,
}

impl LimitUse {
    /// The call would have gone beyond the limit.
    #[must_use]
    pub fn exceeded(&self) -> bool {
        self.would.is_none_or(|would| would > self.soft)
    }
}

/// How a command was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Program and arguments; hostile text.
    pub command: Vec<String>,
    /// Its real user.
    pub uid: u32,
    /// Its real group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// It had no_new_privs from the beginning.
    pub no_new_privs: bool,
    /// The files that were open beside the three standard ones, by descriptor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<i32, String>,
}

/// Privilege that an executed file should have given. Source: `fs/exec.c` bprm_fill_uid,
/// `security/commoncap.c` cap_bprm_creds_from_file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The file.
    pub file: String,
    /// The owner that a set-user-ID bit should have given.
    pub uid: Option<u32>,
    /// The group that a set-group-ID bit should have given.
    pub gid: Option<u32>,
    /// The permitted capabilities of the file that the process has not got.
    pub capabilities: u64,
    /// The process has no_new_privs.
    pub no_new_privs: bool,
    /// The file is on a mount with nosuid.
    pub nosuid: bool,
    /// Where that mount is, in the process's terms; "" where it is not known.
    #[serde(default)]
    pub mount: String,
}

/// A call on files, ready to be decided by the model of file access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who asks.
    pub subject: Subject,
    /// For what.
    pub operation: Operation,
    /// The part of the tree of names that the call walks.
    pub world: Tree,
}

/// A question about files with what its answer is told in: captured, or asked of a live world.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// Who asks.
    pub subject: &'a Subject,
    /// For what.
    pub operation: &'a Operation,
    /// Where.
    pub world: &'a dyn World,
    /// Names of the ids that occur, by `u` or `g` and the number. Hostile text.
    pub names: &'a BTreeMap<String, String>,
    /// Sysctls by dotted name.
    pub sysctls: &'a BTreeMap<String, String>,
    /// Set where the files are a container's: paths inside and where they lie on the host. What lies
    /// nowhere on the host is the image's.
    pub outside: Option<&'a [(String, String)]>,
}

impl Capture {
    /// The question about files, where the call is one.
    #[must_use]
    pub fn seen(&self) -> Option<Seen<'_>> {
        let question = self.question.as_ref()?;
        Some(Seen {
            subject: &question.subject,
            operation: &question.operation,
            world: &question.world,
            names: &self.names,
            sysctls: &self.sysctls,
            outside: self.after.as_ref().map(|a| a.places.as_slice()).or(self.places.as_deref()),
        })
    }
}

/// The answer of captured seccomp filters to one call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterAnswer {
    /// The 32-bit value that the deciding filter returned.
    pub code: u32,
    /// The deciding filter's place in the order of installation, counted from 1.
    pub filter: u32,
    /// The instruction that returned it, counted from 0.
    pub instruction: u32,
    /// The conditions on the way there, in words.
    pub because: String,
    /// True when every filter in force was seen being installed.
    pub complete: bool,
    /// The program that installed the deciding filter, as /proc/PID/exe gave it.
    #[serde(default)]
    pub installer: String,
    /// True when another program was executed after the filter was installed: it is a launcher's.
    #[serde(default)]
    pub launched: bool,
    /// The call's number, with the x32 bit.
    #[serde(default)]
    pub nr: u32,
    /// Its AUDIT_ARCH value.
    #[serde(default)]
    pub arch: u32,
    /// How many of the filters refuse the call.
    #[serde(default)]
    pub refusing: u32,
    /// The deciding filter: `struct sock_filter` as code, jt, jf, k.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub program: Vec<(u16, u8, u8, u32)>,
}
