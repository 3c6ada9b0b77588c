//! Couriers: one thread per destination that carries one request at a time, so that a destination which does not
//! answer holds up nobody else.
//!
//! A courier lives as long as the drainer. It ends when its lane is dropped; a panic in it is the end of the whole
//! process, as `panic = "abort"` in the release profile says, and the next drainer sends again what was under way.

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;
use tacho_export::delivery::Outcome;
use tacho_export::destination::Destination;
use tacho_export::exporters::{self, Request};
use tacho_export::otlp::Signal;
use tacho_store::outbox::Parcel;

/// A request that was carried, and how that ended.
#[derive(Debug)]
pub(super) struct Carried {
    /// The destination's endpoint.
    pub(super) endpoint: String,
    pub(super) parcel: Parcel,
    pub(super) outcome: Outcome,
}

/// What a courier hands in with a request that was taken, whatever is said to it: another will follow. What was taken is not
/// handed in again.
#[derive(Clone, Debug)]
pub(super) struct Enclosure {
    /// Tells it from others.
    pub(super) what: String,
    pub(super) content_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// What a courier takes along.
type Errand = (Destination, Parcel, Option<Enclosure>);

/// The couriers of all destinations.
#[derive(Debug)]
pub(super) struct Couriers {
    /// Where each destination's courier takes requests from, and whether one is under way.
    lanes: BTreeMap<String, Lane>,
    back: Receiver<Carried>,
    sender: Sender<Carried>,
    /// Readable when somebody came back.
    bell: Arc<OwnedFd>,
}

#[derive(Debug)]
struct Lane {
    requests: Sender<Errand>,
    is_busy: bool,
}

impl Couriers {
    /// No courier yet: each is called up with its first request.
    pub(super) fn new() -> io::Result<Self> {
        let (sender, back) = channel();
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        Ok(Self { lanes: BTreeMap::new(), back, sender, bell })
    }

    /// Becomes readable when somebody comes back.
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Whether a request for this destination is under way.
    pub(super) fn is_busy(&self, endpoint: &str) -> bool {
        self.lanes.get(endpoint).is_some_and(|lane| lane.is_busy)
    }

    /// Whether any request is under way.
    pub(super) fn is_any_busy(&self) -> bool {
        self.lanes.values().any(|lane| lane.is_busy)
    }

    /// Sends a request on its way. Its destination must not be busy.
    pub(super) fn send(
        &mut self,
        to: &Destination,
        parcel: Parcel,
        enclosure: Option<Enclosure>,
    ) -> io::Result<()> {
        let endpoint = to.endpoint();
        if !self.lanes.contains_key(endpoint) {
            let requests = self.call_up(endpoint)?;
            self.lanes.insert(endpoint.to_owned(), Lane { requests, is_busy: false });
        }
        if let Some(lane) = self.lanes.get_mut(endpoint) {
            lane.is_busy = lane.requests.send((to.clone(), parcel, enclosure)).is_ok();
        }
        Ok(())
    }

    fn call_up(&self, endpoint: &str) -> io::Result<Sender<Errand>> {
        let (requests, to_do) = channel::<Errand>();
        let (back, bell, endpoint) = (self.sender.clone(), Arc::clone(&self.bell), endpoint.to_owned());
        thread::Builder::new().name("courier".to_owned()).spawn(move || {
            let mut sender = exporters::Sender::default();
            let (mut takes_enclosures, mut taken) = (true, None);
            for (destination, parcel, enclosure) in to_do {
                let Parcel { signal: name, content_type, bytes: body, .. } = &parcel;
                let outcome = sender.send(&destination, Request { name, content_type, body });
                let is_taken = matches!(outcome, Outcome::Taken { .. });
                let enclosure = enclosure.filter(|enclosure| taken.as_ref() != Some(&enclosure.what));
                if let Some(Enclosure { what, content_type, bytes }) =
                    enclosure.filter(|_| is_taken && takes_enclosures)
                {
                    // Who has no place for it is not asked again, and nothing else waits for his answer.
                    let name = Signal::Logs.name();
                    let said = sender.send(&destination, Request { name, content_type, body: &bytes });
                    match said {
                        Outcome::Taken { rejected: 0, .. } => taken = Some(what),
                        Outcome::Misconfigured { status } => takes_enclosures = !status.lacks_signal(),
                        Outcome::Taken { .. }
                        | Outcome::Busy { .. }
                        | Outcome::Refused { .. }
                        | Outcome::Unreachable(_) => {}
                    }
                }
                if back.send(Carried { endpoint: endpoint.clone(), parcel, outcome }).is_err() {
                    return;
                }
                // Who does not hear it sees at the next timeout that somebody is back.
                let _ = write(&bell, &1_u64.to_ne_bytes());
            }
        })?;
        Ok(requests)
    }

    /// The next that came back, waiting at most so long for one while any is under way.
    pub(super) fn next_back(&mut self, patience: Duration) -> Option<Carried> {
        // Before looking who is there: who rings afterwards wakes us once more, for nothing.
        let _ = read(&self.bell, &mut [0_u8; 8]);
        let carried = self.is_any_busy().then(|| self.back.recv_timeout(patience).ok()).flatten()?;
        if let Some(lane) = self.lanes.get_mut(&carried.endpoint) {
            lane.is_busy = false;
        }
        Some(carried)
    }
}
