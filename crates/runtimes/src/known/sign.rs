//! The parts a signature is put together from: plain data, one condition each.

use whodenied_kernel::{Call, Errno};

/// A condition on a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Any text, also none.
    Any,
    /// Exactly this.
    Is(&'static str),
    /// Exactly one of these.
    OneOf(&'static [&'static str]),
    /// Starts so.
    Starts(&'static str),
    /// Ends so.
    Ends(&'static str),
    /// Contains this.
    Has(&'static str),
    /// Given, and none of these.
    NoneOf(&'static [&'static str]),
    /// One of these holds.
    AnyOf(&'static [Match]),
}

impl Match {
    /// True when `text` meets the condition; ASCII case is ignored.
    #[must_use]
    pub fn test(self, text: &str) -> bool {
        let text = text.trim();
        match self {
            Self::Any => true,
            Self::Is(want) => text.eq_ignore_ascii_case(want),
            Self::OneOf(wants) => wants.iter().any(|w| text.eq_ignore_ascii_case(w)),
            Self::NoneOf(wants) => !text.is_empty() && !wants.iter().any(|w| text.eq_ignore_ascii_case(w)),
            Self::Starts(want) => {
                text.as_bytes().get(..want.len()).is_some_and(|t| t.eq_ignore_ascii_case(want.as_bytes()))
            }
            Self::Ends(want) => text
                .len()
                .checked_sub(want.len())
                .and_then(|at| text.as_bytes().get(at..))
                .is_some_and(|t| t.eq_ignore_ascii_case(want.as_bytes())),
            Self::Has(want) => {
                want.is_empty()
                    || text.as_bytes().windows(want.len()).any(|w| w.eq_ignore_ascii_case(want.as_bytes()))
            }
            Self::AnyOf(matches) => matches.iter().any(|m| m.test(text)),
        }
    }
}

/// Who wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// AppArmor.
    Apparmor,
    /// SELinux. `permission` stands for the permissions in braces.
    Selinux,
    /// seccomp.
    Seccomp,
    /// Landlock. `blockers` stands for the list.
    Landlock,
    /// Another kernel line; `name` and `message` stand for its writer and its text.
    Other,
}

/// Who failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The program.
    Program,
    /// The OCI runtime before the program starts.
    RuntimeSetup,
    /// The engine.
    Engine,
    /// The service manager between fork and exec.
    ServiceSetup,
    /// The engine stopping or signalling a container.
    Stop,
}

/// One condition of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The call is one of these families.
    Call(&'static [Call]),
    /// The system call is one of these by name.
    Syscall(&'static [&'static str]),
    /// The error is one of these.
    Errno(&'static [Errno]),
    /// An argument of the attempt.
    Arg(&'static str, Match),
    /// The object's name.
    Object(Match),
    /// Who failed.
    Phase(&'static [Stage]),
    /// A record of this writer in which every named key matches.
    Record(Witness, &'static [(&'static str, Match)]),
    /// The attempt has no kernel record.
    NoRecord,
    /// One of these engines runs the program, by the ids of `judge::known`.
    Engine(&'static [&'static str]),
    /// One of these contains the engine.
    Outer(&'static [&'static str]),
    /// The surroundings have one of these traits, kebab-case.
    Environment(&'static [&'static str]),
    /// The host's distribution is one of these.
    Distro(&'static [&'static str]),
    /// The component is named in the evidence.
    Component(&'static str),
    /// One of these mechanisms is stated in words.
    Statement(&'static [&'static str]),
    /// A configuration knob, by kind (`cap-add`, `user`, `volume`, …), with a value.
    Knob(&'static str, Match),
    /// The process runs under no_new_privs.
    NoNewPrivs,
    /// A mount is listed with this option.
    MountOption(&'static str),
    /// A listing shows a file with such an owner.
    Owner(Match),
    /// A sysctl with a value.
    Sysctl(&'static str, Match),
    /// One of these conditions.
    OneOf(&'static [Sign]),
}

/// What an issue looks like: every need must hold; each hint that holds makes it more likely;
/// no exclusion may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// All of them must hold.
    pub needs: &'static [Sign],
    /// Each of them that holds adds weight.
    pub hints: &'static [Sign],
    /// None of them may hold.
    pub excludes: &'static [Sign],
}

/// A signature of needs alone.
pub(super) const fn needs(needs: &'static [Sign]) -> Signature {
    Signature { needs, hints: &[], excludes: &[] }
}

/// A signature of needs and hints.
pub(super) const fn hinted(needs: &'static [Sign], hints: &'static [Sign]) -> Signature {
    Signature { needs, hints, excludes: &[] }
}

/// A signature of needs, hints and exclusions.
pub(super) const fn unless(
    needs: &'static [Sign],
    hints: &'static [Sign],
    excludes: &'static [Sign],
) -> Signature {
    Signature { needs, hints, excludes }
}

#[cfg(test)]
mod tests {
    use super::Match;

    #[test]
    fn matches_bytes_without_slicing_characters() {
        assert!(Match::Starts("cri-").test("cri-containerd.apparmor.d"));
        assert!(Match::Ends(".sock").test("/run/docker.SOCK"));
        assert!(!Match::Ends("longer than it").test("it"));
        assert!(!Match::Starts("ä").test("é"));
        assert!(Match::Has("user_home").test("u:object_r:user_home_t:s0"));
        assert!(Match::NoneOf(&["unconfined"]).test("runc"));
        assert!(!Match::NoneOf(&["unconfined"]).test(""));
        assert!(Match::AnyOf(&[Match::Is("1"), Match::Starts("AF_U")]).test("AF_UNIX"));
    }
}
