//! A session goes on as long as its agent's process does.

use crate::fixture;
use crate::home::Home;
use std::process::{Child, Command, Stdio};

/// A process that lives until its standard input ends.
fn process() -> Child {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_killed_agent_ends_what_was_open() {
    let home = Home::new();
    let mut agent = process();
    home.record_of(fixture::load("killed"), &agent);
    home.drain();
    insta::assert_snapshot!("alive", home.stdout_of(&["show", "last"]));
    agent.kill().unwrap();
    agent.wait().unwrap();
    home.drain();
    insta::assert_snapshot!("gone", home.stdout_of(&["show", "last"]));
}

#[test]
fn a_dead_agent_that_nobody_waited_for_is_gone() {
    let home = Home::new();
    let mut agent = process();
    home.record_of(fixture::load("killed"), &agent);
    agent.kill().unwrap();
    // Its end is awaited without taking the zombie away.
    let pid = rustix::process::Pid::from_child(&agent);
    let options = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
    rustix::process::waitid(rustix::process::WaitId::Pid(pid), options).unwrap();
    home.drain();
    assert_eq!(home.json_of(&["show", "last", "--json"])["session"]["open_spans"], 0);
    agent.wait().unwrap();
}
