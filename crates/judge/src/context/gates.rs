//! Sysctls, limits, mounts and mechanisms stated in words, as layers ask for them.

use super::{Context, under};
use whodenied_case::{Attempt, Change, Environment, Fact, FactId, Knob, Outcome, Predicate, Trial};

/// A mount that covers a path, as the evidence lists it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Covering<'a> {
    /// The fact.
    pub(crate) fact: FactId,
    /// Its mount point.
    pub(crate) target: &'a str,
    /// Its type, where listed.
    pub(crate) fstype: Option<&'a str>,
    /// Its options.
    pub(crate) options: &'a [String],
    /// True for a mount that is listed, false for one that configuration asks for.
    pub(crate) listed: bool,
}

impl Covering<'_> {
    /// True when the mount has this option.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.iter().flat_map(|o| o.split(',')).any(|o| o.trim() == option)
    }
}

impl<'a> Context<'a> {
    /// The value of a sysctl, as read on the host or as set for the container.
    pub(crate) fn sysctl(&self, name: &str) -> Option<(FactId, &'a str)> {
        self.facts.sysctl(name).or_else(|| {
            self.facts.knobs().find_map(|(id, k)| match k {
                Knob::Sysctl { key, value } if key == name => Some((id, value.as_str())),
                Knob::Lxc { key, value } if key.strip_prefix("linux.sysctl.") == Some(name) => {
                    Some((id, value.as_str()))
                }
                Knob::Lxc { key, value } if key.strip_prefix("lxc.sysctl.") == Some(name) => {
                    Some((id, value.as_str()))
                }
                _ => None,
            })
        })
    }

    /// The first number of a sysctl's value.
    pub(crate) fn sysctl_number(&self, name: &str) -> Option<(FactId, i64)> {
        let (id, value) = self.sysctl(name)?;
        Some((id, value.split_whitespace().next()?.parse().ok()?))
    }

    /// The experiment that changed this sysctl and came out so.
    pub(crate) fn sysctl_trial(&self, outcome: Outcome, name: &str) -> Option<&'a Trial> {
        self.trial(outcome, |c| match c {
            Change::Knob(Knob::Sysctl { key, .. }) => key == name,
            Change::Other(text) => text.contains(name),
            _ => false,
        })
    }

    /// The fact that states one of these mechanisms in words.
    pub(crate) fn stated(&self, ids: &[&str]) -> Option<&'a Fact> {
        ids.iter().find_map(|id| self.facts.statement(id))
    }

    /// As `stated`, and the statement stands in the text of this attempt or there is no other attempt.
    pub(crate) fn stated_here(&self, attempt: &Attempt, ids: &[&str]) -> Option<&'a Fact> {
        let near = |fact: &Fact| {
            self.attempts.len() < 2
                || fact.spans.iter().any(|f| {
                    attempt.spans.iter().any(|a| {
                        f.source == a.source
                            && f.start < a.end.saturating_add(1)
                            && a.start < f.end.saturating_add(1)
                    })
                })
        };
        self.facts
            .all
            .iter()
            .find(|f| matches!(f.what, Predicate::Statement(s) if ids.contains(&s)) && near(f))
    }

    /// The mount over `path`: the longest listed mount point, else a tmpfs of the configuration.
    pub(crate) fn mount_over(&self, path: &str) -> Option<Covering<'a>> {
        let listed = self.facts.all.iter().filter_map(|f| match &f.what {
            Predicate::Mount { target, fstype, options } => {
                Some(Covering { fact: f.id, target, fstype: fstype.as_deref(), options, listed: true })
            }
            _ => None,
        });
        let asked = self.facts.knobs().filter_map(|(fact, k)| match k {
            Knob::Tmpfs { target, options } => {
                Some(Covering { fact, target, fstype: Some("tmpfs"), options, listed: false })
            }
            _ => None,
        });
        listed.chain(asked).filter(|m| under(path, m.target)).max_by_key(|m| (m.target.len(), m.listed))
    }

    /// The soft limit as printed or as configured, `memlock`, `nofile`, ….
    pub(crate) fn limit(&self, name: &str) -> Option<(FactId, &'a str)> {
        self.facts.all.iter().find_map(|f| match &f.what {
            Predicate::Limit { name: n, value } if n == name => Some((f.id, value.as_str())),
            Predicate::Setting(s) => match &s.knob {
                Knob::Ulimit { name: n, value } if n == name => Some((f.id, value.as_str())),
                Knob::Unit { key, value }
                    if key.strip_prefix("Limit").is_some_and(|k| k.eq_ignore_ascii_case(name)) =>
                {
                    Some((f.id, value.as_str()))
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// The configuration or the command line sets no_new_privs, so no helper gains rights.
    pub(crate) fn setuid_ignored(&self) -> bool {
        let set = |k: &Knob| match k {
            Knob::NoNewPrivs(on) => *on,
            Knob::Unit { key, value } => {
                key == "NoNewPrivileges" && matches!(value.trim(), "yes" | "true" | "1" | "on")
            }
            _ => false,
        };
        self.facts.knob(set).is_some() || self.facts.find(|p| *p == Predicate::NoNewPrivs(true)).is_some()
    }

    /// The fact that tells the kernel's version.
    pub(crate) fn kernel_fact(&self) -> Option<FactId> {
        let named =
            |p: &Predicate| matches!(p, Predicate::Component { name, version: Some(_) } if name == "kernel");
        self.facts.find(named).map(|f| f.id)
    }

    /// A program file was given capabilities, by a command or as a listing shows.
    pub(crate) fn setcap_done(&self) -> Option<FactId> {
        self.facts.find(|p| matches!(p, Predicate::Path(s) if s.capabilities.is_some())).map(|f| f.id)
    }

    /// True for the kernel's own version when it is known to be older than `numbers`.
    pub(crate) fn kernel_before(&self, numbers: &[u32]) -> Option<bool> {
        self.facts.version("kernel").map(|v| v.before(numbers))
    }

    /// The network namespace is the host's.
    pub(crate) fn host_network(&self) -> Option<FactId> {
        self.environment(Environment::HostNetwork)
            .or_else(|| self.facts.knob(|k| matches!(k, Knob::Network(n) if n == "host")).map(|(id, _)| id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whodenied_case::{Facts, Setting, Standing, Surface};

    #[test]
    fn the_longest_mount_covers() {
        let mut facts = Facts::default();
        for (target, options) in [("/", "rw"), ("/tmp", "rw,noexec"), ("/tmpfoo", "ro")] {
            let options = options.split(',').map(str::to_owned).collect();
            facts.add(
                Predicate::Mount { target: target.to_owned(), fstype: None, options },
                Standing::Reported,
                None,
            );
        }
        let cx = Context { facts: &facts, trials: &[], attempts: &[], policy: None };
        assert!(cx.mount_over("/tmp/x.so").unwrap().has("noexec"));
        assert_eq!(cx.mount_over("/usr/bin/x").unwrap().target, "/");
    }

    #[test]
    fn sysctls_of_the_container_count() {
        let mut facts = Facts::default();
        let knob = Knob::Sysctl { key: "net.ipv4.ping_group_range".to_owned(), value: "0 0".to_owned() };
        let setting = Setting { surface: Surface::Compose, service: None, knob };
        facts.add(Predicate::Setting(setting), Standing::Reported, None);
        let cx = Context { facts: &facts, trials: &[], attempts: &[], policy: None };
        assert_eq!(cx.sysctl_number("net.ipv4.ping_group_range").map(|(_, n)| n), Some(0));
    }
}
