//! The drainer that stays: started by a hook, awake while sessions live, gone when there is nothing to do; or at its
//! owner's wish until he ends it.

use super::control::{Control, Flushed, RefusedItems, Request};
use super::reception::Reception;
use super::round::Pace;
use super::wake::{Bells, Woken, wait};
use super::{Drainer, Pending, now};
use crate::config;
use crate::failure::Failure;
use crate::prices;
use crate::propagation;
use crate::spool_watch::{News, SpoolWatch};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};
use tacho_store::destinations::DestinationRow;

/// How long it stays without work once no agent runs any more.
const LINGER: Duration = Duration::from_secs(60);
/// How soon the transcripts are looked at again while something closed has not settled.
const SETTLING_PAUSE: Duration = Duration::from_millis(200);
/// How long it sleeps at most.
const QUIET_PAUSE: Duration = Duration::from_secs(15);
/// How long one that makes way waits for requests that are under way, lest they are sent twice.
const FAREWELL_MAX: Duration = Duration::from_secs(2);
/// How often retention is applied.
const RETENTION_PAUSE: Duration = Duration::from_secs(600);
/// Hooks come in bursts; what comes within this is taken in together.
const BURST_PAUSE: Duration = Duration::from_millis(20);
/// How soon one pass follows another while nobody asks for it. What hooks say meanwhile goes to disk, into the store and to
/// destinations together, and the agent has the processor. Leaves enough of the second within which it has to be on disk.
const PASS_PAUSE: Duration = Duration::from_millis(500);

/// How long a drainer stays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stay<'a> {
    /// Until nothing is left to wait for.
    Lingering,
    /// Until something can be read here.
    Until(BorrowedFd<'a>),
}

/// Why a drainer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// There is nothing to wait for.
    Done,
    /// Another takes over.
    MadeWay,
    /// It was told to.
    Ended,
}

/// Drains for as long as it stays, or until another drainer takes over.
pub(crate) fn run_resident(
    drainer: &mut Drainer,
    reception: &mut Reception,
    stay: Stay<'_>,
) -> Result<Left, Failure> {
    // Without a socket nobody can ask for a flush; recording and sending go on.
    let control = Control::listen(&drainer.state).ok();
    drainer.tell_hooks();
    let mut watch = SpoolWatch::new();
    let mut last_work = Instant::now();
    let mut next_retention = Instant::now();
    loop {
        drainer.take_configuration()?;
        reception.attend(&drainer.state, &drainer.config);
        let next_pass = Instant::now() + PASS_PAUSE;
        let pending = drainer.pass(Pace::Gentle)?;
        while let Some(asked) = control.as_ref().and_then(|control| control.next().ok().flatten()) {
            let answer = match asked.request {
                Request::MakeWay => Flushed::of(&pending, Vec::new()),
                Request::Flush { at_most } => drainer.flush(at_most)?,
            };
            let makes_way = asked.request == Request::MakeWay;
            let port = if makes_way { reception.make_way() } else { None };
            asked.answer(answer, drainer.endpoints(), port);
            if makes_way {
                return drainer.deliver_last(FAREWELL_MAX).map(|()| Left::MadeWay);
            }
        }
        if next_retention <= Instant::now() {
            if drainer.config.knows_wishes() {
                // What cannot be forgotten now is tried again later; it must not stop recording.
                let _ = drainer.retain();
            }
            next_retention = Instant::now() + RETENTION_PAUSE;
        }
        if pending.live_sessions > 0 || pending.settles_at.is_some() || pending.retry_at.is_some() {
            last_work = Instant::now();
        }
        let end = match stay {
            Stay::Lingering if last_work.elapsed() >= LINGER => return Ok(Left::Done),
            Stay::Lingering => None,
            Stay::Until(end) => Some(end),
        };
        let rest = Rest { control: control.as_ref(), end, next_pass, at_most: reception.pause() };
        if drainer.rest(&mut watch, pending, rest)? == Woken::ToEnd {
            return drainer.deliver_last(FAREWELL_MAX).map(|()| Left::Ended);
        }
        std::thread::sleep(BURST_PAUSE);
        match watch.news() {
            News::Segments(changed) => {
                changed.into_iter().for_each(|segment| drainer.segments.look_at(segment));
            }
            News::Unknown => drainer.segments.look_everywhere()?,
        }
    }
}

/// How it rests between two passes.
struct Rest<'a> {
    control: Option<&'a Control>,
    end: Option<BorrowedFd<'a>>,
    /// Before this it does nothing but what it is asked for, and send on.
    next_pass: Instant,
    /// For how long at most, where something else is to be done.
    at_most: Option<Duration>,
}

fn pause(pending: &Pending) -> Duration {
    let until = |at: tacho_model::time::UnixNanos| Duration::from_nanos(at.nanos_since(now()));
    let settling = pending.settles_at.map(|at| until(at).min(SETTLING_PAUSE));
    let retrying = pending.retry_at.map(until);
    [settling, retrying].into_iter().flatten().fold(QUIET_PAUSE, Duration::min).max(Duration::from_millis(1))
}

impl Drainer {
    /// Rests until the next pass has something to do, or somebody asks. Who comes back from a destination meanwhile is sent on.
    fn rest(
        &mut self,
        watch: &mut SpoolWatch,
        mut pending: Pending,
        rest: Rest<'_>,
    ) -> Result<Woken, Failure> {
        // However much there is to send, time is looked at.
        let latest = Instant::now() + QUIET_PAUSE;
        loop {
            let now = Instant::now();
            let early = rest.next_pass.saturating_duration_since(now);
            let is_early = !early.is_zero();
            let left = latest.saturating_duration_since(now);
            if left.is_zero() {
                return Ok(Woken::ToWork);
            }
            let bells = Bells {
                spool: (!is_early).then_some(&mut *watch),
                control: rest.control,
                couriers: self.couriers.bell(),
                end: rest.end,
            };
            let at_most = if is_early {
                early
            } else {
                rest.at_most.into_iter().fold(pause(&pending), Duration::min).min(left)
            };
            match wait(self.state.path(), bells, at_most) {
                Woken::ByCourier => {
                    self.deliver(Duration::ZERO)?;
                    pending = self.pending()?;
                }
                Woken::ToWork if is_early => {}
                woken @ (Woken::ToEnd | Woken::Asked | Woken::ToWork) => return Ok(woken),
            }
        }
    }

    /// Takes up what was configured since it began, so that a running session counts as well.
    fn take_configuration(&mut self) -> Result<(), Failure> {
        if !self.config.is_outdated() {
            return Ok(());
        }
        self.config = config::load().seen_from(self.config.terminal());
        let loaded = prices::load();
        // While there is something wrong with the owner's prices, those that he had before count.
        if loaded.problem.is_none() {
            self.pricer.prices = loaded.prices;
        }
        self.metrics.begin_anew();
        self.sealing.follow(&self.config.destinations);
        self.tell_hooks();
        self.introduce_destinations()
    }

    /// Has hooks know what is to be handed on of traces.
    fn tell_hooks(&self) {
        // Where it cannot be written, nothing is handed on, and all is recorded.
        let _ = propagation::make_known(self.state.path(), &self.config);
    }

    /// Settles and sends all that can be within the time, waiting for rows that are due and for retries. What was configured
    /// before counts.
    pub(crate) fn flush(&mut self, at_most: Duration) -> Result<Flushed, Failure> {
        self.take_configuration()?;
        self.metrics.begin_anew();
        self.end_own_pauses()?;
        // Others may have changed something that sessions are derived from.
        self.stale.extend(self.store.read().stale_sessions()?);
        let before = self.known.clone();
        let pending = self.flush_all(at_most)?;
        Ok(Flushed::of(&pending, self.refused_since(&before)))
    }

    fn flush_all(&mut self, at_most: Duration) -> Result<Pending, Failure> {
        let began = Instant::now();
        loop {
            let mut pending = self.pass(Pace::Now)?;
            let left = at_most.saturating_sub(began.elapsed());
            if self.couriers.is_any_busy() {
                let settling = pending.settles_at.map(|_| SETTLING_PAUSE);
                self.deliver(settling.unwrap_or(PASS_PAUSE).min(left))?;
                pending = self.pending()?;
            }
            let is_under_way = self.couriers.is_any_busy().then_some(Duration::ZERO);
            let settling = pending.settles_at.map(|_| SETTLING_PAUSE);
            let retrying = pending.retry_at.map(|at| Duration::from_nanos(at.nanos_since(now())));
            let Some(wait) = [is_under_way, settling, retrying].into_iter().flatten().min() else {
                return Ok(pending);
            };
            let wait = wait.max(Duration::from_millis(10));
            if began.elapsed() + wait >= at_most {
                return Ok(pending);
            }
            // What hooks say meanwhile is taken in as ever.
            std::thread::sleep(wait.min(PASS_PAUSE));
        }
    }

    /// What destinations refused since this was known of them.
    fn refused_since(&self, before: &[DestinationRow]) -> Vec<RefusedItems> {
        let refused = |row: &DestinationRow| {
            let known = before.iter().find(|known| known.key == row.key).map_or(0, |known| known.rejected);
            let items = row.rejected.saturating_sub(known);
            let (destination, error) = (row.name.clone(), row.last_error.clone().unwrap_or_default());
            (items > 0).then_some(RefusedItems { destination, items, error })
        };
        self.known.iter().filter_map(refused).collect()
    }

    /// Waits for the requests that are under way, and sends no other.
    fn deliver_last(&mut self, at_most: Duration) -> Result<(), Failure> {
        self.config.destinations.clear();
        self.deliver(at_most)
    }
}
