//! Files of the repository that nobody edits by hand: written by a task from its tables, and found stale when they differ.

use std::path::Path;

use crate::finding::Finding;
use crate::workspace;

/// One such file.
pub(crate) struct Generated {
    /// From the root of the repository, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Generated {
    pub(crate) fn new(path: impl Into<String>, text: String) -> Self {
        Self { path: path.into(), text }
    }
}

/// The files that differ from what their tables say now; `task` writes them.
pub(crate) fn stale(files: &[Generated], root: &Path, task: &str) -> Vec<Finding> {
    let found = |file: &Generated| std::fs::read_to_string(root.join(&file.path)).unwrap_or_default();
    files.iter().filter_map(|file| first_difference(file, &found(file), task)).collect()
}

pub(crate) fn write(files: &[Generated], root: &Path) -> anyhow::Result<()> {
    for file in files {
        workspace::write(&root.join(&file.path), &file.text)?;
        println!("wrote {}", file.path);
    }
    Ok(())
}

fn first_difference(expected: &Generated, found: &str, task: &str) -> Option<Finding> {
    if expected.text == found {
        return None;
    }
    let same = expected.text.lines().zip(found.lines()).take_while(|(left, right)| left == right).count();
    let should_be = expected.text.lines().nth(same).unwrap_or("the end of the file");
    let advice =
        format!("is not what its table says (here should be `{should_be}`); run `cargo xtask {task}`");
    Some(Finding::at(&expected.path, same + 1, advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_file_is_stale() {
        let file = Generated::new("a.json", "1\n2\n".to_owned());
        let line = |found: &str| first_difference(&file, found, "codegen").map(|finding| finding.line);
        assert_eq!([line("1\n2\n"), line("1\n3\n"), line("")], [None, Some(2), Some(1)]);
    }
}
