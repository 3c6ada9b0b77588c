//! Tests of logs on disk: how they grow, what is found when somebody alters them, and what a crash leaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod altered;
mod growing;
mod independent;
mod killed;
mod scene;
