//! Cutting what is long, so that no payload outgrows the store and no attribute a receiver. JSON is cut inside its
//! strings and stays JSON, as it streams by or as a whole.
//!
//! A string is cut to 15 KiB when it is taken in, a value to 15.5 KiB when it is understood, an attribute to 16 KiB when
//! it is written: one long string fits all the way with what stands around it, and is cut once. Where all that is
//! kept becomes too much, lists of plain values are cut, too: what stands behind them tells what it is about.

mod whole;

pub use whole::{is_cut, is_mark, json_cut, json_within, largest_fitting, quoted, text_within};

use std::collections::VecDeque;

/// Strings longer than this are cut as they are taken in, measured as they stand in the JSON text.
pub const STRING_BYTES_MAX: usize = 15 * 1024;

/// No text and no value of an event is longer than this.
pub const VALUE_BYTES_MAX: usize = STRING_BYTES_MAX + 512;

/// No content of an attribute is longer than this.
pub const CONTENT_BYTES_MAX: usize = 16 * 1024;

/// Once so much is kept of what is taken in, lists of plain values are cut: the lines of a patch may be very many.
pub const UNCUT_BYTES_MAX: usize = 768 * 1024;

/// So much is kept of every list.
const LIST_BYTES_MIN: usize = 1024;

/// The longest mark that says how much was cut.
const MARK_BYTES_MAX: usize = "\u{2026}[18446744073709551615 bytes cut]".len();

/// Copies JSON text and cuts its long strings, and lists of plain values once there is much. Valid text stays valid; keys are
/// cut like any string, and the last item of a list that was cut is a mark.
#[derive(Debug)]
pub struct Clipper {
    limit: usize,
    /// How much is kept before any list is cut.
    uncut: usize,
    /// How much is kept of every list.
    list_min: usize,
    place: Place,
    /// Bytes of the current string that were copied.
    kept: usize,
    /// Bytes that were not, of it or of the current list.
    cut: u64,
    /// The last of them: they may be the mark of an earlier cut.
    last_cut: VecDeque<u8>,
    unicode: Unicode,
    /// Where in what is kept the list begins that is open, if there are only plain values in it.
    list: Option<usize>,
    rest: Option<Rest>,
}

/// The rest of a list, which is not kept: where one is in it.
#[derive(Debug, Default)]
struct Rest {
    /// Lists and objects that are open in it.
    depth: u64,
    is_in_string: bool,
    is_escaped: bool,
}

impl Rest {
    /// Whether it ends before this byte, which is the next.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.is_in_string {
            let ends_string = byte == b'"' && !self.is_escaped;
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            self.is_in_string = !ends_string;
            return false;
        }
        match byte {
            b'"' => self.is_in_string = true,
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' if self.depth == 0 => return true,
            b']' | b'}' => self.depth -= 1,
            _ => {}
        }
        false
    }
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
        Self::with_limits(limit, UNCUT_BYTES_MAX, LIST_BYTES_MIN)
    }

    pub(crate) const fn with_limits(limit: usize, uncut: usize, list_min: usize) -> Self {
        let last_cut = VecDeque::new();
        Self {
            limit,
            uncut,
            list_min,
            place: Place::Outside,
            kept: 0,
            cut: 0,
            last_cut,
            unicode: Unicode::Other,
            list: None,
            rest: None,
        }
    }

    /// Takes a piece of the text and appends what is kept of it, always to the same.
    pub fn feed(&mut self, mut text: &[u8], kept: &mut Vec<u8>) {
        while !text.is_empty() {
            text = match self.place {
                Place::Outside if self.rest.is_some() => self.pass_rest(text, kept),
                Place::Outside => self.outside(text, kept),
                Place::Inside => self.inside(text, kept),
                Place::Escape | Place::Digits(_) => self.escape(text, kept),
            };
        }
    }

    fn outside<'a>(&mut self, text: &'a [u8], kept: &mut Vec<u8>) -> &'a [u8] {
        let end = text.iter().position(|byte| b"\"[]{},".contains(byte));
        let (part, rest) = text.split_at(end.unwrap_or(text.len()));
        kept.extend_from_slice(part);
        let Some((byte, behind)) = rest.split_first() else { return rest };
        match byte {
            b'"' => {
                (self.place, self.kept, self.cut, self.unicode) = (Place::Inside, 0, 0, Unicode::Other);
                self.last_cut.clear();
            }
            b'[' => self.list = Some(kept.len()),
            b',' if self.list.is_some_and(|begin| self.is_long(kept.len(), begin)) => {
                self.rest = Some(Rest::default());
                self.cut = 0;
                self.last_cut.clear();
            }
            b',' => {}
            _ => self.list = None,
        }
        kept.push(*byte);
        behind
    }

    /// Whether a list that began there is cut here.
    const fn is_long(&self, here: usize, begin: usize) -> bool {
        here > self.uncut && here.saturating_sub(begin) > self.list_min
    }

    /// Passes over what a list has left, and puts a mark in its place.
    fn pass_rest<'a>(&mut self, text: &'a [u8], kept: &mut Vec<u8>) -> &'a [u8] {
        let end = self.rest.as_mut().and_then(|rest| text.iter().position(|byte| rest.ends_before(*byte)));
        let (part, behind) = text.split_at(end.unwrap_or(text.len()));
        self.leave_out(part);
        if end.is_some() {
            kept.extend_from_slice(format!("\"{}\"", mark(self.bytes_cut())).as_bytes());
            self.rest = None;
        }
        behind
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
            self.leave_out(part);
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
        self.leave_out(cut);
    }

    fn leave_out(&mut self, part: &[u8]) {
        self.cut += part.len() as u64;
        let last = part.get(part.len().saturating_sub(MARK_BYTES_MAX)..).unwrap_or(part);
        self.last_cut.extend(last);
        self.last_cut.drain(..self.last_cut.len().saturating_sub(MARK_BYTES_MAX));
    }

    /// Begins an escape: it is kept or cut as a whole.
    fn keep_unit(&mut self, bytes: &[u8], kept: &mut Vec<u8>) {
        let completes_a_pair = self.unicode == Unicode::High;
        if self.cut > 0 || self.kept >= self.limit && !completes_a_pair {
            self.leave_out(bytes);
        } else {
            kept.extend_from_slice(bytes);
            self.kept += bytes.len();
        }
    }

    fn keep_inside_unit(&mut self, byte: u8, kept: &mut Vec<u8>) {
        if self.cut > 0 {
            self.leave_out(&[byte]);
        } else {
            kept.push(byte);
            self.kept += 1;
        }
    }

    fn end_string(&mut self, kept: &mut Vec<u8>) {
        if self.cut > 0 {
            kept.extend_from_slice(mark(self.bytes_cut()).as_bytes());
        }
        kept.push(b'"');
        self.place = Place::Outside;
    }

    /// How much was left out, also by an earlier cut whose mark is the last of it.
    fn bytes_cut(&mut self) -> u64 {
        let last = String::from_utf8_lossy(self.last_cut.make_contiguous()).into_owned();
        // The mark of a list is a string of its own.
        let said = last.trim_end().strip_suffix('"').unwrap_or(&last);
        match earlier_cut(said) {
            Some((before, earlier)) => {
                let before = before.strip_suffix('"').unwrap_or(before);
                self.cut.saturating_sub((last.len() - before.len()) as u64).saturating_add(earlier)
            }
            None => self.cut,
        }
    }
}

/// JSON text with its long strings cut.
#[must_use]
pub fn clip(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len().min(2 * STRING_BYTES_MAX));
    Clipper::new(STRING_BYTES_MAX).feed(text, &mut kept);
    kept
}

fn mark(bytes: u64) -> String {
    format!("\u{2026}[{bytes} bytes cut]")
}

/// What stands before the mark of an earlier cut, and how much that one left out.
fn earlier_cut(text: &str) -> Option<(&str, u64)> {
    let (before, number) = text.strip_suffix(" bytes cut]")?.rsplit_once("\u{2026}[")?;
    Some((before, number.parse().ok()?))
}
