//! The facts of a machine that decide between layers, as text lines that `intake` reads.
//!
//! Each file becomes one piece of evidence under its own path, so that a quotation names the file.

use crate::host::{Host, ReadError};

/// One file's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The file they were read from.
    pub path: String,
    /// Lines of `key: value`, or the file's own lines where people paste those.
    pub text: String,
}

/// What was read, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// In a fixed order.
    pub facts: Vec<Fact>,
    /// One sentence for each file that is there but could not be read.
    pub missing: Vec<String>,
}

impl Reading {
    fn add(&mut self, path: &str, read: Result<String, ReadError>, lines: impl Fn(&str) -> String) {
        match read {
            Ok(text) => {
                let text = lines(text.trim_end());
                if !text.is_empty() {
                    self.facts.push(Fact { path: path.to_owned(), text });
                }
            }
            Err(ReadError::Absent) => {}
            Err(error) => self.missing.push(format!("{path}: {error}")),
        }
    }
}

const OS_RELEASE: &str = "/etc/os-release";
const KERNEL: &str = "/proc/sys/kernel/osrelease";
const LSM: &str = "/sys/kernel/security/lsm";
const ENFORCE: &str = "/sys/fs/selinux/enforce";
const APPARMOR: &str = "/sys/module/apparmor/parameters/enabled";
const FEATURES: &str = "/sys/kernel/security/apparmor/features";
const PARSER: &str = "/etc/apparmor/parser.conf";
const USERNS: &str = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
const LOCKDOWN: &str = "/sys/kernel/security/lockdown";
const PTRACE: &str = "/proc/sys/kernel/yama/ptrace_scope";

/// Reads `host`. Never fails: what can't be read is named.
#[must_use]
pub fn read(host: &dyn Host) -> Reading {
    let mut reading = Reading::default();
    let own = |text: &str| format!("{text}\n");
    reading.add(OS_RELEASE, host.read(OS_RELEASE), |text| {
        let keys = ["PRETTY_NAME=", "ID=", "VERSION_ID="];
        text.lines().filter(|l| keys.iter().any(|k| l.starts_with(k))).map(|l| format!("{l}\n")).collect()
    });
    reading.add(KERNEL, host.read(KERNEL), |text| format!("kernel: Linux {text}\n"));
    reading.add(LSM, host.read(LSM), |text| format!("lsm: {text}\n"));
    reading.add(ENFORCE, host.read(ENFORCE), |text| {
        let state = if text.trim() == "1" { "Enforcing" } else { "Permissive" };
        format!("getenforce: {state}\n")
    });
    reading.add(APPARMOR, host.read(APPARMOR), |text| {
        let state = if text.trim() == "Y" { "enabled" } else { "disabled" };
        format!("apparmor: {state}\n")
    });
    features(host, &mut reading);
    reading.add(PARSER, host.read(PARSER), |text| {
        text.lines()
            .filter(|l| !l.trim_start().starts_with('#') && !l.trim().is_empty())
            .map(|l| format!("{l}\n"))
            .collect()
    });
    pinned(host, &mut reading);
    reading.add(USERNS, host.read(USERNS), |text| {
        format!("kernel.apparmor_restrict_unprivileged_userns = {text}\n")
    });
    reading.add(PTRACE, host.read(PTRACE), |text| format!("kernel.yama.ptrace_scope = {text}\n"));
    reading.add(LOCKDOWN, host.read(LOCKDOWN), own);
    reading
}

/// Whether the kernel mediates AF_UNIX finely, by the feature tree and never by its version.
fn features(host: &dyn Host, reading: &mut Reading) {
    let names = match host.list(FEATURES) {
        Ok(names) => names,
        Err(ReadError::Absent) => return,
        Err(error) => {
            reading.missing.push(format!("{FEATURES}: {error}"));
            return;
        }
    };
    let mut text = String::new();
    for name in names.iter().filter(|n| n.starts_with("network") || n.as_str() == "namespaces") {
        let directory = format!("{FEATURES}/{name}");
        for file in host.list(&directory).unwrap_or_default() {
            if matches!(file.as_str(), "af_unix" | "userns_create")
                && let Ok(value) = host.read(&format!("{directory}/{file}"))
            {
                text.push_str(&format!("apparmor/features/{name}/{file}: {}\n", value.trim()));
            }
        }
        if !text.contains(&format!("/{name}/")) {
            text.push_str(&format!("apparmor/features/{name}: present\n"));
        }
    }
    if !text.is_empty() {
        reading.facts.push(Fact { path: FEATURES.to_owned(), text });
    }
}

/// The feature set the parser is pinned to, and whether it knows AF_UNIX.
fn pinned(host: &dyn Host, reading: &mut Reading) {
    let Ok(config) = host.read(PARSER) else { return };
    let path = config.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "policy-features" | "features-file").then(|| value.trim().to_owned())
    });
    let Some(path) = path else { return };
    reading.add(&path, host.read(&path), |text| {
        let state = if text.contains("af_unix") { "with af_unix" } else { "without af_unix" };
        format!("apparmor policy-features pin: {state}\n")
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecordedHost;

    #[test]
    fn a_pinned_machine_shows_its_mismatch() {
        let host = RecordedHost::default()
            .with(OS_RELEASE, "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nHOME_URL=\"x\"\nID=debian\n")
            .with(KERNEL, "7.3.4+deb13-cloud-amd64\n")
            .with("/sys/kernel/security/apparmor/features/network_v9/af_unix", "yes\n")
            .with("/sys/kernel/security/apparmor/features/network_v8/af_mask", "unix inet\n")
            .with(PARSER, "# comment\npolicy-features=/usr/share/apparmor-features/features\n")
            .with("/usr/share/apparmor-features/features", "network_v8 {af_mask {unix inet}}\n")
            .without(LSM, ReadError::Denied);
        let reading = read(&host);
        let all: String = reading.facts.iter().map(|f| f.text.as_str()).collect();
        assert_eq!(
            all,
            "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nkernel: Linux 7.3.4+deb13-cloud-amd64\n\
             apparmor/features/network_v8: present\napparmor/features/network_v9/af_unix: yes\n\
             policy-features=/usr/share/apparmor-features/features\napparmor policy-features pin: without af_unix\n"
        );
        assert_eq!(reading.missing, ["/sys/kernel/security/lsm: reading it is not permitted"]);
    }

    #[test]
    fn an_empty_machine_gives_nothing() {
        assert_eq!(read(&RecordedHost::default()), Reading::default());
    }

    #[test]
    fn selinux_says_its_state() {
        let host = RecordedHost::default().with(ENFORCE, "0");
        assert_eq!(read(&host).facts[0].text, "getenforce: Permissive\n");
    }
}
