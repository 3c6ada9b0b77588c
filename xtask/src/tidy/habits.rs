//! Rules about habits that hide trouble: unfinished code, silenced lints, paths of one person's machine.

use super::source::{Source, line_of};
use super::tree::TextFile;
use crate::finding::Finding;

const UNFINISHED: &[(&str, &str)] = &[
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("#[ignore", "make the test run everywhere or delete it"),
    ("#[should_panic", "return the error and compare it"),
];

/// Folders at the root of a disk that hold one person's files.
const PERSONAL_FOLDERS: &[&str] = &["root", "work", "home"];

pub(super) fn unfinished(source: &Source) -> Vec<Finding> {
    let lines = source.code.lines().enumerate();
    let found = lines.flat_map(|(index, line)| {
        let marks = UNFINISHED.iter().filter(|(mark, _)| line.contains(mark));
        marks.map(move |(mark, advice)| (index + 1, format!("`{mark}`: {advice}")))
    });
    found.map(|(line, advice)| Finding::at(&source.path, line, advice)).collect()
}

/// A silenced lint says why, so that the next reader can tell when the reason is gone.
pub(super) fn unexplained_allow(source: &Source) -> Vec<Finding> {
    let code = &source.code;
    let attributes = code.match_indices("#[").chain(code.match_indices("#!["));
    let silent = attributes.filter(|(at, _)| {
        let attribute = code.get(*at..).and_then(|rest| rest.split(']').next()).unwrap_or_default();
        ["allow(", "expect("].iter().any(|lint| attribute.contains(lint)) && !attribute.contains("reason")
    });
    let advice = "silences a lint without `reason = \"...\"`";
    silent.map(|(at, _)| Finding::at(&source.path, line_of(code, at), advice)).collect()
}

pub(super) fn absolute_paths(file: &TextFile) -> Vec<Finding> {
    let lines = file.text.lines().enumerate();
    let personal = lines.filter(|(_, line)| PERSONAL_FOLDERS.iter().any(|folder| leads_into(line, folder)));
    let advice = "has an absolute path of one machine; use a relative one, or /home/dev as an example";
    personal.map(|(index, _)| Finding::at(&file.path, index + 1, advice)).collect()
}

/// Whether the line has a path that begins at the root of the disk and leads into the folder.
fn leads_into(line: &str, folder: &str) -> bool {
    let path = format!("/{folder}/");
    line.match_indices(&path).any(|(at, _)| {
        let (before, after) = line.split_at(at);
        let continues =
            before.ends_with(|letter: char| letter.is_alphanumeric() || "._-~/*}$".contains(letter));
        !continues && !after.starts_with("/home/dev")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: fn(&Source) -> Vec<Finding>, text: &str, expected: &[usize]) {
        let lines: Vec<_> =
            rule(&Source::new("crates/tacho/src/main.rs", text)).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn unfinished_code() {
        check(
            unfinished,
            "fn a() { todo!() }\n#[ignore = \"slow\"]\n#[should_panic]\nunimplemented!();",
            &[1, 2, 3, 4],
        );
        check(unfinished, "// todo! later\nlet x = \"unimplemented!\";", &[]);
    }

    #[test]
    fn silenced_lints() {
        check(unexplained_allow, "#[allow(dead_code)]\nfn a() {}", &[1]);
        check(unexplained_allow, "#![allow(\n  dead_code,\n  reason = \"x\"\n)]\nfn allow() {}", &[]);
    }

    #[test]
    fn paths_of_one_machine() {
        let lines = |text: &str| {
            let file = TextFile { path: "docs/a.md".into(), text: text.replace('@', "/") };
            absolute_paths(&file).iter().map(|finding| finding.line).collect::<Vec<_>>()
        };
        assert_eq!(lines("see\n@root@notes and (@work@x)\n@home@someone"), [2, 3]);
        assert_eq!(lines("https:@@example.org@home@x ~@work@x .@work@y @home@dev@p"), [0; 0]);
    }
}
