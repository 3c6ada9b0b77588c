//! Who is refused, and how he is told.

use super::client::{Encoding, Request, zipped};
use super::requests;
use super::serving::Serving;
use crate::home::Home;

/// One more than what a body may hold.
const TOO_LONG: usize = 16 * 1024 * 1024 + 1;

/// In HTTP a refusal has the status that OTLP gives it, and a body in the encoding of the request.
#[test]
fn by_http() {
    let home = Home::new();
    let serving = Serving::start(&home);
    let sound = Request::json("{}");
    let post = |path: &str| Request { path: path.to_owned(), ..sound.clone() };
    let cases = [
        ("no token", sound.clone().with("authorization", "")),
        ("another token", sound.clone().with("authorization", &format!("Bearer {}", "0".repeat(64)))),
        ("a name that leads here", sound.clone().with("host", &format!("rebound.example:{}", serving.port))),
        ("another path", post("/v1/profiles")),
        ("the root", post("/")),
        ("not posted", Request { method: "GET".to_owned(), ..sound.clone() }),
        ("asked by a page", Request { method: "OPTIONS".to_owned(), ..sound.clone() }),
        ("no type", sound.clone().without("content-type")),
        ("another type", sound.clone().with("content-type", "text/plain")),
        ("another compression", sound.clone().with("content-encoding", "br")),
        ("no JSON", Request::json("{")),
        ("no gzip", sound.clone().with("content-encoding", "gzip")),
        ("long", sound.clone().with("content-length", &TOO_LONG.to_string())),
        (
            "long once expanded",
            Request { body: zipped(&vec![b' '; TOO_LONG]), ..sound.clone() }.with("content-encoding", "gzip"),
        ),
    ];
    let mut told = String::new();
    for (name, request) in cases {
        let answer = serving.ask(&request);
        let allow = answer.header("allow").map_or(String::new(), |allow| format!(" (allow: {allow})"));
        let body = String::from_utf8(answer.body).unwrap();
        told.push_str(&format!("{name}: {}{allow} {body}\n", answer.status));
    }
    insta::assert_snapshot!(told);
    let answer = serving.ask(&Request::new(Encoding::Protobuf, vec![0xFF]));
    assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/x-protobuf")));
    assert!(answer.body.starts_with(&[8, 3, 18]), "{:?}", answer.body);
    assert_eq!(serving.ask(&sound.with("content-type", "application/json; charset=utf-8")).status, 200);
    home.drain();
    assert_eq!(home.observations(), Vec::<String>::new());
}

/// A call of gRPC is always answered with HTTP's 200; what came of it stands in its own status.
#[test]
fn by_grpc() {
    let home = Home::new();
    let serving = Serving::start(&home);
    let sound = Request::new(Encoding::Grpc, Vec::new());
    let with_body = |body: &[u8]| Request { body: body.to_vec(), ..sound.clone() };
    let cases = [
        ("sound", sound.clone(), 0),
        ("the other name of the type", sound.clone().with("content-type", "application/grpc+proto"), 0),
        ("no token", sound.clone().with("authorization", ""), 16),
        ("a name that leads here", sound.clone().with("host", "rebound.example"), 7),
        (
            "another method",
            Request {
                path: "/opentelemetry.proto.collector.logs.v1.LogsService/Import".to_owned(),
                ..sound.clone()
            },
            12,
        ),
        ("cut", with_body(&[0, 0, 0, 0, 9, 1]), 3),
        ("without a message", with_body(&[]), 3),
        ("no message of this kind", with_body(&[0, 0, 0, 0, 1, 0xFF]), 3),
        ("compressed by nobody knows what", with_body(&[1, 0, 0, 0, 0]), 12),
        ("compressed otherwise", with_body(&[1, 0, 0, 0, 0]).with("grpc-encoding", "snappy"), 12),
        ("no gzip", with_body(&[1, 0, 0, 0, 1, 7]).with("grpc-encoding", "gzip"), 3),
        ("long", with_body(&vec![0; TOO_LONG]), 8),
    ];
    for (name, request, expected) in cases {
        assert_eq!(serving.ask(&request).outcome(), (200, Some(expected)), "{name}");
    }
}

/// A session's id becomes part of a record; one that cannot is no session's.
#[test]
fn ids_that_are_none() {
    let home = Home::new();
    let serving = Serving::start(&home);
    let sound = requests("telemetry/bash.jsonl").remove(1);
    let id = "444b9a39-0dd5-45b0-85af-82281c279e60";
    assert!(sound.contains(id));
    for other in ["", "a b", r#"a\"b"#, r"a\\b", "a\\nb", &"a".repeat(129), "ü"] {
        assert_eq!(serving.ask(&Request::json(&sound.replace(id, other))).status, 200, "{other}");
    }
    home.drain();
    assert_eq!(home.observations(), Vec::<String>::new());
    let other = "../../a";
    assert_eq!(serving.ask(&Request::json(&sound.replace(id, other))).status, 200);
    home.drain();
    assert_eq!(home.json_of(&["sessions", "--json"])["sessions"][0]["id"], other);
}
