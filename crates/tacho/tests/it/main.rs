//! The real binary on recorded sessions, as a user runs it: spool and transcripts in, reports and exports out.
//!
//! `fixtures/sessions` holds one directory a session: what hooks said and when, the transcripts, and what the API
//! served.

mod fixture;
mod home;

mod observations;
mod delivery;
mod liveness;
mod permutations;
mod prefixes;
mod rebuild;
mod sessions;
mod truth;
