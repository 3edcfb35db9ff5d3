//! The live world, acting: applied and undone edits
