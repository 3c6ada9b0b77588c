//! An OTLP/HTTP receiver that remembers what it was sent and answers as a test says.
//!
//! It must not repair what it receives: what cannot be decoded is answered 400 and kept as a problem.

mod answer;
mod span;

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result};
use flate2::read::GzDecoder;

use crate::clock::unix_ns;
use crate::http::{HttpServer, Reply, Request};
use crate::sync::locked;

pub use answer::{Answer, AnswerBody};
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

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// What it carried.
    pub signal: Signal,
    /// When it had been read.
    pub received_unix_ns: u64,
    /// The `content-type` header, or an empty text.
    pub content_type: String,
    /// All headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body without its compression.
    pub body: Vec<u8>,
    /// The status it was answered; `None` where the connection was closed instead.
    pub answered: Option<u16>,
    /// Its spans.
    pub spans: Vec<ReceivedSpan>,
}

/// A running receiver.
pub struct Receiver {
    server: HttpServer,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    scripted: Mutex<BTreeMap<Signal, VecDeque<Answer>>>,
    requests: Mutex<Vec<ReceivedRequest>>,
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
        let answering = Arc::clone(&state);
        let server = HttpServer::start_at(address, Box::new(move |request| answering.receive(request)))?;
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

    /// Queues an answer for the next request of `signal` that has none yet. Without one it is 200.
    pub fn answer_next(&self, signal: Signal, answer: Answer) {
        locked(&self.state.scripted).entry(signal).or_default().push_back(answer);
    }

    /// Every request so far, whatever it was answered.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        locked(&self.state.requests).clone()
    }

    /// The spans that were accepted, in order of arrival: those of requests that were answered 2xx.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        let requests = locked(&self.state.requests);
        requests
            .iter()
            .filter(|request| request.accepted())
            .flat_map(|request| request.spans.clone())
            .collect()
    }

    /// What could not be read, one line each. A test that does not provoke it expects none.
    pub fn problems(&self) -> Vec<String> {
        locked(&self.state.problems).clone()
    }
}

impl ReceivedRequest {
    /// Whether the sender may take its data for delivered.
    pub fn accepted(&self) -> bool {
        self.answered.is_some_and(|status| (200..300).contains(&status))
    }
}

impl State {
    fn receive(&self, request: Request) -> Reply {
        match self.read(request) {
            Ok((mut received, encoding)) => {
                let answer = self.next_answer(received.signal);
                received.answered = answer.status();
                let delay = answer.delay();
                locked(&self.requests).push(received);
                thread::sleep(delay);
                answer.into_reply(encoding)
            }
            Err(problem) => {
                locked(&self.problems).push(format!("{problem:#}"));
                let body = format!("{problem:#}").into_bytes();
                Reply::Whole { status: 400, headers: Vec::new(), body }
            }
        }
    }

    fn next_answer(&self, signal: Signal) -> Answer {
        let mut scripted = locked(&self.scripted);
        scripted.get_mut(&signal).and_then(VecDeque::pop_front).unwrap_or_else(Answer::ok)
    }

    fn read(&self, request: Request) -> Result<(ReceivedRequest, Encoding)> {
        let received_unix_ns = unix_ns();
        let signal = Signal::of_path(&request.path)?;
        anyhow::ensure!(request.method == "POST", "{} {} instead of POST", request.method, request.path);
        let content_type = request.header("content-type").unwrap_or_default().to_owned();
        let encoding = Encoding::of_content_type(&content_type)?;
        let body = uncompressed(&request).with_context(|| format!("uncompress {}", request.path))?;
        let spans = match signal {
            Signal::Traces => {
                span::decode(&body, encoding).with_context(|| format!("decode {content_type} traces"))?
            }
            Signal::Logs | Signal::Metrics => Vec::new(),
        };
        let headers = request.headers;
        let received =
            ReceivedRequest { signal, received_unix_ns, content_type, headers, body, answered: None, spans };
        Ok((received, encoding))
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

fn uncompressed(request: &Request) -> Result<Vec<u8>> {
    match request.header("content-encoding") {
        None | Some("identity") => Ok(request.body.clone()),
        Some("gzip") => {
            let mut body = Vec::new();
            GzDecoder::new(request.body.as_slice()).read_to_end(&mut body)?;
            Ok(body)
        }
        Some(other) => anyhow::bail!("content encoding {other:?} is not supported"),
    }
}
