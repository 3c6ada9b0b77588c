//! The real binary on recorded sessions, as a user runs it: spool and transcripts in, reports and exports out.
//!
//! `fixtures/sessions` holds one directory a session: what hooks said and when, the transcripts, and what the API
//! served.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says where it stopped"
)]

mod fixture;
mod home;
mod installed;

mod alerts;
mod audit;
mod commands;
mod configuration;
mod content;
mod delivery;
mod destinations;
mod doctor;
mod install;
mod liveness;
mod metrics;
mod native;
mod notice;
mod observations;
mod options;
mod permutations;
mod prefixes;
mod prices;
mod project;
mod propagation;
mod rebuild;
mod receiver;
mod resident;
mod sealing;
mod sessions;
mod sources;
mod statusline;
mod tail;
mod transcripts;
mod truth;
mod unknown;
mod usage;
