//! Quotes hostile text into rules, commands, YAML and file names.
//!
//! Each function either returns text that the target language reads back as exactly the input,
//! or says that it can't be written there.

/// A word for a POSIX shell: as it is when it needs no quoting, else in single quotes.
/// Control characters make it `$'…'` (bash, zsh, busybox ash), so that no raw control byte is
/// ever pasted into a terminal.
#[must_use]
pub fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('~') {
        return word.to_owned();
    }
    if word.contains(crate::escape::is_unsafe) {
        let mut out = String::from("$'");
        for c in word.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\'' => out.push_str("\\'"),
                c if crate::escape::is_unsafe(c) => {
                    let mut buf = [0; 4];
                    for b in c.encode_utf8(&mut buf).bytes() {
                        out.push_str(&format!("\\x{b:02x}"));
                    }
                }
                c => out.push(c),
            }
        }
        out.push('\'');
        return out;
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A path for an AppArmor rule that matches exactly `path`: glob characters are escaped with a
/// backslash, blanks make it quoted. `None` when the path holds a character the policy language
/// can't carry in a rule (a control character or a quote).
///
/// Source: apparmor.d(5), "Globbing (AARE)": `? * [ ] { } ^ , \` are special.
#[must_use]
pub fn apparmor_path(path: &str) -> Option<String> {
    if path.contains(crate::escape::is_unsafe) || path.contains('"') {
        return None;
    }
    let mut out = String::with_capacity(path.len() + 4);
    let mut blank = false;
    for c in path.chars() {
        if matches!(c, '?' | '*' | '[' | ']' | '{' | '}' | '^' | ',' | '\\') {
            out.push('\\');
        }
        blank |= c == ' ' || c == '#' || c == '@' || c == '$' || c == '(' || c == ')' || c == '=';
        out.push(c);
    }
    Some(if blank { format!("\"{out}\"") } else { out })
}

/// A profile name or label for an AppArmor `profile NAME` or `peer=NAME`: as it is when it is a
/// plain word, else quoted with globs escaped. `None` as for [`apparmor_path`].
#[must_use]
pub fn apparmor_name(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./-+:".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        return Some(name.to_owned());
    }
    let quoted = apparmor_path(name)?;
    Some(if quoted.starts_with('"') { quoted } else { format!("\"{quoted}\"") })
}

/// A scalar for block-style YAML: plain when it can't be read as anything but this string,
/// else double-quoted with escapes.
#[must_use]
pub fn yaml(scalar: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./-=".contains(c);
    let first_ok = scalar.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    if first_ok && scalar.chars().all(plain) && !reserved.contains(&scalar.to_ascii_lowercase().as_str()) {
        return scalar.to_owned();
    }
    let mut out = String::from("\"");
    for c in scalar.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if crate::escape::is_unsafe(c) => {
                let n = c as u32;
                out.push_str(&if n < 0x100 {
                    format!("\\x{n:02x}")
                } else if n < 0x1_0000 {
                    format!("\\u{n:04x}")
                } else {
                    format!("\\U{n:08x}")
                });
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A name that is safe as one path component and as a profile name: letters, digits, `-`, `_`
/// and `.`, everything else becomes `-`; never empty, never starting with `.` or `-`, at most 64 bytes.
#[must_use]
pub fn file_name(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(64) {
        let c = if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        let leading = out.is_empty() && matches!(c, '.' | '-');
        if !(leading || c == '-' && out.ends_with('-')) {
            out.push(c);
        }
    }
    let out = out.trim_end_matches(['-', '.']).to_owned();
    if out.is_empty() { "unnamed".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_words() {
        assert_eq!(shell("docker-default"), "docker-default");
        assert_eq!(shell("a b"), "'a b'");
        assert_eq!(shell("it's"), "'it'\\''s'");
        assert_eq!(shell(""), "''");
        assert_eq!(shell("~root"), "'~root'");
        assert_eq!(shell("$(rm -rf /)"), "'$(rm -rf /)'");
        assert_eq!(shell("a\nb'\x1b"), "$'a\\x0ab\\'\\x1b'");
    }

    #[test]
    fn apparmor_paths() {
        assert_eq!(apparmor_path("/etc/passwd").as_deref(), Some("/etc/passwd"));
        assert_eq!(apparmor_path("/a b/*").as_deref(), Some("\"/a b/\\*\""));
        assert_eq!(apparmor_path("/x\" rw, /** "), None);
        assert_eq!(apparmor_path("/x\n/** rw,"), None);
        assert_eq!(
            apparmor_name("incus-c1_</var/lib/incus>").as_deref(),
            Some("\"incus-c1_</var/lib/incus>\"")
        );
    }

    #[test]
    fn yaml_scalars() {
        assert_eq!(yaml("apparmor=mealie"), "apparmor=mealie");
        assert_eq!(yaml("no"), "\"no\"");
        assert_eq!(yaml("1000"), "\"1000\"");
        assert_eq!(yaml("a: b\n- c"), "\"a: b\\x0a- c\"");
    }

    #[test]
    fn file_names() {
        assert_eq!(file_name("../../etc/passwd"), "etc-passwd");
        assert_eq!(file_name("\x1b[31m"), "31m");
        assert_eq!(file_name(""), "unnamed");
        assert!(file_name(&"x".repeat(500)).len() <= 64);
    }
}
