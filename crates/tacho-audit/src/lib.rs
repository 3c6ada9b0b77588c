//! An append-only log of opaque entries that proves itself. The format is `docs/formats/audit.md`.
//!
//! Must not know what an entry says, read the environment or a clock, or depend on anything of ours.

pub mod checkpoint;
pub mod error;
mod files;
pub mod hash;
pub mod key_chain;
pub mod layout;
pub mod log;
pub mod note;
pub mod proof;
pub mod prune;
pub mod tiles;
pub mod tlog_proof;
pub mod tree;
pub mod verify;

#[cfg(test)]
mod tests;
