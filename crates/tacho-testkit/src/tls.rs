//! TLS in front of a receiver: it takes connections on the loopback, shows a certificate of an authority of its own, and
//! hands on what it hears to whoever listens without TLS.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncWriteExt as _, copy, copy_bidirectional, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Who may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// Whoever wants to.
    All,
    /// Whoever shows a certificate of the authority.
    Certified,
}

/// A running front.
pub struct TlsFront {
    address: SocketAddr,
}

impl TlsFront {
    /// Starts one before what listens at `to`. It ends with the process of the test.
    pub fn start(to: SocketAddr, clients: Clients) -> Result<Self> {
        let config = config(clients)?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || runtime.block_on(serve(listener, to, config)));
        Ok(Self { address })
    }

    /// `https://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

/// Where a certificate or a key of the bench lies: `authority.pem`, which vouches for the server and for the client,
/// `stranger.pem`, which vouches for nobody, and `.pem` and `.key` of `server` and `client`.
pub fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates").join(name)
}

fn config(clients: Clients) -> Result<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let mut authorities = RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_file(certificate("authority.pem"))?)?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(&provider)).build()?;
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match clients {
        Clients::All => builder.with_no_client_auth(),
        Clients::Certified => builder.with_client_cert_verifier(verifier),
    };
    let chain = vec![CertificateDer::from_pem_file(certificate("server.pem"))?];
    let mut config =
        builder.with_single_cert(chain, PrivateKeyDer::from_pem_file(certificate("server.key"))?)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

async fn serve(listener: std::net::TcpListener, to: SocketAddr, config: ServerConfig) -> Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            match acceptor.accept(stream).into_fallible().await {
                Ok(mut secured) => {
                    let mut plain = TcpStream::connect(to).await?;
                    copy_bidirectional(&mut secured, &mut plain).await.map(drop)
                }
                // Who closes before everything was read takes away what it said last: why it does not want to.
                Err((_, mut stream)) => {
                    stream.shutdown().await?;
                    copy(&mut stream, &mut sink()).await.map(drop)
                }
            }
        });
    }
}
