//! User rows that are prompts.

use crate::fields::Fields;
use tacho_model::event::Fact;

/// How the text begins that the CLI writes where a person pressed Esc.
pub(super) const INTERRUPTED: &str = "[Request interrupted by user";

/// The prompt, or that a person interrupted the agent; nothing in a row that belongs to no prompt.
pub(super) fn fact(row: &Fields<'_>) -> Option<Fact> {
    row.text("promptId")?;
    let message = row.object("message");
    let of_block = || message.objects("content").iter().find_map(|block| block.text("text"));
    let text = message.text("content").or_else(of_block);
    if text.as_deref().is_some_and(|text| text.starts_with(INTERRUPTED)) {
        return Some(Fact::Interrupted);
    }
    Some(Fact::Prompted {
        // What the CLI adds by itself is no word of its user.
        text: text.filter(|_| !row.is_true("isMeta")).map(as_typed),
        permission_mode: row.word("permissionMode"),
        agent_version: row.text("version"),
    })
}

/// A prompt as it was typed. The CLI writes commands and shell lines down in tags of its own.
fn as_typed(text: String) -> String {
    let command = || {
        let (name, arguments) = (tagged(&text, "command-name")?, tagged(&text, "command-args"));
        Some(format!("{name} {}", arguments.unwrap_or_default()).trim_end().to_owned())
    };
    let shell_line = || Some(format!("!{}", tagged(&text, "bash-input")?));
    command().or_else(shell_line).unwrap_or(text)
}

/// The text in a tag, where a text begins with tags.
fn tagged<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let (_, inside) = text.strip_prefix('<')?.split_once(&format!("{tag}>"))?;
    inside.split_once(&format!("</{tag}>")).map(|(inside, _)| inside)
}
