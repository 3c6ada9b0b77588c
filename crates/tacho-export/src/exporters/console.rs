//! The terminal: OTLP JSON, a request a line.

use super::lines::{line, written};
use super::{Export, Request};
use crate::delivery::Outcome;
use crate::destination::Destination;
use std::io::{self, Write as _};

/// Prints.
pub(super) struct Console;

impl Export for Console {
    fn send(&mut self, _: &Destination, request: Request<'_>) -> Outcome {
        let print = |line: Vec<u8>| io::stdout().lock().write_all(&line);
        written(line(request, "").and_then(print), "to standard output")
    }
}
