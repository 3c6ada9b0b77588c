//! Tests of the store.

mod deliveries;
mod forgetting;
mod opening;
mod round_trip;
mod sample;
mod usage;
