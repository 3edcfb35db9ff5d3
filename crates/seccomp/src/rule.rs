//! One entry of a profile's `syscalls` list.
//!
//! Source: OCI runtime specification, `config-linux.md`, "Seccomp"; moby's profile format, which
//! adds `includes` and `excludes` (not modelled).

use serde::{Serialize, Serializer};
use whodenied_kernel::Errno;

/// What the filter answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Lets the call through.
    Allow,
    /// Answers with an errno without asking the kernel.
    Errno(Errno),
    /// Lets the call through and logs it.
    Log,
}

/// A condition on one argument: equal to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Arg {
    /// Which argument, 0 to 5.
    pub index: u8,
    /// The value it must have.
    pub value: u64,
    op: Equal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Equal;

impl Serialize for Equal {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str("SCMP_CMP_EQ")
    }
}

impl Arg {
    /// Argument `index` equals `value`.
    #[must_use]
    pub const fn equals(index: u8, value: u64) -> Self {
        Self { index, value, op: Equal }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    names: Vec<String>,
    action: Action,
    args: Vec<Arg>,
}

impl Rule {
    /// A rule for these system calls; names that no kernel has (anything but lower-case letters,
    /// digits and `_`) are left out. `None` when no name is left.
    #[must_use]
    pub fn new(names: &[String], action: Action, args: &[Arg]) -> Option<Self> {
        let names: Vec<String> = names.iter().filter(|n| is_name(n)).cloned().collect();
        (!names.is_empty()).then(|| Self { names, action, args: args.to_vec() })
    }

    /// The rule as JSON on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Written::from(self)).unwrap_or_default()
    }
}

/// True for what can be a system call's name.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(ok)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    names: &'a [String],
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno_ret: Option<i32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    args: &'a [Arg],
}

impl<'a> From<&'a Rule> for Written<'a> {
    fn from(rule: &'a Rule) -> Self {
        let (action, errno_ret) = match rule.action {
            Action::Allow => ("SCMP_ACT_ALLOW", None),
            Action::Log => ("SCMP_ACT_LOG", None),
            Action::Errno(e) => ("SCMP_ACT_ERRNO", Some(e.0)),
        };
        Self { names: &rule.names, action, errno_ret, args: &rule.args }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn rules_are_the_runtimes_json() {
        let clone3 = Rule::new(&names(&["clone3"]), Action::Errno(Errno::ENOSYS), &[]).unwrap();
        assert_eq!(clone3.to_json(), r#"{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38}"#);
        let aslr = Rule::new(&names(&["personality"]), Action::Allow, &[Arg::equals(0, 0x4_0000)]).unwrap();
        assert_eq!(
            aslr.to_json(),
            r#"{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":262144,"op":"SCMP_CMP_EQ"}]}"#
        );
    }

    #[test]
    fn hostile_names_are_left_out() {
        assert_eq!(Rule::new(&names(&["a\"]}", "", "x y"]), Action::Allow, &[]), None);
        let kept = Rule::new(&names(&["bpf", "';rm"]), Action::Log, &[]).unwrap();
        assert_eq!(kept.to_json(), r#"{"names":["bpf"],"action":"SCMP_ACT_LOG"}"#);
    }
}
