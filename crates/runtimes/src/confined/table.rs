//! The daemons and programs, one row each; the constructors that rows are written with.

use super::Confined;

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

pub(super) const DAEMONS: &[Confined] = &[
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
            &[
                "libvirtd",
                "libvirt",
                "virtqemud",
                "libvirt-daemon",
                "libvirt-bin",
                "libvirt-qemu",
                "virt-handler",
                "virt-launcher",
            ],
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
