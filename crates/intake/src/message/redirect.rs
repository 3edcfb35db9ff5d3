//! `echo: write error: …` names no file: the target stands in the command, `echo 1000 > pids.max`.

use super::Found;
use crate::segment::Document;
use whodenied_case::ObjectKind;
use whodenied_kernel::Call;

/// Lines looked at for the command.
const MOST: usize = 4000;

/// Gives write errors of a shell's `echo` and `printf` the file that the command redirects to.
pub(super) fn locate(doc: &Document, found: &mut [Found]) {
    for item in found {
        let text = doc.lines.get(item.lines.0).map_or("", |l| l.text.as_str());
        if !text.contains("write error") && !text.contains("write failed") {
            continue;
        }
        let failure = &mut item.failure;
        let plain = |name: &str| matches!(name, "echo" | "printf" | "tee" | "cat" | "write");
        if failure.object.as_deref().is_some_and(|o| !plain(o)) {
            continue;
        }
        failure.call = Some(Call::Write);
        failure.object = doc.lines.iter().take(MOST).find_map(|l| target(&l.text));
        failure.kind = match failure.object.as_deref() {
            Some(o) if o.starts_with("/proc/sys/") => {
                failure.call = Some(Call::SysctlWrite);
                ObjectKind::Sysctl
            }
            Some(o) if o.starts_with("/sys/") || o.starts_with("/proc/") || control_file(o) => {
                ObjectKind::KernelFile
            }
            _ => ObjectKind::Path,
        };
    }
}

/// A file of a control group, by its name alone: `pids.max`.
fn control_file(name: &str) -> bool {
    let controller = name.split('.').next().unwrap_or("");
    !name.contains('/')
        && name.contains('.')
        && ["cgroup", "pids", "memory", "cpu", "cpuset", "io", "hugetlb", "rdma", "misc"]
            .contains(&controller)
}

/// The file that an `echo` or `printf` of this line is redirected to.
fn target(text: &str) -> Option<String> {
    let text = text.get(..text.len().min(2000))?;
    let command = text.find("echo ").or_else(|| text.find("printf "))?;
    let (_, after) = text.get(command..)?.split_once('>')?;
    let name = after.trim_start_matches(['>', '|']).trim_start();
    let end = name.find(|c: char| c.is_whitespace() || ";&|<>\"'`".contains(c)).unwrap_or(name.len());
    let name = name.get(..end)?;
    let path = |c: char| c.is_ascii_alphanumeric() || "/._-:".contains(c);
    if name.is_empty() || !name.chars().all(path) {
        return None;
    }
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        assert_eq!(target("echo 100 > /sys/x/y").as_deref(), Some("/sys/x/y"));
        assert_eq!(target("echo 1000 >pids.max").as_deref(), Some("pids.max"));
        assert_eq!(target("echo a 2>&1"), None);
        assert_eq!(target("a > b"), None);
    }
}
