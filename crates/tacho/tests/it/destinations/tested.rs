//! `tacho test-destination`: what is sent, and what is said of each kind of answer.

use crate::home::Home;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use tacho_testkit::http::{HttpServer, Reply};
use tacho_testkit::otlp::{Answer, GrpcReceiver, Receiver, Signal};

/// What is said of a destination whose address is this, with these lines about it.
fn told(endpoint: &str, lines: &str) -> String {
    let home = Home::new();
    home.configure(&format!("[[destination]]\nname = \"work\"\nendpoint = {endpoint:?}\n{lines}"));
    let ran = home.run(&["test-destination", "work"]);
    let port = endpoint.rsplit_once(':').unwrap().1;
    format!("{:?}\n{}{}", ran.code, ran.stdout, ran.stderr).replace(port, "[port]")
}

/// The outcome of each signal, in a word.
fn outcomes(endpoint: &str, lines: &str) -> Vec<String> {
    let home = Home::new();
    home.configure(&format!("[[destination]]\nname = \"work\"\nendpoint = {endpoint:?}\n{lines}"));
    let ran = home.run(&["test-destination", "work", "--json"]);
    let report: Json = serde_json::from_str(&ran.stdout).unwrap();
    let results = report["results"].as_array().unwrap().iter();
    let words = results.map(|result| result["outcome"].as_str().unwrap().to_owned());
    words.collect::<BTreeSet<_>>().into_iter().chain([format!("exit {}", ran.code.unwrap())]).collect()
}

#[test]
fn one_of_each_signal_is_sent() {
    let receiver = Receiver::start().unwrap();
    insta::assert_snapshot!(told(&receiver.url(), ""));
    let service = |resource: &std::collections::BTreeMap<String, Json>| resource["service.name"].clone();
    let spans = receiver.spans();
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!(
        (span.name.as_str(), service(&span.resource)),
        ("invoke_agent tachograph-test", "tachograph-test".into())
    );
    let logs = receiver.logs();
    let [log] = logs.as_slice() else { panic!("{logs:?}") };
    assert_eq!(service(&log.resource), "tachograph-test");
    let metrics = receiver.requests().iter().filter(|request| request.signal == Signal::Metrics).count();
    assert_eq!((metrics, receiver.problems()), (1, Vec::new()));
    let receiver = GrpcReceiver::start().unwrap();
    assert_eq!(outcomes(&receiver.url(), "protocol = \"grpc\"\n"), ["taken", "exit 0"]);
    assert_eq!((receiver.spans().len(), receiver.logs().len(), receiver.problems()), (1, 1, Vec::new()));
}

#[test]
fn what_is_said_of_answers() {
    let mut said = String::new();
    for (what, answer) in [
        ("401", Answer::error(401)),
        ("403", Answer::error(403)),
        ("404", Answer::error(404)),
        ("415", Answer::error(415)),
        ("400", Answer::error(400)),
        ("503", Answer::error(503)),
        ("307", Answer::redirect(307, "http://127.0.0.1:1/elsewhere")),
        ("partial", Answer::partial_success(1, "too old")),
    ] {
        let receiver = Receiver::start().unwrap();
        receiver.answer_when(|_| true, answer);
        said += &format!("{what}: {}\n", told(&receiver.url(), "signals = [\"traces\"]\n"));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_signal_without_a_place_is_no_fault() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_when(|request| request.signal != Signal::Traces, Answer::error(405));
    insta::assert_snapshot!(told(&receiver.url(), ""));
    let receiver = GrpcReceiver::start_without(Signal::Logs).unwrap();
    assert_eq!(outcomes(&receiver.url(), "protocol = \"grpc\"\n"), ["no_place", "taken", "exit 0"]);
}

/// An Agent without a proxy for LLM Observability, and none at all.
#[test]
fn what_takes_another_protocol_is_told_by_its_kind() {
    let lines = "kind = \"datadog-llmobs\"\n";
    let agent = HttpServer::start(Box::new(|_| Reply::Whole {
        status: 404,
        headers: Vec::new(),
        body: b"404 page not found".to_vec(),
    }))
    .unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    insta::assert_snapshot!(told(&agent.url(), lines) + &told(&format!("http://{nobody}"), lines));
}

/// A server that answers whatever it hears as one does who speaks no TLS.
fn without_tls() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // Who hung up needs no answer.
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    address
}

/// Why no answer comes is told apart.
#[test]
fn what_is_said_where_there_is_no_answer() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let plain = Receiver::start().unwrap();
    let silent = Receiver::start().unwrap();
    silent.answer_when(|_| true, Answer::Silence);
    let secure = format!("https://{}", without_tls());
    for protocol in ["http/protobuf", "grpc"] {
        let traces = format!("protocol = {protocol:?}\nsignals = [\"traces\"]\ntimeout_s = 1\n");
        for (endpoint, expected) in [
            (format!("http://{nobody}"), "connection_refused"),
            ("http://no-such-host.invalid:4318".to_owned(), "dns"),
            (secure.clone(), "tls"),
        ] {
            assert_eq!(outcomes(&endpoint, &traces), [expected, "exit 1"], "{protocol} {endpoint}");
        }
    }
    let traces = "signals = [\"traces\"]\ntimeout_s = 0.2\n";
    assert_eq!(outcomes(&silent.url(), traces), ["timeout", "exit 1"]);
    assert_eq!(
        outcomes(&plain.url(), "protocol = \"grpc\"\nsignals = [\"traces\"]\n"),
        ["unreachable", "exit 1"]
    );
    insta::assert_snapshot!(told(&format!("http://{nobody}"), "signals = [\"traces\"]\n"));
}

#[test]
fn who_is_not_there_is_not_asked() {
    let home = Home::new();
    home.configure("[[destination]]\nname = \"work\"\nendpoint = \"http://127.0.0.1:9\"\n[[destination]]\nkind = \"fil\"\n");
    let ran = home.run(&["test-destination", "home"]);
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(home.without_place(&ran.stderr));
}
