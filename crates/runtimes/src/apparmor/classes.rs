//! Which mediation classes the default profiles have rules for.

use crate::Runtime;

/// What a profile can speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Files.
    File,
    /// Capabilities.
    Capability,
    /// Sockets by family.
    Network,
    /// Unix sockets in detail.
    Unix,
    /// Mounting.
    Mount,
    /// Unmounting.
    Umount,
    /// Signals.
    Signal,
    /// Tracing.
    Ptrace,
    /// D-Bus.
    Dbus,
    /// POSIX message queues.
    Mqueue,
    /// User namespaces.
    Userns,
    /// io_uring.
    IoUring,
}

/// True when the runtime's default profile has rules of this class. What it does not mention is
/// refused with a record where policy and kernel mediate the class, and free where they do not;
/// what it denies explicitly is refused without a record.
#[must_use]
pub const fn mentions(runtime: Runtime, class: Class) -> bool {
    let _ = runtime;
    !matches!(class, Class::Unix | Class::Dbus | Class::Mqueue | Class::Userns | Class::IoUring)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_template_mentions_the_newer_classes() {
        for runtime in Runtime::ALL {
            assert!(mentions(runtime, Class::Mount) && mentions(runtime, Class::Signal));
            assert!(!mentions(runtime, Class::Userns) && !mentions(runtime, Class::Unix));
        }
    }
}
