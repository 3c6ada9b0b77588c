//! The frame of a record: one JSON line that ends in its own checksum, between two line feeds.
//!
//! The leading line feed keeps a torn record of another writer from swallowing this one, and since JSON text
//! holds no raw line feed inside a string, nothing a record carries can forge the start of another.

use crate::crc32c::crc32c;

/// A record longer than this goes into a side blob instead, so that one write stays whole.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

const TRAILER_BYTES: usize = r#","crc":"00000000"}"#.len();

/// Turns an open JSON object (`{"v":1,...` without its closing brace) into a framed record.
#[must_use]
pub fn seal(open_object: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(open_object.len() + TRAILER_BYTES + 2);
    record.push(b'\n');
    record.extend_from_slice(open_object);
    record.extend_from_slice(br#","crc":""#);
    record.extend_from_slice(&hex(crc32c(open_object)));
    record.extend_from_slice(b"\"}\n");
    record
}

/// What a line of a segment is.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// The space between two records.
    Blank,
    /// An intact record: the open object as it was sealed.
    Record(&'a [u8]),
    /// Bytes that are no intact record.
    Damaged,
}

impl<'a> Line<'a> {
    /// Judges one line, given without its line feed.
    #[must_use]
    pub fn judge(line: &'a [u8]) -> Self {
        if line.is_empty() {
            return Self::Blank;
        }
        match unseal(line) {
            Some(open_object) => Self::Record(open_object),
            None => Self::Damaged,
        }
    }
}

fn unseal(line: &[u8]) -> Option<&[u8]> {
    let (open_object, trailer) = line.split_at_checked(line.len().checked_sub(TRAILER_BYTES)?)?;
    let digits = trailer.strip_prefix(br#","crc":""#)?.strip_suffix(b"\"}")?;
    let is_intact = open_object.starts_with(b"{") && digits == hex(crc32c(open_object));
    is_intact.then_some(open_object)
}

/// Eight lower-case digits.
fn hex(checksum: u32) -> [u8; 8] {
    let mut shift = 32;
    [0; 8].map(|_: u8| {
        shift -= 4;
        let digit = (checksum >> shift & 0xF) as u8;
        if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
    })
}
