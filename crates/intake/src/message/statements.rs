//! The ids of `Predicate::Statement` that messages give, and what each means.
//!
//! A statement is what the text of a program says about a mechanism in words that fit no other
//! predicate. The id names the mechanism as stated, never a layer.

macro_rules! statements {
    ($($name:ident = $id:literal, $doc:literal;)*) => {
        $(#[doc = $doc] pub(crate) const $name: &str = $id;)*

        /// Every id with its meaning.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$(($id, $doc),)*];
    };
}

statements! {
    IDS_INSUFFICIENT = "ids-insufficient", "An image or archive asks for a user or group id outside the namespace's id map.";
    SINGLE_ID_MAPPING = "single-id-mapping", "Only one id is mapped into the user namespace: no subordinate ids.";
    NO_SUBIDS = "no-subids", "No range in /etc/subuid or /etc/subgid, or newuidmap is missing or lacks its rights.";
    MKNOD_INTERCEPTED = "mknod-intercepted", "The settings let the container's manager answer mknod through a filter.";
    USERNS_DISABLED = "userns-disabled", "The text says that user namespaces are disabled or limited by a sysctl.";
    UID_UNMAPPED = "uid-unmapped", "A file's owner has no id in this user namespace.";
    DEVICE_ABSENT = "device-absent", "A device node that the program needs is not there.";
    YAMA_HINT = "yama-hint", "The message points at /proc/sys/kernel/yama/ptrace_scope.";
    PTRACE_ANY_SET = "ptrace-any-set", "The target has allowed any process to trace it (PR_SET_PTRACER_ANY).";
    ALREADY_TRACED = "already-traced", "The target already has a tracer.";
    DEVICE_RULES_REWRITTEN = "device-rules-rewritten", "Access to a device was lost while running, as after a reload of the service manager.";
    DEVICE_GROUP = "device-group", "The message asks for membership in the group of a device node.";
    LANDLOCK_UNSUPPORTED = "landlock-unsupported", "The kernel has no Landlock.";
    LANDLOCK_NOT_APPLIED = "landlock-not-applied", "A Landlock rule set could not be put on.";
    SECCOMP_HINT = "seccomp-hint", "The message says to look at seccomp filters.";
    SECCOMP_UNSUPPORTED = "seccomp-unsupported", "A seccomp filter could not be installed.";
    SIGSYS = "sigsys", "The process died of SIGSYS (bad system call).";
    SIGTRAP = "sigtrap", "The process died of SIGTRAP after a failed check.";
    SUID_HELPER = "suid-helper-misconfigured", "A sandbox helper lacks root as owner or the setuid bit.";
    NO_USABLE_SANDBOX = "no-usable-sandbox", "A browser found neither user namespaces nor a setuid helper for its sandbox.";
    SUID_NO_EFFECT = "suid-no-effect", "A setuid program runs, but not with its owner's id: nosuid, NFS, no_new_privs or a namespace.";
    SUID_MISSING = "suid-missing", "A program says that its owner or setuid bit is wrong.";
    DUBIOUS_OWNERSHIP = "dubious-ownership", "The program refuses a directory that another user owns.";
    BAD_FILE_MODE = "bad-file-mode", "The program refuses a file or directory whose mode or owner is too open or wrong.";
    REFUSES_ROOT = "refuses-root", "The program refuses to run as root.";
    NEEDS_ROOT = "needs-root", "The program says that it must run as root or with more rights.";
    STEP_DOWN_ONLY = "step-down-only", "A program that changes the user was started by an ordinary user.";
    NOT_IN_SUDOERS = "not-in-sudoers", "sudo's own policy refuses.";
    POLKIT = "polkit", "polkit refuses or asks for authentication.";
    DBUS_APPARMOR = "dbus-apparmor", "The bus says that an AppArmor policy refused the message.";
    DBUS_SELINUX = "dbus-selinux", "The bus says that an SELinux policy refused the message.";
    DBUS_POLICY = "dbus-policy", "The bus says that its own policy refused the message or the name.";
    NFS_SERVER_DENIED = "nfs-server-denied", "The NFS server refused the mount.";
    FUSE_ALLOW_OTHER = "fuse-allow-other", "fusermount refuses allow_other for want of user_allow_other.";
    FUSE_MOUNTPOINT_OWNER = "fuse-mountpoint-owner", "fusermount refuses a mount point that the user may not write.";
    LOCKDOWN = "lockdown", "The text says that kernel lockdown restricts something.";
    PERF_PARANOID_HINT = "perf-paranoid-hint", "The message points at kernel.perf_event_paranoid.";
    BPF_UNPRIVILEGED_OFF = "bpf-unprivileged-off", "The message points at kernel.unprivileged_bpf_disabled.";
    DMESG_RESTRICT = "dmesg-restrict", "The message points at kernel.dmesg_restrict or the kernel log.";
    LIMIT_NOT_RAISED = "limit-not-raised", "A program could not raise the limit of locked memory, as privileged ones can.";
    MEMLOCK_HINT = "memlock-hint", "The message points at RLIMIT_MEMLOCK.";
    INOTIFY_LIMIT = "inotify-limit", "An inotify limit of the user is used up.";
    THREAD_CREATE = "thread-create", "A thread or process could not be created, and it is not said to be memory.";
    EXEC_STACK = "exec-stack", "A library asks for an executable stack and does not get it.";
    TEXT_RELOCATION = "text-relocation", "A library needs writable code (text relocation) and does not get it.";
    EXEC_MAP = "exec-map", "A library could not be mapped executable.";
    PRIVILEGED_PORT = "privileged-port", "The message says that the port is in the privileged range.";
    PARSER_MISSING = "apparmor-parser-missing", "The program that loads AppArmor policy is not installed or not in PATH.";
    PARSER_SYNTAX = "apparmor-parser-syntax", "The AppArmor parser does not understand the profile it was given.";
    PARSER_VERSION = "apparmor-version-unparsed", "The runtime could not read the version of the AppArmor parser.";
    APPARMOR_ROOTLESS = "apparmor-rootless", "AppArmor can't be used by a rootless engine.";
    PROFILE_MISSING = "apparmor-profile-missing", "The AppArmor profile asked for is not loaded.";
    PROFILE_NOT_APPLIED = "apparmor-profile-not-applied", "The runtime could not switch to the AppArmor profile.";
    POLICY_ADMIN = "apparmor-policy-admin", "AppArmor policy may not be loaded from here.";
    APPARMOR_UNSUPPORTED = "apparmor-unsupported", "A profile was asked for where AppArmor is not there.";
    SELINUX_RELABEL = "selinux-relabel", "A file could not be given an SELinux label.";
    REMOUNTED_RO = "remounted-ro", "A file system was remounted read-only after errors.";
    PAM = "pam", "PAM refuses, in its own words for it.";
    AUTHZ_PLUGIN = "authz-plugin", "An authorisation plugin of the engine refuses.";
    ROOT_SQUASH = "root-squash", "The text says that the server maps root to nobody.";
    IDMAP_UNSUPPORTED = "idmap-unsupported", "A mount can't be id-mapped on this file system.";
    IO_URING_FAILED = "io-uring-failed", "io_uring could not be set up.";
    KEY_QUOTA = "key-quota", "A quota of the kernel keyring is used up.";
    ACCESS_CHECK = "access-check", "A program checked a path itself and found it not accessible.";
    CGROUP_SETUP = "cgroup-setup", "A control group could not be made or written.";
    RT_SCHED = "rt-sched", "Real-time scheduling was refused.";
    PROC_MOUNT = "proc-mount", "proc or sysfs could not be mounted in a namespace.";
    NO_NET_NAMESPACE_RIGHT = "netns-no-right", "The interfaces of a fresh network namespace could not be configured.";
    SNAP_HOME = "snap-home", "snap refuses a home directory outside /home or hidden.";
    SANDBOX_USER = "sandbox-user", "A program's own download or work sandbox could not be entered.";
    WRONG_USER = "wrong-user", "The program insists on being started by a certain user.";
    CLOCK_AT_ZERO = "clock-at-zero", "A clock shows the first second of 1970.";
    SIGNATURE_DOUBTED = "signature-doubted", "Signed lists of packages are taken for unsigned or wrongly signed.";
    HOOK_FAILED = "hook-failed", "A package manager could not run its own small shell hooks.";
    CLOCK_DOUBTED = "clock-doubted", "Something signed is taken for not valid yet, as where the clock can't be read.";
    CANNOT_READ = "cannot-read", "Something is said not to be read.";
    CANNOT_OPEN = "cannot-open", "Something is said not to be opened or reached.";
    POLICY_REFUSED = "apparmor-policy-refused", "A compiled AppArmor profile was not taken by the kernel.";
    ADMISSION = "admission", "A cluster's admission control refused a pod.";
    SUDO_TERMINAL = "sudo-wants-terminal", "sudo wants a password or a terminal and has none to ask on.";
    NO_SEARCH_RIGHT = "no-search-right", "A message names the directory that may not be passed.";
    SERVICE_BY_SUDO = "service-by-sudo", "sudoers lets a user control a service.";
    ACL_MENTIONED = "acl-mentioned", "The text speaks of access control lists of files.";
    RT_BUDGET = "rt-budget", "The text looks at the real-time budget of a control group.";
    SERVER_REFUSED = "server-refused", "A server, database, registry or account system refused by rules of its own.";
    HTTP_FORBIDDEN = "http-forbidden", "A web server answered 403.";
    LOGIN_REFUSED = "login-refused", "A local login or change of user failed in its authentication or account step.";
    CLOCK_NONSENSE = "clock-nonsense", "A clock shows a date that no clock shows, as where reading it was refused.";
    MODE_UNCHANGED = "mode-unchanged", "A change of mode or owner has no effect and gives no error.";
    CRASHED = "crashed", "The program died of a signal or a failed check.";
    CANNOT_RUN = "cannot-run", "A program is said not to run or start.";
    CANNOT_WRITE = "cannot-write", "Something is said not to be written or kept.";
    OWNER_NOBODY = "owner-nobody", "Files are said to belong to nobody.";
    SPEAKS_OF_LABELS = "speaks-of-labels", "The report speaks of labels of processes and files.";
    SPEAKS_OF_PROFILES = "speaks-of-profiles", "The report speaks of profiles that confine programs by path.";
    SPEAKS_OF_FILTERS = "speaks-of-filters", "The report speaks of filters of system calls.";
    SPEAKS_OF_CAPABILITIES = "speaks-of-capabilities", "The report speaks of capabilities.";
    SPEAKS_OF_DEVICES = "speaks-of-devices", "The report speaks of device nodes.";
    SPEAKS_OF_ID_MAPS = "speaks-of-id-maps", "The report speaks of maps of user and group ids.";
    SPEAKS_OF_LIMITS = "speaks-of-limits", "The report speaks of limits of users and processes.";
    SPEAKS_OF_SECURE_BOOT = "speaks-of-secure-boot", "The report speaks of signatures that the machine asks for.";
    SPEAKS_OF_POLICIES = "speaks-of-policies", "The report speaks of policies that daemons and helpers decide.";
    SPEAKS_OF_OWN_CHECKS = "speaks-of-own-checks", "The report speaks of checks that a program makes itself.";
    SPEAKS_OF_SERVERS = "speaks-of-servers", "The report speaks of file servers and what they map users to.";
    SPEAKS_OF_TRUST = "speaks-of-trust", "The report speaks of files that must be signed or listed before they run.";
    SPEAKS_OF_MOUNT_OPTIONS = "speaks-of-mount-options", "The report speaks of options of mounts.";
    SPEAKS_OF_READ_ONLY = "speaks-of-read-only", "The report speaks of mounts without writing.";
    SPEAKS_OF_PORTS = "speaks-of-ports", "The report speaks of ports that are reserved.";
    SPEAKS_OF_NO_NEW_PRIVS = "speaks-of-no-new-privs", "The report speaks of the flag that keeps programs from gaining rights.";
    SPEAKS_OF_CONTROL_GROUPS = "speaks-of-control-groups", "The report speaks of control groups.";
    DATA_UNREACHED = "data-unreached", "A service does not start or has no data, and no error tells why.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_kebab() {
        for (i, (id, doc)) in ALL.iter().enumerate() {
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{id}");
            assert!(ALL[..i].iter().all(|(other, _)| other != id), "{id} stands twice");
            assert!(doc.ends_with('.'));
        }
    }
}
