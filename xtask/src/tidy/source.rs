//! One Rust file as the rules see it: which crate it is in, what is code, what is text, what only tests see.

use std::ops::Range;

use super::lexer::{self, Literal};
use super::tree::TextFile;

pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    /// The text with comments and literals blanked out; lines are the same.
    pub(super) code: String,
    literals: Vec<Literal>,
    /// Lines, from 1, of items under `#[cfg(test)]`.
    test_lines: Vec<Range<usize>>,
}

impl Source {
    pub(super) fn read(file: &TextFile) -> Option<Self> {
        file.path.ends_with(".rs").then(|| Self::new(&file.path, &file.text))
    }

    pub(super) fn new(path: &str, text: &str) -> Self {
        let (code, literals) = lexer::split(text);
        let test_lines = test_items(&code);
        Self { path: path.to_owned(), text: text.to_owned(), code, literals, test_lines }
    }

    /// The folder below `crates/`, which is the crate's name; empty elsewhere.
    pub(super) fn crate_name(&self) -> &str {
        self.path.strip_prefix("crates/").and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }

    /// Whether the file goes into a program that users get.
    pub(super) fn is_product(&self) -> bool {
        let in_tests = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        self.path.starts_with("crates/")
            && self.path.contains("/src/")
            && !in_tests
            && self.crate_name() != "tacho-testkit"
    }

    /// The lines that users get, as written, with their numbers.
    pub(super) fn product_text(&self) -> impl Iterator<Item = (usize, &str)> {
        self.product_lines_of(&self.text)
    }

    /// The same lines without comments and literals.
    pub(super) fn product_code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.product_lines_of(&self.code)
    }

    /// The string literals that users get, with their lines.
    pub(super) fn product_literals(&self) -> impl Iterator<Item = (usize, &str)> {
        let literals = self.literals.iter().map(|literal| (literal.line, literal.text.as_str()));
        literals.filter(|(line, _)| self.is_product_line(*line))
    }

    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        self.literals.iter().map(|literal| literal.text.as_str())
    }

    fn product_lines_of<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        text.lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(line, _)| self.is_product_line(*line))
    }

    fn is_product_line(&self, line: usize) -> bool {
        self.is_product() && !self.test_lines.iter().any(|lines| lines.contains(&line))
    }
}

/// The lines of every item under `#[cfg(test)]`, the attribute included.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let items = code.match_indices("#[cfg(test)]");
    items.map(|(start, _)| line_of(code, start)..line_of(code, item_end(code, start)) + 1).collect()
}

/// Where the item that begins at `start` ends: at its semicolon, or at the brace that closes its first brace.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in code.char_indices().skip_while(|(at, _)| *at < start) {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return at,
            '}' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return at,
            _ => {}
        }
    }
    code.len()
}

/// The line, from 1, of a byte of the text.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn what_only_tests_see_is_no_product() {
        let text = "a();\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\nc();\n#[cfg(test)]\nmod more;\nd();\n";
        let source = Source::new("crates/tacho-store/src/lib.rs", text);
        let lines: Vec<_> = source.product_code().collect();
        assert_eq!(lines, [(1, "a();"), (6, "c();"), (9, "d();")]);
    }

    #[test]
    fn test_files_are_no_product() {
        for path in [
            "crates/tacho/src/tests.rs",
            "crates/tacho/tests/it/main.rs",
            "crates/tacho-testkit/src/lib.rs",
            "xtask/src/main.rs",
        ] {
            assert_eq!(Source::new(path, "a();").product_code().count(), 0, "{path}");
        }
    }
}
