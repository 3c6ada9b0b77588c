//! Tests of the store.

mod deliveries;
mod forgetting;
mod opening;
mod reports;
mod round_trip;
mod sample;
mod usage;
