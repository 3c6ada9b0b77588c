//! The rule about crates: who may import whom. The table is the design; cargo says what is true.

use crate::finding::Finding;
use crate::workspace::{Dependency, Package};

/// Each crate of ours and the crates of ours it may import. A crate that is not here may not exist.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("tacho-model", &[]),
    ("tacho-spool", &[]),
    ("tacho-audit", &[]),
    ("tacho-hook", &["tacho-spool"]),
    ("tacho-agents", &["tacho-model"]),
    ("tacho-assemble", &["tacho-model"]),
    ("tacho-privacy", &["tacho-model"]),
    ("tacho-store", &["tacho-model", "tacho-privacy"]),
    ("tacho-export", &["tacho-model", "tacho-privacy"]),
    (
        "tacho",
        &[
            "tacho-model",
            "tacho-spool",
            "tacho-audit",
            "tacho-agents",
            "tacho-assemble",
            "tacho-privacy",
            "tacho-store",
            "tacho-export",
        ],
    ),
    ("tacho-testkit", &["tacho-model"]),
    (
        "xtask",
        &[
            "tacho-testkit",
            "tacho-agents",
            "tacho-assemble",
            "tacho-audit",
            "tacho-export",
            "tacho-model",
            "tacho-privacy",
            "tacho-spool",
            "tacho-store",
        ],
    ),
];

/// What the tests of every crate may import besides.
const TESTS_MAY_IMPORT: &str = "tacho-testkit";

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let manifest = match package.name.as_str() {
        "xtask" => "xtask/Cargo.toml".to_owned(),
        name => format!("crates/{name}/Cargo.toml"),
    };
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == package.name) else {
        return vec![Finding::in_file(
            &manifest,
            "is not in the table of crates; a new crate needs a row and an ADR",
        )];
    };
    let ours = package.dependencies.iter().filter(|one| MAY_IMPORT.iter().any(|(name, _)| *name == one.name));
    let forbidden = ours.filter(|one| !allowed.contains(&one.name.as_str()) && !is_for_tests(one));
    let advice =
        |name: &str| format!("may not import {name}; move the code, or change the table with an ADR");
    forbidden.map(|one| Finding::in_file(&manifest, advice(&one.name))).collect()
}

fn is_for_tests(dependency: &Dependency) -> bool {
    dependency.name == TESTS_MAY_IMPORT && dependency.kind.as_deref() == Some("dev")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_one(name: &str, dependency: &str, kind: Option<&str>, expected: usize) {
        let dependencies = vec![Dependency { name: dependency.into(), kind: kind.map(str::to_owned) }];
        let package = Package { name: name.into(), version: "0.1.0".into(), dependencies };
        assert_eq!(check(&[package]).len(), expected, "{name} -> {dependency}");
    }

    #[test]
    fn arrows_point_one_way() {
        check_one("tacho-assemble", "tacho-agents", None, 1);
        check_one("tacho-hook", "tacho-model", Some("build"), 1);
        check_one("tacho-hook", "tacho-spool", None, 0);
        check_one("tacho-model", "serde", None, 0);
    }

    #[test]
    fn only_tests_import_the_testkit() {
        check_one("tacho-store", "tacho-testkit", None, 1);
        check_one("tacho-store", "tacho-testkit", Some("dev"), 0);
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        check_one("tacho-common", "serde", None, 1);
    }
}
