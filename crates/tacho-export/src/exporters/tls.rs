//! What a destination says of encrypted connections, in the terms of each client.

use crate::destination::Tls;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, Error, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::sync::Arc;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

/// For connections of our own.
pub(super) fn of_rustls(tls: &Tls) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    let builder = if tls.has_authorities() {
        let mut store = RootCertStore::empty();
        tls.authorities.iter().try_for_each(|authority| store.add(authority.clone()))?;
        builder.with_root_certificates(store)
    } else {
        builder.with_platform_verifier()?
    };
    let Some(identity) = &tls.identity else { return Ok(builder.with_no_client_auth()) };
    let key =
        PrivateKeyDer::from_pem_slice(&identity.key).map_err(|error| Error::General(error.to_string()))?;
    builder.with_client_auth_cert(identity.chain.clone(), key)
}

/// For connections of the HTTP client.
pub(super) fn of_ureq(tls: &Tls) -> TlsConfig {
    let certificate = |der: &[u8]| Certificate::from_der(der).to_owned();
    let roots = if tls.has_authorities() {
        tls.authorities.iter().map(|authority| certificate(authority)).collect::<Vec<_>>().into()
    } else {
        RootCerts::PlatformVerifier
    };
    let shown = tls.identity.as_ref().and_then(|identity| {
        let chain: Vec<_> = identity.chain.iter().map(|one| certificate(one)).collect();
        // It was read once already; who asks for a certificate would miss it.
        let key = PrivateKey::from_pem(&identity.key).ok()?;
        Some(ClientCert::new_with_certs(&chain, key))
    });
    TlsConfig::builder().root_certs(roots).client_cert(shown).build()
}
