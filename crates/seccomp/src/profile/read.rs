//! Reading a profile from JSON.

use super::{Abi, Answer, ArchMap, Compare, Condition, Entry, Name, Profile, Terms};
use crate::json::{self, Error, Kind, Value};
use whodenied_kernel::Errno;
use whodenied_text::{SourceId, Span};

/// The errno of `SCMP_ACT_ERRNO` and `SCMP_ACT_TRACE` where none is written: EPERM, in all engines.
const DEFAULT_ERRNO: u16 = 1;

const TOP: &[&str] = &[
    "defaultAction",
    "defaultErrnoRet",
    "defaultErrno",
    "architectures",
    "archMap",
    "flags",
    "listenerPath",
    "listenerMetadata",
    "syscalls",
];
const IN_ENTRY: &[&str] =
    &["name", "names", "action", "errno", "errnoRet", "args", "includes", "excludes", "comment"];

/// Reads a profile: an engine's file, the runtime specification's object, or a container's
/// `config.json` that holds one at `linux.seccomp`.
///
/// # Errors
/// Where the text is no JSON, or no engine would take it: line, column and what is wrong there.
pub fn read(text: &str, source: SourceId) -> Result<Profile, Error> {
    let root = json::read(text)?;
    let root = root.get("linux").and_then(|l| l.get("seccomp")).unwrap_or(&root);
    let reader = Reader { text, source };
    reader.profile(root)
}

struct Reader<'a> {
    text: &'a str,
    source: SourceId,
}

impl Reader<'_> {
    fn error<T>(&self, value: &Value, what: impl Into<String>) -> Result<T, Error> {
        Err(Error::at(self.text, value.start, what))
    }

    fn span(&self, value: &Value) -> Span {
        Span::new(self.source, value.start, value.end)
    }

    fn profile(&self, root: &Value) -> Result<Profile, Error> {
        let mut unread = Vec::new();
        self.unread(root, TOP, &mut unread)?;
        let Some(action) = root.get("defaultAction") else {
            return self.error(root, "a profile has a defaultAction");
        };
        let errno = self.errno(root, "defaultErrno", "defaultErrnoRet")?;
        let mut entries = Vec::new();
        let list = root.get("syscalls");
        for entry in self.items(list)? {
            if entry.kind != Kind::Null {
                entries.push(self.entry(entry, &mut unread)?);
            }
        }
        let mut architectures = Vec::new();
        for (name, _) in self.strings(root.get("architectures"))? {
            architectures.extend(Abi::from_token(&name));
        }
        let mut arch_map = Vec::new();
        for row in self.items(root.get("archMap"))? {
            let machine = match row.get("architecture") {
                Some(value) => Abi::from_token(self.string(value)?),
                None => None,
            };
            let also = self.strings(row.get("subArchitectures"))?;
            arch_map
                .push(ArchMap { machine, also: also.iter().filter_map(|a| Abi::from_token(&a.0)).collect() });
        }
        if let (Some(both), false, false) =
            (root.get("archMap"), architectures.is_empty(), arch_map.is_empty())
        {
            return self.error(both, "archMap beside architectures: engines take one of them");
        }
        Ok(Profile {
            default: self.answer(action, errno)?,
            default_errno_written: errno.is_some(),
            default_span: self.span(action),
            architectures,
            arch_map,
            flags: self.strings(root.get("flags"))?.into_iter().map(|s| s.0).collect(),
            listener_path: root.get("listenerPath").map(|v| self.string(v).map(str::to_owned)).transpose()?,
            list: list.map(|l| self.span(l)),
            span: self.span(root),
            entries,
            unread,
        })
    }

    fn unread(&self, value: &Value, known: &[&str], out: &mut Vec<Span>) -> Result<(), Error> {
        let Kind::Object(members) = &value.kind else { return self.error(value, "an object is expected") };
        for member in members {
            if !known.iter().any(|k| k.eq_ignore_ascii_case(&member.key)) {
                out.push(Span::new(self.source, member.start, member.value.end));
            }
        }
        Ok(())
    }

    fn entry(&self, value: &Value, unread: &mut Vec<Span>) -> Result<Entry, Error> {
        self.unread(value, IN_ENTRY, unread)?;
        let list = value.get("names");
        let mut names: Vec<Name> =
            self.strings(list)?.into_iter().map(|(text, span)| Name { text, span }).collect();
        // An empty name is as good as none (moby).
        if let Some(one) = value.get("name") {
            let text = self.string(one)?;
            if !text.is_empty() {
                if !names.is_empty() {
                    return self.error(one, "name beside names: engines take one of them");
                }
                names.push(Name { text: text.to_owned(), span: self.span(one) });
            }
        }
        let Some(action) = value.get("action") else { return self.error(value, "an entry has an action") };
        let errno = self.errno(value, "errno", "errnoRet")?;
        let mut args = Vec::new();
        for arg in self.items(value.get("args"))? {
            if arg.kind != Kind::Null {
                args.push(self.condition(arg)?);
            }
        }
        let single = value.get("name").is_some_and(|v| v.kind != Kind::String(String::new()));
        Ok(Entry {
            span: self.span(value),
            names,
            list: list.filter(|_| !single).map(|l| self.span(l)),
            answer: self.answer(action, errno)?,
            action: self.span(action),
            args,
            includes: value.get("includes").map(|v| self.terms(v)).transpose()?,
            excludes: value.get("excludes").map(|v| self.terms(v)).transpose()?,
        })
    }

    /// The errno by name, which counts first, or by number.
    fn errno(&self, value: &Value, name: &str, number: &str) -> Result<Option<u16>, Error> {
        if let Some(named) = value.get(name) {
            let text = self.string(named)?;
            if !text.is_empty() {
                let errno = Errno::from_name(text).and_then(|e| u16::try_from(e.0).ok());
                return errno.map_or_else(|| self.error(named, "not the name of an errno"), |e| Ok(Some(e)));
            }
        }
        let Some(value) = value.get(number) else { return Ok(None) };
        match u16::try_from(self.number(value)?) {
            Ok(errno) => Ok(Some(errno)),
            Err(_) => self.error(value, "an errno has 16 bits"),
        }
    }

    fn answer(&self, value: &Value, errno: Option<u16>) -> Result<Answer, Error> {
        let errno = errno.unwrap_or(DEFAULT_ERRNO);
        Ok(match self.string(value)? {
            "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => Answer::KillThread,
            "SCMP_ACT_KILL_PROCESS" => Answer::KillProcess,
            "SCMP_ACT_TRAP" => Answer::Trap,
            "SCMP_ACT_ERRNO" => Answer::Errno(errno),
            "SCMP_ACT_TRACE" => Answer::Trace(errno),
            "SCMP_ACT_ALLOW" => Answer::Allow,
            "SCMP_ACT_LOG" => Answer::Log,
            "SCMP_ACT_NOTIFY" => Answer::Notify,
            _ => return self.error(value, "not an action of seccomp"),
        })
    }

    fn condition(&self, value: &Value) -> Result<Condition, Error> {
        let number = |key: &str| value.get(key).map_or(Ok(0), |v| self.number(v));
        let index = match u8::try_from(number("index")?) {
            Ok(index) if index < 6 => index,
            _ => return self.error(value, "an argument's index is 0 to 5"),
        };
        let Some(op) = value.get("op") else { return self.error(value, "a condition has an op") };
        let op = match self.string(op)? {
            "SCMP_CMP_NE" => Compare::NotEqual,
            "SCMP_CMP_LT" => Compare::Less,
            "SCMP_CMP_LE" => Compare::LessEqual,
            "SCMP_CMP_EQ" => Compare::Equal,
            "SCMP_CMP_GE" => Compare::GreaterEqual,
            "SCMP_CMP_GT" => Compare::Greater,
            "SCMP_CMP_MASKED_EQ" => Compare::MaskedEqual,
            _ => return self.error(op, "not a comparison of seccomp"),
        };
        Ok(Condition { index, value: number("value")?, value_two: number("valueTwo")?, op })
    }

    fn terms(&self, value: &Value) -> Result<Terms, Error> {
        let texts = |key: &str| -> Result<Vec<String>, Error> {
            Ok(self.strings(value.get(key))?.into_iter().map(|s| s.0).collect())
        };
        let min_kernel = match value.get("minKernel") {
            None => None,
            Some(version) => match kernel(self.string(version)?) {
                Some(version) => Some(version),
                None => return self.error(version, "a kernel version is written major.minor"),
            },
        };
        Ok(Terms { caps: texts("caps")?, arches: texts("arches")?, min_kernel })
    }

    fn items<'v>(&self, value: Option<&'v Value>) -> Result<&'v [Value], Error> {
        match value {
            None => Ok(&[]),
            Some(Value { kind: Kind::Array(items), .. }) => Ok(items),
            Some(other) => self.error(other, "a list is expected"),
        }
    }

    fn strings(&self, value: Option<&Value>) -> Result<Vec<(String, Span)>, Error> {
        self.items(value)?.iter().map(|v| Ok((self.string(v)?.to_owned(), self.span(v)))).collect()
    }

    fn string<'v>(&self, value: &'v Value) -> Result<&'v str, Error> {
        match &value.kind {
            Kind::String(text) => Ok(text),
            _ => self.error(value, "a string is expected"),
        }
    }

    fn number(&self, value: &Value) -> Result<u64, Error> {
        match &value.kind {
            Kind::Number(text) => {
                text.parse().or_else(|_| self.error(value, "a whole number from 0 to 2^64 - 1 is expected"))
            }
            _ => self.error(value, "a number is expected"),
        }
    }
}

/// `4.8` or `4.8.1`: major and minor.
fn kernel(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engines_profile_is_read_with_places() {
        let text = r#"{
  "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
  "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]}],
  "syscalls": [
    {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "args": [], "comment": "", "includes": {}, "excludes": {}},
    {"name": "ptrace", "action": "SCMP_ACT_ALLOW", "args": null, "includes": {"minKernel": "4.8", "caps": ["CAP_SYS_PTRACE"]}},
    {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "errno": "EINVAL",
     "args": [{"index": 2, "value": 9, "valueTwo": 0, "op": "SCMP_CMP_NE"}], "excludes": {"arches": ["s390x"]}}
  ], "future": 1
}"#;
        let p = read(text, SourceId(3)).unwrap();
        assert_eq!(p.default, Answer::Errno(38));
        assert_eq!(p.arch_map[0].machine.map(|a| a.x32), Some(false));
        assert_eq!(p.arch_map[0].also.len(), 2);
        assert_eq!(p.entries[0].names[1].span.of(text), "\"write\"");
        assert_eq!(p.entries[0].list.unwrap().of(text), "[\"read\", \"write\"]");
        assert_eq!((p.entries[1].list, p.entries[1].names[0].text.as_str()), (None, "ptrace"));
        assert_eq!(p.entries[1].includes.as_ref().unwrap().min_kernel, Some((4, 8)));
        assert_eq!(p.entries[2].answer, Answer::Errno(22));
        assert_eq!(p.entries[2].args[0].op, Compare::NotEqual);
        assert!(p.entries[2].span.of(text).starts_with("{\"names\": [\"socket\"]"));
        assert_eq!(p.unread[0].of(text), "\"future\": 1");
        let config = format!(r#"{{"ociVersion": "1.0", "linux": {{"seccomp": {text}}}}}"#);
        assert_eq!(read(&config, SourceId(0)).unwrap().entries.len(), 3);
    }

    #[test]
    fn what_no_engine_takes_is_said_with_its_place() {
        let what = |text: &str| read(text, SourceId(0)).map(|_| ()).unwrap_err();
        assert_eq!(what("{}").what, "a profile has a defaultAction");
        let bad = what("{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n \"syscalls\": [{\"action\": 5}]}");
        assert_eq!((bad.line, bad.column), (2, 26));
        for text in [
            r#"[]"#,
            r#"{"defaultAction": "ALLOW"}"#,
            r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}}"#,
            r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"]}]}"#,
            r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "name": "x", "action": "SCMP_ACT_LOG"}]}"#,
            r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]}]}"#,
            r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": -1}"#,
            r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOTHING"}"#,
        ] {
            assert!(read(text, SourceId(0)).is_err(), "{text}");
        }
    }
}
