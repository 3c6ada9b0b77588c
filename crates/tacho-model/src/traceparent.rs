//! The `traceparent` of W3C Trace Context, by which processes tell each other what span they work for.

use crate::id::{SpanId, TraceId};
use crate::span::Link;

/// How long a value of the version is that is known; a later one may go on behind a hyphen.
const BYTES: usize = 55;

/// The span that a value names; `None` for what is no such value.
#[must_use]
pub fn parse(text: &str) -> Option<Link> {
    let (value, rest) = text.split_at_checked(BYTES)?;
    let mut fields = value.split('-');
    let mut field = || fields.next();
    let (version, trace, span, flags) = (field()?, field()?, field()?, field()?);
    let [version] = bytes(version)?;
    let [_] = bytes(flags)?;
    let (trace_id, span_id) = (TraceId(bytes(trace)?), SpanId(bytes(span)?));
    let is_whole = rest.is_empty() || version > 0 && rest.starts_with('-');
    let is_named = trace_id != TraceId([0; 16]) && span_id != SpanId([0; 8]);
    (is_whole && is_named && version < 0xFF).then_some(Link { trace_id, span_id })
}

/// The bytes that lower-case digits stand for, if they are as many.
fn bytes<const COUNT: usize>(digits: &str) -> Option<[u8; COUNT]> {
    let digit = |letter: char| letter.to_digit(16).filter(|_| !letter.is_ascii_uppercase());
    let digits: Vec<u32> = digits.chars().map(digit).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks();
    let bytes: Vec<u8> =
        pairs.iter().map(|[high, low]| u8::try_from(high << 4 | low)).collect::<Result<_, _>>().ok()?;
    if rest.is_empty() { bytes.try_into().ok() } else { None }
}
