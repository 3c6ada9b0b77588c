//! Claude Code. Facts about the CLI were measured with version 2.1.330 unless a comment says otherwise.

mod billing;
mod decision;
mod deeds;
mod hook;
mod native;
mod note;
mod places;
mod plugin;
mod settings;
mod status_line;
mod telemetry;
mod transcript;
mod usage_row;

use crate::fields::{Fields, Shape};
use crate::repair::without_lone_surrogates;
use crate::{Agent, Decoded, recorder};
use foldhash::fast::FixedState;
use std::hash::BuildHasher as _;
use tacho_model::event::{Event, Fact, FailureCause, Observation, Refusal, Source};
use tacho_model::id::SubagentId;

/// Its row.
pub const AGENT: Agent = Agent {
    name: "claude-code",
    provider: "anthropic",
    decode,
    subagent_directory: places::subagent_directory,
    subagent_file: places::subagent_file,
    keeps_row: transcript::keeps_row,
    usage_marks: usage_row::MARKS,
    prompt_event: hook::PROMPT,
    mod_event: "Mod",
    status_event: status_line::EVENT,
    status_setting: status_line::SETTING,
    status_line: status_line::read,
    own_telemetry: &telemetry::OWN,
    usage_reports: telemetry::usage_records,
    usage_row: usage_row::decode,
    transcript_place: places::transcript_place,
    description_kind: places::description_kind,
    project_variable: "CLAUDE_PROJECT_DIR",
    // The second one is that of the plugin that many come from.
    project_files: &[".claude/tachograph.local.md", ".claude/dash0-agent-plugin.local.md"],
    option_prefix: "CLAUDE_PLUGIN_OPTION_",
    owners_files: settings::FILES,
    stored_plugins: settings::stored_plugins,
    billing: billing::billing,
    first_steps: FIRST_STEPS,
    setup: &plugin::SETUP,
};

const FIRST_STEPS: &str = "  cargo xtask plugin                                              build the plugin
  target/plugin/claude-code/bin/tacho install claude-code         install it; use the agent as always
  tacho                                                           see what it did
";

/// The longest name of an event or a row; what is longer is cut.
const NAME_BYTES_MAX: usize = 64;

fn decode(observation: &Observation) -> Decoded {
    let body = without_lone_surrogates(&observation.body);
    let shape = if observation.source == Source::Transcript { transcript::ROW } else { Shape::FLAT };
    match Fields::read_as(&body, shape) {
        Ok(fields) => match observation.source {
            Source::Hook => {
                Decoded { surroundings: places::surroundings(&fields), ..hook::decode(observation, &fields) }
            }
            Source::Transcript => transcript::decode(observation, &fields),
            Source::Mod | Source::Otlp => telemetry::decode(observation, &fields),
            Source::StatusLine => status_line::decode(observation, &fields),
            Source::Recorder => recorder::decode(&fields, |name, fact| event(observation, name, fact)),
        },
        Err(error) => Decoded::not_understood(&error.to_string()),
    }
}

/// An event with what the observation itself says of it.
fn event(observation: &Observation, name: &str, fact: Fact) -> Event {
    Event {
        observation: observation.uid,
        digest: FixedState::default().hash_one(&observation.body),
        session: observation.session.clone(),
        source: observation.source,
        name: name.get(..name.floor_char_boundary(NAME_BYTES_MAX)).unwrap_or_default().to_owned(),
        at: observation.at,
        prompt: None,
        subagent: observation.subagent.clone(),
        offset: observation.offset,
        fact,
    }
}

/// The server part of the name of an MCP tool, `mcp__server__tool`.
fn mcp_server_of(tool_name: &str) -> Option<String> {
    let (server, _) = tool_name.strip_prefix("mcp__")?.split_once("__")?;
    Some(server.to_owned())
}

/// The subagent that an Agent tool's result names.
fn started_subagent(result: &Fields<'_>) -> Option<SubagentId> {
    result.id("agentId")
}

/// The CLI's word for why a turn or a call failed. Anything longer than a word is a text, and no name for a kind of
/// error.
fn error_word(from: &Fields<'_>) -> String {
    from.word("error").unwrap_or_else(|| "unknown".to_owned())
}

/// Why the CLI did not run a call, by the text it gave the model. What it refuses before anybody is asked stands in
/// tags of its own; a hook that blocks a call is named.
fn refusal_of(message: &str) -> Option<Refusal> {
    if message.starts_with("PreToolUse:") && message.contains(" hook error: ") {
        return Some(Refusal::Hook);
    }
    let said = message.strip_prefix("<tool_use_error>")?;
    Some(if said.starts_with("Error: No such tool available") {
        Refusal::UnknownTool
    } else if said.starts_with("InputValidationError") {
        Refusal::InvalidInput
    } else {
        Refusal::Blocked
    })
}

/// What the text of a failure says about its cause: a shell command's begins with `Exit code N`, and one that ran
/// into its time limit says so on the same lines.
fn cause_of(message: &str) -> FailureCause {
    let Some(behind) = message.strip_prefix("Error: ").unwrap_or(message).strip_prefix("Exit code ") else {
        return FailureCause::Other;
    };
    let digits = behind.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
    match digits.parse() {
        Ok(143) if message.contains("timed out") => FailureCause::Timeout,
        Ok(code) => FailureCause::Exit(code),
        Err(_) => FailureCause::Other,
    }
}
