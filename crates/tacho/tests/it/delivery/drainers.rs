//! Whoever drains, and whenever it is killed: everything arrives, and the same twice at most.

use super::arrivals::all_arrived;
use super::{bodies, drain_to, home_with, ran, refused, row, until};
use crate::fixture;
use crate::resident::Resident;
use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tacho_testkit::otlp::{Answer, ReceivedLog, Receiver, Signal};

#[test]
fn a_receiver_that_is_down_gets_it_later() {
    let home = home_with(&["bash"]);
    // A port that no other test is given while nobody listens on it: those come from the ephemeral range.
    let ports = (0..1000).map(|number| 20_000 + (std::process::id() as u16 % 7 * 1000) + number);
    let down =
        ports.map(|port| Receiver::start_at(([127, 0, 0, 1], port).into())).find_map(Result::ok).unwrap();
    let (url, address) = (down.url(), down.address());
    drop(down);
    let refused = home.run_with(&["drain", "--once", "--timeout", "1"], &[("TACHO_OTLP_ENDPOINT", &url)]);
    insta::assert_snapshot!(refused.stderr, @r"
    error: 4 items could not be delivered yet
      hint: what waits stays in the store and is tried again; `tacho status` says what holds it up
    ");
    assert_eq!(refused.code, Some(1));
    let up = Receiver::start_at(address).unwrap();
    assert_eq!(drain_to(&home, &up), ran(0, ""));
    all_arrived(&home, &up);
}

/// The drainer that a hook started may know less than the person who types.
#[test]
fn a_running_drainer_that_does_not_know_the_destination_makes_way() {
    let home = home_with(&["bash"]);
    let mut resident = home.command(&["drain", "--background"]).spawn().unwrap();
    until(|| home.state().join("drain.sock").exists());
    let receiver = Receiver::start().unwrap();
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    all_arrived(&home, &receiver);
    assert!(resident.wait().unwrap().success());
}

/// One that knows it does the work itself, and stays.
#[test]
fn a_running_drainer_that_knows_the_destination_flushes() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    let mut resident =
        home.command(&["drain", "--background"]).env("TACHO_OTLP_ENDPOINT", receiver.url()).spawn().unwrap();
    until(|| home.state().join("drain.sock").exists());
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    all_arrived(&home, &receiver);
    assert_eq!(resident.try_wait().unwrap(), None);
    resident.kill().unwrap();
    resident.wait().unwrap();
}

/// However long somebody waits for a destination, what hooks say meanwhile is taken in.
#[test]
fn recording_goes_on_while_somebody_waits_for_a_flush() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::retry_after(503, 8));
    let url = receiver.url();
    let endpoint = [("TACHO_OTLP_ENDPOINT", url.as_str())];
    let _resident = Resident::start(&home, &endpoint);
    until(|| row(&home, &receiver).is_some_and(|row| row.is_asked));
    let mut flush = home.command(&["drain", "--once"]).envs(endpoint).spawn().unwrap();
    let told = home.observations().len();
    // It has begun to wait by then.
    sleep(Duration::from_secs(2));
    home.record(fixture::load("denied").an_hour_ago());
    until(|| home.observations().len() > told);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    assert!(row(&home, &receiver).unwrap().retry_at.0 > now, "it was taken in when the wait was over");
    assert!(flush.wait().unwrap().success());
    let forever = home.run(&["drain", "--once", "--timeout", &u64::MAX.to_string()]);
    assert_eq!(forever.code, Some(2));
}

/// The agent and what it runs come first.
#[test]
fn a_drainer_that_a_hook_started_gives_way() {
    let home = home_with(&["bash"]);
    let resident = Resident::start(&home, &[]);
    until(|| home.state().join("drain.sock").exists());
    let (nice, group) = resident.niceness();
    assert_eq!(nice, 10);
    // A kernel without automatic groups says nothing.
    assert!(group.is_none_or(|group| group.ends_with(" nice 10\n")));
}

/// Work that comes bit by bit goes out together, so that neither the agent's machine nor a receiver has to do with each bit.
#[test]
fn what_hooks_say_one_after_the_other_is_sent_together() {
    let home = home_with(&[]);
    let receiver = Receiver::start().unwrap();
    let variables = [("TACHO_OTLP_ENDPOINT", &*receiver.url()), ("TACHO_OTLP_SIGNALS", "logs")];
    let _resident = Resident::start(&home, &variables);
    until(|| home.state().join("drain.sock").exists());
    let began = Instant::now();
    let fixtures = fixture::all();
    let sessions: BTreeSet<String> =
        fixtures.iter().map(|fixture| fixture.session.as_str().to_owned()).collect();
    for fixture in fixtures {
        home.record(fixture.an_hour_ago());
        sleep(Duration::from_millis(50));
    }
    let session_of = |log: ReceivedLog| log.attributes.get("session.id")?.as_str().map(str::to_owned);
    until(|| receiver.logs().into_iter().filter_map(session_of).collect::<BTreeSet<_>>() == sessions);
    let passes = began.elapsed().as_millis() / 500 + 2;
    let requests = receiver.item_requests().len();
    assert!(requests as u128 <= passes, "{requests} requests in {passes} passes");
}

/// Whoever does the work, the one who waits for it is told what was refused.
#[test]
fn a_running_drainer_says_what_was_refused_meanwhile() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::error(401));
    receiver.answer_next(Signal::Traces, Answer::error(500));
    let _resident = Resident::start(&home, &[("TACHO_OTLP_ENDPOINT", &receiver.url())]);
    until(|| row(&home, &receiver).is_some_and(|row| row.failures == 1));
    assert_eq!(drain_to(&home, &receiver), refused(&home, &receiver, "4 items", "HTTP 500: scripted 500"));
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
}

/// A session that has ended is sent to a destination that is named later as what it was: nothing new is concluded.
#[test]
fn a_destination_that_is_named_later_gets_what_was_seen() {
    let home = home_with(&["bash"]);
    home.drain();
    let before = home.reports();
    let receiver = Receiver::start().unwrap();
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    assert_eq!(home.reports(), before);
    let concluded =
        receiver.spans().iter().any(|span| span.attributes.contains_key("tachograph.end.inferred"));
    assert!(!concluded);
    all_arrived(&home, &receiver);
    let observations = home.observations();
    assert!(!observations.iter().any(|body| body.contains("agent_gone")), "{observations:?}");
}

/// What was meant for a destination that nobody names any more still waits for it, and is not hidden.
#[test]
fn a_destination_that_moved_gets_everything_and_the_old_one_is_still_owed() {
    let home = home_with(&["bash"]);
    let old = Receiver::start().unwrap();
    old.answer_next(Signal::Traces, Answer::error(401));
    assert_eq!(drain_to(&home, &old).code, Some(1));
    let moved = Receiver::start().unwrap();
    let owed = "error: 4 items wait for destinations that are not named here\n  hint: `tacho doctor` says which, and what to do\n";
    assert_eq!(drain_to(&home, &moved), ran(1, owed));
    all_arrived(&home, &moved);
    assert_eq!(drain_to(&home, &moved), ran(1, owed));
    assert_eq!(moved.item_requests().len(), 1);
}

/// Nobody wrote down that it was taken: it is sent again, the same to the last byte.
#[test]
fn a_drainer_that_is_killed_before_it_has_the_answer_sends_the_same_again() {
    let home = home_with(&["bash"]);
    let receiver = Receiver::start().unwrap();
    receiver.answer_next(Signal::Traces, Answer::slow(Duration::from_secs(9)));
    let resident = Resident::start(&home, &[("TACHO_OTLP_ENDPOINT", &receiver.url())]);
    until(|| receiver.item_requests().len() == 1);
    resident.kill();
    assert_eq!(drain_to(&home, &receiver), ran(0, ""));
    let [first, second] = bodies(&receiver).try_into().unwrap();
    assert_eq!(first, second);
}
