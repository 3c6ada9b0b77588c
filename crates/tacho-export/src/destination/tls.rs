//! By whose word a destination is believed to be the one that is meant, and what we show it of ourselves.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};
use std::fmt;
use std::sync::Arc;

/// What differs from usual of encrypted connections.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The authorities that may vouch for the destination; none for those that the system trusts.
    pub(crate) authorities: Vec<CertificateDer<'static>>,
    /// What we show when we are asked who we are.
    pub(crate) identity: Option<Identity>,
}

/// A certificate with those that vouch for it, and its key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// As PEM: each client has a type of its own for it.
    pub(crate) key: Arc<[u8]>,
}

/// Why certificates or a key cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TlsError {
    /// There are none.
    #[error("holds no certificate in PEM")]
    NoCertificate,
    /// One is damaged.
    #[error("holds something that is no certificate: {0}")]
    Certificate(Error),
    /// There is none.
    #[error("holds no private key in PEM, or one that is encrypted")]
    NoKey,
    /// It cannot be used, or it is the key of another certificate.
    #[error("holds a private key that does not belong to the certificate: {0}")]
    Key(Error),
}

impl Tls {
    /// Believes these authorities and no others.
    ///
    /// # Errors
    /// When the text holds no certificate, or something else between them.
    pub fn trusting(self, authorities: &[u8]) -> Result<Self, TlsError> {
        let authorities = certificates(authorities)?;
        let mut store = RootCertStore::empty();
        for authority in &authorities {
            store.add(authority.clone()).map_err(TlsError::Certificate)?;
        }
        Ok(Self { authorities, ..self })
    }

    /// Shows this certificate, and those that vouch for it, when it is asked for one.
    ///
    /// # Errors
    /// When the first text holds no certificate, or the second not its key.
    pub fn known_by(self, chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        let der = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        CertifiedKey::from_der(chain.clone(), der, &ring::default_provider()).map_err(TlsError::Key)?;
        Ok(Self { identity: Some(Identity { chain, key: key.into() }), ..self })
    }

    /// Whether it believes authorities of its own.
    #[must_use]
    pub const fn has_authorities(&self) -> bool {
        !self.authorities.is_empty()
    }

    /// Whether it shows a certificate.
    #[must_use]
    pub const fn has_identity(&self) -> bool {
        self.identity.is_some()
    }

    /// All certificates, as DER.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        let chain = self.identity.iter().flat_map(|identity| &identity.chain);
        self.authorities.iter().chain(chain).map(|certificate| certificate.as_ref())
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.has_identity() { ", a certificate of ours" } else { "" };
        write!(formatter, "{} authorities{shown}", self.authorities.len())
    }
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>();
    found.ok().filter(|found| !found.is_empty()).ok_or(TlsError::NoCertificate)
}
