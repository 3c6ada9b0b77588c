//! User rows that hold the results of tool calls, and who allowed or refused them.

use super::prompt::INTERRUPTED;
use crate::claude_code::{cause_of, decision, deeds, refusal_of, started_subagent};
use crate::fields::Fields;
use tacho_model::event::{Fact, FailureCause, ToolFailure, ToolRecord};

/// One fact for each result in the row, and those of what its call did.
pub(super) fn facts(row: &Fields<'_>) -> Vec<Fact> {
    let message = row.object("message");
    let blocks = message.objects("content");
    blocks.iter().filter_map(|block| record(row, block)).flat_map(|record| recorded(row, record)).collect()
}

fn recorded(row: &Fields<'_>, record: ToolRecord) -> Vec<Fact> {
    let did = match &record.failure {
        // It did nothing, and the text may be a person's.
        Some(ToolFailure { cause: FailureCause::Denied | FailureCause::Refused(_), .. }) => Vec::new(),
        Some(failure) => deeds::of_failure(&record.tool, failure.message.as_deref().unwrap_or_default()),
        None => deeds::of_result(&record.tool, &row.object("toolUseResult")),
    };
    [Fact::ToolRecorded(record)].into_iter().chain(did).collect()
}

fn record(row: &Fields<'_>, block: &Fields<'_>) -> Option<ToolRecord> {
    block.text("type").filter(|block_type| block_type == "tool_result")?;
    // Where a session goes on after its process died, the CLI writes a result for every call that has none, to say that
    // nobody knows what it came to.
    if row.text("toolDenialKind").as_deref() == Some("interrupted") {
        return None;
    }
    Some(ToolRecord {
        tool: block.id("tool_use_id")?,
        failure: block.is_true("is_error").then(|| failure(row, block)),
        decision: decision::of_row(row),
        response: block.json("content"),
        started_subagent: started_subagent(&row.object("toolUseResult")),
    })
}

/// How CLIs that have no word for a denial say it to the model.
fn is_denial(text: &str) -> bool {
    text.starts_with("Permission to use ") && text.contains("has been denied")
}

fn failure(row: &Fields<'_>, block: &Fields<'_>) -> ToolFailure {
    let message = block.text("content");
    let text = message.as_deref().unwrap_or_default();
    let cause = if let Some(refusal) = refusal_of(text) {
        FailureCause::Refused(refusal)
    } else if row.text("toolDenialKind").is_some() || is_denial(text) {
        FailureCause::Denied
    } else if text.starts_with(INTERRUPTED) {
        FailureCause::Interrupted
    } else {
        cause_of(text)
    };
    ToolFailure { cause, message }
}
