//! The receiver of the agent's own telemetry: OTLP on loopback, over HTTP/1.1 and gRPC at one port.
//!
//! Runs on a thread of its own. Of what it gets it keeps listed log events, as records of the spool; it sends nothing on, and
//! reads no store. Whoever runs programs on this machine may reach its port, so it takes nothing without the token.

mod answer;
mod guard;
mod intake;
mod logs;
mod probe;
mod request;

use crate::failure::Failure;
use crate::keys;
use answer::Answer;
use guard::Guard;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use intake::Intake;
pub(crate) use probe::{Listener, listener_at};
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, TcpListener as BoundListener};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tacho_spool::state::State;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

/// Where it listens unless somebody says otherwise: not where a Collector does.
pub(crate) const PORT: u16 = 4327;
/// How many connections it has at a time; others wait.
const CONNECTIONS_MAX: usize = 64;
/// How many requests of a connection it answers at a time.
const STREAMS_MAX: u32 = 8;
/// How long a peer may take to begin, and to say its headers.
const PATIENCE: Duration = Duration::from_secs(10);
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
}

impl Receiver {
    /// Listens at a port of the loopback interface, any for 0, and records into the state directory.
    pub(crate) fn start(state: &State, port: u16) -> Result<Self, Failure> {
        let listener = BoundListener::bind((Ipv4Addr::LOCALHOST, port))
            .map_err(|error| Failure::external(format!("listen for telemetry at 127.0.0.1:{port}"), error))?;
        Self::take_over(state, listener)
    }

    /// Listens at a port that another had before.
    pub(crate) fn take_over(state: &State, listener: BoundListener) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::external("listen for telemetry", error);
        let token = keys::receiver_token(state.path())?;
        let port = listener.local_addr().map_err(failed)?.port();
        listener.set_nonblocking(true).map_err(failed)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let state = State::open(state.path())?;
        let desk = Arc::new(Desk { guard: Guard::new(token), intake: Intake::new(state) });
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
    let graceful = GracefulShutdown::new();
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
        let (desk, watcher) = (Arc::clone(&desk), graceful.watcher());
        tokio::spawn(async move {
            if has_begun(&stream).await {
                let answer = service_fn(move |request| answer(Arc::clone(&desk), request));
                let builder = builder();
                let connection = builder.serve_connection(TokioIo::new(stream), answer).into_owned();
                // A connection that breaks is the peer's business: it sends again what was not answered.
                let _ = watcher.watch(connection).await;
            }
            drop(place);
        });
    }
    drop(listener);
    let _ = timeout(FAREWELL_MAX, graceful.shutdown()).await;
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

/// Whether the peer says something at all. Which protocol it speaks is told by its first words, and nothing else limits how
/// long they may take.
async fn has_begun(stream: &TcpStream) -> bool {
    matches!(timeout(PATIENCE, stream.readable()).await, Ok(Ok(())))
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS_MAX);
    builder
}

async fn answer(desk: Arc<Desk>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
    let protocol = request::protocol(&request);
    let taken = request::take(&desk, protocol, request).await;
    Ok(answer::to(protocol, taken))
}
