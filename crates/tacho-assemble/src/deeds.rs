//! What stands on spans of what was done, in figures, names and links: lines, commands, commits.

use crate::facts::ToolFacts;
use crate::tree::{Node, Tree, What};
use tacho_model::attribute::Attributes;
use tacho_model::event::{LineChange, Printed, WebLink};
use tacho_model::semconv as key;

/// What a tool call did.
pub(crate) fn tool(attributes: &mut Attributes, tool: &ToolFacts) {
    attributes.set_known(key::TACHOGRAPH_COMMAND_FAMILY, tool.command.value().map(|command| command.family));
    attributes.set_known(key::CLAUDE_CODE_SKILL_NAME, tool.skill.value().map(String::as_str));
    lines(attributes, tool.lines.value().copied());
    let Printed { revision, change, issue } = tool.made();
    attributes.set_known(key::TACHOGRAPH_COMMIT_REVISION, revision);
    if let Some(WebLink { url, number }) = change {
        attributes.set(key::VCS_CHANGE_ID, number.to_string());
        attributes.set(key::TACHOGRAPH_CHANGE_URL, url);
    }
    if let Some(WebLink { url, number }) = issue {
        attributes.set(key::TACHOGRAPH_ISSUE_ID, number.to_string());
        attributes.set(key::TACHOGRAPH_ISSUE_URL, url);
    }
}

/// What all tool calls below a turn or subagent did.
pub(crate) fn below(attributes: &mut Attributes, tree: &Tree<'_>, node: &Node<'_>) {
    lines(attributes, lines_below(tree, node));
}

fn lines(attributes: &mut Attributes, change: Option<LineChange>) {
    attributes.set_known(key::TACHOGRAPH_LINES_ADDED, change.map(|change| change.added));
    attributes.set_known(key::TACHOGRAPH_LINES_REMOVED, change.map(|change| change.removed));
}

/// Lines that were changed anywhere below; `None` where no call says that it changed any.
fn lines_below(tree: &Tree<'_>, node: &Node<'_>) -> Option<LineChange> {
    let changes = node.children.iter().filter_map(|child| tree.nodes.get(*child)).filter_map(|child| {
        let own = if let What::Tool(_, tool) = &child.what { tool.lines.value().copied() } else { None };
        own.into_iter().chain(lines_below(tree, child)).reduce(LineChange::plus)
    });
    changes.reduce(LineChange::plus)
}
