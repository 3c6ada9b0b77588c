//! The tachograph command: drain, show, status.
fn main() {}
