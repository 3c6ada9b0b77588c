//! Tests of the hook as the agent meets it: the real program, its standard input, its surroundings, its end.

mod concurrency;
mod drainer;
mod hostile;
mod places;
mod records;
mod scene;
