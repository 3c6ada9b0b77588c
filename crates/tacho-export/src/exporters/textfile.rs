//! A file in Prometheus' text format, for the textfile collector of node_exporter: all metrics as they are, every time in
//! place of those before.

use super::lines::written;
use super::{Export, Request};
use crate::delivery::Outcome;
use crate::destination::{Compression, Destination};
use crate::gzip::in_form;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::Builder;

/// Writes the file.
pub(super) struct Textfile;

impl Export for Textfile {
    fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome {
        written(replace(Path::new(to.base()), request.body), to.base())
    }
}

/// Puts a text in place of a file, for all to read. Who reads meanwhile sees the one or the other, whole.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    // The collector reads what ends with .prom, so not this. One that a writer left who was killed makes way for the next.
    let name = format!(".{}.tmp", path.file_name().unwrap_or_default().to_string_lossy());
    let _ = fs::remove_file(directory.join(&name));
    let mut draft = Builder::new().prefix(&name).rand_bytes(0).tempfile_in(directory)?;
    draft.write_all(&in_form(text, Compression::None)?)?;
    draft.as_file().set_permissions(Permissions::from_mode(0o644))?;
    draft.persist(path)?;
    Ok(())
}
