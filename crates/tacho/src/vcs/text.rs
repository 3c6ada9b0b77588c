//! Bytes of a repository as text that may be kept: valid, of bounded length, without control characters.

/// The bytes as text of at most `bytes_max` bytes; `None` when nothing is left.
pub(crate) fn bounded(bytes: &[u8], bytes_max: usize) -> Option<String> {
    // Cut first: replacing what is invalid must not be paid for bytes that go anyway.
    let head = bytes.get(..bytes_max).unwrap_or(bytes);
    let replace = |letter: char| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter };
    let mut text: String = String::from_utf8_lossy(head).chars().map(replace).collect();
    text.truncate(text.floor_char_boundary(bytes_max));
    // A letter that the cut went through is half a letter, not a strange one.
    if head.len() < bytes.len() {
        text.truncate(text.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
    }
    (!text.is_empty()).then_some(text)
}

/// The bytes as a value that somebody typed: without white space around it.
pub(crate) fn value(bytes: &[u8], bytes_max: usize) -> Option<String> {
    bounded(bytes.trim_ascii(), bytes_max)
}
