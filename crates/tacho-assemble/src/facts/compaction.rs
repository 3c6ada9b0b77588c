//! What was said about compactions of the context.

use tacho_model::event::{Compaction, Event, Source};
use tacho_model::id::{PromptId, SubagentId};
use tacho_model::time::UnixNanos;

/// One statement about a compaction. Which compaction it is about, time tells.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CompactionStatement {
    pub(crate) at: UnixNanos,
    pub(crate) source: Source,
    pub(crate) offset: Option<u64>,
    pub(crate) prompt: Option<PromptId>,
    pub(crate) subagent: Option<SubagentId>,
    pub(crate) said: Compaction,
}

impl CompactionStatement {
    /// `None` for a statement without a time, of which nothing could be made.
    pub(crate) fn of(event: &Event, said: &Compaction) -> Option<Self> {
        Some(Self {
            at: event.at?,
            source: event.source,
            offset: event.offset,
            prompt: event.prompt.clone(),
            subagent: event.subagent.clone(),
            said: said.clone(),
        })
    }
}
