//! The same receiver for OTLP over gRPC: HTTP/2 without TLS, one answer a call.
//!
//! What is received is checked as over HTTP. A call is answered by the oldest answer queued for its signal, else OK.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper::{HeaderMap, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::{ReceivedLog, ReceivedRequest, ReceivedSpan, Signal};
use crate::http::Request;
use crate::sync::locked;

/// What a call is answered.
#[derive(Debug, Clone, Default)]
pub struct GrpcAnswer {
    /// The status code of gRPC.
    pub code: u16,
    /// What it says.
    pub message: String,
    /// The seconds that a `RetryInfo` asks for.
    pub retry_after_s: Option<i64>,
    /// How many items a partial success refuses.
    pub rejected: i64,
}

/// A running receiver.
pub struct GrpcReceiver {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    queued: Mutex<BTreeMap<Signal, VecDeque<GrpcAnswer>>>,
    /// Whether compressed messages are answered UNIMPLEMENTED.
    lacks_gzip: bool,
    /// A signal that is not served.
    lacks: Option<Signal>,
    /// Whether a connection is closed behind its first call.
    hangs_up: bool,
    requests: Mutex<Vec<ReceivedRequest>>,
    problems: Mutex<Vec<String>>,
}

/// The code for a service or a compression that is not there.
const UNIMPLEMENTED: u16 = 12;

impl GrpcReceiver {
    /// Starts a receiver of everything on a free port of the loopback.
    pub fn start() -> Result<Self> {
        Self::start_with(State::default())
    }

    /// Starts one that does not know gzip.
    pub fn start_without_gzip() -> Result<Self> {
        Self::start_with(State { lacks_gzip: true, ..State::default() })
    }

    /// Starts one that does not serve a signal.
    pub fn start_without(signal: Signal) -> Result<Self> {
        Self::start_with(State { lacks: Some(signal), ..State::default() })
    }

    /// Starts one that closes every connection behind its first call.
    pub fn start_hanging_up() -> Result<Self> {
        Self::start_with(State { hangs_up: true, ..State::default() })
    }

    fn start_with(state: State) -> Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let (address, state) = (listener.local_addr()?, Arc::new(state));
        let serving = Arc::clone(&state);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // It ends with the process of the test.
        thread::spawn(move || runtime.block_on(serve(listener, serving)));
        Ok(Self { address, state })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint to export to.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Queues an answer for the next call of `signal` that has none yet.
    pub fn answer_next(&self, signal: Signal, answer: GrpcAnswer) {
        locked(&self.state.queued).entry(signal).or_default().push_back(answer);
    }

    /// Every call so far, whatever it was answered; the status is that of gRPC.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        locked(&self.state.requests).clone()
    }

    /// The spans that were accepted, in order of arrival.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        self.accepted(|request| &request.spans)
    }

    /// The log records that were accepted, in order of arrival.
    pub fn logs(&self) -> Vec<ReceivedLog> {
        self.accepted(|request| &request.logs)
    }

    /// What could not be read or breaks the specification, one line each.
    pub fn problems(&self) -> Vec<String> {
        locked(&self.state.problems).clone()
    }

    fn accepted<Item: Clone>(&self, items: impl Fn(&ReceivedRequest) -> &Vec<Item>) -> Vec<Item> {
        let requests = locked(&self.state.requests);
        let accepted = requests.iter().filter(|request| request.answered == Some(0));
        accepted.flat_map(|request| items(request).clone()).collect()
    }
}

async fn serve(listener: std::net::TcpListener, state: Arc<State>) -> Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let (hangs_up, called) = (state.hangs_up, Arc::new(Notify::new()));
            let caller = Arc::clone(&called);
            let service = service_fn(move |call| {
                caller.notify_one();
                answered(Arc::clone(&state), call)
            });
            let connection =
                Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
            let mut connection = std::pin::pin!(connection);
            if hangs_up {
                tokio::select! {
                    ended = &mut connection => return ended,
                    () = called.notified() => connection.as_mut().graceful_shutdown(),
                }
            }
            connection.await
        });
    }
}

type Answered = Response<http_body_util::combinators::BoxBody<Bytes, Infallible>>;

async fn answered(state: Arc<State>, call: hyper::Request<Incoming>) -> Result<Answered> {
    let (head, body) = call.into_parts();
    let body = body.collect().await?.to_bytes();
    let answer = state.take(&head, &body).unwrap_or_else(|problem| {
        locked(&state.problems).push(format!("{problem:#}"));
        GrpcAnswer { code: 3, message: "unreadable".to_owned(), ..GrpcAnswer::default() }
    });
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", answer.code.into());
    if !answer.message.is_empty() {
        trailers.insert("grpc-message", answer.message.parse()?);
    }
    if let Some(seconds) = answer.retry_after_s {
        trailers.insert("grpc-status-details-bin", retry_info(seconds).parse()?);
    }
    let message = if answer.code == 0 { success(&answer) } else { Vec::new() };
    let body = Full::new(Bytes::from(message)).with_trailers(async { Some(Ok(trailers)) });
    Ok(Response::builder().header("content-type", "application/grpc").body(body.boxed())?)
}

impl State {
    fn take(&self, head: &hyper::http::request::Parts, body: &[u8]) -> Result<GrpcAnswer> {
        let signal = signal_of(head.uri.path())?;
        let [flag, a, b, c, d, message @ ..] = body else { bail!("a message without its prefix") };
        let length = u32::from_be_bytes([*a, *b, *c, *d]);
        anyhow::ensure!(usize::try_from(length)? == message.len(), "a message of another length");
        let is_compressed = *flag == 1;
        let text = |value: &hyper::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let mut headers: Vec<(String, String)> =
            head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let is = |name: &str, value: &str| headers.iter().any(|(known, said)| known == name && said == value);
        anyhow::ensure!(is("content-type", "application/grpc") && is("te", "trailers"), "{headers:?}");
        anyhow::ensure!(is("grpc-encoding", "gzip") == is_compressed, "{headers:?}");
        headers.retain(|(name, _)| name != "content-type");
        headers.push(("content-type".to_owned(), "application/x-protobuf".to_owned()));
        if is_compressed {
            headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
        }
        let path = format!("/v1/{}", signal.name());
        let request = Request { method: head.method.to_string(), path, headers, body: message.to_vec() };
        let (mut received, _, breaches) = ReceivedRequest::read(request)?;
        locked(&self.problems).extend(breaches);
        let is_lacking = self.lacks == Some(signal) || self.lacks_gzip && is_compressed;
        let queued = || locked(&self.queued).get_mut(&signal).and_then(VecDeque::pop_front);
        let answer = if is_lacking {
            GrpcAnswer { code: UNIMPLEMENTED, ..GrpcAnswer::default() }
        } else {
            queued().unwrap_or_default()
        };
        received.answered = Some(answer.code);
        locked(&self.requests).push(received);
        Ok(answer)
    }
}

fn signal_of(path: &str) -> Result<Signal> {
    match path {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Ok(Signal::Traces),
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Ok(Signal::Logs),
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Ok(Signal::Metrics),
        _ => bail!("no service has the path {path}"),
    }
}

/// The response message of a success, behind its prefix: a partial success where something was refused.
fn success(answer: &GrpcAnswer) -> Vec<u8> {
    #[derive(Clone, PartialEq, Message)]
    struct Partial {
        #[prost(int64, tag = "1")]
        rejected: i64,
        #[prost(string, tag = "2")]
        message: String,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Success {
        #[prost(message, optional, tag = "1")]
        partial: Option<Partial>,
    }
    let partial = Partial { rejected: answer.rejected, message: answer.message.clone() };
    let message = Success { partial: (answer.rejected > 0).then_some(partial) }.encode_to_vec();
    let length = u32::try_from(message.len()).unwrap_or(0).to_be_bytes();
    [&[0][..], &length, &message].concat()
}

/// The details of a status that ask for a pause, in base64 without padding.
fn retry_info(seconds: i64) -> String {
    #[derive(Clone, PartialEq, Message)]
    struct Delay {
        #[prost(int64, tag = "1")]
        seconds: i64,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Retry {
        #[prost(message, optional, tag = "1")]
        delay: Option<Delay>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Detail {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "vec", tag = "2")]
        value: Vec<u8>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Status {
        #[prost(message, repeated, tag = "3")]
        details: Vec<Detail>,
    }
    let value = Retry { delay: Some(Delay { seconds }) }.encode_to_vec();
    let detail = Detail { type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(), value };
    base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD_NO_PAD,
        Status { details: vec![detail] }.encode_to_vec(),
    )
}
