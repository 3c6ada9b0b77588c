//! Who listens for the agent's own telemetry, and when: a drainer, where the agent was told to send it, or `tacho serve`.
//!
//! That nobody can listen keeps nobody from recording what hooks and transcripts say.

use crate::config::Config;
use crate::failure::Failure;
use crate::keys;
use crate::receiver::{Receiver, Shows};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use tacho_spool::state::State;

/// Where an agent sends its telemetry with our token, if one does: what was told to send here is listened for.
pub(crate) fn port_wanted(state: &State, config: &Config) -> Option<u16> {
    if config.native.is_empty() {
        return None;
    }
    let token = keys::existing_receiver_token(state.path())?;
    config.native.iter().find(|target| target.token == token).map(|target| target.port)
}

/// How soon the port is tried again while whoever had it may only just be going.
const HAND_OVER_PAUSE: Duration = Duration::from_millis(100);
/// How long that may take.
const HAND_OVER_MAX: Duration = Duration::from_secs(5);
/// How soon it is tried again when somebody keeps it.
const TAKEN_PAUSE: Duration = Duration::from_secs(15);

/// The receiver, as somebody wants it.
#[derive(Debug)]
pub(crate) struct Reception {
    receiver: Option<Receiver>,
    /// Whether the receiver stays whatever is configured, and whoever drains.
    is_kept: bool,
    /// Since when the port that is wanted could not be had, and when it is tried again.
    wanting: Option<Wanting>,
}

#[derive(Clone, Copy, Debug)]
struct Wanting {
    port: u16,
    since: Instant,
    next_try: Instant,
}

impl Reception {
    /// As the agent's own settings have it, with the port that the last drainer handed over.
    pub(crate) fn as_agents_say(state: &State, handed: Option<TcpListener>) -> Self {
        let receiver = handed.and_then(|port| Receiver::take_over(state, port, Shows::Nothing).ok());
        Self { receiver, is_kept: false, wanting: None }
    }

    /// At a port, from now on and until the end. Whoever had it may only just be going, or hands it over.
    pub(crate) fn at(
        state: &State,
        port: u16,
        handed: Option<TcpListener>,
        shows: Shows,
    ) -> Result<Self, Failure> {
        let is_it = |handed: &TcpListener| handed.local_addr().is_ok_and(|address| address.port() == port);
        if let Some(handed) = handed.filter(is_it) {
            let receiver = Receiver::take_over(state, handed, shows)?;
            return Ok(Self { receiver: Some(receiver), is_kept: true, wanting: None });
        }
        let began = Instant::now();
        loop {
            match Receiver::start(state, port, shows) {
                Ok(receiver) => return Ok(Self { receiver: Some(receiver), is_kept: true, wanting: None }),
                Err(failure) if began.elapsed() >= HAND_OVER_MAX => return Err(failure),
                Err(_) => std::thread::sleep(HAND_OVER_PAUSE),
            }
        }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> Option<u16> {
        self.receiver.as_ref().map(Receiver::port)
    }

    /// Listens where it is to, if that can be, and nowhere else.
    pub(super) fn attend(&mut self, state: &State, config: &Config) {
        if self.is_kept {
            return;
        }
        let Some(port) = port_wanted(state, config) else {
            (self.receiver, self.wanting) = (None, None);
            return;
        };
        if self.port() == Some(port) {
            return;
        }
        self.receiver = None;
        let now = Instant::now();
        let wanting = self.wanting.filter(|wanting| wanting.port == port);
        let wanting = wanting.unwrap_or(Wanting { port, since: now, next_try: now });
        if wanting.next_try > now {
            return;
        }
        // Who looks is told by `tacho status` and `tacho doctor`; there is nobody else to tell.
        self.receiver = Receiver::start(state, port, Shows::Nothing).ok();
        let pause = if wanting.since.elapsed() < HAND_OVER_MAX { HAND_OVER_PAUSE } else { TAKEN_PAUSE };
        self.wanting =
            self.receiver.is_none().then(|| Wanting { next_try: Instant::now() + pause, ..wanting });
    }

    /// The port, for the drainer that takes over. What comes before that one listens waits; what came is answered.
    pub(super) fn make_way(&mut self) -> Option<TcpListener> {
        if self.is_kept {
            return None;
        }
        let receiver = self.receiver.take()?;
        receiver.listener().ok()
    }

    /// How long it may take until the port is tried again.
    pub(super) fn pause(&self) -> Option<Duration> {
        self.wanting.map(|wanting| wanting.next_try.saturating_duration_since(Instant::now()))
    }
}
