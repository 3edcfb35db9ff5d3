//! Renders a case: terminal, JSON, Markdown. A report decides nothing: what is not in the
//! [`Case`](whodenied_case::Case) is not said.
//!
//! Everything a report shows may come from a confined program, so each renderer has one place
//! through which all text passes: `terminal::page`, `json::armour`, `markdown::text`.

pub mod json;
pub mod markdown;
pub mod redact;
pub mod snippet;
pub mod terminal;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod schema;
