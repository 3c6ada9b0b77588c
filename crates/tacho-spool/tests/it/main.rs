//! Tests of the spool on a disk: what writers leave, what the reader makes of it, what damage costs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod append;
mod golden;
mod ledger;
mod read;
mod scene;
