//! Daemons that the host's distribution confines, and files that everybody may read.

use super::{Context, under, writes};
use whodenied_case::{Attempt, Knob, PathState, Phase, Predicate};
use whodenied_runtimes::confined::{self, Confined};

/// Files and directories that every distribution installs readable for everybody.
const PUBLIC: &[&str] = &[
    "/usr/lib",
    "/usr/lib64",
    "/usr/share",
    "/usr/include",
    "/lib",
    "/lib64",
    "/etc/hosts",
    "/etc/hosts.allow",
    "/etc/hosts.deny",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/services",
    "/etc/protocols",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/os-release",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/apt/trusted.gpg.d",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/mime.types",
    "/etc/machine-id",
    "/etc/locale.alias",
    "/etc/magic",
];

/// Directories of programs that packages install executable for everybody.
const PROGRAMS: &[&str] = &["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/libexec"];

/// Reading a file that every distribution installs readable for everybody.
#[must_use]
pub(crate) fn reads_public_file(attempt: &Attempt) -> bool {
    !writes(attempt) && PUBLIC.iter().any(|p| under(attempt.object_name(), p))
}

impl Context<'_> {
    /// The daemon of the host that failed, where a distribution confines it; and whether its own
    /// message names it, rather than the words around it.
    pub(crate) fn confined(&self, attempt: &Attempt) -> Option<(&'static Confined, bool)> {
        // A system container has profiles of its own, those of the distribution in it.
        let around = matches!(attempt.phase, Phase::Engine | Phase::RuntimeSetup);
        if self.contained() && !around && (!self.system_container() || self.oci()) {
            return None;
        }
        self.confined_by_path(attempt)
    }

    /// The same wherever it runs: a profile that is attached by path meets the program in a container
    /// too, where the engine gives that none.
    pub(crate) fn confined_by_path(&self, attempt: &Attempt) -> Option<(&'static Confined, bool)> {
        if let Some(program) = &attempt.subject.program {
            let found = confined::find(program).map(|daemon| (daemon, true));
            // What it starts runs under its profile.
            let started = ["sh", "bash", "dash"].contains(&program.as_str())
                && attempt.call == Some(whodenied_kernel::Call::Exec)
                || program.starts_with("qemu")
                || ["error", "fatal", "warning"].contains(&program.as_str());
            if found.is_some() || !started {
                return found;
            }
        }
        let mut named = self.facts.all.iter().filter_map(|f| match &f.what {
            Predicate::Component { name, .. } => confined::find(name),
            _ => None,
        });
        let first = named.next()?;
        // Of several it can't be told which one failed.
        named.all(|other| other.domain == first.domain).then_some((first, false))
    }

    /// Executing a program of a package, which is executable for everybody on a host.
    pub(crate) fn runs_packaged(&self, attempt: &Attempt) -> bool {
        !self.contained()
            && attempt.call == Some(whodenied_kernel::Call::Exec)
            && PROGRAMS.iter().any(|p| under(attempt.object_name(), p))
    }

    /// True when a listing shows an owner that only Debian and its derivatives have.
    pub(crate) fn debian_owner(&self) -> bool {
        let known =
            |name: &Option<String>| name.as_deref().is_some_and(|n| confined::DEBIAN_USERS.contains(&n));
        self.facts.find(|p| matches!(p, Predicate::Path(s) if known(&s.owner) || known(&s.group))).is_some()
    }

    /// True when the name of a file's owner is that of the failing process.
    pub(crate) fn is_owner(&self, attempt: &Attempt, owner: &str) -> bool {
        if self.confined(attempt).is_some_and(|(daemon, _)| daemon.users.contains(&owner)) {
            return true;
        }
        // A login daemon takes on the user whose home it reads.
        let login = attempt.subject.program.as_deref().is_some_and(|p| confined::LOGINS.contains(&p));
        let home = attempt.object_name().strip_prefix("/home/").and_then(|rest| rest.split('/').next());
        if login && home == Some(owner) {
            return true;
        }
        if self.facts.unit("User").is_some_and(|(_, user)| user.trim() == owner) {
            return true;
        }
        let uid = attempt.subject.uid.map(|u| u.to_string());
        let named = |k: &Knob| matches!(k, Knob::User(u) if u.split(':').next() == Some(owner));
        uid.as_deref() == Some(owner) || self.facts.knob(named).is_some()
    }

    /// The listing of the object itself shows that its mode and owner grant `wanted` (4, 2 or 1).
    pub(crate) fn mode_grants(&self, attempt: &Attempt, wanted: u32) -> bool {
        let name = attempt.object_name();
        let base = name.rsplit('/').next().unwrap_or(name);
        let of = |s: &PathState| !name.is_empty() && (s.path == name || s.path == base && !base.is_empty());
        self.facts.all.iter().any(|f| {
            let Predicate::Path(state) = &f.what else { return false };
            let Some(mode) = state.mode.filter(|_| of(state)) else { return false };
            let owns = state.owner.as_deref().is_some_and(|o| self.is_owner(attempt, o));
            mode & wanted == wanted || owns && (mode >> 6) & wanted == wanted
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::attempt;
    use whodenied_case::{Engine, Facts, Standing};
    use whodenied_kernel::{Call, Errno};

    #[test]
    fn the_daemon_that_failed() {
        let mut facts = Facts::default();
        facts.add(
            Predicate::Component { name: "mysqld".to_owned(), version: None },
            Standing::Reported,
            None,
        );
        let mut open = attempt(Call::Open, Errno::EACCES, "/srv/mysql/ibdata1");
        let look = |facts: &Facts, a: &Attempt| {
            Context { facts, trials: &[], attempts: &[], policy: None }
                .confined(a)
                .map(|(d, told)| (d.domain, told))
        };
        assert_eq!(look(&facts, &open), Some(("mysqld_t", false)));
        open.subject.program = Some("cat".to_owned());
        assert_eq!(look(&facts, &open), None);
        open.subject.program = Some("mysqld".to_owned());
        assert_eq!(look(&facts, &open), Some(("mysqld_t", true)));
        facts.add(Predicate::Engine(Engine::Docker), Standing::Reported, None);
        assert_eq!(look(&facts, &open), None);
    }

    #[test]
    fn public_files() {
        assert!(reads_public_file(&attempt(Call::Open, Errno::EACCES, "/etc/hosts.allow")));
        assert!(!reads_public_file(&attempt(Call::Unlink, Errno::EACCES, "/etc/hosts.allow")));
        assert!(!reads_public_file(&attempt(Call::Open, Errno::EACCES, "/etc/shadow")));
    }
}
