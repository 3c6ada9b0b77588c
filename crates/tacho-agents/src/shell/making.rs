//! Commands that make what can be pointed to: commits, pull requests, issues.

use super::programs::base_name;
use tacho_model::event::Makes;

/// Options in front of a subcommand whose value is a word of its own.
const VALUED: [&str; 8] =
    ["-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "-R", "--repo"];

/// What a program makes, by its subcommand.
const MAKING: &[(&str, &[&str], Makes)] = &[
    ("git", &["commit"], Makes::COMMIT),
    ("git", &["cherry-pick"], Makes::COMMIT),
    ("git", &["revert"], Makes::COMMIT),
    ("gh", &["pr", "create"], Makes::CHANGE),
    ("gh", &["pr", "new"], Makes::CHANGE),
    ("gh", &["issue", "create"], Makes::ISSUE),
    ("gh", &["issue", "new"], Makes::ISSUE),
    ("glab", &["mr", "create"], Makes::CHANGE),
    ("glab", &["mr", "new"], Makes::CHANGE),
    ("glab", &["issue", "create"], Makes::ISSUE),
    ("glab", &["issue", "new"], Makes::ISSUE),
    ("hub", &["pull-request"], Makes::CHANGE),
    ("hub", &["issue", "create"], Makes::ISSUE),
    ("tea", &["pulls", "create"], Makes::CHANGE),
    ("tea", &["pr", "create"], Makes::CHANGE),
    ("tea", &["issues", "create"], Makes::ISSUE),
    ("tea", &["issue", "create"], Makes::ISSUE),
];

/// What the command makes if it goes well.
pub(super) fn made_by(words: &[String]) -> Makes {
    let Some((program, rest)) = words.split_first() else { return Makes::NOTHING };
    let program = base_name(program);
    let mut subcommand = Vec::new();
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        if VALUED.contains(&word.as_str()) {
            rest.next();
        } else if !word.starts_with('-') {
            subcommand.push(word.as_str());
        }
        if subcommand.len() == 2 {
            break;
        }
    }
    let made = MAKING.iter().find(|(name, words, _)| *name == program && subcommand.starts_with(words));
    made.map_or(Makes::NOTHING, |(_, _, makes)| *makes)
}
