//! Bodies of requests, with gzip or as they are. Which of both one is tells its beginning: neither protobuf nor JSON of
//! a request begins as gzip does.

use crate::destination::Compression;
use flate2::Compression as Level;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::borrow::Cow;
use std::io::{self, Read as _, Write as _};

/// How gzip begins (RFC 1952, section 2.3.1).
const MAGIC: [u8; 2] = [0x1F, 0x8B];

/// A body in the form that is asked for, from either.
pub(crate) fn in_form(body: &[u8], compression: Compression) -> io::Result<Cow<'_, [u8]>> {
    Ok(match compression {
        Compression::Gzip if body.starts_with(&MAGIC) => Cow::Borrowed(body),
        Compression::Gzip => Cow::Owned(compressed(body)?),
        Compression::None if body.starts_with(&MAGIC) => {
            let mut expanded = Vec::new();
            GzDecoder::new(body).read_to_end(&mut expanded)?;
            Cow::Owned(expanded)
        }
        Compression::None => Cow::Borrowed(body),
    })
}

fn compressed(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = GzEncoder::new(Vec::with_capacity(body.len() / 4), Level::fast());
    compressed.write_all(body)?;
    compressed.finish()
}
