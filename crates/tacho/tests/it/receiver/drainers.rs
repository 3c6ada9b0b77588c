//! Who listens while drainers come and go.

use super::client::Request;
use super::requests;
use super::serving::{Serving, free_port, token};
use crate::home::Home;
use rustix::process::Signal;
use serde_json::{Value as Json, json};
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Child;
use std::time::{Duration, Instant};
use tacho_spool::lock::DrainLock;
use tacho_spool::state::State;
use tacho_store::Store;

/// Waits until something holds.
#[track_caller]
fn until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came to that");
        std::thread::yield_now();
    }
}

fn is_locked(home: &Home) -> bool {
    DrainLock::try_acquire(&State::open(&home.state()).unwrap()).unwrap().is_none()
}

/// A home whose agent was told to send its telemetry to this port.
fn home_told(port: u16) -> Home {
    let home = Home::new();
    // Makes the token.
    drop(Serving::start(&home));
    home.drain();
    tell(&home, port, &token(&home));
    home
}

fn tell(home: &Home, port: u16, token: &str) {
    let env = json!({
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/json",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": format!("http://127.0.0.1:{port}/v1/logs"),
        "OTEL_EXPORTER_OTLP_LOGS_HEADERS": format!("Authorization=Bearer%20{token}"),
    });
    let settings = home.path().join(".claude/settings.json");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    fs::write(settings, json!({ "env": env }).to_string()).unwrap();
}

/// A drainer as a hook starts one, which dies with the test.
struct Background(Child);

impl Background {
    fn start(home: &Home, words: &[&str]) -> Self {
        Self(home.command(&[&["drain", "--background"], words].concat()).spawn().unwrap())
    }

    /// Whether it holds the lock, by the kernel's list (proc(5)).
    fn drains(&self) -> bool {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        let holder = format!(" {} ", self.0.id());
        locks.lines().any(|line| line.contains("FLOCK") && line.contains(&holder))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A request that has one call of a session of its own.
fn request_of(session: &str) -> Request {
    let recorded = requests("telemetry/bash.jsonl").remove(1);
    Request::json(&recorded.replace("444b9a39-0dd5-45b0-85af-82281c279e60", session))
}

fn sessions(home: &Home) -> Vec<String> {
    let list = home.json_of(&["sessions", "--json"]);
    let ids = list["sessions"].as_array().unwrap().iter().map(|session| session["id"].clone());
    let mut ids: Vec<String> = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn it_ends_when_it_is_told() {
    for signal in [Signal::INT, Signal::TERM] {
        let home = Home::new();
        let mut serving = Serving::start(&home);
        until(|| home.state().join("drain.sock").exists());
        assert_eq!(serving.end(signal), Some(0));
        assert!(!is_locked(&home) && !listens(serving.port));
    }
}

/// A drainer that a hook starts takes over the draining; the listening stays, and the draining comes back.
#[test]
fn serve_makes_way_and_comes_back() {
    let home = Home::new();
    let mut serving = Serving::start(&home);
    until(|| home.state().join("drain.sock").exists());
    let hooks = Background::start(&home, &["--take-over"]);
    until(|| hooks.drains());
    assert_eq!(serving.ask(&request_of("while-it-made-way")).status, 200);
    until(|| sessions(&home) == ["while-it-made-way"]);
    drop(hooks);
    assert_eq!(serving.ask(&request_of("while-nobody-drained")).status, 200);
    until(|| is_locked(&home));
    until(|| sessions(&home) == ["while-it-made-way", "while-nobody-drained"]);
    assert_eq!(serving.end(Signal::TERM), Some(0));
}

/// As while a disk is full, or somebody else writes into the store for long.
#[test]
fn serve_outlives_what_passes() {
    let home = Home::new();
    let mut serving = Serving::start(&home);
    until(|| home.state().join("drain.sock").exists());
    let mut store = Store::open(&home.store_file()).unwrap();
    let changes = store.change().unwrap();
    assert_eq!(serving.ask(&request_of("while-nobody-could-write")).status, 200);
    until(|| !is_locked(&home));
    drop(changes);
    assert_eq!(serving.ask(&request_of("afterwards")).status, 200);
    until(|| is_locked(&home));
    until(|| sessions(&home) == ["afterwards", "while-nobody-could-write"]);
    assert_eq!(serving.end(Signal::TERM), Some(0));
}

/// Nobody is turned away while one drainer takes the port over from another.
#[test]
fn the_port_is_handed_over() {
    let port = free_port();
    let home = home_told(port);
    let mut drainer = Background::start(&home, &[]);
    until(|| listens(port));
    let status = home.json_of(&["status", "--json"]);
    assert_eq!(status["receiver"], json!({ "port": port, "is_told": true, "listens": "yes" }));
    let header = format!("Bearer {}", token(&home));
    let mut sent = 0;
    for _ in 0..3 {
        let next = Background::start(&home, &["--take-over"]);
        let mut number = 0;
        // Some before, some while, some after; no more than a busy machine takes in between.
        while number < 40 && drainer.0.try_wait().unwrap().is_none() {
            let call =
                requests("telemetry/bash.jsonl").remove(1).replace("req_mock", &format!("req_{sent}_"));
            let request = Request::json(&call).with("authorization", &header);
            assert_eq!(request.send(port).status, 200);
            (number, sent) = (number + 1, sent + 1);
        }
        assert!(drainer.0.wait().unwrap().success());
        // Else the one that is started next may get the lock before it.
        until(|| next.drains());
        drainer = next;
    }
    home.drain();
    assert_eq!(home.json_of(&["cost", "--json"])["totals"]["calls"], sent);
}

/// Where the agent is told to send its telemetry, what it sends of a session is waited for from the first hook on.
#[test]
fn what_is_to_come_is_announced() {
    let home = home_told(free_port());
    home.record(crate::fixture::load("bash"));
    home.drain();
    home.drain();
    let announced = home.observations().into_iter().filter(|body| body.contains("\"started\"")).count();
    assert_eq!(announced, 1);
}

/// Where it is switched off while a drainer runs, that one stops listening; and listens again once it is on.
#[test]
fn settings_are_followed() {
    let port = free_port();
    let home = home_told(port);
    let _drainer = Background::start(&home, &[]);
    until(|| listens(port));
    fs::write(home.path().join(".claude/settings.json"), "{}").unwrap();
    home.drain();
    until(|| !listens(port));
    assert_eq!(home.json_of(&["status", "--json"])["receiver"], Json::Null);
    tell(&home, port, &token(&home));
    home.drain();
    until(|| listens(port));
    // With a token that is not ours, nobody is meant here.
    tell(&home, port, &"0".repeat(64));
    home.drain();
    until(|| !listens(port));
}

/// A port that somebody else has keeps nobody from recording.
#[test]
fn a_port_that_is_taken() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let home = home_told(port);
    home.record(crate::fixture::load("bash"));
    let drainer = Background::start(&home, &[]);
    until(|| sessions(&home).len() == 1);
    let status = home.json_of(&["status", "--json"]);
    assert_eq!(status["receiver"], json!({ "port": port, "is_told": true, "listens": "other" }));
    drop(drainer);
    let ran = home.run(&["serve", "--port", &port.to_string()]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.stderr.replace(&port.to_string(), "[port]"), @r"
    error: listen for telemetry at 127.0.0.1:[port]
      because: Address already in use (os error 98)
      hint: another program has the port; tacho serve --port N takes another, and so must whoever sends
    ");
}
