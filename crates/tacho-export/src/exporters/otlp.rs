//! A receiver of OTLP, over whichever transport its destination says.

use super::grpc::Grpc;
use super::http::Http;
use super::{Export, Request};
use crate::delivery::Outcome;
use crate::destination::{Destination, Protocol};

/// Sends over one of its transports.
#[derive(Default)]
pub(super) struct Otlp {
    http: Http,
    grpc: Grpc,
}

impl Export for Otlp {
    fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome {
        match to.protocol {
            Protocol::HttpProtobuf | Protocol::HttpJson => self.http.send(to, request),
            Protocol::Grpc => self.grpc.send(to, request),
        }
    }
}
