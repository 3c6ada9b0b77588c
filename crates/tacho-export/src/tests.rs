//! Tests of destinations and of the meaning of answers.

use crate::delivery::{Answer, Outcome, Status, backoff, judge, retry_after};
use crate::destination::{Destination, DestinationError, Header, Protocol};
use crate::sampling::Sampling;
use std::time::Duration;
use tacho_model::id::TraceId;
use tacho_privacy::CaptureLevel;

fn destination(endpoint: &str, headers: &[(&str, &str)]) -> Result<String, DestinationError> {
    let headers = headers.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into() });
    let made = Destination::new(endpoint, Protocol::HttpJson, headers.collect(), CaptureLevel::Metadata)?;
    Ok(made.url("traces"))
}

#[test]
fn destinations_are_checked_before_anything_is_sent() {
    let token = [("Authorization", "Bearer x")];
    let plain = |endpoint: &str| DestinationError::PlainSecret {
        header: "Authorization".into(),
        endpoint: endpoint.into(),
    };
    let wrong = |endpoint: &str| DestinationError::Endpoint(endpoint.into());
    for (endpoint, headers, expected) in [
        ("http://127.0.0.1:4318", &token[..], Ok("http://127.0.0.1:4318/v1/traces".to_owned())),
        ("http://localhost:4318/", &token, Ok("http://localhost:4318/v1/traces".to_owned())),
        ("http://[::1]:4318/otlp", &token, Ok("http://[::1]:4318/otlp/v1/traces".to_owned())),
        ("https://ingress.example.com", &token, Ok("https://ingress.example.com/v1/traces".to_owned())),
        (
            "http://collector.example.com",
            &[("x-scope", "1")],
            Ok("http://collector.example.com/v1/traces".to_owned()),
        ),
        ("http://collector.example.com", &token, Err(plain("http://collector.example.com"))),
        ("http://127.0.0.1.example.com", &token, Err(plain("http://127.0.0.1.example.com"))),
        ("https://user:pass@example.com", &[], Err(DestinationError::Credentials)),
        ("https://example.com/otlp?api-key=1", &[], Err(DestinationError::Query)),
        ("https://example.com#x", &[], Err(DestinationError::Query)),
        ("ftp://example.com", &[], Err(wrong("ftp://example.com"))),
        ("localhost:4318", &[], Err(wrong("localhost:4318"))),
        ("", &[], Err(wrong(""))),
        ("https://example.com", &[("x", "a\r\nb: c")], Err(DestinationError::Header("x".into()))),
    ] {
        assert_eq!(destination(endpoint, headers), expected, "{endpoint}");
    }
}

#[test]
fn only_what_the_specification_names_is_retried() {
    let taken = || Outcome::Taken { rejected: 0, message: None };
    let busy = |status| Outcome::Busy { status, retry_after: None };
    let misconfigured = |status| Outcome::Misconfigured { status };
    let refused = |status| Outcome::Refused { status, message: None };
    let check = |codes: &[u16], status: fn(u16) -> Status, expected: &dyn Fn(Status) -> Outcome| {
        for code in codes {
            assert_eq!(judge(&Answer::of(status(*code))), expected(status(*code)), "{:?}", status(*code));
        }
    };
    check(&[200, 202], Status::Http, &|_| taken());
    check(&[429, 502, 503, 504], Status::Http, &busy);
    check(&[301, 401, 403, 404, 405, 406, 415, 501, 505], Status::Http, &misconfigured);
    check(&[400, 413, 422, 500], Status::Http, &refused);
    check(&[0], Status::Grpc, &|_| taken());
    check(&[1, 4, 10, 11, 14, 15], Status::Grpc, &busy);
    check(&[7, 12, 16], Status::Grpc, &misconfigured);
    check(&[2, 3, 5, 6, 8, 9, 13, 99], Status::Grpc, &refused);
    let asked = Answer { retry_after: Some("7".to_owned()), ..Answer::of(Status::Grpc(8)) };
    assert_eq!(judge(&asked), Outcome::Busy { status: Status::Grpc(8), retry_after: asked.retry_after });
}

#[test]
fn a_status_is_read_as_it_is_written() {
    for status in [Status::Http(503), Status::Grpc(12), Status::Grpc(16)] {
        assert_eq!(Status::at_start_of(&format!("{status}: {}", status.advice())), Some(status));
        assert_eq!(Status::at_start_of(&status.to_string()), Some(status));
    }
    assert_eq!(Status::at_start_of("io: connection refused"), None);
}

/// The share of many ids that is kept, and that a larger share keeps all that a smaller one keeps.
#[test]
fn traces_are_kept_by_their_ids() {
    let id = |number: u64| {
        let mut bytes = [0xFF; 16];
        bytes[8..].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        TraceId(bytes)
    };
    let kept = |share| {
        let sampling = Sampling::of(share, true).unwrap();
        (0..10_000).filter(|number| sampling.keeps(id(*number))).collect::<Vec<u64>>()
    };
    let counts = [0.0, 0.1, 0.5, 1.0].map(|share| kept(share).len());
    assert_eq!(counts, [0, 1_000, 5_000, 10_000]);
    let half = kept(0.5);
    assert!(kept(0.1).iter().all(|number| half.contains(number)));
    // Of the low 56 bits, the threshold of a half is the first that is kept.
    let half = Sampling::of(0.5, true).unwrap();
    let low = |bits: u64| half.keeps(TraceId(u128::from(bits).to_be_bytes()));
    assert_eq!([low(0x7F_FFFF_FFFF_FFFF), low(0x80_0000_0000_0000)], [false, true]);
    assert_eq!([-0.1, 1.1, f64::NAN].map(|share| Sampling::of(share, true)), [None; 3]);
    assert_eq!(Sampling::of(0.1, true).unwrap().to_string(), "0.1");
}

#[test]
fn pauses_double_up_to_five_minutes() {
    let seconds = |failures, share| backoff(failures, share).as_secs_f64();
    assert_eq!(
        [1, 2, 3, 9, 10, 99].map(|failures| seconds(failures, 0)),
        [0.5, 1.0, 2.0, 128.0, 150.0, 150.0]
    );
    assert_eq!(seconds(3, 500), 3.0);
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = 784_111_770;
    for (value, expected) in [
        ("7", Some(7)),
        (" 0 ", Some(0)),
        ("86400", Some(3600)),
        ("99999999999999999999", Some(3600)),
        ("", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("soon", None),
        ("-1", None),
    ] {
        assert_eq!(retry_after(value, now), expected.map(Duration::from_secs), "{value}");
    }
}
