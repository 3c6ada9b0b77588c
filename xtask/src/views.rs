//! `dashboards`: boards and alerts as Grafana, Prometheus and others read them, written from tables, so that no metric is
//! named twice. The committed files are compared with the tables by `cargo xtask tidy`.

pub(crate) mod alert;
pub(crate) mod board;
pub(crate) mod boards;
mod grafana;
pub(crate) mod recorded;
mod rules;

use std::path::Path;

use crate::finding::{self, Finding};
use crate::generated::{self, Generated};
use crate::workspace::Workspace;

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let root = Workspace::load()?.root;
    match arguments {
        [] => generated::write(&generate(), &root),
        [flag] if flag == "--check" => finding::refuse(stale(&root)),
        _ => anyhow::bail!("usage: cargo xtask dashboards [--check]"),
    }
}

/// The files that differ from what their tables say now.
pub(crate) fn stale(root: &Path) -> Vec<Finding> {
    generated::stale(&generate(), root, "dashboards")
}

fn generate() -> Vec<Generated> {
    grafana::generate().into_iter().chain(rules::generate()).collect()
}

#[cfg(test)]
mod tests;
