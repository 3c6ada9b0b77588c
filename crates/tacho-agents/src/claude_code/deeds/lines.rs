//! How many lines a tool changed: by the patch in its result, else by the texts before and after. A text that was cut
//! tells no number.

use crate::fields::Fields;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tacho_model::clip::{is_cut, is_mark};
use tacho_model::event::LineChange;

/// What the result of `Edit`, `MultiEdit`, `Write` or `NotebookEdit` says; `None` for that of another tool.
pub(super) fn changed(result: &Fields<'_>) -> Option<LineChange> {
    let mode = result.word("edit_mode");
    let patch: Option<Vec<&RawValue>> = result.get("structuredPatch");
    let (is_patched, hunks) = (patch.is_some(), result.objects("structuredPatch"));
    match (result.word("type").as_deref(), mode.as_deref()) {
        _ if !hunks.is_empty() => {
            hunks.iter().map(hunk).try_fold(LineChange::default(), |sum, one| Some(sum.plus(one?)))
        }
        (Some("create"), _) => {
            Some(LineChange { added: whole(result, "content")?.lines().count() as u64, removed: 0 })
        }
        (Some("update"), _) if is_patched => Some(LineChange::default()),
        (_, Some("insert")) => Some(between("", &whole(result, "new_source")?)),
        (_, Some("delete")) => Some(between(&whole(result, "old_source")?, "")),
        (_, Some("replace")) => Some(between(&whole(result, "old_source")?, &whole(result, "new_source")?)),
        _ if result.is_true("replaceAll") => None,
        _ => Some(between(&whole(result, "oldString")?, &whole(result, "newString")?)),
    }
}

/// What the arguments of `Edit` or `MultiEdit` say, each edit made once.
pub(super) fn edited(input: &Fields<'_>) -> Option<LineChange> {
    let edits = input.objects("edits");
    if edits.is_empty() {
        return edit(input);
    }
    edits.iter().map(edit).try_fold(LineChange::default(), |sum, one| Some(sum.plus(one?)))
}

fn edit(said: &Fields<'_>) -> Option<LineChange> {
    if said.is_true("replace_all") {
        return None;
    }
    Some(between(&whole(said, "old_string")?, &whole(said, "new_string")?))
}

fn hunk(hunk: &Fields<'_>) -> Option<LineChange> {
    let lines: Vec<Cow<'_, str>> = hunk.get("lines").unwrap_or_default();
    if lines.last().is_some_and(|last| is_mark(last)) {
        return None;
    }
    let count = |mark: char| lines.iter().filter(|line| line.starts_with(mark)).count() as u64;
    Some(LineChange { added: count('+'), removed: count('-') })
}

/// A text that was not cut.
fn whole<'a>(said: &Fields<'a>, name: &str) -> Option<Cow<'a, str>> {
    said.whole_text(name).filter(|text| !is_cut(text))
}

/// The lines between what both texts begin with and what both end in.
fn between(old: &str, new: &str) -> LineChange {
    let (mut old, mut new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    old.drain(..same_start);
    new.drain(..same_start);
    let same_end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let changed = |lines: &[&str]| (lines.len() - same_end) as u64;
    LineChange { added: changed(&new), removed: changed(&old) }
}
