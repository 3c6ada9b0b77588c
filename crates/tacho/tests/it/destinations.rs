//! Destinations as they can be described: in the owner's file, by presets, by variables; and what is said of mistakes.

mod certified;
mod declared;
mod described;
mod tested;
mod variables;

use crate::home::Home;

/// What `tacho config show` says of destinations and of what is not used, without places.
fn shown(home: &Home, variables: &[(&str, &str)]) -> String {
    let ran = home.run_with(&["config", "show"], variables);
    let is_meant = |line: &&str| {
        ["destination", "debug_file", "agent_name", "resource_attributes", "Not used"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let lines = ran.stdout.lines().filter(is_meant);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = lines.map(words).filter(|line| !line.contains(" - default")).collect();
    home.without_place(&format!("{}\n{}", lines.join("\n"), ran.stderr))
}
