//! What the program tried: call, arguments, subject, object, errno.

use crate::record::Record;
use whodenied_kernel::{Call, Errno};
use whodenied_text::Span;

/// Index of an attempt in `Case::attempts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(pub u32);

/// Who failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// The program itself.
    #[default]
    Program,
    /// The OCI runtime setting up the container before the program starts (runc, crun).
    RuntimeSetup,
    /// The engine or an image store (dockerd, containerd, podman, kubelet).
    Engine,
    /// The service manager between fork and exec (systemd steps, exit 200 to 245).
    ServiceSetup,
    /// The engine or runtime stopping or signalling a container.
    Stop,
}

/// What kind of thing the attempt was on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ObjectKind {
    /// Not known.
    #[default]
    Unknown,
    /// A regular file or a path of unknown kind.
    Path,
    /// A directory.
    Directory,
    /// A device node.
    Device,
    /// A Unix socket with a path.
    UnixSocketPath,
    /// A Unix socket without a path.
    UnixSocket,
    /// A raw or packet socket.
    RawSocket,
    /// An ICMP datagram socket.
    PingSocket,
    /// A netlink socket.
    NetlinkSocket,
    /// Another socket family, see the `domain` argument.
    OtherSocket,
    /// A port number.
    Port,
    /// A process.
    Process,
    /// A namespace.
    Namespace,
    /// A mount point.
    MountPoint,
    /// A file under /proc/sys.
    Sysctl,
    /// A file under /proc or /sys.
    KernelFile,
    /// A capability.
    Capability,
    /// A security label or profile.
    Label,
    /// Memory or an mmap.
    Memory,
    /// A D-Bus name.
    BusName,
    /// A program to execute.
    Executable,
}

/// The acting process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// Program or `comm`, hostile text.
    pub program: Option<String>,
    /// Process id as printed.
    pub pid: Option<u32>,
    /// User id where printed (`fsuid=`, `uid=`).
    pub uid: Option<u32>,
    /// Confining label where printed.
    pub label: Option<String>,
}

/// The thing acted on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// As printed: path, port, peer label, capability; hostile text.
    pub name: Option<String>,
    /// Its kind.
    pub kind: ObjectKind,
}

/// One attempt that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Its id: the index in `Case::attempts`.
    pub id: AttemptId,
    /// What was tried.
    pub call: Option<Call>,
    /// The system call by name, where known.
    pub syscall: Option<String>,
    /// Arguments by name, see `Failure::args`.
    pub args: Vec<(String, String)>,
    /// On what.
    pub object: Object,
    /// By whom.
    pub subject: Subject,
    /// With which error.
    pub errno: Option<Errno>,
    /// True when the errno was inferred from wording.
    pub errno_inferred: bool,
    /// Who failed.
    pub phase: Phase,
    /// The program says it refuses by a rule of its own.
    pub own_refusal: bool,
    /// What was read while the call failed, of a traced one.
    pub live: Option<Box<crate::capture::Capture>>,
    /// Kernel records of this attempt; empty for a pasted error.
    pub records: Vec<Record>,
    /// The text it was read from, the printed message first.
    pub spans: Vec<Span>,
    /// The part of it that decides, for marking.
    pub deciding: Vec<Span>,
    /// How often it stands in the evidence.
    pub count: u32,
    /// True when a person or program printed this failure (not only a record).
    pub printed: bool,
    /// The dialects of the claims behind it.
    pub dialects: Vec<&'static str>,
}

impl Attempt {
    /// An attempt of which nothing is known yet.
    #[must_use]
    pub fn new(id: AttemptId) -> Self {
        Self {
            id,
            call: None,
            syscall: None,
            args: Vec::new(),
            object: Object::default(),
            subject: Subject::default(),
            errno: None,
            errno_inferred: false,
            phase: Phase::Program,
            own_refusal: false,
            live: None,
            records: Vec::new(),
            spans: Vec::new(),
            deciding: Vec::new(),
            count: 1,
            printed: false,
            dialects: Vec::new(),
        }
    }

    /// The value of an argument.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&str> {
        self.args.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// The object's name, "" when unknown.
    #[must_use]
    pub fn object_name(&self) -> &str {
        self.object.name.as_deref().unwrap_or("")
    }
}
