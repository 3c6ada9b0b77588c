//! JSON text taken apart in one pass: judged by the whole grammar (RFC 8259), and understood no further than is asked for.
//!
//! A transcript's row has a hundred values, of which a dozen are looked at. Must not decode: what a value says is
//! asked of `serde_json`, when it is asked for.

use std::borrow::Cow;
use std::fmt;

/// The text is not what was expected from this byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(usize);

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no JSON object as of byte {}", self.0)
    }
}

/// A place in a text.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// The text, which must be one as a whole.
    pub(crate) fn new(text: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(text).map_err(|error| Malformed(error.valid_up_to()))?;
        Ok(Self { text, at: 0 })
    }

    /// The text of a value.
    pub(crate) const fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What the next value begins with.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at).copied() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                first => return first,
            }
        }
    }

    /// Makes sure that nothing follows.
    pub(crate) fn end(mut self) -> Result<(), Malformed> {
        self.peek().map_or(Ok(()), |_| Err(Malformed(self.at)))
    }

    /// Goes through an object. `field` is told each name, and takes the value.
    pub(crate) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'{')?;
        if self.takes(b'}') {
            return Ok(());
        }
        loop {
            let name = self.name()?;
            field(self, name)?;
            if self.is_last(b'}')? {
                return Ok(());
            }
        }
    }

    /// Goes through a list. `item` takes each value.
    pub(crate) fn list(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'[')?;
        if self.takes(b']') {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.is_last(b']')? {
                return Ok(());
            }
        }
    }

    /// Takes a value of any kind, as it is written.
    pub(crate) fn value(&mut self) -> Result<&'a str, Malformed> {
        self.peek();
        let begin = self.at;
        // What closes the lists and objects that are open.
        let mut open = Vec::new();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    if !self.takes(b'}') {
                        open.push(b'}');
                        self.pass_name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    if !self.takes(b']') {
                        open.push(b']');
                        continue;
                    }
                }
                Some(b'"') => self.pass_string().map(drop)?,
                _ => self.pass_word()?,
            }
            while let Some(closing) = open.last().copied() {
                if !self.is_last(closing)? {
                    if closing == b'}' {
                        self.pass_name()?;
                    }
                    break;
                }
                open.pop();
            }
            if open.is_empty() {
                return self.text.get(begin..self.at).ok_or(Malformed(begin));
            }
        }
    }

    /// Whether a list or an object ends here, or has more.
    fn is_last(&mut self, closing: u8) -> Result<bool, Malformed> {
        let is_last = self.takes(closing);
        if !is_last {
            self.expect(b',')?;
        }
        Ok(is_last)
    }

    fn takes(&mut self, byte: u8) -> bool {
        let takes = self.peek() == Some(byte);
        self.at += usize::from(takes);
        takes
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.takes(byte) { Ok(()) } else { Err(Malformed(self.at)) }
    }

    /// Takes the name of a field, with the colon behind it.
    fn name(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.peek();
        let begin = self.at;
        let has_escapes = self.pass_string()?;
        let written = self.text.get(begin..self.at).ok_or(Malformed(begin))?;
        self.expect(b':')?;
        if has_escapes {
            serde_json::from_str(written).map(Cow::Owned).map_err(|_| Malformed(begin))
        } else {
            Ok(Cow::Borrowed(written.get(1..written.len() - 1).unwrap_or_default()))
        }
    }

    fn pass_name(&mut self) -> Result<(), Malformed> {
        self.peek();
        self.pass_string()?;
        self.expect(b':')
    }

    /// Passes over a string, and tells whether it has escapes.
    fn pass_string(&mut self) -> Result<bool, Malformed> {
        let behind = |at| self.text.as_bytes().get(at..).unwrap_or_default();
        let mut at = self.at;
        let mut has_escapes = false;
        if behind(at).first() != Some(&b'"') {
            return Err(Malformed(at));
        }
        at += 1;
        loop {
            at += plain_len(behind(at));
            at += match behind(at) {
                [b'"', ..] => break,
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
                [b'\\', b'u', a, b, c, d, ..]
                    if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
                {
                    6
                }
                _ => return Err(Malformed(at)),
            };
            has_escapes = true;
        }
        self.at = at + 1;
        Ok(has_escapes)
    }

    /// Passes over a number, `true`, `false` or `null`.
    fn pass_word(&mut self) -> Result<(), Malformed> {
        let behind = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let len = match behind {
            [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => Some(4),
            [b'f', b'a', b'l', b's', b'e', ..] => Some(5),
            _ => number_len(behind),
        };
        self.at += len.ok_or(Malformed(self.at))?;
        Ok(())
    }
}

/// How many bytes stand before the next one that is not simply part of a string: a quote, a backslash, a control character.
/// Eight are looked at at once.
fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // The lowest byte of which this sets the highest bit is 0; it may set those of higher ones that are not.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let (words, rest) = bytes.as_chunks::<8>();
    for (word, before) in words.iter().zip((0..).step_by(8)) {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let special =
            control | zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if special & HIGH != 0 {
            return before + (special & HIGH).trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | ..0x20);
    bytes.len() - rest.len() + rest.iter().take_while(is_plain).count()
}

/// The length of the number at the beginning; `None` where there is none.
fn number_len(bytes: &[u8]) -> Option<usize> {
    let digits = |at: usize| {
        let count = bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(at + count)
    };
    let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    let first = usize::from(is(0, b"-"));
    let mut end = digits(first)?;
    if is(first, b"0") && end > first + 1 {
        return None;
    }
    if is(end, b".") {
        end = digits(end + 1)?;
    }
    if is(end, b"eE") {
        end = digits(end + 1 + usize::from(is(end + 1, b"+-")))?;
    }
    Some(end)
}
