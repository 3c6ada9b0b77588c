//! OTLP over gRPC: unary calls over HTTP/2 (`PROTOCOL-HTTP2.md` of its specification), on a runtime of this thread alone.

mod answer;
mod connection;

use super::{Export, Request};
use crate::delivery::{Answer, Outcome, Status, Unreachable, judge};
use crate::destination::{Compression, Destination};
use crate::gzip::in_form;
use connection::Connection;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, TE, USER_AGENT};
use std::io;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// How a message is compressed that says it is.
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// How long the receiver may take.
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Keeps a connection alive between calls.
#[derive(Default)]
pub(super) struct Grpc {
    runtime: Option<Runtime>,
    connection: Option<Connection>,
    /// The base URL of a receiver that does not know gzip.
    without_gzip: Option<String>,
}

impl Export for Grpc {
    fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome {
        let knows_gzip = self.without_gzip.as_deref() != Some(to.base());
        let compression = if knows_gzip { to.compression } else { Compression::None };
        let outcome = self.call(to, request, compression);
        let is_unimplemented =
            matches!(outcome, Outcome::Misconfigured { status: Status::Grpc(Status::UNIMPLEMENTED) });
        if !is_unimplemented || compression == Compression::None {
            return outcome;
        }
        // It may be that it does not know the signal, or only not how the message is compressed.
        let uncompressed = self.call(to, request, Compression::None);
        if matches!(uncompressed, Outcome::Taken { .. }) {
            self.without_gzip = Some(to.base().to_owned());
        }
        uncompressed
    }
}

impl Grpc {
    fn call(&mut self, to: &Destination, request: Request<'_>, compression: Compression) -> Outcome {
        match self.answer(to, request, compression) {
            Ok(answer) => judge(&answer),
            Err(unreachable) => Outcome::Unreachable(unreachable),
        }
    }

    fn answer(
        &mut self,
        to: &Destination,
        request: Request<'_>,
        compression: Compression,
    ) -> Result<Answer, Unreachable> {
        let body = framed(request.body, compression).map_err(|error| Unreachable::of_io(&error))?;
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Unreachable::of_io(&error))?,
        };
        let known = self.connection.take().filter(|known| known.is_to(to));
        let exchange = async {
            if let Some(mut connection) = known {
                // One that lay still may be gone by now; a new one tells.
                if let Ok(answer) =
                    exchange(&mut connection, to, request.name, compression, body.clone()).await
                {
                    return Ok((connection, answer));
                }
            }
            let mut connection = Connection::open(to).await?;
            let answer = exchange(&mut connection, to, request.name, compression, body).await?;
            Ok((connection, answer))
        };
        let done = runtime.block_on(async { timeout(to.timeout, exchange).await });
        self.runtime = Some(runtime);
        let (connection, answer) = done.map_err(|_| Unreachable::of_timeout())??;
        self.connection = Some(connection);
        Ok(answer)
    }
}

async fn exchange(
    connection: &mut Connection,
    to: &Destination,
    name: &str,
    compression: Compression,
    body: Bytes,
) -> Result<Answer, Unreachable> {
    let mut call = hyper::Request::post(format!("{}{}", to.base(), path(name)))
        .header(CONTENT_TYPE, "application/grpc")
        .header(TE, "trailers")
        .header(USER_AGENT, super::http::USER_AGENT)
        .header(GRPC_TIMEOUT, format!("{}m", to.timeout.as_millis().clamp(1, 99_999_999)));
    if compression == Compression::Gzip {
        call = call.header(GRPC_ENCODING, "gzip");
    }
    for header in to.headers() {
        call = call.header(header.name.to_ascii_lowercase(), &header.value);
    }
    let call = call.body(Full::new(body)).map_err(|error| Unreachable::other(error.to_string()))?;
    answer::read(connection.send(call).await?).await
}

/// Where the service of a signal exports.
fn path(name: &str) -> String {
    let package = if name == "traces" { "trace" } else { name };
    let (first, rest) = package.split_at(1);
    let service = format!("{}{rest}Service", first.to_ascii_uppercase());
    format!("/opentelemetry.proto.collector.{package}.v1.{service}/Export")
}

/// A message behind what tells whether it is compressed and how long it is.
fn framed(body: &[u8], compression: Compression) -> io::Result<Bytes> {
    let message = in_form(body, compression)?;
    let length = u32::try_from(message.len()).map_err(io::Error::other)?;
    let head = [u8::from(compression == Compression::Gzip)];
    Ok([&head[..], &length.to_be_bytes()[..], &*message].concat().into())
}
