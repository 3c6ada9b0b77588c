//! Segments that are complete are moved, and a drainer may die at any instant of that.

use crate::fixture::{self, Fixture};
use crate::home::Home;
use std::fs;
use tacho_spool::layout::SEALED;
use tacho_spool::read::segments;

/// A session that is heard of twice; the second part takes more room than the first.
fn in_two_parts() -> [Fixture; 2] {
    let mut whole = fixture::load("bash");
    let second = Fixture { hooks: whole.hooks.split_off(2), ..fixture::load("bash") };
    [whole, second]
}

/// The reports about the session, after `between` happened to what was taken in of its first part.
fn reports_after(between: impl Fn(&Home)) -> Vec<String> {
    let [first, second] = in_two_parts();
    let home = Home::with([first]);
    home.drain();
    between(&home);
    home.record(second);
    home.drain();
    home.reports().iter().map(|report| home.without_place(report)).collect()
}

/// Puts the segment where a drainer puts it that dies before it can write that down.
fn move_segment(home: &Home) {
    let [segment] = segments(&home.state()).unwrap().try_into().unwrap();
    let [directory, name] = [segment.parent().unwrap(), &segment].map(|path| path.file_name().unwrap());
    let name = format!("{}.{}", directory.display(), name.display());
    let sealed = home.state().join(SEALED);
    fs::create_dir_all(&sealed).unwrap();
    fs::rename(&segment, sealed.join(name)).unwrap();
}

#[test]
fn a_segment_that_begins_anew_under_the_name_of_a_moved_one_is_read_whole() {
    assert_eq!(reports_after(move_segment), reports_after(|_| {}));
}

/// The drainer that finds it gone may die as well, or find that there is nothing to read yet.
#[test]
fn a_moved_segment_is_forgotten_for_good() {
    let moved_and_drained = |home: &Home| {
        move_segment(home);
        home.drain();
    };
    assert_eq!(reports_after(moved_and_drained), reports_after(|_| {}));
}
