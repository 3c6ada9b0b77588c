//! What a tool call did, read from its arguments and its result: kinds, figures and links, never words.

mod lines;
mod printed;

use crate::fields::Fields;
use crate::shell;
use tacho_model::event::{Fact, ToolDeed};
use tacho_model::id::ToolUseId;

/// What a call is, by its arguments.
pub(super) fn of_arguments(tool: &ToolUseId, name: &str, input: &Fields<'_>) -> Vec<Fact> {
    let deed = match name {
        "Bash" => input.whole_text("command").and_then(|line| shell::read(&line)).map(ToolDeed::Ran),
        "Skill" => input.id("skill").or_else(|| input.id("command")).map(ToolDeed::UsedSkill),
        _ => None,
    };
    facts(tool, deed)
}

/// What a call came to that went well, by its result. The CLI's results say by their fields of which tool they are.
pub(super) fn of_result(tool: &ToolUseId, result: &Fields<'_>) -> Vec<Fact> {
    let changed = lines::changed(result).map(ToolDeed::ChangedLines);
    let printed = printed::by_result(result).map(ToolDeed::Printed);
    facts(tool, changed.into_iter().chain(printed))
}

/// The same of a call whose result says nothing of what it changed: then its arguments do.
pub(super) fn of_result_and_arguments(
    tool: &ToolUseId,
    name: &str,
    result: &Fields<'_>,
    input: &Fields<'_>,
) -> Vec<Fact> {
    let told = of_result(tool, result);
    if told.is_empty() && matches!(name, "Edit" | "MultiEdit") {
        return facts(tool, lines::edited(input).map(ToolDeed::ChangedLines));
    }
    told
}

/// What a call that went wrong printed before it did.
pub(super) fn of_failure(tool: &ToolUseId, message: &str) -> Vec<Fact> {
    facts(tool, printed::by_text(message).map(ToolDeed::Printed))
}

fn facts(tool: &ToolUseId, deeds: impl IntoIterator<Item = ToolDeed>) -> Vec<Fact> {
    deeds.into_iter().map(|deed| Fact::ToolDid { tool: tool.clone(), deed }).collect()
}
