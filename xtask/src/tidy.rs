//! `tidy`: the rules of the code that no compiler knows. All findings are reported together, with what to do.
//! A rule is a function from a source, or from the whole tree, to findings; it changes nothing.

mod boundaries;
mod dependencies;
mod fixtures;
mod habits;
mod layout;
mod lexer;
mod source;
mod tree;

use crate::finding::{self, Finding};
use crate::workspace::Workspace;
use crate::{codegen, views};
use source::Source;

/// Rules about one Rust file.
const SOURCE_RULES: &[fn(&Source) -> Vec<Finding>] = &[
    layout::length,
    layout::purpose_line,
    layout::file_name,
    layout::type_names,
    boundaries::agent_names,
    boundaries::attribute_names,
    boundaries::environment,
    boundaries::clock,
    boundaries::sql,
    habits::unfinished,
    habits::unexplained_allow,
];

pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    let files = tree::text_files(&workspace.root)?;
    let sources: Vec<Source> = files.iter().filter_map(Source::read).collect();

    let mut findings: Vec<Finding> =
        sources.iter().flat_map(|source| SOURCE_RULES.iter().flat_map(|rule| rule(source))).collect();
    findings.extend(files.iter().flat_map(habits::absolute_paths));
    findings.extend(layout::crate_readmes(&workspace.packages, &files));
    findings.extend(dependencies::check(&workspace.packages));
    findings.extend(fixtures::unused(&files, &sources));
    findings.extend(codegen::stale(&workspace.root)?);
    findings.extend(views::stale(&workspace.root));
    finding::refuse(findings)
}
