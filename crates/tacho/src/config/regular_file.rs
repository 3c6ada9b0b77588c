//! Files whose names, or what lies there, nobody knows the author of: a device or a pipe would keep whoever reads it, or feed him
//! without end.

use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What is larger is neither a configuration nor a list of certificates.
const BYTES_MAX: u64 = 1024 * 1024;

/// A file as it is; else what is wrong with it, behind its name.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    open(path)
        .and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read: {error}"))?;
    Ok(bytes)
}

/// The text of a file.
pub(super) fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.take(BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a file without waiting for whoever may be behind it.
fn open(path: &Path) -> io::Result<File> {
    let without_waiting = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(without_waiting).open(path)?;
    let found = file.metadata()?;
    if found.is_file() && found.len() <= BYTES_MAX {
        Ok(file)
    } else {
        Err(io::Error::other("it is no file of at most 1 MiB"))
    }
}
