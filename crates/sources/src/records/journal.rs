//! The journal, by journalctl, which its groups may read: what the kernel and audit have put there.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// So much of its output is read.
const MOST: u64 = 8 << 20;
/// So long is waited for it.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Since(u64);

impl Since {
    /// From now on; says why not where there is no journal that we may read.
    pub(super) fn now() -> Result<Self, String> {
        let readable = ["/var/log/journal", "/run/log/journal"].iter().any(|place| {
            let machines = std::fs::read_dir(place).into_iter().flatten().flatten();
            machines.into_iter().any(|m| std::fs::File::open(m.path().join("system.journal")).is_ok())
        });
        if !readable {
            return Err("no system journal that this user may read".to_owned());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| e.to_string())?;
        Ok(Self(now.as_secs()))
    }

    /// The messages since.
    pub(super) fn read(&self) -> Result<Vec<String>, String> {
        let mut child = Command::new("journalctl")
            .args(["-o", "json", "--no-pager", "-q", "--since"])
            .arg(format!("@{}", self.0))
            .args(["_TRANSPORT=audit", "+", "_TRANSPORT=kernel"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("journalctl: {e}"))?;
        let pipe = child.stdout.take();
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(pipe) = pipe {
                let _ = pipe.take(MOST).read_to_end(&mut text);
            }
            text
        });
        let begun = Instant::now();
        while child.try_wait().map_err(|e| e.to_string())?.is_none() {
            if begun.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                return Err("journalctl took too long".to_owned());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let text = reader.join().unwrap_or_default();
        Ok(String::from_utf8_lossy(&text).lines().filter_map(message).collect())
    }
}

/// The `MESSAGE` of an entry, where it is text and its transport is the kernel's or audit's.
fn message(line: &str) -> Option<String> {
    let entry: serde_json::Value = serde_json::from_str(line).ok()?;
    let transport = entry.get("_TRANSPORT")?.as_str()?;
    let text = entry.get("MESSAGE")?.as_str()?;
    match transport {
        "kernel" => Some(text.to_owned()),
        // journald takes `type=` and the stamp apart: put back what records have.
        "audit" => {
            let kind = entry.get("_AUDIT_TYPE").and_then(|t| t.as_str()).unwrap_or("0");
            let id = entry.get("_AUDIT_ID").and_then(|t| t.as_str()).unwrap_or("0");
            let rest = text.split_once(' ').map_or(text, |(_, rest)| rest);
            Some(format!("type={kind} audit(0.000:{id}): {rest}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_as_records() {
        let entry =
            r#"{"_TRANSPORT":"audit","_AUDIT_TYPE":"1326","_AUDIT_ID":"7","MESSAGE":"SECCOMP auid=0 pid=3"}"#;
        assert_eq!(message(entry).as_deref(), Some("type=1326 audit(0.000:7): auid=0 pid=3"));
        let entry = r#"{"_TRANSPORT":"syslog","MESSAGE":"audit: type=1326 audit(1.0:2): pid=3"}"#;
        assert_eq!(message(entry), None);
        assert_eq!(message("{"), None);
    }
}
