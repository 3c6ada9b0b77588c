//! The vocabulary every other crate speaks: ids, events, spans, usage, money and attribute names.
//!
//! Must not do I/O, read a clock, or know any particular coding agent.

pub mod attribute;
pub mod batch;
pub mod clip;
pub mod event;
pub mod id;
pub mod log;
pub mod metric;
pub mod metrics;
pub mod money;
pub mod semconv;
pub mod session;
pub mod shape;
pub mod span;
pub mod time;
pub mod traceparent;
pub mod usage;
pub mod usage_record;

#[cfg(test)]
mod tests;
