//! The terms on which a destination is sent to: all that was said about it, as a keyed hash, so that a change is noticed
//! and no secret is kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tacho_export::destination::{Compression, Destination, Signals};
use tacho_privacy::identity::IdentityKey;

/// The terms of a destination. Equal ones are the same only under the same key.
pub(super) fn terms(of: &Destination, key: &IdentityKey) -> String {
    let mut said = vec![of.protocol.name().to_owned(), of.level.name().to_owned()];
    // What is as usual was not said before it could be said otherwise.
    let usual = (Signals::default(), Compression::default());
    if (of.signals, of.compression) != usual {
        said.push(format!("{} {}", of.signals.names(), of.compression.name()));
    }
    said.extend(of.tls.certificates().map(|certificate| BASE64.encode(certificate)));
    // A header has no line feed in it.
    said.extend(of.headers().iter().map(|header| format!("{}: {}", header.name, header.value)));
    key.pseudonym(&said.join("\n"))
}
