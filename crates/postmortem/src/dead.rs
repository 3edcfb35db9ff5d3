//! What is known of one container, whichever engine told it.

use serde_json::Value;
use whodenied_case::Workload;
use whodenied_kernel::Capability;
use whodenied_runtimes::Runtime;
use whodenied_sources::capture::dead::Layout;

/// The seccomp filter that a container was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Filter {
    /// It is not known.
    #[default]
    Unknown,
    /// None.
    None,
    /// The engine's default, which lets every ordinary call on files by.
    Default,
    /// A profile of the container's own.
    Own,
}

/// Who the container's first process was, as the configuration fixes it; ids inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
}

/// A user namespace: inside, outside, count; empty for none of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Maps {
    pub(crate) uids: Vec<(u32, u32, u32)>,
    pub(crate) gids: Vec<(u32, u32, u32)>,
}

/// The main process of a unit, and when it certainly lived; nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Main {
    pub(crate) pid: u32,
    pub(crate) from: i128,
    pub(crate) to: i128,
}

/// The container.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dead {
    pub(crate) workload: Workload,
    pub(crate) id: String,
    /// `docker`, `podman`, `containerd`.
    pub(crate) engine: &'static str,
    pub(crate) version: String,
    pub(crate) rootless: bool,
    pub(crate) running: bool,
    pub(crate) status: String,
    /// When it was made, started and ended, in nanoseconds since 1970.
    pub(crate) created: Option<i128>,
    pub(crate) started: Option<i128>,
    pub(crate) finished: Option<i128>,
    pub(crate) label: String,
    /// The engine chose the label's categories, and shares them with no container by request.
    pub(crate) own_categories: bool,
    pub(crate) main: Option<Main>,
    /// What the command line starts, as the kernel's records name it.
    pub(crate) programs: Vec<String>,
    pub(crate) ids: Option<Ids>,
    /// Whom the environment tells a program that starts as root to become: user and group inside.
    pub(crate) becomes: Option<(u32, u32)>,
    pub(crate) maps: Maps,
    /// True when the maps are known.
    pub(crate) mapped: bool,
    pub(crate) bounding: Option<u64>,
    pub(crate) effective: Option<u64>,
    pub(crate) no_new_privs: bool,
    pub(crate) filter: Filter,
    /// The filter itself, where its text is at hand.
    pub(crate) installed: Option<crate::filter::Installed>,
    pub(crate) read_only_paths: Vec<String>,
    pub(crate) masked_paths: Vec<String>,
    pub(crate) layout: Option<Layout>,
    /// Paths inside and on the host.
    pub(crate) places: Vec<(String, String)>,
    /// The name of the log's evidence, and when each line of it was written.
    pub(crate) log: String,
    pub(crate) times: Vec<Option<i128>>,
}

impl Dead {
    /// True when no process of the container can have had other ids than the first: none of them holds
    /// the right to change them. Files that give it away to who executes them are the exception that
    /// no_new_privs closes; they print under their own name.
    pub(crate) fn ids_are_fixed(&self) -> bool {
        let right = 1 << Capability::SETUID.0 | 1 << Capability::SETGID.0;
        match (self.effective, self.bounding, &self.ids) {
            (_, Some(bounding), Some(_)) if bounding & right == 0 => true,
            (Some(effective), _, Some(ids)) => ids.uid != 0 && effective & right == 0,
            _ => false,
        }
    }

    /// The family of defaults that apply.
    pub(crate) fn runtime(&self) -> Runtime {
        match self.engine {
            "podman" => Runtime::Podman,
            "containerd" => Runtime::Containerd,
            _ => Runtime::Docker,
        }
    }

    /// The version as numbers.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        whodenied_case::Version::parse(&self.version).map(|v| v.numbers).unwrap_or_default()
    }
}

/// Text at a JSON pointer, "" where there is none.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// The strings of a list at a JSON pointer.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .take(1000)
}

/// Capabilities by name as bits.
pub(crate) fn bits<'a>(names: impl Iterator<Item = &'a str>) -> u64 {
    names.fold(0, |bits, name| {
        if name.eq_ignore_ascii_case("ALL") {
            return bits | all();
        }
        Capability::from_name(name).map_or(bits, |cap| bits | 1 << cap.0)
    })
}

/// Every capability.
pub(crate) fn all() -> u64 {
    Capability::all().fold(0, |bits, cap| bits | 1 << cap.0)
}
