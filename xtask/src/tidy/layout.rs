//! Rules about files as such: how long they are, how they begin, what they and their types are called.

use super::source::{Source, line_of};
use super::tree::TextFile;
use crate::finding::Finding;
use crate::workspace::Package;

const PRODUCT_LINES: usize = 500;
const ALL_LINES: usize = 800;
const README_LINES: usize = 30;

/// Files that may be longer, and why.
const LONG_FILES: &[(&str, &str)] = &[
    ("crates/tacho-model/src/semconv.rs", "a generated flat table"),
    ("crates/tacho-model/src/metrics.rs", "a generated flat table"),
    ("crates/tacho-assemble/src/price/table.rs", "a generated flat table"),
];

/// Words that say a role instead of a thing.
const BANNED_NAMES: &[&str] = &[
    "Manager",
    "Handler",
    "Helper",
    "Helpers",
    "Util",
    "Utils",
    "Common",
    "Misc",
    "Processor",
    "Service",
    "Wrapper",
    "Info",
    "Data",
];

pub(super) fn length(source: &Source) -> Vec<Finding> {
    if LONG_FILES.iter().any(|(path, _)| *path == source.path) {
        return Vec::new();
    }
    let product = source.product_code().count();
    let all = source.text.lines().count();
    let (lines, limit) = if product > PRODUCT_LINES { (product, PRODUCT_LINES) } else { (all, ALL_LINES) };
    if lines <= limit {
        return Vec::new();
    }
    vec![Finding::in_file(
        &source.path,
        format!("has {lines} lines of at most {limit}; split it by what it does"),
    )]
}

pub(super) fn purpose_line(source: &Source) -> Vec<Finding> {
    let in_scope = source.path.contains("/src/");
    if !in_scope || source.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![Finding::at(&source.path, 1, "must begin with `//!`: what the file is for and what it must not do")]
}

pub(super) fn file_name(source: &Source) -> Vec<Finding> {
    let file = source.path.rsplit('/').next().unwrap_or_default();
    let last_word = file.trim_end_matches(".rs").rsplit('_').next().unwrap_or_default();
    let banned = last_word == "imp" || BANNED_NAMES.iter().any(|name| name.eq_ignore_ascii_case(last_word));
    if !banned {
        return Vec::new();
    }
    vec![Finding::in_file(&source.path, format!("is called `{last_word}`; name it for the thing it holds"))]
}

pub(super) fn type_names(source: &Source) -> Vec<Finding> {
    let keywords = ["struct ", "enum ", "trait ", "union ", "type "];
    let definitions = keywords.iter().flat_map(|keyword| names_after(&source.code, keyword));
    let banned = definitions.filter(|(_, name)| BANNED_NAMES.iter().any(|word| name.ends_with(word)));
    banned
        .map(|(line, name)| Finding::at(&source.path, line, format!("`{name}` names a role; name the thing")))
        .collect()
}

/// The identifiers that follow a keyword, with their lines.
fn names_after<'a>(code: &'a str, keyword: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(keyword).filter_map(move |(at, _)| {
        let (before, after) = code.split_at(at);
        let name = after.get(keyword.len()..)?;
        let end = name.find(|letter| !is_word(letter)).unwrap_or(name.len());
        (!before.ends_with(is_word)).then(|| (line_of(code, at), name.split_at(end).0))
    })
}

/// Every crate says on one page what it is for and what it must not do.
pub(super) fn crate_readmes(packages: &[Package], files: &[TextFile]) -> Vec<Finding> {
    packages.iter().filter_map(|package| readme_finding(&package.name, files)).collect()
}

fn readme_finding(package: &str, files: &[TextFile]) -> Option<Finding> {
    let path =
        if package == "xtask" { "xtask/README.md".into() } else { format!("crates/{package}/README.md") };
    let Some(readme) = files.iter().find(|file| file.path == path) else {
        return Some(Finding::in_file(
            &path,
            "is missing; say what the crate is for and what it must not do",
        ));
    };
    if readme.text.lines().count() > README_LINES {
        return Some(Finding::in_file(&path, format!("has more than {README_LINES} lines; shorten it")));
    }
    let forbids = readme.text.contains("Must not");
    (!forbids).then(|| Finding::in_file(&path, "has no line with `Must not`; say what the crate must not do"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/tacho-store/src/rollup.rs";

    #[track_caller]
    fn lines(findings: &[Finding], expected: &[usize]) {
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn long_files() {
        lines(&length(&Source::new(PATH, &"a();\n".repeat(500))), &[]);
        lines(&length(&Source::new(PATH, &"a();\n".repeat(501))), &[0]);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "a();\n".repeat(600));
        lines(&length(&Source::new(PATH, &tests)), &[]);
        lines(&length(&Source::new("crates/tacho-store/src/tests.rs", &"a();\n".repeat(801))), &[0]);
    }

    #[test]
    fn files_without_a_purpose() {
        lines(&purpose_line(&Source::new(PATH, "//! Sums.\n")), &[]);
        lines(&purpose_line(&Source::new(PATH, "use std::fs;\n//! Sums.\n")), &[1]);
    }

    #[test]
    fn names_of_roles() {
        lines(&file_name(&Source::new("crates/tacho/src/string_utils.rs", "")), &[0]);
        lines(&file_name(&Source::new("crates/tacho/src/metadata.rs", "")), &[]);
        let source =
            "//! x\nstruct SpanHandler;\nenum Data {}\nstruct Metadata;\n// struct Info\nlet x = Info;\n";
        lines(&type_names(&Source::new(PATH, source)), &[2, 3]);
    }

    #[test]
    fn readmes() {
        let readme =
            |text: &str| vec![TextFile { path: "crates/tacho-hook/README.md".into(), text: text.into() }];
        assert!(readme_finding("tacho-hook", &[]).is_some());
        assert!(readme_finding("tacho-hook", &readme("# tacho-hook\n")).is_some());
        assert!(readme_finding("tacho-hook", &readme(&"Must not\n".repeat(31))).is_some());
        assert!(readme_finding("tacho-hook", &readme("# tacho-hook\nMust not block.\n")).is_none());
    }
}
