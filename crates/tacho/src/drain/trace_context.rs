//! What a turn has to do with traces that others began, written down when its prompt is announced.

use super::round::Round;
use crate::failure::Failure;
use crate::record::HookRecord;
use serde_json::json;
use tacho_agents::agent_named;
use tacho_model::event::Observation;

/// The variable in which processes tell those that they start what span they work for.
const TRACEPARENT: &str = "TRACEPARENT";

impl Round<'_> {
    /// Writes down the span that a turn lies below, and one that it stands beside.
    pub(super) fn note_trace_context(
        &mut self,
        event: &Observation,
        record: &HookRecord<'_>,
    ) -> Result<(), Failure> {
        let (Some(agent), Some(at)) = (agent_named(Some(&event.agent)), event.at) else { return Ok(()) };
        if record.event().is_none_or(|name| name != agent.prompt_event) {
            return Ok(());
        }
        let parent = record.parent();
        let beside = record.variable(TRACEPARENT).filter(|beside| parent.as_deref() != Some(beside.as_str()));
        if parent.is_none() && beside.is_none() {
            return Ok(());
        }
        let said = json!({ "trace_context": { "parent": parent, "beside": beside } });
        self.note("trace_context", event, at, said.to_string().into_bytes())
    }
}
