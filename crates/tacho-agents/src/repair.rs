//! JSON text as JavaScript writes it and Rust does not read it: with halves of surrogate pairs, where a text was cut
//! inside an emoji.

use memchr::memchr_iter;
use std::borrow::Cow;

/// The text with every lone surrogate escape replaced by U+FFFD.
#[must_use]
pub fn without_lone_surrogates(text: &[u8]) -> Cow<'_, [u8]> {
    let may_be_one = |backslash: usize| matches!(text.get(backslash + 1..backslash + 3), Some(b"ud" | b"uD"));
    let may_have_one = memchr_iter(b'\\', text).any(may_be_one);
    if may_have_one { Cow::Owned(repaired(text)) } else { Cow::Borrowed(text) }
}

fn repaired(text: &[u8]) -> Vec<u8> {
    let mut repaired = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        if *first != b'\\' {
            repaired.push(*first);
            rest = behind;
            continue;
        }
        let unit = Unit::at(rest);
        let escape = match unit {
            Unit::Pair => rest.get(..12),
            Unit::Lone => Some(&br"\ufffd"[..]),
            Unit::Other => rest.get(..2),
        };
        repaired.extend_from_slice(escape.unwrap_or(rest));
        rest = rest.get(unit.bytes()..).unwrap_or_default();
    }
    repaired
}

/// What stands at a backslash.
#[derive(Clone, Copy)]
enum Unit {
    /// Both halves of a pair.
    Pair,
    /// One half without the other.
    Lone,
    /// Any other escape; of `\uXXXX` its first two bytes, what follows being plain.
    Other,
}

impl Unit {
    fn at(text: &[u8]) -> Self {
        match (surrogate(text), text.get(6..).and_then(surrogate)) {
            (Some(Half::High), Some(Half::Low)) => Self::Pair,
            (Some(_), _) => Self::Lone,
            (None, _) => Self::Other,
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Pair => 12,
            Self::Lone => 6,
            Self::Other => 2,
        }
    }
}

enum Half {
    High,
    Low,
}

fn surrogate(text: &[u8]) -> Option<Half> {
    let digits = std::str::from_utf8(text.strip_prefix(br"\u")?.get(..4)?).ok()?;
    match u32::from_str_radix(digits, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}
