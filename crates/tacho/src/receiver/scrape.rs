//! `GET /metrics`: what was counted and what is so just now, for Prometheus.
//!
//! A series that began since somebody asked last is shown to be nothing once, as a first value counts as an increase for
//! nobody. When that was is kept beside the store, so that a restart is no beginning.

use crate::drain::now;
use crate::failure::Failure;
use crate::keys;
use crate::metrics::{exposition, point};
use crate::place;
use crate::prices;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tacho_export::prometheus;
use tacho_model::metric::{MetricPoint, Total};
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_spool::state::State;
use tacho_store::Store;
use tacho_store::metrics::Series;

/// Where it stands, below the state directory, when somebody asked last: nanoseconds since the Unix epoch.
pub(crate) const SCRAPED: &str = "scraped";
/// How long a drainer may take to bring the store up to date.
const PATIENCE: Duration = Duration::from_secs(2);
/// How soon it is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

/// Who answers.
pub(super) struct Scrape {
    state: State,
    identity_key: IdentityKey,
    price_table: String,
    shown: Mutex<Shown>,
}

/// What was shown last.
struct Shown {
    at: UnixNanos,
    /// The series; `None` where another process showed them. What is written just then may be born before it is seen, so
    /// the time alone does not tell whether a series was there.
    series: Option<BTreeSet<i64>>,
}

impl Scrape {
    /// Answers from now on.
    pub(super) fn new(state: State) -> Result<Self, Failure> {
        let said = fs::read_to_string(file(&state)).ok().and_then(|text| text.trim().parse().ok());
        Ok(Self {
            identity_key: keys::identity_key(state.path())?,
            price_table: prices::load().prices.version(),
            shown: Mutex::new(Shown { at: said.map_or_else(now, UnixNanos), series: None }),
            state,
        })
    }

    /// The store, once a drainer that only just began has brought it up to date.
    fn store(&self) -> Result<Option<Store>, Failure> {
        let began = Instant::now();
        loop {
            match place::open_store_to_read(&self.state) {
                Err(_) if began.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                opened => return opened,
            }
        }
    }

    /// All metrics as text.
    pub(super) fn text(&self) -> Result<String, Failure> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        let (mut text, mut known) = (String::new(), BTreeSet::new());
        if let Some(store) = self.store()? {
            let (store, state) = (store.read(), &self.state);
            let series = store.series()?;
            let counted = series.iter().map(|series| shown.point(series, now)).collect();
            known.extend(series.iter().map(Series::number));
            let all = exposition(state, store, counted, &self.price_table, &self.identity_key, now)?;
            text = prometheus::text(&all);
        }
        *shown = Shown { at: now, series: Some(known) };
        // Where it cannot be kept, series that begin while nobody listens may miss their beginning.
        let _ = fs::write(file(&self.state), now.0.to_string());
        Ok(text)
    }
}

impl Shown {
    /// What a series came to; of one that is new, that it began.
    fn point(&self, series: &Series, now: UnixNanos) -> MetricPoint {
        let is_new = match &self.series {
            Some(known) => !known.contains(&series.number()),
            None => series.born > self.at,
        };
        let total = if is_new { Total::default() } else { series.total.clone() };
        point(series, now, total)
    }
}

fn file(state: &State) -> PathBuf {
    state.path().join(SCRAPED)
}
