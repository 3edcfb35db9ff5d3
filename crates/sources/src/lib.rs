//! The live world, read only
