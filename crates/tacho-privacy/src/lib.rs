//! The gate: what of a batch may leave the machine for one destination.
