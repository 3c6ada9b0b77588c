//! What happened beside the tree: sessions that begin and end, notices, changes of settings, tasks.

use std::collections::{BTreeMap, BTreeSet};
use tacho_model::event::{Event, Note};
use tacho_model::id::PromptId;
use tacho_model::time::UnixNanos;

/// Two hooks that tell the same are not further apart.
const SAME_EVENT_NS: u64 = 2_000_000_000;

/// What was told, by what it says word for word, and when by which observation.
#[derive(Debug, Default)]
pub(crate) struct Moments(BTreeMap<u64, BTreeSet<Told>>);

/// One telling.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) at: UnixNanos,
    /// The observation.
    pub(crate) uid: [u8; 16],
    pub(crate) prompt: Option<PromptId>,
    pub(crate) what: Happened,
}

/// What is told.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Happened {
    Started { trigger: Option<String>, model: Option<String> },
    Ended { reason: Option<String> },
    Noted(Note),
}

impl Moments {
    pub(crate) fn hear(&mut self, event: &Event, what: Happened) {
        let Some(at) = event.at else { return };
        let told = Told { at, uid: event.observation, prompt: event.prompt.clone(), what };
        self.0.entry(event.digest).or_default().insert(told);
    }

    /// Each once, however many hooks told it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Told> {
        self.0.values().flat_map(|alike| {
            let mut last: Option<UnixNanos> = None;
            alike.iter().filter(move |told| {
                let is_again = last.is_some_and(|last| told.at.nanos_since(last) < SAME_EVENT_NS);
                if !is_again {
                    last = Some(told.at);
                }
                !is_again
            })
        })
    }
}
