//! `tacho tail`: what hooks said, one event a line, as it lies in the spool. Understands single events and nothing
//! between them; takes no lock and changes nothing.

mod event;
mod listen;
mod segments;

use crate::cli::{Output, Tail};
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::spool_watch::SpoolWatch;
use crate::terminal::{note, print_or_end};
use event::Line;
use segments::Tails;
use std::ops::ControlFlow;
use tacho_spool::read;

/// Prints the last events, then those that come.
pub(super) fn run(output: Output, wanted: &Tail) -> Result<(), Failure> {
    let state = place::open_state_meant()?;
    let session = wanted.session.as_deref().unwrap_or_default();
    // Watched before anything is read, so that nothing falls in between.
    let mut watch = wanted.follow.then(SpoolWatch::new);
    if let Some(watch) = &mut watch {
        watch.cover(state.path());
    }
    let (mut tails, last) = Tails::open(state.path(), session, wanted.lines)?;
    if last.is_empty() && !wanted.follow && wanted.lines > 0 {
        if session.is_empty() || read::segments(state.path())?.is_empty() {
            note("no hook has said anything yet; `tacho doctor` says whether hooks run");
        } else {
            return Err(Failure::new(
                FailureKind::User,
                format!("no session of which a hook has said anything begins with {session:?}"),
            )
            .hint("`tacho sessions` lists them; what is older than retention.days is in the store alone"));
        }
    }
    if show(output, &last).is_break() {
        return Ok(());
    }
    while let Some(watch) = &mut watch {
        if listen::wait(watch, state.path()).is_break() || show(output, &tails.news(session)?).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// Prints the lines; a break where nobody reads them any more.
fn show(output: Output, lines: &[Line]) -> ControlFlow<()> {
    let text: String = lines.iter().map(|line| if output.json { line.json() } else { line.text() }).collect();
    if text.is_empty() { ControlFlow::Continue(()) } else { print_or_end(&text) }
}
