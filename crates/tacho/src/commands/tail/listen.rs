//! Waiting until the spool grows, or nobody reads what is printed.

use crate::spool_watch::{BLIND_PAUSE, SpoolWatch};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

/// Waits until something happened; a break where nobody reads any more.
pub(super) fn wait(watch: &mut SpoolWatch, state: &Path) -> ControlFlow<()> {
    let stdout = io::stdout();
    // Whether nobody reads is told without being asked for.
    let mut waited_for = vec![PollFd::new(&stdout, PollFlags::empty())];
    waited_for.extend(watch.bell().map(|bell| PollFd::new(bell, PollFlags::IN)));
    let blind = Timespec { tv_sec: BLIND_PAUSE.as_secs().cast_signed(), tv_nsec: 0 };
    let timeout = watch.bell().is_none().then_some(blind);
    // An interrupted wait is a short wait.
    let _ = poll(&mut waited_for, timeout.as_ref());
    let reader = waited_for.first().map_or(PollFlags::empty(), PollFd::revents);
    if reader.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) {
        return ControlFlow::Break(());
    }
    // All segments are looked at anyway.
    watch.news();
    watch.cover(state);
    ControlFlow::Continue(())
}
