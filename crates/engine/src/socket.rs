//! A Unix socket with one deadline for everything that is done with it.

use crate::{Error, Limits};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How long is slept before a full backlog is tried again.
const AGAIN: Duration = Duration::from_millis(10);

/// A connection that fails once its time is over, however the bytes trickle.
pub(crate) struct Timed {
    stream: UnixStream,
    name: String,
    began: Instant,
    deadline: Instant,
}

impl Timed {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// [`Error::Absent`], [`Error::Denied`], [`Error::Late`] when nobody accepts, [`Error::Io`].
    pub(crate) fn connect(path: &str, limits: &Limits) -> Result<Self, Error> {
        let io = |e: Errno| Error::Io(format!("{path}: {e}"));
        let address = SocketAddrUnix::new(path).map_err(io)?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let began = Instant::now();
        // unix_stream_connect gives EAGAIN to who does not wait while the backlog is full.
        let socket = loop {
            let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(io)?;
            match connect(&socket, &address) {
                Ok(()) => break socket,
                Err(Errno::AGAIN) if began.elapsed() < limits.connect => std::thread::sleep(AGAIN),
                Err(Errno::AGAIN) => return Err(late(path, began)),
                Err(Errno::NOENT | Errno::CONNREFUSED | Errno::NOTDIR | Errno::NOTSOCK) => {
                    return Err(Error::Absent(path.to_owned()));
                }
                Err(Errno::ACCESS | Errno::PERM) => return Err(Error::Denied(path.to_owned())),
                Err(e) => return Err(io(e)),
            }
        };
        let stream = UnixStream::from(socket);
        stream.set_nonblocking(false).map_err(|e| Error::Io(e.to_string()))?;
        Ok(Self { stream, name: path.to_owned(), began, deadline: Instant::now() + limits.total })
    }

    /// What is left of the time.
    fn left(&self) -> Result<Duration, Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(late(&self.name, self.began)) } else { Ok(left) }
    }

    /// Sends everything.
    ///
    /// # Errors
    /// [`Error::Late`], [`Error::Io`].
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let left = self.left()?;
        self.stream.set_write_timeout(Some(left)).map_err(|e| Error::Io(e.to_string()))?;
        self.stream.write_all(bytes).map_err(|e| self.failed(&e))
    }

    /// Receives some bytes; 0 at the end.
    ///
    /// # Errors
    /// [`Error::Late`], [`Error::Io`].
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            let left = self.left()?;
            self.stream.set_read_timeout(Some(left)).map_err(|e| Error::Io(e.to_string()))?;
            match self.stream.read(buffer) {
                Ok(n) => return Ok(n),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(self.failed(&e)),
            }
        }
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => late(&self.name, self.began),
            _ => Error::Io(format!("{}: {error}", self.name)),
        }
    }
}

fn late(path: &str, began: Instant) -> Error {
    Error::Late(path.to_owned(), began.elapsed().as_millis())
}
