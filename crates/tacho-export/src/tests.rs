//! Tests of destinations and of the meaning of answers.

use crate::delivery::{Answer, Outcome, backoff, judge, retry_after};
use crate::destination::{Destination, DestinationError, Header, Protocol};
use std::time::Duration;
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
fn only_the_four_statuses_of_the_specification_are_retried() {
    let with = |status| Answer { status, ..Answer::default() };
    for (status, expected) in [
        (200, Outcome::Taken { rejected: 0, message: None }),
        (202, Outcome::Taken { rejected: 0, message: None }),
        (301, Outcome::Misconfigured { status: 301 }),
        (400, Outcome::Refused { status: 400, message: None }),
        (401, Outcome::Misconfigured { status: 401 }),
        (403, Outcome::Misconfigured { status: 403 }),
        (404, Outcome::Misconfigured { status: 404 }),
        (406, Outcome::Misconfigured { status: 406 }),
        (413, Outcome::Refused { status: 413, message: None }),
        (415, Outcome::Misconfigured { status: 415 }),
        (429, Outcome::Busy { status: 429, retry_after: None }),
        (500, Outcome::Refused { status: 500, message: None }),
        (501, Outcome::Misconfigured { status: 501 }),
        (502, Outcome::Busy { status: 502, retry_after: None }),
        (503, Outcome::Busy { status: 503, retry_after: None }),
        (504, Outcome::Busy { status: 504, retry_after: None }),
        (505, Outcome::Misconfigured { status: 505 }),
    ] {
        assert_eq!(judge(&with(status)), expected, "{status}");
    }
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
