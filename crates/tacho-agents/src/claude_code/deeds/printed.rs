//! What output has that git and the programs of hosts print when they have made something. Output can hold anything;
//! that a command made it must be known from the command.

use crate::fields::Fields;
use tacho_model::event::{Printed, WebLink};

/// Ids of commits are cut to this or more, and no longer than SHA-256 makes them.
const REVISION_LETTERS: std::ops::RangeInclusive<usize> = 7..=64;
/// How the last parts but one of an address are called that has a number behind.
const CHANGES: [&str; 4] = ["pull", "pulls", "pull-requests", "merge_requests"];
const ISSUES: [&str; 1] = ["issues"];
const URL_BYTES_MAX: usize = 512;

/// What the result of a shell's command has. What the CLI itself made of it comes first.
pub(super) fn by_result(result: &Fields<'_>) -> Option<Printed> {
    let git = result.object("gitOperation");
    let made = git.object("pr");
    let is_new = made.word("action").as_deref() == Some("created");
    let output = result.whole_text("stdout").and_then(|output| by_text(&output)).unwrap_or_default();
    let revision = git.object("commit").text("sha").filter(|sha| is_revision(sha));
    let change = made.text("url").filter(|_| is_new).and_then(|url| link(&url, &CHANGES));
    some(Printed {
        revision: revision.or(output.revision),
        change: change.or(output.change),
        issue: output.issue,
    })
}

/// What a text has, the last of each kind. An address behind `already exists:` is of what another command made before.
pub(super) fn by_text(output: &str) -> Option<Printed> {
    let behind = output.lines().map(str::trim).filter(|line| !line.is_empty());
    let before = std::iter::once("").chain(behind.clone());
    let made: Vec<&str> = behind
        .zip(before)
        .filter(|(_, before)| !before.ends_with("already exists:"))
        .map(|(line, _)| line)
        .collect();
    let lines = || made.iter().rev().copied();
    some(Printed {
        revision: lines().find_map(revision),
        change: lines().find_map(|line| link(line, &CHANGES)),
        issue: lines().find_map(|line| link(line, &ISSUES)),
    })
}

fn some(printed: Printed) -> Option<Printed> {
    (printed != Printed::default()).then_some(printed)
}

/// `[main 0a1b2c3] Subject`, as git says what it committed.
fn revision(line: &str) -> Option<String> {
    let (inside, _) = line.strip_prefix('[')?.split_once("] ")?;
    let (_, revision) = inside.rsplit_once(' ')?;
    is_revision(revision).then(|| revision.to_owned())
}

fn is_revision(text: &str) -> bool {
    REVISION_LETTERS.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A line that is an address and nothing else: `https://host/owner/name/pull/17`.
fn link(line: &str, kinds: &[&str]) -> Option<WebLink> {
    let rest = line.strip_prefix("https://").or_else(|| line.strip_prefix("http://"))?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
    if line.len() > URL_BYTES_MAX || !rest.bytes().all(is_plain) {
        return None;
    }
    let parts: Vec<&str> = rest.split('/').collect();
    let [_, _, _, .., kind, number] = parts.as_slice() else { return None };
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|_| is_number && kinds.contains(kind))?;
    Some(WebLink { url: line.to_owned(), number })
}
