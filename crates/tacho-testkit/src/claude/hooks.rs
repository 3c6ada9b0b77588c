//! What the CLI says of the hooks that it ran, in its stream of messages. Pure.

use serde::Deserialize;

/// One run of a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookRun {
    /// The event, such as `PreToolUse`.
    pub event: String,
    /// How it ended: `success` where all is well.
    pub outcome: String,
    /// What it printed; the CLI acts on it, so there should be nothing.
    pub stdout: String,
    /// What it told the user.
    pub stderr: String,
}

/// A message of the CLI, as far as it is about a hook.
#[derive(Deserialize)]
struct Message {
    subtype: Option<String>,
    hook_event: Option<String>,
    outcome: Option<String>,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

/// The runs of hooks in `stdout`, one JSON message a line. Those at the end of the session are not in it: by then the
/// CLI has stopped writing.
pub fn hook_runs(stdout: &str) -> Vec<HookRun> {
    let messages = stdout.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let ended = messages.filter(|message| message.subtype.as_deref() == Some("hook_response"));
    ended
        .map(|message| HookRun {
            event: message.hook_event.unwrap_or_default(),
            outcome: message.outcome.unwrap_or_default(),
            stdout: message.stdout,
            stderr: message.stderr,
        })
        .collect()
}
