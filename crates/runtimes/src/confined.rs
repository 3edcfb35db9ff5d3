//! Daemons of a host that its distribution confines: by an AppArmor profile of the package, or by a
//! domain of SELinux' targeted policy. Their own directories are those that the policy grants; data
//! moved elsewhere is refused there whatever its owner and mode.
//!
//! Sources: the profiles under /etc/apparmor.d of the packages mysql-server, bind9, isc-dhcp-server,
//! chrony, cups-daemon, ntpsec, slapd, clamav, unbound, tor, kea, ejabberd, msmtp, strongswan, squid,
//! libvirt-daemon-system, tcpdump, evince, passt, apt-cacher-ng, rsyslog (Debian, Ubuntu) and of
//! apparmor-profiles (openSUSE, enforcing there); `seinfo -t` and `matchpathcon` of
//! selinux-policy-targeted.

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

const UBUNTU: &[&str] = &["ubuntu", "kubuntu", "xubuntu", "lubuntu", "mint", "linuxmint", "pop"];
const DEBIAN: &[&str] =
    &["debian", "ubuntu", "kubuntu", "xubuntu", "lubuntu", "mint", "linuxmint", "pop", "proxmox", "raspbian"];
const SUSE: &[&str] = &["suse", "opensuse", "sles"];
/// Where libvirt and passt come with their profiles.
const GUESTS: &[&str] = &[
    "debian",
    "ubuntu",
    "kubuntu",
    "xubuntu",
    "lubuntu",
    "mint",
    "linuxmint",
    "pop",
    "raspbian",
    "suse",
    "opensuse",
    "sles",
];

const fn daemon(
    names: &'static [&'static str],
    users: &'static [&'static str],
    profile: (&'static str, &'static [&'static str]),
    domain: &'static str,
    own: &'static [&'static str],
) -> Confined {
    Confined {
        names,
        plain: true,
        users,
        profile: profile.0,
        enforced_on: profile.1,
        domain,
        own,
        read_only: &[],
        temporary: true,
        since: &[],
        endings: &[],
        runs: None,
    }
}

/// A daemon whose profile grants these directories for reading only.
const fn reading(mut one: Confined, only: &'static [&'static str]) -> Confined {
    one.read_only = only;
    one
}

/// A daemon whose profile grants no temporary directory.
const fn no_temporary(mut one: Confined) -> Confined {
    one.temporary = false;
    one
}

/// A daemon whose profile Ubuntu enforces from this release on.
const fn since(mut one: Confined, release: &'static [u32]) -> Confined {
    one.since = release;
    one
}

/// A program whose profile names the programs that it may run.
const fn running(mut one: Confined, only: &'static [&'static str]) -> Confined {
    one.runs = Some(only);
    one
}

/// A program whose profile grants files by their ending.
const fn by_ending(mut one: Confined, endings: &'static [&'static str]) -> Confined {
    one.endings = endings;
    one
}

/// A daemon whose name is an ordinary word too.
const fn worded(mut one: Confined) -> Confined {
    one.plain = false;
    one
}

const NONE: (&str, &[&str]) = ("", &[]);

const DAEMONS: &[Confined] = &[
    reading(
        daemon(
            &["mysqld", "mysql-server", "mysql"],
            &["mysql"],
            ("/usr/sbin/mysqld", UBUNTU),
            "mysqld_t",
            &[
                "/var/lib/mysql",
                "/var/lib/mysql-files",
                "/var/log/mysql",
                "/etc/mysql",
                "/run/mysqld",
                "/var/run/mysqld",
            ],
        ),
        &["/etc/mysql"],
    ),
    daemon(
        &["mariadbd", "mariadb", "mariadb-server"],
        &["mysql"],
        NONE,
        "mysqld_t",
        &["/var/lib/mysql", "/var/log/mariadb", "/etc/my.cnf.d", "/run/mariadb"],
    ),
    reading(
        daemon(
            &["bind9", "named-chroot"],
            &["bind", "named"],
            ("named", DEBIAN),
            "named_t",
            &[
                "/etc/bind",
                "/var/lib/bind",
                "/var/cache/bind",
                "/var/named",
                "/etc/named",
                "/run/named",
                "/var/log/named",
            ],
        ),
        &["/etc/bind"],
    ),
    reading(
        worded(daemon(
            &["named"],
            &["bind", "named"],
            ("named", DEBIAN),
            "named_t",
            &[
                "/etc/bind",
                "/var/lib/bind",
                "/var/cache/bind",
                "/var/named",
                "/etc/named",
                "/run/named",
                "/var/log/named",
            ],
        )),
        &["/etc/bind"],
    ),
    no_temporary(reading(
        daemon(
            &["dhcpd", "isc-dhcp-server"],
            &["dhcpd"],
            ("/usr/sbin/dhcpd", DEBIAN),
            "dhcpd_t",
            &["/etc/dhcp", "/var/lib/dhcp", "/var/lib/dhcpd"],
        ),
        &["/etc/dhcp"],
    )),
    no_temporary(reading(
        daemon(
            &["dhclient"],
            &[],
            ("/{,usr/}sbin/dhclient", DEBIAN),
            "dhcpc_t",
            &["/etc/dhcp", "/var/lib/dhcp", "/var/lib/NetworkManager"],
        ),
        &["/etc/dhcp"],
    )),
    no_temporary(reading(
        daemon(
            &["kea-dhcp4", "kea-dhcp6", "kea-ctrl-agent", "kea-dhcp4-server", "kea-dhcp-ddns", "kea"],
            &["_kea", "kea"],
            ("kea-dhcp4", DEBIAN),
            "kea_t",
            &["/etc/kea", "/var/lib/kea", "/var/log/kea", "/run/kea"],
        ),
        &["/etc/kea"],
    )),
    no_temporary(reading(
        daemon(
            &["chronyd", "chrony"],
            &["_chrony", "chrony"],
            ("/usr/sbin/chronyd", DEBIAN),
            "chronyd_t",
            &["/etc/chrony", "/var/lib/chrony", "/var/log/chrony", "/run/chrony"],
        ),
        &["/etc/chrony"],
    )),
    no_temporary(reading(
        daemon(
            &["ntpd", "ntpsec"],
            &["ntp", "ntpsec"],
            ("/usr/sbin/ntpd", DEBIAN),
            "ntpd_t",
            &["/etc/ntp", "/etc/ntpsec", "/var/lib/ntp", "/var/log/ntpstats"],
        ),
        &["/etc/ntp", "/etc/ntpsec"],
    )),
    daemon(
        &["cupsd"],
        &["lp"],
        ("/usr/sbin/cupsd", DEBIAN),
        "cupsd_t",
        &["/etc/cups", "/var/cache/cups", "/var/spool/cups", "/var/log/cups", "/run/cups"],
    ),
    no_temporary(daemon(
        &["slapd"],
        &["openldap", "ldap"],
        ("/usr/sbin/slapd", UBUNTU),
        "slapd_t",
        &["/etc/ldap", "/etc/openldap", "/var/lib/ldap", "/run/slapd"],
    )),
    daemon(
        &["clamd", "clamav-daemon"],
        &["clamav", "clamscan"],
        ("/usr/sbin/clamd", DEBIAN),
        "antivirus_t",
        &["/home", "/etc/clamav", "/var/lib/clamav", "/var/log/clamav"],
    ),
    daemon(
        &["freshclam"],
        &["clamav"],
        ("/usr/bin/freshclam", DEBIAN),
        "antivirus_t",
        &["/etc/clamav", "/var/lib/clamav", "/var/log/clamav"],
    ),
    no_temporary(reading(
        worded(daemon(
            &["unbound"],
            &["unbound"],
            ("/usr/sbin/unbound", DEBIAN),
            "named_t",
            &["/etc/unbound", "/var/lib/unbound"],
        )),
        &["/etc/unbound"],
    )),
    no_temporary(reading(
        worded(daemon(
            &["tor"],
            &["debian-tor", "toranon"],
            ("system_tor", DEBIAN),
            "tor_t",
            &["/etc/tor", "/var/lib/tor", "/var/log/tor"],
        )),
        &["/etc/tor"],
    )),
    daemon(
        &["ejabberdctl", "ejabberd"],
        &["ejabberd"],
        ("/usr/sbin/ejabberdctl", DEBIAN),
        "",
        &["/etc/ejabberd", "/var/lib/ejabberd", "/var/log/ejabberd"],
    ),
    running(
        daemon(&["msmtp"], &[], ("/usr/bin/msmtp", DEBIAN), "", &["/etc/msmtprc", "/home", "/root"]),
        &[],
    ),
    no_temporary(daemon(
        &["charon", "swanctl"],
        &[],
        ("/usr/lib/ipsec/charon", DEBIAN),
        "ipsec_t",
        &["/etc/ipsec.d", "/etc/swanctl", "/etc/strongswan.d"],
    )),
    daemon(
        &["swtpm"],
        &["tss", "swtpm"],
        ("swtpm", DEBIAN),
        "swtpm_t",
        &["/var/lib/swtpm", "/var/lib/libvirt", "/run/libvirt"],
    ),
    daemon(
        &["smbd", "samba"],
        &[],
        ("smbd", SUSE),
        "smbd_t",
        &["/etc/samba", "/var/lib/samba", "/var/log/samba", "/var/spool/samba", "/run/samba"],
    ),
    daemon(
        &["dnsmasq"],
        &["dnsmasq"],
        ("dnsmasq", SUSE),
        "dnsmasq_t",
        &["/etc/dnsmasq.d", "/var/lib/misc", "/var/lib/dnsmasq", "/run/dnsmasq"],
    ),
    daemon(
        &["dovecot"],
        &["dovecot", "vmail"],
        ("dovecot", SUSE),
        "dovecot_t",
        &["/etc/dovecot", "/var/lib/dovecot", "/run/dovecot", "/var/mail", "/var/spool/mail", "/var/vmail"],
    ),
    daemon(
        &["httpd", "apache2"],
        &["apache", "www-data"],
        NONE,
        "httpd_t",
        &["/var/www", "/etc/httpd", "/var/log/httpd", "/run/httpd", "/usr/share/httpd"],
    ),
    daemon(
        &["nginx"],
        &["nginx", "www-data"],
        NONE,
        "httpd_t",
        &["/var/www", "/etc/nginx", "/var/log/nginx", "/usr/share/nginx", "/var/lib/nginx"],
    ),
    daemon(
        &["php-fpm"],
        &["apache", "nginx", "www-data"],
        NONE,
        "httpd_t",
        &["/var/www", "/var/log/php-fpm", "/run/php-fpm", "/var/lib/php"],
    ),
    daemon(
        &["postgres", "postgresql", "postmaster"],
        &["postgres"],
        NONE,
        "postgresql_t",
        &["/var/lib/pgsql", "/var/lib/postgresql", "/run/postgresql", "/etc/postgresql"],
    ),
    daemon(
        &["mongod", "mongodb"],
        &["mongod", "mongodb"],
        NONE,
        "mongod_t",
        &["/var/lib/mongo", "/var/log/mongodb"],
    ),
    daemon(
        &["redis-server", "redis"],
        &["redis"],
        NONE,
        "redis_t",
        &["/var/lib/redis", "/etc/redis", "/var/log/redis", "/run/redis"],
    ),
    since(
        reading(
            daemon(
                &["rsyslogd", "rsyslog"],
                &["syslog"],
                ("rsyslogd", UBUNTU),
                "syslogd_t",
                &["/var/log", "/etc/rsyslog.d", "/var/spool/rsyslog"],
            ),
            &["/etc/rsyslog.d"],
        ),
        &[23, 4],
    ),
    running(
        daemon(
            &["libvirtd", "libvirt", "virtqemud", "libvirt-daemon", "libvirt-bin", "libvirt-qemu", "virt-handler", "virt-launcher"],
            &["libvirt-qemu", "qemu"],
            ("libvirt-UUID", GUESTS),
            "virtd_t",
            &["/var/lib/libvirt", "/var/log/libvirt", "/run/libvirt", "/var/run/libvirt", "/etc/libvirt"],
        ),
        &["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/lib/libvirt", "/usr/lib/qemu", "/usr/lib/xen"],
    ),
    no_temporary(by_ending(
        daemon(&["tcpdump"], &["tcpdump"], ("/usr/sbin/tcpdump", DEBIAN), "", &[]),
        &[".pcap", ".cap", ".pcapng"],
    )),
    running(
        daemon(
            &["evince", "evince-previewer", "evince-thumbnailer"],
            &[],
            ("/usr/bin/evince", DEBIAN),
            "",
            &["/home", "/media", "/mnt", "/srv", "/net"],
        ),
        &[],
    ),
    no_temporary(daemon(
        &["passt", "pasta"],
        &[],
        ("passt", GUESTS),
        "pasta_t",
        &["/run/user", "/run/netns", "/home", "/tmp"],
    )),
    no_temporary(daemon(
        &["apt-cacher-ng"],
        &["apt-cacher-ng"],
        ("apt-cacher-ng", DEBIAN),
        "",
        &["/var/cache/apt-cacher-ng", "/var/log/apt-cacher-ng", "/etc/apt-cacher-ng", "/run/apt-cacher-ng"],
    )),
    daemon(
        &["cups-browsed"],
        &["cups-browsed"],
        ("/usr/sbin/cups-browsed", DEBIAN),
        "cupsd_t",
        &["/etc/cups", "/var/cache/cups", "/var/log/cups", "/run/cups"],
    ),
    daemon(&["haveged"], &[], ("/usr/sbin/haveged", DEBIAN), "entropyd_t", &["/run"]),
    daemon(
        &["avahi-daemon"],
        &["avahi"],
        ("avahi-daemon", SUSE),
        "avahi_t",
        &["/etc/avahi", "/run/avahi-daemon", "/var/lib/avahi"],
    ),
    daemon(&["nscd"], &["nscd"], ("nscd", SUSE), "nscd_t", &["/run/nscd", "/var/lib/nscd", "/etc"]),
    daemon(
        &["syslog-ng"],
        &[],
        ("syslog-ng", SUSE),
        "syslogd_t",
        &["/var/log", "/etc/syslog-ng", "/var/lib/syslog-ng"],
    ),
    since(
        daemon(
            &["transmission-daemon"],
            &["debian-transmission"],
            ("transmission-daemon", UBUNTU),
            "transmission_t",
            &["/var/lib/transmission-daemon", "/etc/transmission-daemon", "/home"],
        ),
        &[25, 4],
    ),
    daemon(&["logrotate"], &[], NONE, "logrotate_t", &["/var/log", "/etc/logrotate.d", "/var/lib/logrotate"]),
    daemon(
        &["haproxy"],
        &["haproxy"],
        NONE,
        "haproxy_t",
        &["/etc/haproxy", "/var/lib/haproxy", "/run/haproxy"],
    ),
    daemon(
        &["squid"],
        &["squid", "proxy"],
        NONE,
        "squid_t",
        &["/etc/squid", "/var/spool/squid", "/var/log/squid"],
    ),
    daemon(&["vsftpd"], &["ftp"], NONE, "ftpd_t", &["/etc/vsftpd", "/var/ftp"]),
    daemon(&["openvpn"], &["openvpn", "nobody"], NONE, "openvpn_t", &["/etc/openvpn", "/run/openvpn"]),
    daemon(&["snmpd"], &[], NONE, "snmpd_t", &["/etc/snmp", "/var/lib/net-snmp"]),
    daemon(
        &["zabbix_agentd", "zabbix-agent"],
        &["zabbix"],
        NONE,
        "zabbix_agent_t",
        &["/etc/zabbix", "/var/log/zabbix", "/run/zabbix"],
    ),
    daemon(&["keepalived"], &[], NONE, "keepalived_t", &["/etc/keepalived"]),
    daemon(
        &["postfix", "smtpd", "cleanup", "qmgr", "pickup", "postmap"],
        &["postfix"],
        NONE,
        "postfix_master_t",
        &["/etc/postfix", "/var/spool/postfix", "/var/lib/postfix", "/etc/aliases", "/var/mail"],
    ),
    daemon(
        &["sendmail"],
        &["smmsp"],
        NONE,
        "sendmail_t",
        &["/etc/mail", "/var/spool/mqueue", "/etc/aliases"],
    ),
    daemon(&["sshd"], &["sshd"], NONE, "sshd_t", &["/etc/ssh", "/home", "/root", "/run/sshd"]),
    daemon(&["memcached"], &["memcached"], NONE, "memcached_t", &["/run/memcached"]),
    daemon(
        &["winbindd", "nmbd"],
        &["root"],
        NONE,
        "smbd_t",
        &["/etc/samba", "/var/lib/samba", "/var/log/samba", "/run/samba"],
    ),
    daemon(&["proftpd", "pure-ftpd"], &["ftp", "nobody"], NONE, "ftpd_t", &["/etc/proftpd", "/var/ftp"]),
    daemon(
        &["lighttpd"],
        &["lighttpd", "www-data"],
        NONE,
        "httpd_t",
        &["/var/www", "/etc/lighttpd", "/var/log/lighttpd"],
    ),
    daemon(
        &["nrpe"],
        &["nrpe", "nagios"],
        NONE,
        "nrpe_t",
        &["/etc/nagios", "/usr/lib64/nagios", "/run/nrpe"],
    ),
    daemon(&["collectd"], &[], NONE, "collectd_t", &["/etc/collectd.d", "/var/lib/collectd"]),
    daemon(&["varnishd"], &["varnish"], NONE, "varnishd_t", &["/etc/varnish", "/var/lib/varnish"]),
    daemon(&["radiusd", "freeradius"], &["radiusd"], NONE, "radiusd_t", &["/etc/raddb", "/var/log/radius"]),
    daemon(&["opendkim"], &["opendkim"], NONE, "dkim_milter_t", &["/etc/opendkim", "/run/opendkim"]),
    daemon(&["stunnel"], &["nobody"], NONE, "stunnel_t", &["/etc/stunnel", "/run/stunnel"]),
    daemon(&["rsyncd"], &[], NONE, "rsync_t", &["/etc/rsyncd.conf"]),
    daemon(&["in.tftpd", "tftpd"], &[], NONE, "tftpd_t", &["/var/lib/tftpboot"]),
    daemon(
        &["zabbix_server", "zabbix-server"],
        &["zabbix"],
        NONE,
        "zabbix_t",
        &["/etc/zabbix", "/var/log/zabbix", "/run/zabbix"],
    ),
    daemon(&["minidlnad", "minidlna"], &["minidlna"], NONE, "minidlna_t", &["/var/cache/minidlna"]),
];

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
