//! Tests of the store.

mod deliveries;
mod forgetting;
mod metrics;
mod opening;
mod reports;
mod round_trip;
mod sample;
mod usage;
