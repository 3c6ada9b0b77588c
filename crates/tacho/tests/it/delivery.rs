//! Delivery to an OTLP receiver: everything that was recorded, once, and nothing more than may leave the machine.

mod answers;
mod arrivals;
mod corrections;
mod datadog;
mod declined;
mod drainers;
mod forgetting;
mod grpc;
mod levels;
mod limits;
mod logs;
mod pauses;
mod places;
mod privacy;
mod refusals;
mod sampling;

use crate::fixture;
use crate::home::{Home, Ran};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};
use tacho_store::Store;
use tacho_store::destinations::DestinationRow;
use tacho_testkit::otlp::Receiver;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home with sessions that are young enough to be sent.
fn home_with(names: &[&str]) -> Home {
    Home::with(names.iter().map(|name| fixture::load(name).an_hour_ago()))
}

/// Drains once toward the receiver.
fn drain_to(home: &Home, receiver: &Receiver) -> Ran {
    home.run_with(&["drain", "--once"], &[("TACHO_OTLP_ENDPOINT", &receiver.url())])
}

/// The same, with every signal.
fn drain_all_to(home: &Home, receiver: &Receiver) -> Ran {
    let variables = [("TACHO_OTLP_ENDPOINT", &*receiver.url()), ALL_SIGNALS];
    home.run_with(&["drain", "--once"], &variables)
}

/// Has every signal sent to whom the environment names.
const ALL_SIGNALS: (&str, &str) = ("TACHO_OTLP_SIGNALS", "traces,metrics,logs");

fn ran(code: i32, stderr: &str) -> Ran {
    Ran { code: Some(code), stdout: String::new(), stderr: stderr.to_owned() }
}

/// What a drain says of which the receiver refused so many items for good.
fn refused(home: &Home, receiver: &Receiver, items: &str, error: &str) -> Ran {
    let letters = home.state().join("dead-letters.jsonl");
    let hint = format!(
        "requests that were refused whole lie in {}; `tacho drain --once --dead-letters` sends them again",
        letters.display()
    );
    ran(1, &format!("error: {} refused {items} for good: {error}\n  hint: {hint}\n", receiver.url()))
}

/// Writes the configuration: the receiver, with these lines about it. It gets spans alone, unless they say otherwise.
fn configure(home: &Home, receiver: &Receiver, lines: &str) {
    let spans_alone = if lines.contains("signals") { "" } else { "signals = [\"traces\"]\n" };
    home.configure(&format!("[[destination]]\nendpoint = {:?}\n{spans_alone}{lines}", receiver.url()));
}

/// What the recorder says about its one destination and what it lost, without the times and the port.
fn destination_status(home: &Home, receiver: &Receiver) -> String {
    let status = home.run_with(&["status", "--json"], &[("TACHO_OTLP_ENDPOINT", &receiver.url())]);
    let status: Json = serde_json::from_str(&status.stdout).unwrap();
    let mut destination = status["destinations"][0].clone();
    destination.as_object_mut().unwrap().retain(|name, _| name != "last_success_ns");
    Json::Array(vec![destination, status["losses"].clone()])
        .to_string()
        .replace(&receiver.url(), "[receiver]")
}

/// What the store says about the receiver, once it says anything.
fn row(home: &Home, receiver: &Receiver) -> Option<DestinationRow> {
    let store = Store::open_to_read(&home.store_file()).ok()??;
    let rows = store.read().destinations().unwrap();
    rows.into_iter().find(|row| row.name == receiver.url())
}

/// What a hook shows at the start of a session.
fn notice(home: &Home, receiver: &Receiver) -> String {
    let text = fs::read_to_string(home.state().join("notice")).unwrap_or_default();
    text.replace(&receiver.url(), "[receiver]")
}

/// The bodies of all requests, in order.
fn bodies(receiver: &Receiver) -> Vec<Vec<u8>> {
    receiver.item_requests().into_iter().map(|request| request.body).collect()
}

/// How many items each request held, in order.
fn sizes(receiver: &Receiver) -> Vec<usize> {
    receiver.item_requests().iter().map(|request| request.spans.len() + request.logs.len()).collect()
}

/// The dead letters, without the times and the port.
fn dead_letters(home: &Home, receiver: &Receiver) -> Vec<Json> {
    let text = fs::read_to_string(home.state().join("dead-letters.jsonl")).unwrap_or_default();
    let letter = |line: &str| {
        let mut letter: Json = serde_json::from_str(&line.replace(&receiver.url(), "[receiver]")).unwrap();
        letter.as_object_mut().unwrap().remove("at_ns").unwrap();
        letter
    };
    text.lines().map(letter).collect()
}

/// The ids of the spans in a request that is written as JSON.
fn spans_in(request: &Json) -> BTreeSet<String> {
    fn list<'a>(value: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
        value[name].as_array().unwrap().iter()
    }
    let scopes = list(request, "resourceSpans").flat_map(|resource| list(resource, "scopeSpans"));
    let spans = scopes.flat_map(|scope| list(scope, "spans"));
    spans.map(|span| span["spanId"].as_str().unwrap().to_owned()).collect()
}

/// Waits until something is so.
#[track_caller]
fn until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !what() {
        assert!(Instant::now() < deadline, "it never came");
        thread::yield_now();
    }
}
