//! `deny`: what may come in from outside, as `deny.toml` states it.
//! cargo-deny does it where it is installed; its build takes minutes, so else the same rules are checked here.

mod graph;
mod license;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde::Deserialize;

use crate::finding::{self, Finding};
use crate::workspace::{self, Workspace, cargo, find_program};
use graph::Package;

const POLICY: &str = "deny.toml";

/// The part of cargo-deny's configuration that the project uses; a key beyond it is refused, not ignored.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    graph: GraphPolicy,
    licenses: LicensePolicy,
    bans: BanPolicy,
    sources: SourcePolicy,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GraphPolicy {
    targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LicensePolicy {
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BanPolicy {
    #[expect(dead_code, reason = "the one answer there is; read so that no other can be written")]
    multiple_versions: Deny,
    deny: Vec<Row>,
    skip: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SourcePolicy {
    #[expect(dead_code, reason = "the one answer there is; read so that no other can be written")]
    unknown_registry: Deny,
    #[expect(dead_code, reason = "the one answer there is; read so that no other can be written")]
    unknown_git: Deny,
    allow_registry: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deny {
    Deny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// `name`, or `name@version`.
    #[serde(rename = "crate")]
    package: String,
    reason: String,
}

pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    if find_program("cargo-deny").is_some() {
        return workspace::run(cargo().args([
            "deny",
            "check",
            "--deny",
            "unmatched-skip",
            "licenses",
            "bans",
            "sources",
        ]));
    }
    let root = Workspace::load()?.root;
    let policy: Policy = toml::from_str(&workspace::read(&root.join(POLICY))?).context(POLICY)?;
    let packages = graph::packages(&policy.graph.targets)?;
    finding::refuse(violations(&policy, &packages))
}

fn violations(policy: &Policy, packages: &BTreeSet<Package>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        packages.iter().flat_map(|package| package_violations(policy, package)).collect();
    findings.extend(repeated(policy, packages));
    findings.extend(needless_skips(policy, packages));
    findings
}

fn package_violations(policy: &Policy, package: &Package) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut refuse = |advice: String| findings.push(Finding::in_file(POLICY, format!("{package}: {advice}")));

    let terms = package.license.as_deref().unwrap_or("nothing");
    if !license::is_allowed(terms, &policy.licenses.allow) {
        refuse(format!("its licence is `{terms}`; allow it or drop the crate"));
    }
    if let Some(row) = policy.bans.deny.iter().find(|row| package.is(&row.package)) {
        refuse(format!("is banned: {}", row.reason));
    }
    let registry = package.source.as_deref().map(|source| source.trim_start_matches("registry+"));
    if registry.is_some_and(|registry| !policy.sources.allow_registry.contains(registry)) {
        refuse("comes from a source that is not allowed".into());
    }
    findings
}

/// Crates that are there in two versions, apart from the versions that the policy skips.
fn repeated(policy: &Policy, packages: &BTreeSet<Package>) -> Vec<Finding> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in
        packages.iter().filter(|package| !policy.bans.skip.iter().any(|row| package.is(&row.package)))
    {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let repeated = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    let advice = |name, versions: &[&str]| {
        format!("{name} is there as {}; make it one, or skip the older with a reason", versions.join(" and "))
    };
    repeated.map(|(name, versions)| Finding::in_file(POLICY, advice(name, &versions))).collect()
}

/// Skips of versions that are no longer there.
fn needless_skips(policy: &Policy, packages: &BTreeSet<Package>) -> Vec<Finding> {
    let skips = policy.bans.skip.iter().map(|row| &row.package);
    let needless = skips.filter(|skip| !packages.iter().any(|package| package.is(skip)));
    needless
        .map(|skip| Finding::in_file(POLICY, format!("skips {skip}, which is gone; delete the row")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
[graph]
targets = []
[licenses]
allow = ["MIT"]
[bans]
multiple-versions = "deny"
deny = [{ crate = "openssl-sys", reason = "no" }]
skip = [{ crate = "syn@1.0.0", reason = "old" }, { crate = "gone@1.0.0", reason = "old" }]
[sources]
unknown-registry = "deny"
unknown-git = "deny"
allow-registry = ["https://example.org/index"]
"#;

    fn package(name: &str, version: &str, license: &str, source: &str) -> Package {
        let [name, version, license, source] = [name, version, license, source].map(str::to_owned);
        Package { name, version, license: Some(license), source: Some(source) }
    }

    #[test]
    fn each_rule_catches_its_violation() {
        let registry = "registry+https://example.org/index";
        let packages = [
            package("syn", "1.0.0", "MIT", registry),
            package("syn", "2.0.0", "MIT", registry),
            package("rand", "1.0.0", "MIT", registry),
            package("rand", "2.0.0", "MIT", registry),
            package("gpl", "1.0.0", "GPL-3.0", registry),
            package("openssl-sys", "1.0.0", "MIT", registry),
            package("forked", "1.0.0", "MIT", "git+https://example.org/forked"),
        ];
        let policy: Policy = toml::from_str(RULES).unwrap();
        let found: Vec<String> =
            violations(&policy, &packages.into()).into_iter().map(|finding| finding.advice).collect();
        let expected = [
            "forked 1.0.0: comes from a source that is not allowed",
            "gpl 1.0.0: its licence is `GPL-3.0`; allow it or drop the crate",
            "openssl-sys 1.0.0: is banned: no",
            "rand is there as 1.0.0 and 2.0.0; make it one, or skip the older with a reason",
            "skips gone@1.0.0, which is gone; delete the row",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_rule_that_is_not_checked_here_is_refused() {
        assert!(toml::from_str::<Policy>(&RULES.replace("[bans]", "[bans]\nwildcards = \"deny\"")).is_err());
    }
}
