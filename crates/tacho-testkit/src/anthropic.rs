//! A scripted stand-in for the Anthropic Messages API, and the ground truth of what it served.
//!
//! A prompt that carries the marker `[[mock:NAME]]` selects script NAME; the step to play is the number of
//! assistant messages that follow the last marker of the conversation. So the API keeps no state but the counts of
//! the failures it played, and a subagent has its own script because its prompt carries its own marker.
//!
//! It must not think: whatever a model would decide stands in the script.

mod conversation;
mod message;
mod script;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::clock::unix_ns;
use crate::http::{BodyStream, Ending, HttpServer, Reply, Request};
use crate::sync::locked;

use conversation::Selection;
use message::{Message, StreamEvent};

pub use script::{Block, Failure, Script, ScriptBook, SideCall, Step, ToolUseSpec, UsageSpec};
pub use truth::{ServedCall, ServedIteration, ServedTerms, ServedToolUse, ServedUsage, write_jsonl};

/// How long [`ScriptedApi::calls`] waits for answers that are still being written.
const SETTLE: Duration = Duration::from_secs(2);

/// A running scripted API.
pub struct ScriptedApi {
    server: HttpServer,
    state: Arc<State>,
}

struct State {
    book: ScriptBook,
    /// Part of every id, so that two runs never share one: a recorder tells calls apart by id over all sessions.
    run: String,
    calls: AtomicU64,
    tool_uses: AtomicU64,
    failures_played: Mutex<BTreeMap<String, u32>>,
    /// The steps that were asked for.
    asked: Mutex<BTreeSet<String>>,
    ledger: Mutex<Ledger>,
    settled: Condvar,
}

#[derive(Default)]
struct Ledger {
    rows: Vec<ServedCall>,
    under_way: usize,
}

impl ScriptedApi {
    /// Starts the API on a free port of the loopback.
    pub fn start(book: ScriptBook) -> Result<Self> {
        let state = Arc::new(State {
            book,
            run: run_id(),
            calls: AtomicU64::new(1),
            tool_uses: AtomicU64::new(1),
            failures_played: Mutex::default(),
            asked: Mutex::default(),
            ledger: Mutex::default(),
            settled: Condvar::new(),
        });
        let answering = Arc::clone(&state);
        let server = HttpServer::start(Box::new(move |request| answer(&answering, &request)))?;
        Ok(Self { server, state })
    }

    /// The base URL to give to the agent.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Whether a step was asked for, be it answered or not.
    pub fn was_asked(&self, label: &str) -> bool {
        locked(&self.state.asked).contains(label)
    }

    /// The ground truth so far, in the order of arrival. Waits a moment for answers that are being written.
    pub fn calls(&self) -> Vec<ServedCall> {
        let ledger = locked(&self.state.ledger);
        let waited = self.state.settled.wait_timeout_while(ledger, SETTLE, |ledger| ledger.under_way > 0);
        let (ledger, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let mut rows = ledger.rows.clone();
        rows.sort_by(|left, right| left.request_id.cmp(&right.request_id));
        rows
    }
}

/// Microseconds of the start, made unique within the process.
fn run_id() -> String {
    static LAST: Mutex<u64> = Mutex::new(0);
    let mut last = locked(&LAST);
    *last = (unix_ns() / 1000).max(*last + 1);
    format!("{:013x}", *last)
}

fn answer(state: &Arc<State>, request: &Request) -> Reply {
    let number = state.calls.fetch_add(1, Ordering::SeqCst);
    let request_id = format!("req_mock{}{number:08}", state.run);
    if request.method != "POST" {
        return error_reply(404, "not_found_error", "mock", &request_id, &[]);
    }
    if request.path.ends_with("/count_tokens") {
        let tokens = (request.body.len() / 4).max(1);
        return json_reply(200, &json!({ "input_tokens": tokens }), &request_id, &[]);
    }
    if !request.path.ends_with("/v1/messages") {
        return error_reply(404, "not_found_error", &request.path, &request_id, &[]);
    }
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let selection = conversation::select(&state.book, &body);
    locked(&state.asked).insert(selection.label.clone());
    let call = ServedCall::begun(request, &body, request_id, &selection.label);
    match state.failure_to_play(&selection) {
        Some(failure) => play_failure(state, call, &failure),
        None => play_step(state, call, &selection.step, number),
    }
}

fn play_failure(state: &Arc<State>, mut call: ServedCall, failure: &Failure) -> Reply {
    let under_way = UnderWay::begin(state);
    call.status = failure.status;
    let mut headers: Vec<_> =
        failure.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(seconds) = failure.retry_after {
        headers.push(("retry-after".to_owned(), seconds.to_string()));
    }
    let reply = error_reply(failure.status, &failure.kind, &failure.message, &call.request_id, &headers);
    call.first_byte_unix_ns = unix_ns();
    under_way.end(call);
    reply
}

fn play_step(state: &Arc<State>, mut call: ServedCall, step: &Step, number: u64) -> Reply {
    let under_way = UnderWay::begin(state);
    let message_id = format!("msg_mock{}{number:08}", state.run);
    let message = Message::new(step, message_id, &call.model, || state.next_tool_use_id());
    call.answer_with(&message);
    thread::sleep(Duration::from_millis(step.ttft_ms));
    call.first_byte_unix_ns = unix_ns();
    if !call.streamed {
        call.finish_whole(&message);
        let reply = json_reply(200, &message.to_json(), &call.request_id, &[]);
        under_way.end(call);
        return reply;
    }
    let headers = vec![
        ("content-type".to_owned(), "text/event-stream; charset=utf-8".to_owned()),
        ("cache-control".to_owned(), "no-cache".to_owned()),
        ("request-id".to_owned(), call.request_id.clone()),
    ];
    let step = step.clone();
    let produce = move |stream: &mut BodyStream<'_>| {
        let ending = stream_message(&message, &step, stream);
        if matches!(ending, Ok(Ending::Complete)) {
            call.finish_whole(&message);
        }
        under_way.end(call);
        ending
    };
    Reply::Streamed { status: 200, headers, produce: Box::new(produce) }
}

/// Sends the message's events at the pace of the step, and cuts the stream where the step says so.
fn stream_message(message: &Message, step: &Step, stream: &mut BodyStream<'_>) -> io::Result<Ending> {
    let mut deltas_left = step.drop_after;
    for event in message.stream_events() {
        if event.is_delta() {
            thread::sleep(Duration::from_millis(step.chunk_ms));
            if deltas_left == Some(0) {
                if let Some(kind) = &step.stream_error {
                    stream.send(&StreamEvent::error(kind).to_bytes())?;
                }
                return Ok(Ending::Cut);
            }
            deltas_left = deltas_left.map(|left| left - 1);
        }
        stream.send(&event.to_bytes())?;
    }
    Ok(Ending::Complete)
}

impl State {
    fn next_tool_use_id(&self) -> String {
        let number = self.tool_uses.fetch_add(1, Ordering::SeqCst);
        format!("toolu_mock{}{number:08}", self.run)
    }

    /// The failure that comes before the step, as long as it was not played often enough.
    fn failure_to_play(&self, selection: &Selection) -> Option<Failure> {
        let failure = selection.step.fail.clone()?;
        let mut all_played = locked(&self.failures_played);
        let played = all_played.entry(selection.label.clone()).or_default();
        if *played >= failure.times {
            return None;
        }
        *played += 1;
        Some(failure)
    }
}

/// An answer that is being written; keeps [`ScriptedApi::calls`] waiting until its row is in the ledger.
struct UnderWay(Arc<State>);

impl UnderWay {
    fn begin(state: &Arc<State>) -> Self {
        locked(&state.ledger).under_way += 1;
        Self(Arc::clone(state))
    }

    fn end(self, mut call: ServedCall) {
        call.done_unix_ns = unix_ns();
        locked(&self.0.ledger).rows.push(call);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        locked(&self.0.ledger).under_way -= 1;
        self.0.settled.notify_all();
    }
}

fn error_reply(
    status: u16,
    kind: &str,
    message: &str,
    request_id: &str,
    headers: &[(String, String)],
) -> Reply {
    let error = json!({ "type": kind, "message": message });
    let body = json!({ "type": "error", "request_id": request_id, "error": error });
    json_reply(status, &body, request_id, headers)
}

fn json_reply(status: u16, body: &Value, request_id: &str, headers: &[(String, String)]) -> Reply {
    let mut all = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("request-id".to_owned(), request_id.to_owned()),
    ];
    all.extend_from_slice(headers);
    Reply::Whole { status, headers: all, body: body.to_string().into_bytes() }
}
