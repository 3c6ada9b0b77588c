//! Cutting what is there as a whole.

use super::{Clipper, MARK_BYTES_MAX, earlier_cut, mark};
use crate::event::Json;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Strings that are this short are not made shorter for the sake of others.
const STRING_BYTES_MIN: usize = 64;

/// A text of at most `bytes_max` bytes, which must leave room for a mark.
#[must_use]
pub fn text_within(text: &str, bytes_max: usize) -> Cow<'_, str> {
    if text.len() <= bytes_max {
        return Cow::Borrowed(text);
    }
    let kept = text.get(..text.floor_char_boundary(bytes_max.saturating_sub(MARK_BYTES_MAX))).unwrap_or("");
    let cut = match earlier_cut(text) {
        Some((before, earlier)) => before.len().saturating_sub(kept.len()) as u64 + earlier,
        None => (text.len() - kept.len()) as u64,
    };
    Cow::Owned(format!("{kept}{}", mark(cut)))
}

/// JSON of at most `bytes_max` bytes: its strings are cut, and where that does not do, the value becomes a string with
/// its beginning.
#[must_use]
pub fn json_within(json: Json, bytes_max: usize) -> Json {
    if json.0.len() <= bytes_max {
        return json;
    }
    let cut = largest_fitting(bytes_max, |limit| strings_cut(&json.0, limit));
    Json(cut.unwrap_or_else(|| beginning(&json.0, bytes_max)))
}

/// JSON with its strings cut to about `limit` bytes; a string with its beginning where other things make it much longer.
#[must_use]
pub fn json_cut(json: &Json, limit: usize) -> String {
    if json.0.len() <= limit {
        return json.0.clone();
    }
    let cut = strings_cut(&json.0, limit);
    let bytes_max = limit.max(STRING_BYTES_MIN) * 4;
    if cut.len() <= bytes_max { cut } else { beginning(&json.0, bytes_max) }
}

/// A text that is not longer than `bytes_max`, where `text` makes one with strings of about a given length; `None` if it
/// is too long even without them. Strings are as long as they can be if one, two, four, ... of them are long.
pub fn largest_fitting(bytes_max: usize, text: impl Fn(usize) -> String) -> Option<String> {
    let without = Some(text(0)).filter(|text| text.len() <= bytes_max)?;
    let room = bytes_max - without.len();
    let limits = std::iter::successors(Some(room), |limit| Some(limit / 2));
    let mut tried = limits.take_while(|limit| *limit >= STRING_BYTES_MIN).map(text);
    Some(tried.find(|text| text.len() <= bytes_max).unwrap_or(without))
}

/// JSON with every string cut to about `limit` bytes.
fn strings_cut(json: &str, limit: usize) -> String {
    let mut kept = Vec::with_capacity(json.len());
    Clipper::new(limit).feed(json.as_bytes(), &mut kept);
    // The clipper parts no character of valid text.
    String::from_utf8_lossy(&kept).into_owned()
}

/// The beginning of a JSON text, as a JSON string.
fn beginning(json: &str, bytes_max: usize) -> String {
    // In quotes, no character of JSON text becomes longer than two bytes a byte.
    let text_bytes = bytes_max.saturating_sub(MARK_BYTES_MAX + 2) / 2;
    quoted(&text_within(json, text_bytes + MARK_BYTES_MAX))
}

/// A text as a JSON string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let is_escaped = |letter: char| matches!(letter, '"' | '\\' | '\0'..' ');
    for piece in text.split_inclusive(is_escaped) {
        let plain = piece.trim_end_matches(is_escaped);
        quoted.push_str(plain);
        match piece.get(plain.len()..).unwrap_or_default() {
            "" => {}
            "\"" => quoted.push_str("\\\""),
            "\\" => quoted.push_str("\\\\"),
            "\n" => quoted.push_str("\\n"),
            "\r" => quoted.push_str("\\r"),
            "\t" => quoted.push_str("\\t"),
            // Writing to a string cannot fail.
            control => {
                control.chars().for_each(|control| _ = write!(quoted, "\\u{:04x}", u32::from(control)))
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a text is nothing but the mark of a cut, as the last item of a list that was cut.
#[must_use]
pub fn is_mark(text: &str) -> bool {
    earlier_cut(text).is_some_and(|(before, _)| before.is_empty())
}

/// Whether a text ends with the mark of a cut.
#[must_use]
pub fn is_cut(text: &str) -> bool {
    earlier_cut(text).is_some()
}
