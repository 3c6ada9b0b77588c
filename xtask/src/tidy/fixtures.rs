//! The rule about fixtures: a file that no test reads proves nothing.

use super::source::Source;
use super::tree::TextFile;
use crate::finding::Finding;

/// Folders below `fixtures/` whose every file is read by a test that lists the folder.
const LOADED_WHOLE: &[&str] = &[
    "fixtures/e2e",
    "fixtures/payloads",
    "fixtures/prices/cases",
    "fixtures/sessions",
    "fixtures/status_line",
    "fixtures/store",
    "fixtures/usage",
];

pub(super) fn unused(files: &[TextFile], sources: &[Source]) -> Vec<Finding> {
    let fixtures = files.iter().map(|file| file.path.as_str()).filter(|path| path.starts_with("fixtures/"));
    let in_question = fixtures.filter(|path| !path.ends_with("README.md") && !is_loaded_whole(path));
    let unused = in_question.filter(|path| !sources.iter().any(|source| names(source, path)));
    unused.map(|path| Finding::in_file(path, "is read by no test; use it or delete it")).collect()
}

fn is_loaded_whole(path: &str) -> bool {
    LOADED_WHOLE.iter().any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

/// Whether a literal of the source is the fixture's file name, ends in it, or is its stem.
fn names(source: &Source, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    source.literals().any(|literal| literal == stem || literal.ends_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixtures_that_nobody_reads() {
        let file = |path: &str| TextFile { path: path.into(), text: String::new() };
        let files = [file("fixtures/ids.tsv"), file("fixtures/hooks/stop.json"), file("fixtures/old.json")];
        let sources = [Source::new(
            "crates/tacho-model/src/tests.rs",
            "include_str!(\"../../fixtures/ids.tsv\"); check(\"stop\")",
        )];
        let paths: Vec<_> = unused(&files, &sources).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["fixtures/old.json"]);
    }
}
