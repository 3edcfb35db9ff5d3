//! Daemons of a host that its distribution confines: by an AppArmor profile of the package, or by a
//! domain of SELinux' targeted policy. Their own directories are those that the policy grants; data
//! moved elsewhere is refused there whatever its owner and mode.
//!
//! Sources: the profiles under /etc/apparmor.d of the packages mysql-server, bind9, isc-dhcp-server,
//! chrony, cups-daemon, ntpsec, slapd, clamav, unbound, tor, kea, ejabberd, msmtp, strongswan, squid
//! (Debian, Ubuntu) and of apparmor-profiles (openSUSE, enforcing there); `seinfo -t` and
//! `matchpathcon` of selinux-policy-targeted.

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
}

const UBUNTU: &[&str] = &["ubuntu", "kubuntu", "xubuntu", "lubuntu", "mint", "linuxmint", "pop"];
const DEBIAN: &[&str] =
    &["debian", "ubuntu", "kubuntu", "xubuntu", "lubuntu", "mint", "linuxmint", "pop", "proxmox", "raspbian"];
const SUSE: &[&str] = &["suse", "opensuse", "sles"];

const fn daemon(
    names: &'static [&'static str],
    users: &'static [&'static str],
    profile: (&'static str, &'static [&'static str]),
    domain: &'static str,
    own: &'static [&'static str],
) -> Confined {
    Confined { names, plain: true, users, profile: profile.0, enforced_on: profile.1, domain, own }
}

/// A daemon whose name is an ordinary word too.
const fn worded(mut one: Confined) -> Confined {
    one.plain = false;
    one
}

const NONE: (&str, &[&str]) = ("", &[]);

const DAEMONS: &[Confined] = &[
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
    daemon(
        &["mariadbd", "mariadb", "mariadb-server"],
        &["mysql"],
        NONE,
        "mysqld_t",
        &["/var/lib/mysql", "/var/log/mariadb", "/etc/my.cnf.d", "/run/mariadb"],
    ),
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
    daemon(
        &["dhcpd", "isc-dhcp-server"],
        &["dhcpd"],
        ("/usr/sbin/dhcpd", DEBIAN),
        "dhcpd_t",
        &["/etc/dhcp", "/var/lib/dhcp", "/var/lib/dhcpd"],
    ),
    daemon(
        &["dhclient"],
        &[],
        ("/{,usr/}sbin/dhclient", DEBIAN),
        "dhcpc_t",
        &["/etc/dhcp", "/var/lib/dhcp", "/var/lib/NetworkManager"],
    ),
    daemon(
        &["kea-dhcp4", "kea-dhcp6", "kea-ctrl-agent", "kea-dhcp4-server"],
        &["_kea", "kea"],
        ("kea-dhcp4", DEBIAN),
        "kea_t",
        &["/etc/kea", "/var/lib/kea", "/var/log/kea", "/run/kea"],
    ),
    daemon(
        &["chronyd", "chrony"],
        &["_chrony", "chrony"],
        ("/usr/sbin/chronyd", DEBIAN),
        "chronyd_t",
        &["/etc/chrony", "/var/lib/chrony", "/var/log/chrony", "/run/chrony"],
    ),
    daemon(
        &["ntpd", "ntpsec"],
        &["ntp", "ntpsec"],
        ("/usr/sbin/ntpd", DEBIAN),
        "ntpd_t",
        &["/etc/ntp", "/etc/ntpsec", "/var/lib/ntp", "/var/log/ntpstats"],
    ),
    daemon(
        &["cupsd"],
        &["lp"],
        ("/usr/sbin/cupsd", DEBIAN),
        "cupsd_t",
        &["/etc/cups", "/var/cache/cups", "/var/spool/cups", "/var/log/cups", "/run/cups"],
    ),
    daemon(
        &["slapd"],
        &["openldap", "ldap"],
        ("/usr/sbin/slapd", UBUNTU),
        "slapd_t",
        &["/etc/ldap", "/etc/openldap", "/var/lib/ldap", "/run/slapd"],
    ),
    daemon(
        &["clamd", "clamav-daemon"],
        &["clamav", "clamscan"],
        ("/usr/sbin/clamd", DEBIAN),
        "antivirus_t",
        &["/etc/clamav", "/var/lib/clamav", "/var/log/clamav"],
    ),
    daemon(
        &["freshclam"],
        &["clamav"],
        ("/usr/bin/freshclam", DEBIAN),
        "antivirus_t",
        &["/etc/clamav", "/var/lib/clamav", "/var/log/clamav"],
    ),
    worded(daemon(
        &["unbound"],
        &["unbound"],
        ("/usr/sbin/unbound", DEBIAN),
        "named_t",
        &["/etc/unbound", "/var/lib/unbound"],
    )),
    worded(daemon(
        &["tor"],
        &["debian-tor", "toranon"],
        ("system_tor", DEBIAN),
        "tor_t",
        &["/etc/tor", "/var/lib/tor", "/var/log/tor"],
    )),
    daemon(
        &["ejabberdctl", "ejabberd"],
        &["ejabberd"],
        ("/usr/sbin/ejabberdctl", DEBIAN),
        "",
        &["/etc/ejabberd", "/var/lib/ejabberd", "/var/log/ejabberd"],
    ),
    daemon(&["msmtp"], &[], ("/usr/bin/msmtp", DEBIAN), "", &["/etc/msmtprc", "/home", "/root"]),
    daemon(
        &["charon", "swanctl"],
        &[],
        ("/usr/lib/ipsec/charon", DEBIAN),
        "ipsec_t",
        &["/etc/ipsec.d", "/etc/swanctl", "/etc/strongswan.d"],
    ),
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
    daemon(
        &["rsyslogd", "rsyslog"],
        &["syslog"],
        ("rsyslogd", UBUNTU),
        "syslogd_t",
        &["/var/log", "/etc/rsyslog.d", "/var/spool/rsyslog"],
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
];

impl Confined {
    /// True when this distribution enforces the AppArmor profile.
    #[must_use]
    pub fn profiled(&self, distro: &str) -> bool {
        self.enforced_on.contains(&distro)
    }

    /// True when the policy grants `path` by itself: one of its own directories, or a temporary one.
    #[must_use]
    pub fn owns(&self, path: &str) -> bool {
        let under = |root: &str| {
            path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
        };
        const COMMON: &[&str] = &["/tmp", "/var/tmp", "/usr", "/lib", "/lib64", "/proc", "/sys", "/dev"];
        self.own.iter().chain(COMMON).any(|root| under(root))
    }
}

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
        assert!(
            mysqld.owns("/var/lib/mysql/ibdata1") && mysqld.owns("/tmp/ib1") && !mysqld.owns("/srv/mysql/x")
        );
        assert!(!mysqld.owns("/var/lib/mysql2/x"));
        assert!(mysqld.profiled("ubuntu") && !mysqld.profiled("debian") && !mysqld.profiled("fedora"));
        assert!(find("named.service").is_some_and(|d| d.profiled("debian")));
        assert_eq!(find("cat"), None);
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
