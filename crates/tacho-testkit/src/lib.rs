//! Test bench: scripted Anthropic API, OTLP receiver, runs of the real CLI, and the comparison of the two sides.
//!
//! For development only. It must not import another crate of this workspace: a bench that shares code with what it
//! measures shares its mistakes.

pub mod scenario;

pub mod anthropic;
pub mod claude;
pub mod otlp;

pub mod compare;
pub mod figures;
pub mod reports;

pub mod http;
pub mod pressure;
pub mod processes;
pub mod site;
pub mod tls;

mod clock;
mod sync;
mod unique;

#[cfg(test)]
mod tests;
