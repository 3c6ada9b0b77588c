//! Tests of the spool on a disk: what writers leave, what the reader makes of it, what damage costs.

mod append;
mod golden;
mod ledger;
mod read;
mod scene;
