//! One connection over HTTP/2, with TLS or without.

use crate::delivery::Unreachable;
use crate::destination::{Destination, Tls};
use crate::exporters::tls;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::{Request, Response, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// An open connection.
pub(super) struct Connection {
    base: String,
    tls: Tls,
    requests: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Opens one.
    pub(super) async fn open(to: &Destination) -> Result<Self, Unreachable> {
        let uri: Uri =
            to.base().parse().map_err(|_| Unreachable::other("the endpoint is no URL".to_owned()))?;
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let stream = connect(&host, port).await?;
        // Small messages must not wait for an answer to the one before; without this they are only slower.
        let _ = stream.set_nodelay(true);
        let requests = if is_secure {
            start(secured(stream, host, &to.tls).await?).await?
        } else {
            start(stream).await?
        };
        Ok(Self { base: to.base().to_owned(), tls: to.tls.clone(), requests })
    }

    /// Whether it leads to this destination.
    pub(super) fn is_to(&self, to: &Destination) -> bool {
        self.base == to.base() && self.tls == to.tls && !self.requests.is_closed()
    }

    /// Sends a call and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        call: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unreachable> {
        let is_ready = self.requests.ready().await;
        is_ready.map_err(|error| Unreachable::of_hyper(&error))?;
        self.requests.send_request(call).await.map_err(|error| Unreachable::of_hyper(&error))
    }
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, Unreachable> {
    let addresses = tokio::net::lookup_host((host, port)).await;
    let addresses = addresses.map_err(|error| Unreachable::of_name(host, &error))?;
    TcpStream::connect(addresses.collect::<Vec<_>>().as_slice())
        .await
        .map_err(|error| Unreachable::of_io(&error))
}

async fn secured(
    stream: TcpStream,
    host: String,
    tls: &Tls,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Unreachable> {
    let mut config = tls::of_rustls(tls).map_err(|error| Unreachable::of_tls(&error))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from(host).map_err(|error| Unreachable::other(error.to_string()))?;
    let secured = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    secured.map_err(|error| Unreachable::of_io(&error))
}

async fn start<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, Unreachable>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (requests, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .map_err(|error| Unreachable::of_hyper(&error))?;
    // It ends with the last request; what ends it before shows in the next.
    drop(tokio::spawn(connection));
    Ok(requests)
}
