//! The hooks files of the Claude Code plugin: which events start `tacho-hook`, and how.
//!
//! One name that a CLI does not know makes it drop the whole file, silently. So there are two: the file that the CLI
//! looks for by itself has what the oldest supported CLI knows, and the manifest names another with the rest.
//!
//! These events stay out on purpose: `WorktreeCreate` and `WorktreeRemove`, because a hook on them replaces what the
//! CLI would do; `MessageDisplay`, because it starts a process for every line shown; `PostToolBatch`, because it
//! repeats the tools' whole output.

/// The events that CLI 2.1.119 knows, in the order a session meets them.
const EVENTS: &[&str] = &[
    "Setup",
    "SessionStart",
    "InstructionsLoaded",
    "ConfigChange",
    "CwdChanged",
    "FileChanged",
    "UserPromptSubmit",
    "UserPromptExpansion",
    "PreToolUse",
    "PermissionRequest",
    "PermissionDenied",
    "Elicitation",
    "ElicitationResult",
    "PostToolUse",
    "PostToolUseFailure",
    "SubagentStart",
    "SubagentStop",
    "TaskCreated",
    "TaskCompleted",
    "TeammateIdle",
    "PreCompact",
    "PostCompact",
    "Notification",
    "Stop",
    "StopFailure",
    "SessionEnd",
];

/// The events that came after it.
const NEWER_EVENTS: &[&str] = &["DirectoryAdded", "PreModelSwitch", "PostModelSwitch"];

/// What the CLI runs in its own process, which it does since 2.1.287.
const MODULES: &str = "  \"modules\": [\"./register.js\"],\n";

/// What the CLI starts. With `args`, even empty, it starts the file itself; without, through `/bin/sh -c`.
/// The path stands without quotes, because the CLI does not take them off when it starts the file itself.
/// The timeout, in seconds, is far above the 1.2 s after which the hook gives up by itself.
const HOOK: &str =
    r#"{ "type": "command", "command": "${CLAUDE_PLUGIN_ROOT}/bin/tacho-hook", "args": [], "timeout": 5 }"#;

pub(super) fn render() -> String {
    file(EVENTS, "")
}

pub(super) fn render_newer() -> String {
    file(NEWER_EVENTS, "")
}

/// What stands in that one's place where the agent is measured.
pub(super) fn render_measuring() -> String {
    file(NEWER_EVENTS, MODULES)
}

fn file(events: &[&str], modules: &str) -> String {
    let entries: Vec<String> =
        events.iter().map(|event| format!("    \"{event}\": [{{ \"hooks\": [{HOOK}] }}]")).collect();
    format!("{{\n{modules}  \"hooks\": {{\n{}\n  }}\n}}\n", entries.join(",\n"))
}
