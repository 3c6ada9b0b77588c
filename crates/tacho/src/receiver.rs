//! The receiver of the agent's own telemetry: OTLP on loopback, over HTTP/1.1 and gRPC at one port.
//!
//! Runs on a thread of its own. Of what it gets it keeps listed log events, as records of the spool; it sends nothing on.
//! Whoever runs programs on this machine may reach its port, so it takes nothing without the token. Where its owner keeps it
//! running, it shows metrics as well, which it reads in the store.

mod answer;
mod guard;
mod intake;
mod logs;
mod probe;
mod request;
mod scrape;

use crate::failure::Failure;
use crate::keys;
use answer::Answer;
use guard::Guard;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulConnection;
use intake::Intake;
pub(crate) use probe::{Listener, listener_at};
pub(crate) use scrape::SCRAPED;
use scrape::Scrape;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener as BoundListener};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tacho_spool::state::State;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

/// Where it listens unless somebody says otherwise: not where a Collector does.
pub(crate) const PORT: u16 = 4327;
/// How many connections it has at a time; others wait.
const CONNECTIONS_MAX: usize = 64;
/// How many requests of a connection it answers at a time.
const STREAMS_MAX: u32 = 8;
/// How long a peer may take to begin, and to say its headers.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may have nothing to ask, and how long it may take to end once it is told to: who is silent holds a
/// place that others wait for, and connects again when there is something to tell.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// How a connection of HTTP/2 begins (RFC 9113, section 3.4).
const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How soon the rest of it is looked for.
const PREFACE_PAUSE: Duration = Duration::from_millis(10);
/// How long requests that are under way may take to end when it stops.
const FAREWELL_MAX: Duration = Duration::from_secs(1);
/// How long it waits when the system gives it no connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A receiver that listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Receiver {
    listener: BoundListener,
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What answers requests.
struct Desk {
    guard: Guard,
    intake: Intake,
    /// Who shows metrics, if they are to be shown.
    scrape: Option<Scrape>,
}

/// What a receiver does beside taking telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Nothing.
    Nothing,
    /// Metrics, to whoever asks on this machine.
    Metrics,
}

impl Receiver {
    /// Listens at a port of the loopback interface, any for 0, and records into the state directory.
    pub(crate) fn start(state: &State, port: u16, shows: Shows) -> Result<Self, Failure> {
        let listener = BoundListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
            let is_roots = error.kind() == ErrorKind::PermissionDenied;
            let why = if is_roots { "ports below 1024 are root's" } else { "another program has the port" };
            Failure::external(format!("listen for telemetry at 127.0.0.1:{port}"), error)
                .hint(format!("{why}; tacho serve --port N takes another, and so must whoever sends"))
        })?;
        Self::take_over(state, listener, shows)
    }

    /// Listens at a port that another had before.
    pub(crate) fn take_over(state: &State, listener: BoundListener, shows: Shows) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::external("listen for telemetry", error);
        let token = keys::receiver_token(state.path())?;
        let port = listener.local_addr().map_err(failed)?.port();
        listener.set_nonblocking(true).map_err(failed)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let state = State::open(state.path())?;
        let scrape = match shows {
            Shows::Nothing => None,
            Shows::Metrics => Some(Scrape::new(State::open(state.path())?)?),
        };
        let desk = Arc::new(Desk { guard: Guard::new(token), intake: Intake::new(state), scrape });
        let (stop, stopped) = oneshot::channel();
        let own = listener.try_clone().map_err(failed)?;
        let run = move || runtime.block_on(listen(own, desk, stopped));
        let thread = thread::Builder::new().name("receiver".to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { listener, port, stop: Some(stop), thread: Some(thread) })
    }

    /// The open port itself, for whoever takes it over.
    pub(crate) fn listener(&self) -> io::Result<BoundListener> {
        self.listener.try_clone()
    }

    /// Where it listens.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Receiver {
    /// Nobody is answered any more when this returns.
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A thread that ended by itself listens no more.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers whoever connects, until it is told to stop.
async fn listen(listener: BoundListener, desk: Arc<Desk>, mut stopped: oneshot::Receiver<()>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let (farewell, told) = watch::channel(());
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let next = async || {
        let place = Arc::clone(&places).acquire_owned().await.ok();
        (listener.accept().await, place)
    };
    while let Some((accepted, place)) = unless_stopped(&mut stopped, next()).await {
        let Ok((stream, _)) = accepted else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (desk, told) = (Arc::clone(&desk), told.clone());
        tokio::spawn(async move {
            if let Ok(Some(version)) = timeout(PATIENCE, version(&stream)).await {
                let questions = Arc::new(AtomicU64::new(0));
                let asked = Arc::clone(&questions);
                let answer = service_fn(move |request| {
                    asked.fetch_add(1, Ordering::Relaxed);
                    answer(Arc::clone(&desk), request)
                });
                let builder = builder(version);
                let connection = builder.serve_connection(TokioIo::new(stream), answer).into_owned();
                attend(connection, &questions, told).await;
            }
            drop(place);
        });
    }
    drop((listener, told));
    // Nobody is left to tell where it fails.
    let _ = farewell.send(());
    let _ = timeout(FAREWELL_MAX, farewell.closed()).await;
}

/// Serves a connection until it ends. Once it is told to, it ends behind the request that is under way, or else the first: a
/// connection that was taken and has not been heard yet would otherwise end without an answer. One that asks nothing for long
/// is told to end, too.
async fn attend(connection: impl GracefulConnection, questions: &AtomicU64, mut told: watch::Receiver<()>) {
    let mut connection = pin!(connection);
    let (mut idle, mut heard) = (pin!(sleep(IDLE_MAX)), 0);
    let mut farewell = pin!(async move {
        let _ = told.changed().await;
        told
    });
    // Held until the end, which whoever says farewell waits for.
    let mut held = None;
    let mut is_ending = false;
    let has_asked = || questions.load(Ordering::Relaxed) > 0;
    poll_fn(|context| {
        let asked = questions.load(Ordering::Relaxed);
        if asked != heard {
            heard = asked;
            idle.as_mut().reset(Instant::now() + IDLE_MAX);
        }
        while idle.as_mut().poll(context).is_ready() {
            if is_ending {
                return Poll::Ready(());
            }
            connection.as_mut().graceful_shutdown();
            is_ending = true;
            idle.as_mut().reset(Instant::now() + IDLE_MAX);
        }
        if held.is_none()
            && let Poll::Ready(told) = farewell.as_mut().poll(context)
        {
            held = Some(told);
        }
        loop {
            if held.is_some() && !is_ending && has_asked() {
                connection.as_mut().graceful_shutdown();
                is_ending = true;
            }
            match connection.as_mut().poll(context) {
                // A connection that breaks is the peer's business: it sends again what was not answered.
                Poll::Ready(_) => return Poll::Ready(()),
                // What was just asked is the last.
                Poll::Pending if held.is_some() && !is_ending && has_asked() => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
}

/// What comes of it, unless it is told to stop before.
async fn unless_stopped<T>(stopped: &mut oneshot::Receiver<()>, other: impl Future<Output = T>) -> Option<T> {
    let mut other = pin!(other);
    poll_fn(|context| match Pin::new(&mut *stopped).poll(context) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => other.as_mut().poll(context).map(Some),
    })
    .await
}

/// Which version the peer speaks, by its first words; `None` where it says nothing. Nothing else limits how long it may take
/// for them, and a connection that is told to end before they were read would end without an answer.
async fn version(stream: &TcpStream) -> Option<Version> {
    let mut buffer = [0; HTTP2_PREFACE.len()];
    loop {
        let length = stream.peek(&mut buffer).await.ok()?;
        match buffer.get(..length).unwrap_or_default() {
            [] => return None,
            said if said == HTTP2_PREFACE => return Some(Version::HTTP_2),
            said if !HTTP2_PREFACE.starts_with(said) => return Some(Version::HTTP_11),
            _ => sleep(PREFACE_PAUSE).await,
        }
    }
}

fn builder(version: Version) -> Builder<TokioExecutor> {
    let builder = Builder::new(TokioExecutor::new());
    let mut builder = if version == Version::HTTP_2 { builder.http2_only() } else { builder.http1_only() };
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS_MAX);
    builder
}

async fn answer(desk: Arc<Desk>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
    if desk.scrape.is_some() && request::is_for_metrics(&request) {
        let shown = spawn_blocking(move || desk.scrape.as_ref().map(Scrape::text)).await;
        return Ok(answer::shown(shown.ok().flatten().and_then(Result::ok)));
    }
    let protocol = request::protocol(&request);
    let taken = request::take(&desk, protocol, request).await;
    Ok(answer::to(protocol, taken))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Empty;
    use hyper::body::Bytes;
    use std::io::Write as _;

    /// How a peer of HTTP/2 begins that then says nothing: its preface and settings without any.
    const BEGINNING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

    #[test]
    fn a_connection_that_asks_nothing_is_ended() {
        let clock = runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        for (version, beginning) in [(Version::HTTP_2, BEGINNING), (Version::HTTP_11, b"")] {
            let taken = clock.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                peer.write_all(beginning).unwrap();
                let (stream, _) = listener.accept().await.unwrap();
                let (_farewell, told) = watch::channel(());
                let answer = service_fn(async |_| Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())));
                let builder = builder(version);
                let connection = builder.serve_connection(TokioIo::new(stream), answer).into_owned();
                let began = Instant::now();
                attend(connection, &AtomicU64::new(0), told).await;
                began.elapsed()
            });
            assert!(taken <= 2 * IDLE_MAX, "{version:?}: {taken:?}");
        }
    }
}
