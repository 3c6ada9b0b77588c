//! A tiny HTTP/1.1 server for the bench: 127.0.0.1 only, one thread per connection, keep-alive.
//!
//! It knows nothing of what is served, and leaves content encodings to its callers.

mod wire;

use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};

use crate::sync::locked;

/// One request, read whole.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, still in its content encoding.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of header `name`, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What the server answers.
pub enum Reply {
    /// A body with its length, then the connection stays open.
    Whole {
        /// HTTP status.
        status: u16,
        /// Headers besides length and encoding.
        headers: Vec<(String, String)>,
        /// The whole body.
        body: Vec<u8>,
    },
    /// A chunked body, written while it comes to be.
    Streamed {
        /// HTTP status.
        status: u16,
        /// Headers besides length and encoding.
        headers: Vec<(String, String)>,
        /// Writes the body.
        produce: Box<Produce>,
    },
    /// No answer: the connection is closed.
    HangUp,
    /// No answer: the connection stays open until the peer or the server goes away.
    Silence,
}

/// Whether the body of a request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// It is read and answered.
    Read,
    /// The connection is closed with the body unread.
    HangUp,
}

/// Writes a streamed body, one chunk per call of [`BodyStream::send`].
pub type Produce = dyn FnOnce(&mut BodyStream<'_>) -> io::Result<Ending> + Send;

/// How a streamed body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With its last chunk.
    Complete,
    /// In the middle: the connection is closed without the last chunk.
    Cut,
}

/// The sending side of a streamed body.
pub struct BodyStream<'a>(&'a mut TcpStream);

impl BodyStream<'_> {
    /// Sends one chunk at once.
    pub fn send(&mut self, chunk: &[u8]) -> io::Result<()> {
        wire::write_chunk(self.0, chunk)
    }
}

/// Answers a request; runs on the connection's thread and may block it.
pub type Answer = dyn Fn(Request) -> Reply + Send + Sync;

/// Decides on a request whose body has not been read: the one it is given is empty.
pub type Gate = dyn Fn(&Request) -> Passage + Send + Sync;

/// A running server. Dropping it closes the listener and every connection.
pub struct HttpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    gate: Box<Gate>,
    answer: Box<Answer>,
    stopping: AtomicBool,
    open: Mutex<BTreeMap<u64, TcpStream>>,
}

impl HttpServer {
    /// Starts a server on a free port of the loopback.
    pub fn start(answer: Box<Answer>) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::start_gated(address, Box::new(|_| Passage::Read), answer)
    }

    /// Starts a server at `address` that asks `gate` about every request before it reads its body.
    pub fn start_gated(address: SocketAddr, gate: Box<Gate>, answer: Box<Answer>) -> Result<Self> {
        let listener = TcpListener::bind(address).with_context(|| format!("bind {address}"))?;
        let address = listener.local_addr().context("read the bound address")?;
        let open = Mutex::new(BTreeMap::new());
        let shared = Arc::new(Shared { gate, answer, stopping: AtomicBool::new(false), open });
        let accepting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept_all(&listener, &shared)
        });
        Ok(Self { address, shared, accepting: Some(accepting) })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // A connection of our own wakes `accept`; where even that fails, the listener is gone already.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            // The thread's panic, if any, was printed where it happened.
            drop(accepting.join());
        }
        for stream in locked(&self.shared.open).values() {
            // Fails only when the peer closed first.
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

fn accept_all(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in (0..).zip(listener.incoming()) {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(registered) = stream.try_clone() else { continue };
        locked(&shared.open).insert(number, registered);
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // A broken connection is the client's to report: it is part of what tests provoke.
            drop(serve_connection(stream, &shared));
            locked(&shared.open).remove(&number);
        });
    }
}

fn serve_connection(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(mut request) = wire::read_head(&mut reader)? {
        if (shared.gate)(&request) == Passage::HangUp {
            break;
        }
        wire::read_body(&mut reader, &mut request)?;
        let (method, last) = (request.method.clone(), request.header("connection") == Some("close"));
        let ending = match (shared.answer)(request) {
            Reply::Silence => {
                // Reads until the peer or the server closes the connection.
                io::copy(&mut reader, &mut io::sink())?;
                Ending::Cut
            }
            Reply::HangUp => Ending::Cut,
            Reply::Whole { status, headers, body } => {
                send_whole(&mut stream, &method, status, &headers, &body)?
            }
            Reply::Streamed { status, headers, produce } => {
                send_stream(&mut stream, status, &headers, produce)?
            }
        };
        if last || ending == Ending::Cut {
            break;
        }
    }
    stream.shutdown(Shutdown::Both)
}

fn send_whole(
    stream: &mut TcpStream,
    method: &str,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> io::Result<Ending> {
    wire::write_head(stream, status, headers, &format!("content-length: {}", body.len()))?;
    if method != "HEAD" {
        wire::write_all(stream, body)?;
    }
    Ok(Ending::Complete)
}

fn send_stream(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(String, String)],
    produce: Box<Produce>,
) -> io::Result<Ending> {
    wire::write_head(stream, status, headers, "transfer-encoding: chunked")?;
    let ending = produce(&mut BodyStream(stream))?;
    if ending == Ending::Complete {
        wire::write_last_chunk(stream)?;
    }
    Ok(ending)
}
