//! The spool: append-only segments of framed records, the one truth about what hooks said.
//!
//! Writers are short-lived processes that append one record each and never wait. One reader, the drainer,
//! follows them by cursor. The on-disk format is `docs/formats/spool.md`.
//!
//! Must not know what a record says, read the environment, or depend on anything of ours.

pub mod append;
pub mod blob;
pub mod ci;
pub mod crc32c;
mod file_system;
pub mod frame;
pub mod layout;
pub mod lock;
pub mod loss;
pub mod propagation;
pub mod read;
pub mod state;

#[cfg(test)]
mod tests;
