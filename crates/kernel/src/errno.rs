//! Error numbers, their names and their wordings.
//!
//! Source: Linux `include/uapi/asm-generic/errno-base.h` and `errno.h`; wordings as glibc's and
//! musl's `strerror(3)` give them. Numbers are those of asm-generic (x86, arm, riscv, s390,
//! powerpc); MIPS, SPARC, Alpha and PA-RISC differ above 34 and are not covered.

use serde::{Deserialize, Serialize};

/// An error number as the kernel returns it, positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($name:ident = $number:literal, $glibc:literal $(, musl $musl:literal)?;)*) => {
        #[allow(missing_docs, reason = "the names are the kernel's")]
        impl Errno { $(pub const $name: Self = Self($number);)* }

        /// Name, number, glibc wording and, where it differs, musl wording.
        pub const TABLE: &[(&str, i32, &str, Option<&str>)] = &[
            $((stringify!($name), $number, $glibc, { let m: &[&str] = &[$($musl)?]; if m.is_empty() { None } else { Some(m[0]) } }),)*
        ];
    };
}

errnos! {
    EPERM = 1, "Operation not permitted";
    ENOENT = 2, "No such file or directory";
    ESRCH = 3, "No such process";
    EINTR = 4, "Interrupted system call";
    EIO = 5, "Input/output error", musl "I/O error";
    ENXIO = 6, "No such device or address";
    E2BIG = 7, "Argument list too long";
    ENOEXEC = 8, "Exec format error";
    EBADF = 9, "Bad file descriptor";
    ECHILD = 10, "No child processes", musl "No child process";
    EAGAIN = 11, "Resource temporarily unavailable";
    ENOMEM = 12, "Cannot allocate memory", musl "Out of memory";
    EACCES = 13, "Permission denied";
    EFAULT = 14, "Bad address";
    ENOTBLK = 15, "Block device required";
    EBUSY = 16, "Device or resource busy", musl "Resource busy";
    EEXIST = 17, "File exists";
    EXDEV = 18, "Invalid cross-device link", musl "Cross-device link";
    ENODEV = 19, "No such device";
    ENOTDIR = 20, "Not a directory";
    EISDIR = 21, "Is a directory";
    EINVAL = 22, "Invalid argument";
    ENFILE = 23, "Too many open files in system";
    EMFILE = 24, "Too many open files", musl "No file descriptors available";
    ENOTTY = 25, "Inappropriate ioctl for device", musl "Not a tty";
    ETXTBSY = 26, "Text file busy";
    EFBIG = 27, "File too large";
    ENOSPC = 28, "No space left on device";
    ESPIPE = 29, "Illegal seek", musl "Invalid seek";
    EROFS = 30, "Read-only file system";
    EMLINK = 31, "Too many links";
    EPIPE = 32, "Broken pipe";
    EDOM = 33, "Numerical argument out of domain";
    ERANGE = 34, "Numerical result out of range";
    EDEADLK = 35, "Resource deadlock avoided";
    ENAMETOOLONG = 36, "File name too long";
    ENOLCK = 37, "No locks available";
    ENOSYS = 38, "Function not implemented";
    ENOTEMPTY = 39, "Directory not empty";
    ELOOP = 40, "Too many levels of symbolic links", musl "Symbolic link loop";
    ENODATA = 61, "No data available";
    EPROTO = 71, "Protocol error";
    EOVERFLOW = 75, "Value too large for defined data type", musl "Value too large for data type";
    EUSERS = 87, "Too many users";
    ENOTSOCK = 88, "Socket operation on non-socket", musl "Not a socket";
    EPROTONOSUPPORT = 93, "Protocol not supported";
    ESOCKTNOSUPPORT = 94, "Socket type not supported";
    EOPNOTSUPP = 95, "Operation not supported", musl "Not supported";
    EAFNOSUPPORT = 97, "Address family not supported by protocol";
    EADDRINUSE = 98, "Address already in use", musl "Address in use";
    EADDRNOTAVAIL = 99, "Cannot assign requested address", musl "Address not available";
    ENETDOWN = 100, "Network is down";
    ENETUNREACH = 101, "Network is unreachable", musl "Network unreachable";
    ECONNREFUSED = 111, "Connection refused";
    EHOSTUNREACH = 113, "No route to host", musl "Host is unreachable";
    ETIMEDOUT = 110, "Connection timed out", musl "Operation timed out";
    ESTALE = 116, "Stale file handle";
    EDQUOT = 122, "Disk quota exceeded", musl "Quota exceeded";
    ENOKEY = 126, "Required key not available";
}

impl Errno {
    /// The name, as `EACCES`; `None` for numbers not in the table.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        TABLE.iter().find(|row| row.1 == self.0).map(|row| row.0)
    }

    /// The errno with this name, as `EACCES`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.0 == name).map(|row| Self(row.1))
    }

    /// The glibc wording, as `Permission denied`.
    #[must_use]
    pub fn text(self) -> Option<&'static str> {
        TABLE.iter().find(|row| row.1 == self.0).map(|row| row.2)
    }
}

impl std::fmt::Display for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl Serialize for Errno {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Errno {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::from_name(&text)
            .or_else(|| text.strip_prefix("errno ")?.parse().ok().map(Self))
            .ok_or_else(|| serde::de::Error::custom("not an errno"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for (name, number, ..) in TABLE {
            assert_eq!(Errno::from_name(name), Some(Errno(*number)));
            assert_eq!(Errno(*number).name(), Some(*name));
        }
        assert_eq!(Errno::EACCES.text(), Some("Permission denied"));
        assert_eq!(Errno(4000).to_string(), "errno 4000");
    }
}
