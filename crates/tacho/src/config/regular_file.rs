//! Files whose names nobody knows the author of: a device or a pipe would keep whoever reads it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

/// What is larger is neither a configuration nor a list of certificates.
const BYTES_MAX: u64 = 1024 * 1024;

/// A file as it is; else what is wrong with it, behind its name.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let found = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if !found.is_file() || found.len() > BYTES_MAX {
        return Err("is no file of at most 1 MiB".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read: {error}"))?;
    Ok(bytes)
}
