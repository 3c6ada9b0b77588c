//! What the checks look at, opened once.

use super::super::agent_side::AgentSide;
use crate::config::{self, Config};
use crate::drain::now;
use crate::failure::Failure;
use crate::place;
use std::env;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use tacho_agents::AGENTS;
use tacho_model::time::UnixNanos;
use tacho_spool::read::segments;
use tacho_spool::state::{State, Tier, candidates};
use tacho_store::{Store, StoreError};

/// What there is to look at.
pub(super) struct Ground {
    /// The agents' side of it.
    pub(super) sides: Vec<AgentSide>,
    pub(super) state: State,
    pub(super) tier: Option<Tier>,
    /// Its mode before anybody opened it: opening takes write access from others.
    pub(super) state_mode: Option<u32>,
    /// Whether a place that was asked for could not be used.
    pub(super) passed_over: Option<PathBuf>,
    pub(super) config: Config,
    pub(super) store: Result<Option<Store>, StoreError>,
    pub(super) segments: Vec<Segment>,
    pub(super) now: UnixNanos,
    /// Whether destinations are asked.
    pub(super) probe: bool,
}

/// A segment of the spool.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// Its path below the state directory.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) modified: UnixNanos,
}

impl Ground {
    /// Opens what can be opened.
    pub(super) fn find(probe: bool) -> Result<Self, Failure> {
        let mut places = candidates(|name| env::var_os(name)).map(|candidate| candidate.path);
        let wanted = places.next();
        let state_mode = wanted.as_ref().and_then(|path| fs::metadata(path).ok()).map(|found| found.mode());
        let state = place::open_state(None)?;
        let store = Store::open_to_read(&place::store_file(&state));
        let segment = |path: PathBuf| {
            let metadata = fs::metadata(&path).ok()?;
            let name = path.strip_prefix(state.path()).unwrap_or(&path).to_string_lossy().into_owned();
            Some(Segment { name, bytes: metadata.len(), modified: modified(&metadata), path })
        };
        Ok(Self {
            sides: AGENTS.iter().map(|agent| AgentSide::of(agent)).collect::<Result<_, _>>()?,
            tier: place::tier_of(&state),
            state_mode,
            passed_over: wanted.filter(|wanted| wanted != state.path()),
            config: config::load(),
            store,
            segments: segments(state.path())?.into_iter().filter_map(segment).collect(),
            now: now(),
            probe,
            state,
        })
    }

    /// The store, if it can be used.
    pub(super) fn store(&self) -> Option<&Store> {
        self.store.as_ref().ok()?.as_ref()
    }

    /// A path in the state directory, as one would type it.
    pub(super) fn in_state(&self, name: &str) -> String {
        typed(&self.state.path().join(name))
    }

    /// When a hook wrote something last.
    pub(super) fn last_record(&self) -> Option<UnixNanos> {
        self.segments.iter().map(|segment| segment.modified).max()
    }
}

/// When a file was written last.
pub(super) fn modified(metadata: &Metadata) -> UnixNanos {
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let since_epoch = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixNanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}

/// A path as one would type it.
pub(super) fn typed(path: &std::path::Path) -> String {
    super::super::steps::quoted(path.as_os_str())
}
