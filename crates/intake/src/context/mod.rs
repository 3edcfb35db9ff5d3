//! What the surroundings are: engines, versions, distributions, LSM states and traits in prose
//! (`prose`), marks that engines leave in messages (`marks`), configuration (`config`), listings
//! (`listing`), what is spoken of at all (`vocabulary`); and what distributions do by default (`defaults`).

mod clause;
mod config;
mod convert;
mod defaults;
mod listing;
mod marks;
mod prompts;
mod prose;
mod sink;
mod vocabulary;

pub(crate) use defaults::assumed;

use crate::segment::Document;
use whodenied_case::Claim;

/// Reads everything the document says about the surroundings.
pub(crate) fn recognise(doc: &Document, claims: &mut Vec<Claim>) {
    let mut sink = sink::Sink::default();
    prose::read(doc, &mut sink);
    marks::read(doc, &mut sink);
    config::read(doc, &mut sink);
    prompts::read(doc, &mut sink);
    listing::read(doc, &mut sink);
    vocabulary::read(doc, &mut sink);
    sink.settle(claims);
}
