//! The server keeps connections, reads both framings, and breaks off on demand.

use super::client::{Client, post_bytes};
use crate::http::{BodyStream, Ending, HttpServer, Reply, Request};

/// Answers with what it understood; `/stream`, `/cut` and `/gone` break the rules on purpose.
fn echo(request: Request) -> Reply {
    let produce = |ending: Ending| {
        Box::new(move |stream: &mut BodyStream<'_>| {
            stream.send(b"one ")?;
            stream.send(b"two")?;
            Ok(ending)
        })
    };
    let headers = vec![("x-from".to_owned(), "echo".to_owned())];
    match request.path.as_str() {
        "/stream" => Reply::Streamed { status: 200, headers, produce: produce(Ending::Complete) },
        "/cut" => Reply::Streamed { status: 200, headers, produce: produce(Ending::Cut) },
        "/gone" => Reply::HangUp,
        path => {
            let body = String::from_utf8(request.body.clone()).unwrap();
            let kind = request.header("content-type").unwrap_or("-");
            let body = format!("{} {path} {kind} {body}", request.method);
            Reply::Whole { status: 201, headers, body: body.into_bytes() }
        }
    }
}

/// The answers to `requests` on one connection, as `STATUS body` and `+` where the body was whole.
fn answers(requests: &[&[u8]]) -> Vec<String> {
    let server = HttpServer::start(Box::new(echo)).unwrap();
    let mut client = Client::connect(&server.url());
    let mut answers = Vec::new();
    for request in requests {
        let Some(response) = client.exchange(request) else {
            answers.push("closed".to_owned());
            break;
        };
        assert_eq!(response.header("x-from"), Some("echo"));
        let mark = if response.whole { "+" } else { "" };
        answers.push(format!("{} {}{mark}", response.status, String::from_utf8_lossy(&response.body)));
    }
    answers
}

#[test]
fn keeps_the_connection_over_both_framings() {
    let chunked =
        b"POST /b?q=1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
    let plain = post_bytes("/a", &[("Content-Type", "text/plain")], b"hello");
    assert_eq!(
        answers(&[&plain, chunked, b"GET /c HTTP/1.1\r\n\r\n", &post_bytes("/stream", &[], b"")]),
        ["201 POST /a text/plain hello+", "201 POST /b - abcde+", "201 GET /c - +", "200 one two+"]
    );
}

#[test]
fn breaks_off_on_demand() {
    let plain = post_bytes("/a", &[], b"");
    assert_eq!(answers(&[&post_bytes("/cut", &[], b""), &plain]), ["200 one two", "closed"]);
    assert_eq!(answers(&[&plain, &post_bytes("/gone", &[], b"")]), ["201 POST /a - +", "closed"]);
}

#[test]
fn closes_after_a_request_that_asks_for_it() {
    let closing = post_bytes("/a", &[("Connection", "close")], b"");
    assert_eq!(answers(&[&closing, &post_bytes("/a", &[], b"")]), ["201 POST /a - +", "closed"]);
}

#[test]
fn stops_when_dropped() {
    let server = HttpServer::start(Box::new(echo)).unwrap();
    let url = server.url();
    let mut client = Client::connect(&url);
    assert!(client.exchange(&post_bytes("/a", &[], b"")).is_some());
    drop(server);
    let address = url.strip_prefix("http://").unwrap();
    assert!(std::net::TcpStream::connect(address).is_err());
    assert_eq!(client.exchange(b""), None);
}
