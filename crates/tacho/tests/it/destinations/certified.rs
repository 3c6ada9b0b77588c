//! Encrypted connections: whose word is taken for who a destination is, and what it is shown.

use super::shown;
use crate::fixture;
use crate::home::Home;
use serde_json::Value as Json;
use tacho_testkit::otlp::{GrpcReceiver, Receiver};
use tacho_testkit::tls::{Clients, TlsFront, certificate};

/// A key of a destination that names a file of the bench.
fn line(key: &str, file: &str) -> String {
    format!("{key} = {:?}\n", certificate(file))
}

fn client() -> String {
    line("client_certificate", "client.pem") + &line("client_key", "client.key")
}

/// How it goes for a span, in a word.
fn outcome(url: &str, lines: &str) -> String {
    let home = Home::new();
    home.configure(&format!(
        "[[destination]]\nname = \"work\"\nendpoint = {url:?}\nsignals = [\"traces\"]\n{lines}"
    ));
    let ran = home.run(&["test-destination", "work", "--json"]);
    let report: Json = serde_json::from_str(&ran.stdout).unwrap();
    report["results"][0]["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn who_vouches_for_a_destination() {
    let (http, grpc) = (Receiver::start().unwrap(), GrpcReceiver::start().unwrap());
    for (protocol, address) in [("http/protobuf", http.address()), ("grpc", grpc.address())] {
        let url = TlsFront::start(address, Clients::All).unwrap().url();
        let protocol = format!("protocol = {protocol:?}\n");
        for (lines, expected) in [
            (line("certificate", "authority.pem"), "taken"),
            (line("certificate", "authority.pem") + &client(), "taken"),
            (line("certificate", "stranger.pem"), "tls"),
            (String::new(), "tls"),
        ] {
            assert_eq!(outcome(&url, &(protocol.clone() + &lines)), expected, "{protocol}{lines}");
        }
    }
    assert_eq!((http.spans().len(), grpc.spans().len()), (2, 2));
}

#[test]
fn who_asks_is_shown_a_certificate() {
    let (http, grpc) = (Receiver::start().unwrap(), GrpcReceiver::start().unwrap());
    for (protocol, address) in [("http/protobuf", http.address()), ("grpc", grpc.address())] {
        let url = TlsFront::start(address, Clients::Certified).unwrap().url();
        let lines = format!("protocol = {protocol:?}\n") + &line("certificate", "authority.pem");
        assert_eq!(outcome(&url, &(lines.clone() + &client())), "taken", "{protocol}");
        assert_eq!(outcome(&url, &lines), "tls", "{protocol}");
    }
    assert_eq!((http.spans().len(), grpc.spans().len()), (1, 1));
}

/// What is said of a destination for which a stranger vouches.
#[test]
fn a_stranger_is_told_from_who_is_not_there() {
    let receiver = Receiver::start().unwrap();
    let url = TlsFront::start(receiver.address(), Clients::All).unwrap().url();
    let home = Home::new();
    home.configure(&format!(
        "[[destination]]\nname = \"work\"\nendpoint = {url:?}\nsignals = [\"traces\"]\n{}",
        line("certificate", "stranger.pem")
    ));
    let ran = home.run(&["test-destination", "work"]);
    insta::assert_snapshot!(format!("{:?}\n{}{}", ran.code, ran.stdout, ran.stderr).replace(&url, "[front]"));
}

/// By the variables of every exporter, a signal apart from the others.
#[test]
fn variables_name_certificates() {
    let home = Home::with([fixture::load("bash").an_hour_ago()]);
    let receiver = Receiver::start().unwrap();
    let front = TlsFront::start(receiver.address(), Clients::Certified).unwrap();
    let (authority, chain, key) =
        (certificate("authority.pem"), certificate("client.pem"), certificate("client.key"));
    let (authority, chain, key) = (authority.display(), chain.display(), key.display());
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", front.url()),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", authority.to_string()),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", chain.to_string()),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", key.to_string()),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", format!("{}/v1/logs", receiver.url())),
        ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", authority.to_string()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let ran = home.run_with(&["drain", "--once"], &variables);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(receiver.spans().len(), 4);
    assert!(!receiver.logs().is_empty());
    assert_eq!(receiver.problems(), [""; 0]);
}

#[test]
fn files_that_do_not_fit_are_told_with_their_lines() {
    let home = Home::new();
    let mut config = String::new();
    for (number, lines) in [
        "certificate = \"/nowhere/ca.pem\"\n".to_owned(),
        line("certificate", "client.key"),
        line("client_certificate", "client.pem"),
        line("client_key", "client.key"),
        line("client_certificate", "client.pem") + &line("client_key", "server.key"),
        line("client_certificate", "client.pem") + &line("client_key", "server.pem"),
        line("certificate", "authority.pem") + &client(),
    ]
    .into_iter()
    .enumerate()
    {
        config += &format!("[[destination]]\nendpoint = \"https://{number}.example.com\"\n{lines}\n");
    }
    home.configure(&config);
    let directory = certificate("").display().to_string();
    insta::assert_snapshot!(shown(&home, &[]).replace(&directory, "[certificates]/"));
}
