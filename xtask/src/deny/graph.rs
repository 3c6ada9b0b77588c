//! The packages that go into a build, as cargo resolves them.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use anyhow::Context;
use serde::Deserialize;

use crate::workspace::{cargo, output};

/// One package of the build, ours or another's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) license: Option<String>,
    /// Where it comes from; absent for a package of the workspace.
    pub(super) source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

impl Package {
    /// Whether a row of the policy, `name` or `name@version`, means this package.
    pub(super) fn is(&self, row: &str) -> bool {
        match row.split_once('@') {
            Some((name, version)) => self.name == name && self.version == version,
            None => self.name == row,
        }
    }
}

impl fmt::Display for Package {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.version)
    }
}

/// All packages that a build for one of the targets uses.
///
/// `cargo metadata` knows licences and sources, but lists optional packages too; `cargo tree` knows which are used.
pub(super) fn packages(targets: &[String]) -> anyhow::Result<BTreeSet<Package>> {
    let mut tree = cargo();
    tree.args([
        "tree",
        "--locked",
        "--workspace",
        "--edges",
        "normal,build,dev",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    tree.args(targets.iter().flat_map(|target| ["--target", target]));
    let tree = output(&mut tree)?;
    let used: HashSet<(&str, &str)> = tree.lines().filter_map(name_and_version).collect();

    let mut metadata = cargo();
    metadata.args(["metadata", "--locked", "--format-version", "1"]);
    metadata.args(targets.iter().flat_map(|target| ["--filter-platform", target]));
    let metadata: Metadata = serde_json::from_str(&output(&mut metadata)?)
        .context("cannot read the answer of `cargo metadata`")?;
    let packages = metadata.packages.into_iter();
    Ok(packages.filter(|package| used.contains(&(package.name.as_str(), package.version.as_str()))).collect())
}

/// Reads `serde v1.0.229`, whatever follows.
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    Some((name, words.next()?.strip_prefix('v')?))
}

#[cfg(test)]
mod tests {
    use super::name_and_version;

    #[test]
    fn lines_of_the_tree() {
        assert_eq!(
            name_and_version("serde_derive v1.0.229 (proc-macro) (*)"),
            Some(("serde_derive", "1.0.229"))
        );
        assert_eq!(name_and_version("serde feature \"default\""), None);
        assert_eq!(name_and_version(""), None);
    }
}
