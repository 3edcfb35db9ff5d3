//! Names and numbers of the Linux kernel as data, and for each call the order in which its
//! layers are asked and the errno each of them gives.
//!
//! Deliberately absent: any reading of the running kernel (`sources` does that) and any decision
//! about a case (`judge` does that).

pub mod call;
pub mod capability;
pub mod errno;
pub mod layer;
pub mod order;
pub mod syscall;

pub use call::Call;
pub use capability::Capability;
pub use errno::Errno;
pub use layer::Layer;
