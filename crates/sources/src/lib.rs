//! The live world, read only.
//!
//! [`Host`] is the seam: [`LiveHost`] reads this machine, [`RecordedHost`] answers from a
//! recording, and what either gives becomes [`Evidence`](whodenied_case::Evidence) that takes the
//! same way as a paste. A file that can't be read is a missing fact, never an error.

pub mod accounts;
pub mod apparmor;
pub mod capture;
mod facts;
mod host;
mod live;
mod marks;
pub mod policy;
pub mod probe;
mod recorded;
pub mod records;
pub mod subject;
pub mod syscalls;
pub mod trace;
pub mod world;

pub use facts::{Fact, Reading, read};
pub use host::{Host, Metadata, ReadError};
pub use live::LiveHost;
pub use marks::of_a_machine;
pub use recorded::RecordedHost;
