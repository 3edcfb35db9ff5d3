//! One file a command.

pub(crate) mod can;
pub(crate) mod clone;
pub(crate) mod collect;
pub(crate) mod default;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod known;
pub(crate) mod layers;
pub(crate) mod profile;
pub(crate) mod run;
pub(crate) mod undo;
