//! The socket of the running drainer: asking it to settle and send now, or to make way.
//!
//! It lies in the state directory, which only its owner can enter. One request, one line; one answer, one line.

use super::Pending;
use super::hand_over::{hear_with, say_with};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;
use tacho_spool::state::State;

/// Name of the socket in the state directory.
pub(crate) const SOCKET: &str = "drain.sock";
/// A peer that does not speak for this long is given up.
const PATIENCE: Duration = Duration::from_secs(2);

/// A request is a short line.
const REQUEST_BYTES_MAX: u64 = 256;
/// Nobody waits longer for a flush.
pub(crate) const FLUSH_SECONDS_MAX: u64 = 86_400;

/// What a running drainer can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Take in, settle and send all that can be within the time, then answer.
    Flush {
        /// How long that may take; to the second.
        at_most: Duration,
    },
    /// Finish the current step, answer, release the lock and exit.
    MakeWay,
}

/// What is not at its destination after all was sent that could be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Flushed {
    /// Items that could not be sent yet.
    pub(crate) waiting: u64,
    /// Items that wait for destinations that are not named here.
    #[serde(default)]
    pub(crate) unclaimed: u64,
    /// Items that were refused for good meanwhile.
    #[serde(default)]
    pub(crate) refused: Vec<RefusedItems>,
}

impl Flushed {
    pub(super) const fn of(pending: &Pending, refused: Vec<RefusedItems>) -> Self {
        Self { waiting: pending.waiting, unclaimed: pending.unclaimed, refused }
    }
}

/// What a destination refused for good.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefusedItems {
    /// The destination's name.
    pub(crate) destination: String,
    /// How many items.
    pub(crate) items: u64,
    /// What it said last.
    pub(crate) error: String,
}

/// What was left after a request was done.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// What is not at its destination.
    #[serde(flatten)]
    pub(crate) flushed: Flushed,
    /// The destinations that the drainer knows.
    #[serde(default)]
    pub(crate) endpoints: Vec<String>,
    /// The port at which the drainer listened, from one that makes way.
    #[serde(skip)]
    pub(crate) port: Option<TcpListener>,
}

impl Request {
    fn line(self) -> String {
        match self {
            Self::Flush { at_most } => format!("flush {}", at_most.as_secs()),
            Self::MakeWay => "make way".to_owned(),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        match line.trim_end() {
            "make way" => Some(Self::MakeWay),
            other => {
                let seconds: u64 = other.strip_prefix("flush ")?.parse().ok()?;
                Some(Self::Flush { at_most: Duration::from_secs(seconds.min(FLUSH_SECONDS_MAX)) })
            }
        }
    }
}

/// Asks the running drainer and waits for its answer; `None` when there is none to answer.
pub(crate) fn ask_running_drainer(state: &State, request: Request, patience: Duration) -> Option<Reply> {
    let mut stream = UnixStream::connect(socket_path(state.fd())).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    writeln!(stream, "{}", request.line()).ok()?;
    let mut start = [0; 4096];
    let (count, port) = hear_with(&stream, &mut start).ok()?;
    let mut line = start.get(..count)?.to_vec();
    if !line.ends_with(b"\n") {
        BufReader::new(stream).read_until(b'\n', &mut line).ok()?;
    }
    let reply: Reply = serde_json::from_slice(&line).ok()?;
    Some(Reply { port, ..reply })
}

/// A socket's path may be 107 bytes long, a directory's more; the open directory has a short name.
fn socket_path(state: BorrowedFd<'_>) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", state.as_raw_fd()))
}

/// The listening end.
#[derive(Debug)]
pub(super) struct Control {
    listener: UnixListener,
}

impl Control {
    /// Listens; the caller holds the lock, so a socket that is there belongs to nobody.
    pub(super) fn listen(state: &State) -> io::Result<Self> {
        match fs::remove_file(state.path().join(SOCKET)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(socket_path(state.fd()))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener })
    }

    /// The socket, to wait for.
    pub(super) const fn listener(&self) -> &UnixListener {
        &self.listener
    }

    /// The next request, if somebody is there.
    pub(super) fn next(&self) -> io::Result<Option<Asked>> {
        let stream = match self.listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.raw_os_error() == Some(Errno::AGAIN.raw_os_error()) => return Ok(None),
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut line = String::new();
        let mut said = BufReader::new((&stream).take(REQUEST_BYTES_MAX));
        // A peer that goes away or says nothing we know has asked nothing.
        let read = said.read_line(&mut line);
        let request = read.ok().and_then(|_| Request::parse(&line));
        Ok(request.filter(|_| still_waits(&stream)).map(|request| Asked { request, stream }))
    }
}

/// Whether the peer is still there to take an answer. One that was killed must not make the drainer go for nobody.
fn still_waits(mut stream: &UnixStream) -> bool {
    let would_block = stream.set_nonblocking(true).and_then(|()| stream.read(&mut [0]));
    stream.set_nonblocking(false).is_ok()
        && would_block.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// A request somebody waits for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: Request,
    stream: UnixStream,
}

impl Asked {
    /// Answers, with the port that is handed over. A peer that is gone needs no answer.
    pub(super) fn answer(mut self, flushed: Flushed, endpoints: Vec<String>, port: Option<TcpListener>) {
        let Ok(line) = serde_json::to_string(&Reply { flushed, endpoints, port: None }) else { return };
        let _ = match port {
            Some(port) => say_with(&self.stream, format!("{line}\n").as_bytes(), &port),
            None => writeln!(self.stream, "{line}"),
        };
    }
}
