//! Examples in the help that name an agent or a model: by the first row of their table, as no other part of the grammar knows
//! one.

use tacho_agents::AGENTS;
use tacho_assemble::price::Prices;

/// With the first agent's name.
pub(super) fn install_examples() -> String {
    examples(
        "Examples:
  tacho install AGENT                              record on this machine, send nothing
  tacho install AGENT --dry-run                    only see what that would do
  tacho install AGENT --endpoint http://localhost:4318 --level full
  tacho install AGENT --native-telemetry on        also hear what the agent exports of its calls
  tacho install AGENT --endpoint https://otlp.example.com --token-stdin < token",
    )
}

pub(super) fn uninstall_examples() -> String {
    examples(
        "Examples:
  tacho uninstall AGENT                            stop recording, keep what was recorded
  tacho uninstall AGENT --purge                    and remove what was recorded, after a question",
    )
}

pub(super) fn trust_examples() -> String {
    let file = AGENTS.first().and_then(|agent| agent.project_files.first()).copied().unwrap_or("FILE");
    format!(
        "Examples:\n  tacho trust https://otlp.example.com\n  tacho trust {file}\n  tacho trust --remove {file}"
    )
}

pub(super) fn show_price_examples() -> String {
    let prices = Prices::list();
    let model = prices.rows().last().map_or("MODEL", |found| &*found.row.model);
    format!("Examples:\n  tacho prices show {model}\n  tacho prices show '{model}[1m]' --at 2026-10-06")
}

pub(super) fn statusline_examples() -> String {
    AGENTS.first().map_or_else(String::new, |agent| format!("{}\n", agent.status_setting))
}

fn examples(text: &str) -> String {
    text.replace("AGENT", AGENTS.first().map_or("AGENT", |agent| agent.name))
}
