//! An OTLP/HTTP receiver that remembers what it was sent and answers as a test says.
//!
//! **What it takes.** `POST /v1/traces`, `/v1/logs`, `/v1/metrics`; protobuf or JSON; plain or gzip. Spans and log
//! records are decoded ([`ReceivedSpan`], [`ReceivedLog`]), metrics are kept as bytes. What cannot be read is answered
//! 400. [`Receiver::problems`] lists that and every breach of the specification in what could be read: ids that are
//! not 16 and 8 bytes or are all zero, missing times and names, enumerations out of range, reserved flags, duplicate
//! or empty attribute keys, empty values, envelopes without content, and in JSON names and forms that the mapping does
//! not have (`trace_id`, 64-bit integers as numbers, enumerations as text). A breach alone does not change the answer.
//!
//! **What it answers.** The first of these that there is:
//! 1. the oldest answer queued for the signal by [`Receiver::answer_next`], each once;
//! 2. the answer of the first rule of [`Receiver::answer_when`] whose condition holds for the request, every time;
//! 3. 200 with the empty response message in the encoding of the request.
//!
//! An [`Answer`] is a status with headers and a body at once, late or in drops, or no answer at all:
//!
//! | to play | say |
//! |---|---|
//! | a status | `Answer::error(503)` |
//! | `Retry-After`, in seconds or as a date | `Answer::retry_after(429, 2)`, `Answer::retry_at(503, time)` |
//! | partial success | `Answer::partial_success(3, "too old")` |
//! | the same in JSON whatever was sent | `Answer::partial_success(3, "too old").in_encoding(Encoding::Json)` |
//! | 400 or 413 for one span | `answer_when(\|request\| request.has_span("00f067aa0ba902b7"), Answer::error(400))` |
//! | ... for spans of a kind | `answer_when(\|request\| request.spans.iter().any(\|span\| ...), Answer::error(400))` |
//! | 413 above a size | `answer_when(\|request\| request.wire_bytes > 4096, Answer::error(413))` |
//! | one signal that is not served | `answer_when(\|request\| request.signal == Signal::Logs, Answer::error(405))` |
//! | a redirect | `Answer::redirect(307, "http://127.0.0.1:1/elsewhere")` |
//! | a slow answer | `Answer::slow(pause)`, or any answer `.delayed(pause)` |
//! | an answer that drips | `Answer::ok().with_body(AnswerBody::Drops { drops: 100, pause })` |
//! | a huge answer | `Answer::error(500).with_body(AnswerBody::Zeros(10_000_000))` |
//! | a gzip bomb | `Answer::ok().with_body(AnswerBody::GzipBomb(1 << 30))` |
//! | hang-up behind the request | `Answer::HangUp { delay }` |
//! | hang-up before the body is read | `Answer::HangUpUnread`, by `answer_next` only |
//! | a black hole | `Answer::Silence` |
//!
//! A request is remembered before it is answered, so whoever has an answer finds the request in
//! [`Receiver::requests`].
//!
//! It must not repair what it receives.

mod answer;
mod grpc;
mod json_form;
mod log;
mod request;
mod rules;
mod span;
mod value;

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::Result;

use crate::http::{HttpServer, Passage, Reply, Request};
use crate::sync::locked;

pub use answer::{Answer, AnswerBody};
pub use grpc::{GrpcAnswer, GrpcReceiver};
pub use log::ReceivedLog;
pub use request::ReceivedRequest;
pub use span::{ReceivedEvent, ReceivedLink, ReceivedSpan, SpanKind, SpanStatus};

/// The three kinds of telemetry, told apart by their path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// `/v1/traces`
    Traces,
    /// `/v1/logs`
    Logs,
    /// `/v1/metrics`
    Metrics,
}

/// The two encodings of OTLP over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`
    Protobuf,
    /// `application/json`
    Json,
}

/// A running receiver.
pub struct Receiver {
    server: HttpServer,
    state: Arc<State>,
}

/// What a rule asks of a request.
type Condition = dyn Fn(&ReceivedRequest) -> bool + Send + Sync;

#[derive(Default)]
struct State {
    queued: Mutex<BTreeMap<Signal, VecDeque<Answer>>>,
    rules: Mutex<Vec<(Box<Condition>, Answer)>>,
    requests: Mutex<Vec<ReceivedRequest>>,
    /// What came along with requests that were taken.
    enclosed: Mutex<Vec<ReceivedLog>>,
    problems: Mutex<Vec<String>>,
}

impl Receiver {
    /// Starts the receiver on a free port of the loopback.
    pub fn start() -> Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Starts the receiver where another one was before.
    pub fn start_at(address: SocketAddr) -> Result<Self> {
        let state = Arc::new(State::default());
        let (admitting, answering) = (Arc::clone(&state), Arc::clone(&state));
        let server = HttpServer::start_gated(
            address,
            Box::new(move |head| admitting.admit(head)),
            Box::new(move |request| answering.receive(request)),
        )?;
        Ok(Self { server, state })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The endpoint to export to, without `/v1/...`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Queues an answer for the next request of `signal` that has none yet.
    pub fn answer_next(&self, signal: Signal, answer: Answer) {
        locked(&self.state.queued).entry(signal).or_default().push_back(answer);
    }

    /// Answers every request so for which `condition` holds and no answer is queued. Rules are tried in the order in
    /// which they were made.
    pub fn answer_when(
        &self,
        condition: impl Fn(&ReceivedRequest) -> bool + Send + Sync + 'static,
        answer: Answer,
    ) {
        locked(&self.state.rules).push((Box::new(condition), answer));
    }

    /// Every request so far, whatever it was answered.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        locked(&self.state.requests).clone()
    }

    /// Those of spans and log records; metrics come again and again.
    pub fn item_requests(&self) -> Vec<ReceivedRequest> {
        let is_meant = |request: &ReceivedRequest| request.signal != Signal::Metrics;
        self.requests().into_iter().filter(is_meant).collect()
    }

    /// The spans that were accepted, in order of arrival: those of requests that were answered 2xx.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        self.accepted(|request| &request.spans)
    }

    /// The log records that were accepted, in order of arrival.
    pub fn logs(&self) -> Vec<ReceivedLog> {
        self.accepted(|request| &request.logs)
    }

    /// The checkpoints of the audit log that came along. They are always taken, and are none of the requests above.
    pub fn checkpoints(&self) -> Vec<ReceivedLog> {
        locked(&self.state.enclosed).clone()
    }

    /// What could not be read or breaks the specification, one line each. A test that does not provoke it expects
    /// none.
    pub fn problems(&self) -> Vec<String> {
        locked(&self.state.problems).clone()
    }

    fn accepted<Item: Clone>(&self, items: impl Fn(&ReceivedRequest) -> &Vec<Item>) -> Vec<Item> {
        let requests = locked(&self.state.requests);
        let accepted = requests.iter().filter(|request| request.accepted());
        accepted.flat_map(|request| items(request).clone()).collect()
    }
}

impl State {
    /// Lets the body of a request be read, unless the next answer is to hang up before that.
    fn admit(&self, head: &Request) -> Passage {
        let Ok(signal) = Signal::of_path(&head.path) else { return Passage::Read };
        let mut queued = locked(&self.queued);
        let Some(answers) = queued.get_mut(&signal) else { return Passage::Read };
        if !matches!(answers.front(), Some(Answer::HangUpUnread)) {
            return Passage::Read;
        }
        answers.pop_front();
        locked(&self.requests).push(ReceivedRequest::unread(signal, head));
        Passage::HangUp
    }

    fn receive(&self, request: Request) -> Reply {
        match ReceivedRequest::read(request) {
            Ok((mut received, encoding, breaches)) => {
                locked(&self.problems).extend(breaches);
                if received.is_enclosure() {
                    locked(&self.enclosed).append(&mut received.logs);
                    return Answer::ok().into_reply(received.signal, encoding);
                }
                let (signal, answer) = (received.signal, self.answer_to(&received));
                received.answered = answer.answered();
                locked(&self.requests).push(received);
                thread::sleep(answer.delay());
                answer.into_reply(signal, encoding)
            }
            Err(problem) => {
                locked(&self.problems).push(format!("{problem:#}"));
                let body = format!("{problem:#}").into_bytes();
                Reply::Whole { status: 400, headers: Vec::new(), body }
            }
        }
    }

    fn answer_to(&self, request: &ReceivedRequest) -> Answer {
        let queued = locked(&self.queued).get_mut(&request.signal).and_then(VecDeque::pop_front);
        let ruled = || {
            let rules = locked(&self.rules);
            rules.iter().find(|(condition, _)| condition(request)).map(|(_, answer)| answer.clone())
        };
        queued.or_else(ruled).unwrap_or_else(Answer::ok)
    }
}

impl Signal {
    fn of_path(path: &str) -> Result<Self> {
        match path {
            "/v1/traces" => Ok(Self::Traces),
            "/v1/logs" => Ok(Self::Logs),
            "/v1/metrics" => Ok(Self::Metrics),
            _ => anyhow::bail!("no signal has the path {path}"),
        }
    }

    /// Its name in messages for people.
    const fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }
}

impl Encoding {
    fn of_content_type(content_type: &str) -> Result<Self> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/x-protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            _ => anyhow::bail!("content type {content_type:?} is not OTLP"),
        }
    }
}
