//! What an answer means, and what to do about it.

use tacho_export::delivery::{Cause, Outcome, Status};
use tacho_export::destination::{Destination, Protocol};
use tacho_export::exporters::{OTLP, Place};

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) is_taken: bool,
    /// Whether that is the destination's fault or ours, and no mere lack of a place for one signal.
    pub(super) is_failure: bool,
    /// In a word, for programs.
    pub(super) outcome: &'static str,
    /// In words.
    pub(super) said: String,
    /// What to do about it.
    pub(super) remedy: Option<String>,
    lacks_signal: bool,
}

impl Verdict {
    /// The same where another signal was or was not taken: if one was, the address is right, and there is no place for this.
    pub(super) fn beside(self, is_any_taken: bool) -> Self {
        if !self.lacks_signal || !is_any_taken {
            return self;
        }
        let remedy = "It has no place for this signal, which tacho will leave out by itself.".to_owned();
        Self { is_failure: false, outcome: "no_place", remedy: Some(remedy), ..self }
    }
}

/// What an outcome means for a sample that was sent to a destination.
pub(super) fn verdict(to: &Destination, outcome: &Outcome) -> Verdict {
    let failed = |outcome, said: String, remedy: Option<String>| Verdict {
        is_taken: false,
        is_failure: true,
        outcome,
        said,
        remedy,
        lacks_signal: false,
    };
    match outcome {
        Outcome::Taken { rejected: 0, message } => Verdict {
            is_taken: true,
            is_failure: false,
            outcome: "taken",
            said: message.as_ref().map_or_else(|| "taken".to_owned(), |message| format!("taken: {message}")),
            remedy: None,
            lacks_signal: false,
        },
        Outcome::Taken { message, .. } => {
            let why = message.as_deref().unwrap_or("without a reason");
            let remedy = "It was there and knew us, and did not want the sample.".to_owned();
            failed("rejected", format!("refused: {why}"), Some(remedy))
        }
        Outcome::Busy { status, .. } => {
            let remedy = "It is busy; tacho would try again by itself. So try again in a while.".to_owned();
            failed("busy", status.to_string(), Some(remedy))
        }
        Outcome::Refused { status, message } => {
            let said =
                message.as_ref().map_or_else(|| status.to_string(), |message| format!("{status}: {message}"));
            failed("refused", said, refused(*status))
        }
        Outcome::Misconfigured { status } => Verdict {
            lacks_signal: status.lacks_signal(),
            ..failed(
                "misconfigured",
                format!("{status}: {}", status.advice()),
                Some(misconfigured(to, *status)),
            )
        },
        Outcome::Unreachable(why) => {
            failed(cause_word(why.cause), why.text.clone(), Some(unreachable(to, why.cause)))
        }
    }
}

fn refused(status: Status) -> Option<String> {
    matches!(status, Status::Http(400 | 422)).then(|| {
        "It does not understand the request. Some want a header that says where it belongs (a preset knows which), \
         others another protocol."
            .to_owned()
    })
}

fn misconfigured(to: &Destination, status: Status) -> String {
    let name = to.label.as_deref().unwrap_or(to.endpoint());
    match status {
        Status::Http(401) | Status::Grpc(16) => format!(
            "The token is missing, wrong or has ended, or it belongs into another header: see tacho destinations presets. To \
             set it: tacho config set destination {name} --token-stdin < token"
        ),
        Status::Http(403) | Status::Grpc(7) => {
            "The token is known and may not write here: it needs the right to ingest, in this account and dataset."
                .to_owned()
        }
        Status::Http(404 | 405) if *to.kind != OTLP => format!(
            "Something answers at {}, and it does not take what kind {:?} sends.",
            to.base(),
            to.kind.name
        ),
        Status::Http(404 | 405) => format!(
            "Something answers at {}, and it takes no OTLP there. The endpoint is the base, to which /v1/traces is added; the \
             port is mostly 4318 over HTTP and 4317 over gRPC.",
            to.url("traces")
        ),
        Status::Http(406 | 415) => {
            let other = if to.protocol == Protocol::HttpJson { "http/protobuf" } else { "http/json" };
            format!("It takes no requests in this encoding: tacho config set destination {name} --protocol {other}")
        }
        Status::Http(407) => "A proxy stands in between and wants to know who you are.".to_owned(),
        Status::Grpc(12) => "Something speaks gRPC there that is no OTLP receiver.".to_owned(),
        Status::Http(300..=399) => {
            "It sends requests elsewhere, which is not followed: name that address, if it is the right one.".to_owned()
        }
        Status::Http(_) | Status::Grpc(_) => "What answers there is no receiver of telemetry.".to_owned(),
    }
}

const fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::Name => "dns",
        Cause::Refused => "connection_refused",
        Cause::Tls => "tls",
        Cause::Timeout => "timeout",
        Cause::Other => "unreachable",
    }
}

fn unreachable(to: &Destination, cause: Cause) -> String {
    if to.kind.place != Place::Address {
        return "See that the place is there and yours to write.".to_owned();
    }
    match cause {
        Cause::Name => format!(
            "The name in {} leads nowhere: see how it is spelt, and whether the network is up.",
            to.base()
        ),
        Cause::Refused => {
            if let Some(usual) = to.kind.endpoint {
                return format!(
                    "Nobody listens at {}: start the receiver, or mend the address, which is mostly {usual}.",
                    to.base()
                );
            }
            let usual = if to.protocol == Protocol::Grpc { "4317 over gRPC" } else { "4318 over HTTP" };
            format!(
                "Nobody listens at {}: start the receiver, or mend the port, which is mostly {usual}.",
                to.base()
            )
        }
        Cause::Tls => format!(
            "No encrypted connection to {} came about. If its certificate is of your own authority, certificate names a file \
             with that authority's; if it asks who you are, client_certificate and client_key name the files that say it; if it \
             speaks no TLS, its address begins with http://.",
            to.base()
        ),
        Cause::Timeout => format!(
            "{} did not answer within {} s: a firewall may be in between; timeout_s allows more.",
            to.base(),
            to.timeout.as_secs_f64()
        ),
        Cause::Other => {
            let other = if to.protocol == Protocol::Grpc { "http/protobuf" } else { "grpc" };
            let closes = " If it closes connections that show no certificate: client_certificate and client_key name one.";
            let closes = if to.is_encrypted() && !to.tls.has_identity() { closes } else { "" };
            format!(
                "What listens there does not speak {}; perhaps it speaks {other}.{closes}",
                to.protocol.name()
            )
        }
    }
}
