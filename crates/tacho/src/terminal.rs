//! Standard output is data, standard error is notes.

use crate::failure::Failure;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::sync::Mutex;

/// Why some of the data could not be written.
static UNWRITTEN: Mutex<Option<io::Error>> = Mutex::new(None);

/// Writes data. That some of it could not be written is told when the command is done.
pub(crate) fn print(text: &str) {
    // Whoever prints once more meets the same.
    let _ = print_or_end(text);
}

/// Writes data of which more will follow; a break where it cannot be written.
pub(crate) fn print_or_end(text: &str) -> ControlFlow<()> {
    let mut stdout = io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            // A closed pipe means that nobody reads any more, which is no failure.
            if error.kind() != ErrorKind::BrokenPipe
                && let Ok(mut unwritten) = UNWRITTEN.lock()
            {
                unwritten.get_or_insert(error);
            }
            ControlFlow::Break(())
        }
    }
}

/// Whether all data was written that somebody reads.
pub(crate) fn all_written() -> Result<(), Failure> {
    let unwritten = UNWRITTEN.lock().ok().and_then(|mut unwritten| unwritten.take());
    unwritten.map_or(Ok(()), |error| Err(Failure::external("write to standard output", error)))
}

/// Writes a note for the user, one or more lines.
pub(crate) fn note(text: &str) {
    // Standard error may be closed; there is nowhere else to say it.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Whether the user wants no colour anywhere (<https://no-color.org>).
pub(crate) fn is_colour_refused() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Whether output may carry colour: a terminal, and neither `NO_COLOR` nor a dumb terminal.
pub(crate) fn has_colour() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("FORCE_COLOR") || io::stdout().is_terminal() && !is_colour_refused() && !is_dumb()
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb")
}

/// Text from outside, safe for a terminal: control characters, bidirectional overrides and zero-width letters are
/// shown as escapes instead of being obeyed.
pub(crate) fn display_safe(text: &str) -> String {
    let is_hazard = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_hazard(letter) {
            safe.extend(letter.escape_unicode());
        } else {
            safe.push(letter);
        }
    }
    safe
}
