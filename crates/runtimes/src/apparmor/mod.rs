//! Default AppArmor profiles: their names, what they mention, and their text by version.

mod classes;
mod names;
mod template;

pub use classes::{Class, mentions};
pub use names::{ProfileKind, kind_of};
pub use template::{Host, SIGNALS, default_profile};
