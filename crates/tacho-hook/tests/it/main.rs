//! Tests of the hook as the agent meets it: the real program, its standard input, its surroundings, its end.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on says where"
)]

mod concurrency;
mod drainer;
mod hostile;
mod places;
mod propagation;
mod records;
mod scene;
