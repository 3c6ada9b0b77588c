//! Destinations: how a cleared batch is encoded, sent, and what an answer means for what was sent.
//!
//! Sending is stateless; who waits for whom and what is left to send is the caller's, in the store.
//! Must not accept anything that did not pass the privacy gate, and must not read the environment.

pub mod delivery;
pub mod destination;
pub mod exporters;
pub mod otlp;
pub mod percent;
pub mod prometheus;
pub mod sampling;

mod gzip;

#[cfg(test)]
mod tests;
