//! `codegen`: the files that are made from tables, so that no name is written twice.
//! The registry gives the attribute table and its documentation; the hook tables give the plugin's hooks files, the price
//! list its table.

mod hooks;
mod markdown;
mod metrics;
mod prices;
mod registry;
mod rust;

use std::path::Path;

use crate::finding::{self, Finding};
use crate::generated::{self, Generated};
use crate::prices::list;
use crate::workspace::Workspace;

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let root = Workspace::load()?.root;
    match arguments {
        [] => generated::write(&generate(&root)?, &root),
        [flag] if flag == "--check" => finding::refuse(stale(&root)?),
        _ => anyhow::bail!("usage: cargo xtask codegen [--check]"),
    }
}

/// The generated files that differ from what their tables say now.
pub(crate) fn stale(root: &Path) -> anyhow::Result<Vec<Finding>> {
    Ok(generated::stale(&generate(root)?, root, "codegen"))
}

fn generate(root: &Path) -> anyhow::Result<Vec<Generated>> {
    let registry = registry::load(root)?;
    Ok(vec![
        Generated::new("crates/tacho-model/src/semconv.rs", rust::render(&registry, root)?),
        Generated::new("crates/tacho-model/src/metrics.rs", metrics::render(&registry.metrics, root)?),
        Generated::new("docs/telemetry.md", markdown::render(&registry)),
        Generated::new("crates/tacho-assemble/src/price/table.rs", prices::render(&list::load(root)?, root)?),
        Generated::new("plugins/claude-code/hooks/hooks.json", hooks::render()),
        Generated::new("plugins/claude-code/hooks/newer.json", hooks::render_newer()),
        Generated::new("plugins/claude-code/hooks/measuring.json", hooks::render_measuring()),
    ])
}

#[cfg(test)]
mod tests;
