//! Claude Code. Facts about the CLI were measured with version 2.1.330 unless a comment says otherwise.

mod hook;
mod places;
mod settings;
mod transcript;

use crate::repair::without_lone_surrogates;
use crate::{Agent, Decoded, Warning};
use tacho_model::event::{Event, Fact, Observation, Source};

/// Its row.
pub const AGENT: Agent = Agent {
    name: "claude-code",
    provider: "anthropic",
    decode,
    transcript_of: places::transcript_of,
    subagent_directory: places::subagent_directory,
    subagent_file: places::subagent_file,
    keeps_row: transcript::keeps_row,
    option_prefix: "CLAUDE_PLUGIN_OPTION_",
    owners_files: settings::FILES,
    owners_options: settings::owners_options,
    first_steps: FIRST_STEPS,
};

const FIRST_STEPS: &str = "  cargo xtask plugin                                  build the plugin
  claude --plugin-dir target/plugin/claude-code       use the agent as always
  target/plugin/claude-code/bin/tacho                 see what it did
";

fn decode(observation: &Observation) -> Decoded {
    let said = events(observation).or_else(|error| {
        let body = without_lone_surrogates(&observation.body);
        if body == observation.body {
            Err(error)
        } else {
            events(&Observation { body, ..observation.clone() })
        }
    });
    match said {
        Ok(events) => Decoded { events, warnings: Vec::new() },
        Err(error) => Decoded { events: Vec::new(), warnings: vec![Warning(error.to_string())] },
    }
}

fn events(observation: &Observation) -> Result<Vec<Event>, serde_json::Error> {
    match observation.source {
        Source::Hook => hook::decode(observation),
        Source::Transcript => transcript::decode(observation),
        Source::Recorder => Ok(vec![event(observation, Fact::AgentGone)]),
    }
}

/// An event with what the observation itself says of it.
fn event(observation: &Observation, fact: Fact) -> Event {
    Event {
        observation: observation.uid,
        session: observation.session.clone(),
        source: observation.source,
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
