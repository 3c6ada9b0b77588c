//! The store: one SQLite file that the drainer writes and everybody may read.
//!
//! The only SQL of the project. `observations`, the delivery ledger and the loss counts are truth; sessions and
//! spans are derived from observations and can be thrown away. The schema is in `schema.rs`.
//!
//! Must not know any agent, any destination, or how observations are understood.

pub mod coverage;
pub mod cursor;
pub mod destinations;
pub mod error;
pub mod events;
pub mod metrics;
pub mod observation;
pub mod outbox;
pub mod recent;
pub mod retention;
pub mod sealed;
pub mod sessions;
pub mod signals;
pub mod spans;
pub mod store;
pub mod usage;

mod json;
mod schema;
mod tokens;

pub use error::StoreError;
pub use store::{Changes, Reader, SessionKey, Store};

#[cfg(test)]
mod tests;
