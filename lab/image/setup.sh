#!/bin/sh
# Runs in the new tree (chroot): the guest as a plain host with engines that start when asked.
set -e
# Nothing but what a job asks for starts at boot: every second costs ten under emulation.
for unit in systemd-udevd systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger \
  systemd-udev-settle systemd-udev-load-credentials systemd-timesyncd systemd-networkd systemd-resolved \
  systemd-random-seed systemd-hwdb-update systemd-pcrphase systemd-pstore systemd-rfkill getty@tty1 \
  serial-getty@ttyS0 console-getty e2scrub_reap fstrim.timer apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer e2scrub_all.timer logrotate.timer man-db.timer docker.service docker.socket \
  containerd.service podman-auto-update.timer podman-restart podman.socket podman.service \
  podman-clean-transient auditd.service apparmor.service systemd-update-utmp systemd-update-utmp-runlevel \
  systemd-binfmt ldconfig systemd-firstboot systemd-journal-catalog-update systemd-update-done \
  systemd-boot-random-seed systemd-tpm2-setup systemd-tpm2-setup-early systemd-quotacheck-root \
  netavark-firewalld-reload netavark-dhcp-proxy.socket rpc-statd; do
  case $unit in *.*) ;; *) unit=$unit.service ;; esac
  case $unit in
  docker.* | containerd.* | podman* | auditd.* | apparmor.*) systemctl disable "$unit" >/dev/null 2>&1 || : ;;
  *) ln -sf /dev/null "/etc/systemd/system/$unit" ;;
  esac
done
rm -f /etc/fstab && printf 'tmpfs /tmp tmpfs mode=1777,nosuid,nodev 0 0\n' >/etc/fstab
echo lab >/etc/hostname
printf '127.0.0.1 localhost lab\n' >/etc/hosts
systemd-machine-id-setup >/dev/null 2>&1 || :
mkdir -p /etc/systemd/journald.conf.d /etc/docker /usr/lib/modules /root/job /out
printf '[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\n' >/etc/systemd/journald.conf.d/lab.conf
# There is no network and no registry: images are imported from the guest's own files.
printf '{"iptables": false, "ip6tables": false, "bridge": "none"}\n' >/etc/docker/daemon.json
cat >/etc/systemd/system/lab.target <<'U'
[Unit]
Description=A job in the lab
Requires=basic.target lab.service
After=basic.target
AllowIsolate=yes
U
cat >/etc/systemd/system/lab.service <<'U'
[Unit]
Description=Runs the job
After=basic.target dbus.socket
OnFailure=poweroff.target
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/lab-agent
StandardOutput=null
StandardError=null
TimeoutStartSec=infinity
LimitNOFILE=524288
U
useradd -m -u 1000 -s /bin/bash alice
passwd -d alice >/dev/null
grep -q '^alice:' /etc/subuid || { echo alice:100000:65536 >>/etc/subuid; echo alice:100000:65536 >>/etc/subgid; }
rm -rf /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale
