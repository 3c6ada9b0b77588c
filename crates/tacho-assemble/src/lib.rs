//! Assembly: what many sources said about a session, out of order and more than once, made into one tree of spans.
//!
//! Two steps, both pure. [`facts::SessionFacts`] takes events in and merges them so that neither order nor
//! repetition matters. [`tree::assemble`] reads the merged facts, decides whom to believe, what belongs below what
//! and what has settled, and makes spans. The same events always give the same spans.
//!
//! Beside them, [`price`] says what a call costs, [`metrics`] what spans add to metrics, and [`audit`] what was decided.
//!
//! Must not do I/O, read a clock, or know any particular agent.

pub mod audit;
pub mod facts;
pub mod metrics;
pub mod price;
pub mod provenance;
pub mod tree;

mod attributes;
mod belief;
mod calls;
mod close;
mod compactions;
mod content;
mod decisions;
mod deeds;
mod messages;
mod moments;
mod outcome;
mod place;
mod settle;
mod spans;
mod standing;
mod summary;
mod switches;
mod turns;
mod waits;

#[cfg(test)]
mod tests;
