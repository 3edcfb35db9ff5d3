//! The marks that container engines leave in a root directory, and the roots where they mean nothing.

/// Whether marks in this root are no sign of a container: an image that was unpacked as a machine's own
/// root keeps them. There the processes are in the kernel's first process id namespace
/// (`first_namespace`), and the root is no union of layers. `mountinfo` is that of a process with this
/// root, proc_pid_mountinfo(5).
#[must_use]
pub fn of_a_machine(first_namespace: bool, mountinfo: &str) -> bool {
    let root = mountinfo.lines().find(|l| l.split(' ').nth(4) == Some("/")).unwrap_or("");
    first_namespace && !root.is_empty() && !root.contains("overlay") && !root.contains(" - fuse")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_marks_mean_nothing() {
        let disk = "21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n22 21 0:5 / /dev rw - devtmpfs udev rw\n";
        let layers = "21 1 0:40 / / rw,relatime - overlay overlay rw,lowerdir=/a\n";
        let rootless = "21 1 0:40 / / rw - fuse.fuse-overlayfs fuse-overlayfs rw\n";
        assert!(of_a_machine(true, disk));
        assert!(!of_a_machine(false, disk), "a container on a bare directory");
        assert!(!of_a_machine(true, layers) && !of_a_machine(true, rootless), "with the host's processes");
        assert!(!of_a_machine(true, ""));
    }
}
