//! Traits of the surroundings: file systems, namespaces, who maps ids, CI, virtual machines.

use super::Saying;
use crate::context::sink::Sink;
use whodenied_case::{Environment, Knob, Predicate, Setting, Surface};

/// Words that state a trait by themselves.
const WORDS: &[(&[&str], Environment)] = &[
    (&["nfs"], Environment::Nfs),
    (&["nfsv3"], Environment::Nfs),
    (&["nfsv4"], Environment::Nfs),
    (&["nfs4"], Environment::Nfs),
    (&["nfs-server"], Environment::Nfs),
    (&["nfs-client"], Environment::Nfs),
    (&["nfs-subdir-external-provisioner"], Environment::Nfs),
    (&["ontap-nas"], Environment::Nfs),
    (&["ontap-nas-economy"], Environment::Nfs),
    (&["efs"], Environment::Nfs),
    (&["nfs-backed"], Environment::Nfs),
    (&["root_squash"], Environment::RootSquash),
    (&["root-squash"], Environment::RootSquash),
    (&["rootsquash"], Environment::RootSquash),
    (&["root", "squash"], Environment::RootSquash),
    (&["root", "squashing"], Environment::RootSquash),
    (&["all_squash"], Environment::RootSquash),
    (&["cifs"], Environment::Cifs),
    (&["smb"], Environment::Cifs),
    (&["smb3"], Environment::Cifs),
    (&["samba", "share"], Environment::Cifs),
    (&["windows", "share"], Environment::Cifs),
    (&["azurefile"], Environment::Cifs),
    (&["azure", "files"], Environment::Cifs),
    (&["azure", "file"], Environment::Cifs),
    (&["vfat"], Environment::ForeignFs),
    (&["exfat"], Environment::ForeignFs),
    (&["fat32"], Environment::ForeignFs),
    (&["ntfs"], Environment::ForeignFs),
    (&["ntfs3"], Environment::ForeignFs),
    (&["ntfs-3g"], Environment::ForeignFs),
    (&["9p"], Environment::ForeignFs),
    (&["virtiofs"], Environment::ForeignFs),
    (&["drvfs"], Environment::ForeignFs),
    (&["vboxsf"], Environment::ForeignFs),
    (&["hgfs"], Environment::ForeignFs),
    (&["cephfs"], Environment::ForeignFs),
    (&["glusterfs"], Environment::ForeignFs),
    (&["gluster"], Environment::ForeignFs),
    (&["lustre"], Environment::ForeignFs),
    (&["gpfs"], Environment::ForeignFs),
    (&["osxfs"], Environment::ForeignFs),
    (&["network", "storage"], Environment::ForeignFs),
    (&["network", "home"], Environment::ForeignFs),
    (&["network", "drive"], Environment::ForeignFs),
    (&["network", "share"], Environment::ForeignFs),
    (&["network", "filesystem"], Environment::ForeignFs),
    (&["network", "file", "system"], Environment::ForeignFs),
    (&["network", "mount"], Environment::ForeignFs),
    (&["network-mounted"], Environment::ForeignFs),
    (&["grpcfuse"], Environment::ForeignFs),
    (&["beegfs"], Environment::ForeignFs),
    (&["secure", "boot"], Environment::SecureBoot),
    (&["secureboot"], Environment::SecureBoot),
    (&["wsl"], Environment::Wsl),
    (&["wsl2"], Environment::Wsl),
    (&["wsl1"], Environment::Wsl),
    (&["github", "actions"], Environment::Ci),
    (&["gitlab", "ci"], Environment::Ci),
    (&["gitlab-ci"], Environment::Ci),
    (&["gitlab", "runner"], Environment::Ci),
    (&["ci", "runner"], Environment::Ci),
    (&["ci"], Environment::Ci),
    (&["ubuntu", "runner"], Environment::Ci),
    (&["actions", "runner"], Environment::Ci),
    (&["circleci"], Environment::Ci),
    (&["travis"], Environment::Ci),
    (&["buildkite"], Environment::Ci),
    (&["azure", "pipelines"], Environment::Ci),
    (&["ubuntu-latest"], Environment::Ci),
    (&["woodpecker"], Environment::Ci),
    (&["drone"], Environment::Ci),
    (&["forgejo", "runner"], Environment::Ci),
    (&["act_runner"], Environment::Ci),
    (&["cgroup", "v2"], Environment::CgroupV2),
    (&["cgroups", "v2"], Environment::CgroupV2),
    (&["cgroupv2"], Environment::CgroupV2),
    (&["cgroup2"], Environment::CgroupV2),
    (&["unified", "cgroup"], Environment::CgroupV2),
    (&["cgroupsv2"], Environment::CgroupV2),
    (&["rootless"], Environment::Rootless),
    (&["--rootless"], Environment::Rootless),
    (&["rootlesskit"], Environment::Rootless),
    (&["toolbox"], Environment::Rootless),
    (&["toolbx"], Environment::Rootless),
    (&["distrobox"], Environment::Rootless),
    (&["userns-remap"], Environment::UsernsRemap),
    (&["userns", "remap"], Environment::UsernsRemap),
    (&["user", "namespace", "remapping"], Environment::UsernsRemap),
    (&["user", "namespace", "remap"], Environment::UsernsRemap),
    (&["idmap"], Environment::UsernsRemap),
    (&["idmapped"], Environment::UsernsRemap),
    (&["host", "network"], Environment::HostNetwork),
    (&["host", "networking"], Environment::HostNetwork),
    (&["hostnetwork"], Environment::HostNetwork),
    (&["network_mode", "host"], Environment::HostNetwork),
    (&["fakeroot"], Environment::Fakeroot),
    (&["local-path"], Environment::NoFsGroup),
    (&["local-path-provisioner"], Environment::NoFsGroup),
    (&["hostpath"], Environment::NoFsGroup),
    (&["hostpath-provisioner"], Environment::NoFsGroup),
    (&["zfs-localpv"], Environment::NoFsGroup),
    (&["openebs", "hostpath"], Environment::NoFsGroup),
    (&["local", "path", "provisioner"], Environment::NoFsGroup),
    (&["userns", "restriction"], Environment::UsernsRestriction),
    (&["unprivileged", "user", "namespace", "restriction"], Environment::UsernsRestriction),
    (&["s3", "csi"], Environment::Fuse),
    (&["mountpoint", "for", "s3"], Environment::Fuse),
    (&["mountpoint", "for", "amazon", "s3"], Environment::Fuse),
    (&["unprivileged", "userns", "restriction"], Environment::UsernsRestriction),
    (&["user", "namespace", "restrictions"], Environment::UsernsRestriction),
    (&["user", "namespaces", "restriction"], Environment::UsernsRestriction),
    (&["systemd", "--user"], Environment::UserManager),
    (&["systemctl", "--user"], Environment::UserManager),
    (&["user", "service"], Environment::UserManager),
    (&["user", "unit"], Environment::UserManager),
    (&["systemd-run", "--user"], Environment::UserManager),
];

/// Programs that serve a file system through FUSE.
const FUSE: &[&str] = &[
    "s3fs",
    "sshfs",
    "rclone",
    "mergerfs",
    "gocryptfs",
    "encfs",
    "bindfs",
    "goofys",
    "gcsfuse",
    "fuse",
    "unionfs-fuse",
    "shfs",
    "blobfuse",
    "juicefs",
    "mhddfs",
    "cryfs",
    "geesefs",
    "tigrisfs",
    "ossfs",
    "obsfs",
    "cosfs",
    "s3fs-fuse",
    "mount-s3",
    "mountpoint-s3",
    "csi-s3",
    "s3-csi",
    "blobfuse2",
    "unionfs",
    "curlftpfs",
    "davfs",
    "davfs2",
    "jmtpfs",
    "simple-mtpfs",
    "gvfs",
    "gvfsd-fuse",
    "google-drive-ocamlfuse",
    "rar2fs",
    "archivemount",
    "seaweedfs",
    "tmsu",
    "zfs-fuse",
    "veracrypt",
];

pub(super) fn read(s: &Saying<'_>, sink: &mut Sink) {
    options(s, sink);
    if s.message || (s.trial && !matches!(s.label, "host" | "runtime")) {
        return;
    }
    let nfs = s.find(&["nfs"]).is_some() || s.find(&["export"]).is_some();
    if let Some(at) = s
        .find(&["squashes", "root"])
        .or(s.find(&["squash"]).filter(|_| nfs))
        .or(s.find(&["squashed"]).filter(|_| nfs))
        && !s.denied(at)
    {
        s.say(at, at, sink, Predicate::Environment(Environment::RootSquash));
    }
    for at in 0..s.words.len() {
        if let Some((words, environment)) = WORDS.iter().find(|(words, _)| s.at(at, words)) {
            let odd = s.denied(at)
                || matches!(environment, Environment::SecureBoot)
                    && (s.word(at + words.len()) == "disabled" || s.word(at + words.len()) == "off")
                || *words == ["ci"] && s.words.get(at).is_some_and(|w| w.text != "CI")
                || *words == ["drone"] && s.label != "runtime"
                || words.first().is_some_and(|w| w.starts_with("nfs")) && s.word(at + 1).starts_with("acl")
                || *words == ["idmap"] && s.word(at + 1).is_empty();
            if !odd {
                s.say(at, at + words.len() - 1, sink, Predicate::Environment(*environment));
            }
        }
        fuse(s, at, sink);
    }
    if s.find(&["quadlet", "rootless"]).is_some()
        || (s.find(&["quadlet"]).is_some() && s.find(&["rootless"]).is_some())
    {
        sink.fact(s.whole(), super::DIALECT, Predicate::Environment(Environment::UserManager));
    }
    // `/mnt/c` of WSL.
    if let Some(at) = (0..s.words.len()).find(|&n| s.word(n).starts_with("/mnt/c/") || s.word(n) == "/mnt/c")
    {
        s.say(at, at, sink, Predicate::Environment(Environment::ForeignFs));
    }
}

/// Data that lies on a FUSE file system; mounting one is another matter.
fn fuse(s: &Saying<'_>, at: usize, sink: &mut Sink) {
    // `vieux/sshfs`, `docker-volume-sshfs`: a driver named for what it mounts.
    let word = s.word(at);
    let driver = word.rsplit(['/', '-']).next().unwrap_or(word);
    let plugin = matches!(s.word(at + 1), "volume" | "plugin" | "driver") && word != driver;
    let serves = FUSE.contains(&word) || plugin && FUSE.contains(&driver);
    if !serves {
        return;
    }
    if plugin && !s.denied(at) {
        s.say(at, at, sink, Predicate::Environment(Environment::Fuse));
    }
    let mounted = (1..=10).any(|n| matches!(s.before(at, n), "mounted" | "mount" | "mounts"));
    let before = matches!(s.before(at, 1), "on" | "via" | "over" | "through")
        || matches!(s.before(at, 1), "with" | "using" | "by") && mounted
        || (matches!(s.before(at, 2), "on" | "via" | "over" | "through" | "in")
            && matches!(s.before(at, 1), "a" | "an" | "the"));
    let after = matches!(
        s.word(at + 1),
        "volume"
            | "share"
            | "bucket"
            | "file"
            | "filesystem"
            | "pool"
            | "mountpoint"
            | "directory"
            | "folder"
    ) || s.word(at + 1) == "mount" && matches!(s.before(at, 1), "a" | "an" | "the" | "on" | "my");
    if (before || after) && !s.denied(at) {
        s.say(at, at, sink, Predicate::Environment(Environment::Fuse));
    }
}

/// Options and settings that only such surroundings have.
fn options(s: &Saying<'_>, sink: &mut Sink) {
    for at in 0..s.words.len() {
        let word = s.word(at);
        if s.trial {
            return;
        }
        if (word == "allow_other" || word.starts_with("mp_umask=")) && !s.message {
            s.say(at, at, sink, Predicate::Environment(Environment::Fuse));
        }
        // A file that ships a sysctl's value.
        if let Some(name) = word.strip_prefix("/etc/sysctl.d/") {
            let knob = Knob::Other { key: "sysctl-file".to_owned(), value: name.to_owned() };
            s.say(at, at, sink, Predicate::Setting(Setting { surface: Surface::Prose, service: None, knob }));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::context::listing::tests::facts;
    use whodenied_case::Environment::{self, *};

    #[test]
    fn traits_of_descriptions() {
        for (text, want) in [
            ("host: NetApp NFS filer", Nfs),
            ("OpenShift 4.10.22, Trident CSI ontap-nas-economy", Nfs),
            ("Docker with the azurefile volume driver (CIFS)", Cifs),
            ("software: postgres on s3fs", Fuse),
            ("-o uid=999 -o gid=999 -o allow_other -o mp_umask=002", Fuse),
            ("Podman 3.4.4 rootless, crun 1.4.2", Rootless),
            ("Podman rootless (toolbox)", Rootless),
            ("host: WSL Ubuntu", Wsl),
            ("container in GitHub Actions / similar", Ci),
            ("host: CI runner", Ci),
            ("Proxmox (cgroup v2)", CgroupV2),
            ("LXC unprivileged (idmap 100000)", UsernsRemap),
            ("pacman -Sy under fakeroot", Fakeroot),
            ("Kubernetes with zfs-localpv CSI", NoFsGroup),
            ("# pod runs as uid 1000, PVC from the hostPath provisioner", NoFsGroup),
            ("kernel enforcing the userns restriction", UsernsRestriction),
            ("kernel.apparmor_restrict_unprivileged_userns=1", UsernsRestriction),
            ("runtime: systemd --user service", UserManager),
            ("docker run --network host x", HostNetwork),
        ] {
            assert!(facts(text).has(want), "{text}");
        }
    }

    #[test]
    fn messages_and_denials_state_nothing() {
        let is = |text: &str, e: Environment| facts(text).has(e);
        assert!(!is(
            "sudo: is it on a file system with the 'nosuid' option set or an NFS file system without root privileges?",
            Nfs
        ));
        assert!(!is("fuse: mount failed: Permission denied", Fuse));
        assert!(!is("software: sshfs", Fuse));
        assert!(!is("we do not use NFS here", Nfs));
        assert!(!is("rootful, not rootless", Rootless));
        assert!(!is("it works with the host network", HostNetwork));
        assert!(!is("Secure Boot disabled", SecureBoot));
    }
}
