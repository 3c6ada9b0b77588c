//! The hooks file of the Claude Code plugin: which events start `tacho-hook`, and how.

/// The events the recorder listens to, in the order a session meets them.
///
/// Every name must be known to the oldest supported CLI: one unknown name makes it drop the whole file.
/// These stay out on purpose: `WorktreeCreate` and `WorktreeRemove`, because a hook on them replaces what the CLI
/// would do; `MessageDisplay`, because it starts a process for every line shown; `PostToolBatch`, because it
/// repeats the tools' whole output.
const EVENTS: &[&str] = &[
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PermissionRequest",
    "PostToolUse",
    "PostToolUseFailure",
    "SubagentStart",
    "SubagentStop",
    "Stop",
    "StopFailure",
    "SessionEnd",
];

/// What the CLI starts. With `args`, even empty, it starts the file itself; without, through `/bin/sh -c`.
/// The path stands without quotes, because the CLI does not take them off when it starts the file itself.
/// The timeout, in seconds, is far above the 1.2 s after which the hook gives up by itself.
const HOOK: &str =
    r#"{ "type": "command", "command": "${CLAUDE_PLUGIN_ROOT}/bin/tacho-hook", "args": [], "timeout": 5 }"#;

pub(super) fn render() -> String {
    let entries: Vec<String> =
        EVENTS.iter().map(|event| format!("    \"{event}\": [{{ \"hooks\": [{HOOK}] }}]")).collect();
    format!("{{\n  \"hooks\": {{\n{}\n  }}\n}}\n", entries.join(",\n"))
}
