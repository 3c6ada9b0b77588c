//! Cutting what is long, so that no payload outgrows the store and no attribute a receiver. JSON is cut inside its
//! strings and stays JSON, as it streams by or as a whole.

use crate::event::Json;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Strings longer than this are cut, measured as they stand in the JSON text.
pub const STRING_BYTES_MAX: usize = 16 * 1024;

/// No content of an attribute is longer than this.
pub const CONTENT_BYTES_MAX: usize = 16 * 1024;

/// How often a limit is halved to find the best: to the nearest 64 bytes of 16 KiB.
const HALVINGS: u32 = 8;

/// The longest mark that says how much was cut.
const MARK_BYTES_MAX: usize = "\u{2026}[18446744073709551615 bytes cut]".len();

/// Copies JSON text and cuts its long strings. Valid text stays valid; keys are cut like any string.
#[derive(Debug)]
pub struct Clipper {
    limit: usize,
    place: Place,
    /// Bytes of the current string that were copied.
    kept: usize,
    /// Bytes of the current string that were not.
    cut: u64,
    unicode: Unicode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    Inside,
    /// Behind a backslash.
    Escape,
    /// Inside `\uXXXX`, with so many digits to come.
    Digits(u8),
}

/// What the last `\uXXXX` was: a high surrogate must keep its partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unicode {
    Other,
    MaybeHigh,
    High,
}

impl Clipper {
    /// A clipper that keeps about `limit` bytes of every string.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, place: Place::Outside, kept: 0, cut: 0, unicode: Unicode::Other }
    }

    /// Takes a piece of the text and appends what is kept of it.
    pub fn feed(&mut self, mut text: &[u8], kept: &mut Vec<u8>) {
        while !text.is_empty() {
            text = match self.place {
                Place::Outside => self.outside(text, kept),
                Place::Inside => self.inside(text, kept),
                Place::Escape | Place::Digits(_) => self.escape(text, kept),
            };
        }
    }

    fn outside<'a>(&mut self, text: &'a [u8], kept: &mut Vec<u8>) -> &'a [u8] {
        let end = text.iter().position(|byte| *byte == b'"').map_or(text.len(), |quote| quote + 1);
        let (part, rest) = text.split_at(end);
        kept.extend_from_slice(part);
        if part.ends_with(b"\"") {
            (self.place, self.kept, self.cut, self.unicode) = (Place::Inside, 0, 0, Unicode::Other);
        }
        rest
    }

    fn inside<'a>(&mut self, text: &'a [u8], kept: &mut Vec<u8>) -> &'a [u8] {
        let plain = text.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(text.len());
        let (part, rest) = text.split_at(plain);
        self.keep_plain(part, kept);
        let [stop, behind @ ..] = rest else { return rest };
        if *stop == b'"' {
            self.end_string(kept);
        } else {
            self.place = Place::Escape;
            self.keep_unit(b"\\", kept);
        }
        behind
    }

    fn escape<'a>(&mut self, text: &'a [u8], kept: &mut Vec<u8>) -> &'a [u8] {
        let Some((byte, behind)) = text.split_first() else { return text };
        self.keep_inside_unit(*byte, kept);
        self.place = match self.place {
            Place::Escape if *byte == b'u' => Place::Digits(4),
            Place::Digits(left) if left > 1 => Place::Digits(left - 1),
            Place::Escape | Place::Digits(_) | Place::Inside | Place::Outside => Place::Inside,
        };
        self.unicode = match (self.place, byte.to_ascii_lowercase()) {
            (Place::Digits(3), b'd') => Unicode::MaybeHigh,
            (Place::Digits(2), b'8'..=b'b') if self.unicode == Unicode::MaybeHigh => Unicode::High,
            (Place::Digits(2), _) => Unicode::Other,
            _ => self.unicode,
        };
        behind
    }

    /// Keeps plain text up to the limit, never parting the bytes of one character.
    fn keep_plain(&mut self, part: &[u8], kept: &mut Vec<u8>) {
        if part.is_empty() {
            return;
        }
        self.unicode = Unicode::Other;
        if self.cut > 0 {
            self.cut += part.len() as u64;
            return;
        }
        let is_continuation = |byte: &u8| byte & 0xC0 == 0x80;
        let room = self.limit.saturating_sub(self.kept);
        let end = part
            .get(room..)
            .and_then(|over| over.iter().position(|byte| !is_continuation(byte)))
            .map_or(part.len(), |continued| room + continued);
        let (keep, cut) = part.split_at(end);
        kept.extend_from_slice(keep);
        self.kept += keep.len();
        self.cut += cut.len() as u64;
    }

    /// Begins an escape: it is kept or cut as a whole.
    fn keep_unit(&mut self, bytes: &[u8], kept: &mut Vec<u8>) {
        let completes_a_pair = self.unicode == Unicode::High;
        if self.cut > 0 || self.kept >= self.limit && !completes_a_pair {
            self.cut += bytes.len() as u64;
        } else {
            kept.extend_from_slice(bytes);
            self.kept += bytes.len();
        }
    }

    fn keep_inside_unit(&mut self, byte: u8, kept: &mut Vec<u8>) {
        if self.cut > 0 {
            self.cut += 1;
        } else {
            kept.push(byte);
            self.kept += 1;
        }
    }

    fn end_string(&mut self, kept: &mut Vec<u8>) {
        if self.cut > 0 {
            kept.extend_from_slice(mark(self.cut).as_bytes());
        }
        kept.push(b'"');
        self.place = Place::Outside;
    }
}

/// JSON text with its long strings cut.
#[must_use]
pub fn clip(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len().min(2 * STRING_BYTES_MAX));
    Clipper::new(STRING_BYTES_MAX).feed(text, &mut kept);
    kept
}

/// A text of at most `bytes_max` bytes, which must leave room for a mark.
#[must_use]
pub fn text_within(text: &str, bytes_max: usize) -> Cow<'_, str> {
    if text.len() <= bytes_max {
        return Cow::Borrowed(text);
    }
    let kept = text.get(..text.floor_char_boundary(bytes_max.saturating_sub(MARK_BYTES_MAX))).unwrap_or("");
    Cow::Owned(format!("{kept}{}", mark((text.len() - kept.len()) as u64)))
}

/// JSON of at most `bytes_max` bytes: its strings are cut as little as it takes, and where even that does not do, the
/// value becomes a string with its beginning.
#[must_use]
pub fn json_within(json: &Json, bytes_max: usize) -> Json {
    if json.0.len() <= bytes_max {
        return json.clone();
    }
    let cut = largest_fitting(bytes_max, |limit| strings_within(&json.0, limit));
    Json(cut.unwrap_or_else(|| beginning(&json.0, bytes_max)))
}

/// The text with the longest strings that is not longer than `bytes_max`, where `text` makes it with strings of about
/// a given length; `None` if it is too long even without them.
pub fn largest_fitting(bytes_max: usize, text: impl Fn(usize) -> String) -> Option<String> {
    let mut best = Some(text(0)).filter(|text| text.len() <= bytes_max)?;
    let (mut low, mut high) = (0, bytes_max);
    for _ in 0..HALVINGS {
        let limit = (low + high) / 2;
        let tried = text(limit);
        if tried.len() <= bytes_max {
            (low, best) = (limit, tried);
        } else {
            high = limit;
        }
    }
    Some(best)
}

/// JSON with every string cut to about `limit` bytes.
fn strings_within(json: &str, limit: usize) -> String {
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
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Writing to a string cannot fail.
            control if control < ' ' => _ = write!(quoted, "\\u{:04x}", u32::from(control)),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn mark(bytes: u64) -> String {
    format!("\u{2026}[{bytes} bytes cut]")
}

/// Whether a text ends with the mark of a cut.
#[must_use]
pub fn is_cut(text: &str) -> bool {
    let number = text.strip_suffix(" bytes cut]").and_then(|text| text.rsplit_once("\u{2026}["));
    number.is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}
