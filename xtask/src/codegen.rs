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
use crate::prices::list;
use crate::workspace::{self, Workspace};

/// A file of the repository that nobody edits by hand.
struct Generated {
    path: &'static str,
    text: String,
}

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let root = Workspace::load()?.root;
    match arguments {
        [] => write(&root),
        [flag] if flag == "--check" => finding::refuse(stale(&root)?),
        _ => anyhow::bail!("usage: cargo xtask codegen [--check]"),
    }
}

/// The generated files that differ from what their tables say now.
pub(crate) fn stale(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in generate(root)? {
        let found = std::fs::read_to_string(root.join(file.path)).unwrap_or_default();
        findings.extend(first_difference(&file, &found));
    }
    Ok(findings)
}

fn write(root: &Path) -> anyhow::Result<()> {
    for file in generate(root)? {
        workspace::write(&root.join(file.path), &file.text)?;
        println!("wrote {}", file.path);
    }
    Ok(())
}

fn generate(root: &Path) -> anyhow::Result<Vec<Generated>> {
    let registry = registry::load(root)?;
    Ok(vec![
        Generated { path: "crates/tacho-model/src/semconv.rs", text: rust::render(&registry, root)? },
        Generated {
            path: "crates/tacho-model/src/metrics.rs",
            text: metrics::render(&registry.metrics, root)?,
        },
        Generated { path: "docs/telemetry.md", text: markdown::render(&registry) },
        Generated {
            path: "crates/tacho-assemble/src/price/table.rs",
            text: prices::render(&list::load(root)?, root)?,
        },
        Generated { path: "plugins/claude-code/hooks/hooks.json", text: hooks::render() },
        Generated { path: "plugins/claude-code/hooks/newer.json", text: hooks::render_newer() },
        Generated { path: "plugins/claude-code/hooks/measuring.json", text: hooks::render_measuring() },
    ])
}

fn first_difference(expected: &Generated, found: &str) -> Option<Finding> {
    if expected.text == found {
        return None;
    }
    let same = expected.text.lines().zip(found.lines()).take_while(|(left, right)| left == right).count();
    let should_be = expected.text.lines().nth(same).unwrap_or("the end of the file");
    let advice =
        format!("is not what its table says (here should be `{should_be}`); run `cargo xtask codegen`");
    Some(Finding::at(expected.path, same + 1, advice))
}

#[cfg(test)]
mod tests;
