//! The recorder's hook: one record per hook call, nothing else.
fn main() {}
