//! Daemons of a host that its distribution confines: by an AppArmor profile of the package, or by a
//! domain of SELinux' targeted policy. Their own directories are those that the policy grants; data
//! moved elsewhere is refused there whatever its owner and mode.
//!
//! Sources: the profiles under /etc/apparmor.d of the packages mysql-server, bind9, isc-dhcp-server,
//! chrony, cups-daemon, ntpsec, slapd, clamav, unbound, tor, kea, ejabberd, msmtp, strongswan, squid,
//! libvirt-daemon-system, tcpdump, evince, passt, apt-cacher-ng, rsyslog (Debian, Ubuntu) and of
//! apparmor-profiles (openSUSE, enforcing there); `seinfo -t` and `matchpathcon` of
//! selinux-policy-targeted.

mod row;
mod table;

use table::DAEMONS;

/// One confined daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confined {
    /// Names of the program and of its unit, lower case; the first stands for all.
    pub names: &'static [&'static str],
    /// True when its name in a sentence can't mean anything else.
    pub plain: bool,
    /// The users that it runs as.
    pub users: &'static [&'static str],
    /// The AppArmor profile, "" where no distribution ships one.
    pub profile: &'static str,
    /// The distributions that load and enforce it.
    pub enforced_on: &'static [&'static str],
    /// The SELinux domain, "" where it runs unconfined.
    pub domain: &'static str,
    /// Directories that the policy grants, temporary ones aside.
    pub own: &'static [&'static str],
    /// Those among them, or beside them, that the profile grants for reading only.
    pub read_only: &'static [&'static str],
    /// True when temporary directories are granted.
    pub temporary: bool,
    /// The first release of Ubuntu that enforces the profile, empty for every one.
    pub since: &'static [u32],
    /// Endings of file names that the profile grants wherever they lie.
    pub endings: &'static [&'static str],
    /// Directories whose programs it may run, where the profile names them one by one.
    pub runs: Option<&'static [&'static str]>,
}

impl Confined {
    /// True when this release of a distribution enforces the AppArmor profile.
    #[must_use]
    pub fn profiled(&self, distro: &str, release: Option<&[u32]>) -> bool {
        // Version numbers of derivatives are their own.
        let old = distro == "ubuntu" && release.is_some_and(|r| r < self.since);
        !old && self.enforced_on.contains(&distro)
    }

    /// True when the policy grants `path` by itself: one of its own directories, a temporary one, or
    /// for reading what every program reads.
    #[must_use]
    pub fn grants(&self, path: &str, writing: bool) -> bool {
        let under = |root: &&str| {
            path.strip_prefix(*root).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
        };
        const READ: &[&str] = &["/usr", "/lib", "/lib64"];
        const TEMPORARY: &[&str] = &["/tmp", "/var/tmp"];
        if writing && self.read_only.iter().any(under) {
            return false;
        }
        self.own.iter().chain(&["/dev"]).any(under)
            || self.read_only.iter().any(under)
            || !writing && READ.iter().any(under)
            || self.temporary && TEMPORARY.iter().any(under)
            || self.endings.iter().any(|e| path.ends_with(e))
    }

    /// True when the profile lets it run the program at `path`; also where that is not known.
    #[must_use]
    pub fn may_run(&self, path: &str) -> bool {
        self.runs.is_none_or(|dirs| {
            dirs.iter().any(|root| path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')))
        })
    }
}

/// Daemons that take on the user whose home they read.
pub const LOGINS: &[&str] = &["sshd", "login", "dovecot", "procmail", "cron", "crond", "su"];

/// Users that only Debian's and its derivatives' packages make.
pub const DEBIAN_USERS: &[&str] = &[
    "_kea",
    "_chrony",
    "_apt",
    "www-data",
    "debian-tor",
    "debian-transmission",
    "Debian-exim",
    "Debian-snmp",
    "libvirt-qemu",
    "debian-deluged",
    "debian-spamd",
    "_rpc",
    "syslog",
];

/// The daemon of this program name, with or without its directory.
#[must_use]
pub fn find(program: &str) -> Option<&'static Confined> {
    let base = program.rsplit('/').next().unwrap_or(program);
    let base = base.strip_suffix(".service").unwrap_or(base);
    DAEMONS.iter().find(|d| d.names.iter().any(|n| n.eq_ignore_ascii_case(base)))
}

/// The canonical name of a daemon that a sentence names.
#[must_use]
pub fn named(word: &str) -> Option<&'static str> {
    find(word).filter(|d| d.plain).and_then(|d| d.names.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemons_and_their_directories() {
        let mysqld = find("/usr/sbin/mysqld").unwrap();
        let writes = |path| mysqld.grants(path, true);
        assert!(writes("/var/lib/mysql/ibdata1") && writes("/tmp/ib1") && !writes("/srv/mysql/x"));
        assert!(!writes("/var/lib/mysql2/x") && !writes("/etc/mysql/my.cnf"));
        assert!(mysqld.grants("/etc/mysql/my.cnf", false));
        assert!(mysqld.profiled("ubuntu", None) && !mysqld.profiled("debian", None));
        assert!(find("named.service").is_some_and(|d| d.profiled("debian", None)));
        assert!(find("slapd").is_some_and(|d| !d.grants("/tmp/x/config", false)));
        assert!(
            find("tcpdump").is_some_and(|d| d.grants("/srv/a.pcap", true) && !d.grants("/srv/a.out", true))
        );
        assert_eq!(find("cat"), None);
    }

    #[test]
    fn releases_and_programs_to_run() {
        let rsyslogd = find("rsyslogd").unwrap();
        assert!(!rsyslogd.profiled("ubuntu", Some(&[20, 4])) && rsyslogd.profiled("ubuntu", Some(&[24, 4])));
        let libvirtd = find("libvirtd").unwrap();
        assert!(libvirtd.may_run("/usr/bin/qemu-kvm") && !libvirtd.may_run("/usr/local/bin/qemu-kvm"));
        assert!(rsyslogd.may_run("/opt/x"));
    }

    #[test]
    fn ordinary_words_name_no_daemon() {
        assert_eq!(named("named"), None);
        assert_eq!(named("bind9"), Some("bind9"));
        assert_eq!(named("MySQL"), Some("mysqld"));
    }

    #[test]
    fn no_name_twice() {
        let mut all: Vec<&str> = DAEMONS.iter().flat_map(|d| d.names.iter().copied()).collect();
        let before = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), before);
    }
}
