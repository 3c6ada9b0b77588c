//! Random secrets and names of this installation, made once and kept beside the store.

use crate::failure::Failure;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use tacho_privacy::identity::IdentityKey;

/// Directory of keys, below the state directory.
const KEYS: &str = "keys";

/// The key that people's names are hashed with.
pub(crate) fn identity_key(state: &Path) -> Result<IdentityKey, Failure> {
    let bytes = load_or_make(&state.join(KEYS).join("identity"))?;
    Ok(IdentityKey(bytes))
}

/// The random name of this installation, as hex.
pub(crate) fn instance_id(state: &Path) -> Result<String, Failure> {
    let bytes = load_or_make(&state.join(KEYS).join("instance"))?;
    Ok(hex(bytes.get(..16).unwrap_or_default()))
}

/// The token of whoever may send telemetry to this machine's receiver.
pub(crate) fn receiver_token(state: &Path) -> Result<String, Failure> {
    Ok(hex(&load_or_make(&state.join(KEYS).join("receiver"))?))
}

/// The same, where there is one already.
pub(crate) fn existing_receiver_token(state: &Path) -> Option<String> {
    read_key(&state.join(KEYS).join("receiver")).ok().map(|bytes| hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn load_or_make(path: &Path) -> Result<[u8; 32], Failure> {
    let made = match read_key(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_key(path),
        // Damaged: what it was is lost either way, and recording must not wait for somebody to mend it.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            fs::rename(path, path.with_extension("damaged")).and_then(|()| make_key(path))
        }
        read => read,
    };
    made.map_err(|error| Failure::external(format!("read or make the key {}", path.display()), error))
}

fn read_key(path: &Path) -> io::Result<[u8; 32]> {
    let bytes = fs::read(path)?;
    bytes.try_into().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not 32 bytes long"))
}

/// Whoever links the file first made the key; everybody else reads it.
fn make_key(path: &Path) -> io::Result<[u8; 32]> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut key = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let fresh = tempfile::Builder::new().tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    fresh.as_file().write_all(&key)?;
    fresh.as_file().sync_all()?;
    let linked = fs::hard_link(fresh.path(), path);
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_key(path),
        Err(error) => Err(error),
    }
}
