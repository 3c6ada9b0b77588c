//! `tacho demo`: a bundled session, recorded anew through the real hook.
use crate::cli::Output;
use crate::failure::Failure;

/// Plays it.
pub(super) fn run(_output: Output) -> Result<(), Failure> {
    Ok(())
}
