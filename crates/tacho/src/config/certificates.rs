//! The files that say whom a destination is certified by, and what we show it of ourselves.

use super::described::{Complaint, Described, about};
use super::files::Files;
use std::path::Path;
use tacho_export::destination::{Tls, TlsError};

/// What a description says of encrypted connections.
pub(super) fn read(described: &Described, files: &mut Files) -> Result<Tls, Complaint> {
    let mut bytes = |key: &'static str, path: &Path| {
        files.read(path).map_err(|wrong| about(key)(format!("{key} {} {wrong}", path.display())))
    };
    let mut tls = Tls::default();
    if let Some(path) = &described.certificate {
        tls = tls.trusting(&bytes("certificate", path)?).map_err(of_file("certificate", path))?;
    }
    let (chain, key) = match (&described.client_certificate, &described.client_key) {
        (None, None) => return Ok(tls),
        (Some(chain), Some(key)) => (chain, key),
        (Some(_), None) => return Err(lacks("client_certificate", "client_key")),
        (None, Some(_)) => return Err(lacks("client_key", "client_certificate")),
    };
    let (chain_text, key_text) = (bytes("client_certificate", chain)?, bytes("client_key", key)?);
    tls.known_by(&chain_text, &key_text).map_err(|error| match error {
        TlsError::NoCertificate | TlsError::Certificate(_) => of_file("client_certificate", chain)(error),
        TlsError::NoKey | TlsError::Key(_) => of_file("client_key", key)(error),
    })
}

fn of_file(key: &'static str, path: &Path) -> impl Fn(TlsError) -> Complaint {
    move |error| about(key)(format!("{key} {} {error}", path.display()))
}

fn lacks(said: &'static str, missing: &str) -> Complaint {
    about(said)(format!("it has {said} without {missing}"))
}
