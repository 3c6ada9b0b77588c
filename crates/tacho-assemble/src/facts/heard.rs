//! Which statements were made, each counted once, however often it was delivered and by however many hooks it was told.
//!
//! A recorder that is registered twice tells everything twice: two hooks get the same bytes within milliseconds. Most
//! events could not happen twice in that time, so they show how many hooks tell each event of the session. Others,
//! such as a change of a file, can; they are not merged by their looks, but their number is divided by that of the
//! hooks.

use std::collections::BTreeMap;
use tacho_model::event::{Event, Fact, Source};
use tacho_model::time::UnixNanos;

/// How far apart the hooks of one event are at most. They were measured to be up to 40 ms apart on a busy machine.
const SAME_EVENT_NS: u64 = 2_000_000_000;

/// The statements of a session by name.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    hooks: BTreeMap<String, Statements>,
    others: BTreeMap<(Source, String), Statements>,
}

/// The observations of one name, those that say the same byte for byte together.
type Statements = BTreeMap<u64, Alike>;

/// Observations that say the same.
#[derive(Debug, Default)]
struct Alike {
    /// When and by which observation, in order, each once.
    told: Vec<(Option<UnixNanos>, [u8; 16])>,
    is_unknown: bool,
    /// Whether it cannot have happened twice within [`SAME_EVENT_NS`].
    is_single: bool,
}

impl Heard {
    pub(crate) fn include(&mut self, event: &Event) {
        let is_unknown = event.fact == Fact::Unknown;
        let statements = match event.source {
            Source::Hook => match self.hooks.get_mut(&event.name) {
                Some(statements) => statements,
                None => self.hooks.entry(event.name.clone()).or_default(),
            },
            Source::Transcript | Source::Mod | Source::Otlp | Source::Recorder | Source::StatusLine
                if !is_unknown =>
            {
                return;
            }
            Source::Transcript | Source::Mod | Source::Otlp | Source::Recorder | Source::StatusLine => {
                self.others.entry((event.source, event.name.clone())).or_default()
            }
        };
        let alike = statements.entry(event.digest).or_default();
        let told = (event.at, event.observation);
        if let Err(place) = alike.told.binary_search(&told) {
            alike.told.insert(place, told);
        }
        alike.is_unknown |= is_unknown;
        alike.is_single |= is_single(&event.fact);
    }

    /// The events of hooks by their names.
    pub(crate) fn hook_events(&self) -> BTreeMap<String, u64> {
        let hooks = self.hooks_an_event();
        let count = |alike: &Alike| alike.count(hooks);
        self.hooks.iter().map(|(name, all)| (name.clone(), all.values().map(count).sum())).collect()
    }

    /// The statements of names that nobody knows, by source and name.
    pub(crate) fn unknown(&self) -> BTreeMap<String, u64> {
        let hooks = self.hooks_an_event();
        let of_hooks = self.hooks.iter().map(|(name, all)| (Source::Hook, name, hooks, all));
        let others = self.others.iter().map(|((source, name), all)| (*source, name, 1, all));
        let counted = of_hooks.chain(others).filter_map(|(source, name, tellers, all)| {
            let unknown = all.values().filter(|alike| alike.is_unknown);
            let count: u64 = unknown.map(|alike| alike.count(tellers)).sum();
            (count > 0).then(|| (format!("{} {name}", noun(source)), count))
        });
        counted.collect()
    }

    /// How many hooks tell each event.
    fn hooks_an_event(&self) -> u64 {
        let single = self.hooks.values().flat_map(BTreeMap::values).filter(|alike| alike.is_single);
        single.map(Alike::tellers).max().unwrap_or(1)
    }
}

impl Alike {
    fn count(&self, tellers: u64) -> u64 {
        (self.told.len() as u64).div_ceil(tellers)
    }

    /// The most observations that were made of one event.
    fn tellers(&self) -> u64 {
        let times: Vec<UnixNanos> = self.told.iter().filter_map(|(at, _)| *at).collect();
        let until = |last: UnixNanos| times.partition_point(|at| *at <= last);
        let since = |(before, first): (usize, &UnixNanos)| until(first.plus_nanos(SAME_EVENT_NS)) - before;
        times.iter().enumerate().map(since).max().unwrap_or(1) as u64
    }
}

/// What a statement of the source is called.
const fn noun(source: Source) -> &'static str {
    match source {
        Source::Transcript => "row",
        Source::Hook | Source::Mod | Source::Otlp | Source::Recorder | Source::StatusLine => source.name(),
    }
}

const fn is_single(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::SessionStarted { .. }
            | Fact::SessionEnded { .. }
            | Fact::ToolStarted(_)
            | Fact::ToolEnded(_)
            | Fact::ToolReturned(_)
            | Fact::PermissionRefused { .. }
            | Fact::SubagentStarted { .. }
            | Fact::SubagentStopped { .. }
    )
}
