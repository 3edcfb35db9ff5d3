use super::*;
use whodenied_kernel::Call as Family;
use whodenied_kernel::syscall::Arch;

#[test]
fn every_call_of_a_family_has_its_arguments() {
    // Calls without arguments, and those that fail in no way that depends on them.
    const BARE: &[&str] = &[
        "fork",
        "vfork",
        "inotify_init",
        "gettimeofday",
        "time",
        "clock_nanosleep",
        "socketcall",
        "_sysctl",
    ];
    for family in Family::ALL {
        for name in family.syscalls() {
            let known = !table::of(base_name(name)).is_empty();
            assert!(
                known
                    || BARE.contains(name)
                    || name.starts_with("get_mempolicy")
                    || name.starts_with("set_mempolicy_home")
                    || name.starts_with("clock_nanosleep"),
                "{name}"
            );
        }
    }
}

#[test]
fn the_table_names_calls_of_the_kernel() {
    for name in ["openat", "move_mount", "landlock_add_rule", "setresuid", "sched_setattr", "delete_module"] {
        assert!(Arch::X86_64.syscall_number(name).is_some(), "{name}");
        assert!(!table::of(name).is_empty(), "{name}");
    }
    assert_eq!(base_name("chown32"), "chown");
    assert_eq!(base_name("fcntl64"), "fcntl");
    assert_eq!(base_name("clock_settime64"), "clock_settime");
    assert_eq!(base_name("fstatat64"), "newfstatat");
    assert_eq!(base_name("nonsense"), "nonsense");
}
