//! Tests of what is read from agents.

mod clip;
mod decode;
