//! Reading a large file line by line without holding it.

use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;

const PIECE_BYTES: usize = 64 * 1024;

/// Hands every line of the first `bytes_max` bytes that is no longer than `line_bytes_max` to `each`, without its line
/// feed, until `each` has enough. What cannot be read any more ends it too.
pub(super) fn each_line(
    file: impl Read,
    bytes_max: u64,
    line_bytes_max: usize,
    mut each: impl FnMut(&[u8]) -> ControlFlow<()>,
) {
    let mut reader = BufReader::with_capacity(PIECE_BYTES, file.take(bytes_max));
    let mut started = Vec::new();
    while let Ok(piece) = reader.fill_buf()
        && !piece.is_empty()
    {
        let consumed = piece.len();
        let mut lines = piece.split(|byte| *byte == b'\n');
        // What follows the last line feed goes on in the next piece.
        let unfinished = lines.next_back().unwrap_or_default();
        for line in lines {
            let flow = if started.is_empty() {
                each_short(line, line_bytes_max, &mut each)
            } else {
                started.extend_from_slice(line);
                each_short(&std::mem::take(&mut started), line_bytes_max, &mut each)
            };
            if flow.is_break() {
                return;
            }
        }
        // A line that is too long already need not be kept to be left out.
        if started.len() <= line_bytes_max {
            started.extend_from_slice(unfinished);
        }
        reader.consume(consumed);
    }
}

fn each_short(
    line: &[u8],
    line_bytes_max: usize,
    each: &mut impl FnMut(&[u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if line.len() > line_bytes_max { ControlFlow::Continue(()) } else { each(line) }
}
