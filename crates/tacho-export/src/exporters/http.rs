//! OTLP over HTTP.

use super::messages::{error_message, partial_success};
use super::{Export, Request, tls};
use crate::delivery::{Answer, Outcome, Status, Unreachable, judge};
use crate::destination::{Compression, Destination, Tls};
use crate::gzip::in_form;
use ureq::RequestBuilder;
use ureq::typestate::WithBody;

/// An answer beyond this is not read (OTLP specification).
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Who sends.
pub(super) const USER_AGENT: &str =
    concat!("tachograph/", env!("CARGO_PKG_VERSION"), " OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));

/// Keeps connections alive between requests.
#[derive(Debug, Default)]
pub(super) struct Http {
    /// The client, and what its connections are encrypted by.
    agent: Option<(Tls, ureq::Agent)>,
}

impl Http {
    /// The client for a destination.
    pub(super) fn agent(&mut self, to: &Destination) -> &ureq::Agent {
        let known = self.agent.take().filter(|(tls, _)| *tls == to.tls);
        let (_, agent) = self.agent.insert(known.unwrap_or_else(|| (to.tls.clone(), client(&to.tls))));
        agent
    }
}

fn client(tls: &Tls) -> ureq::Agent {
    ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .tls_config(tls::of_ureq(tls))
        .user_agent(USER_AGENT)
        .build()
        .new_agent()
}

impl Export for Http {
    fn send(&mut self, to: &Destination, request: Request<'_>) -> Outcome {
        let mut post = self.agent(to).post(to.url(request.name)).header("content-type", request.content_type);
        if to.compression == Compression::Gzip {
            post = post.header("content-encoding", "gzip");
        }
        match in_form(request.body, to.compression) {
            Ok(body) => send(to, post, &body),
            Err(error) => Outcome::Unreachable(Unreachable::of_ureq(&error.into())),
        }
    }
}

/// Sends a request with the headers of its destination and within the time that this has, and judges the answer.
pub(super) fn send(to: &Destination, request: RequestBuilder<WithBody>, body: &[u8]) -> Outcome {
    let mut request = request.config().timeout_global(Some(to.timeout)).build();
    for header in to.headers() {
        request = request.header(&header.name, &header.value);
    }
    match request.send(body) {
        Ok(response) => judge(&answer(response)),
        Err(error) => Outcome::Unreachable(Unreachable::of_ureq(&error)),
    }
}

/// What a response says.
fn answer(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let (retry_after, content_type) = (header("retry-after"), header("content-type").unwrap_or_default());
    let status = response.status().as_u16();
    // An answer that cannot be read to its end still has a status, and that decides.
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().unwrap_or_default();
    let (rejected, message) = if (200..300).contains(&status) {
        partial_success(&content_type, &body)
    } else {
        (0, error_message(&content_type, &body))
    };
    Answer { status: Status::Http(status), retry_after, rejected, message }
}
