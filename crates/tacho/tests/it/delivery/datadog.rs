//! The trace API of the Datadog Agent: the spans of a session as it gets them.

mod llmobs;

use super::home_with;
use serde_json::{Map, Value as Json, json};
use std::sync::{Arc, Mutex};
use tacho_testkit::http::{HttpServer, Reply, Request};

/// Somebody who takes whatever comes, and what came.
fn agent() -> (HttpServer, Arc<Mutex<Vec<Request>>>) {
    let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
    let kept = Arc::clone(&requests);
    let server = HttpServer::start(Box::new(move |request| {
        kept.lock().unwrap().push(request);
        Reply::Whole { status: 200, headers: Vec::new(), body: b"{}".to_vec() }
    }));
    (server.unwrap(), requests)
}

/// Reads MessagePack, in the forms that are written.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn eight(&mut self) -> [u8; 8] {
        self.take(8).try_into().unwrap()
    }

    fn length(&mut self) -> usize {
        u32::from_be_bytes(self.take(4).try_into().unwrap()) as usize
    }

    fn value(&mut self) -> Json {
        match self.take(1) {
            [0xDD] => (0..self.length()).map(|_| self.value()).collect(),
            [0xDF] => {
                let pairs = (0..self.length()).map(|_| (self.text(), self.value()));
                Json::Object(pairs.collect::<Map<_, _>>())
            }
            [0xDB] => {
                let length = self.length();
                json!(std::str::from_utf8(self.take(length)).unwrap())
            }
            [0xCF] => json!(u64::from_be_bytes(self.eight())),
            [0xD3] => json!(i64::from_be_bytes(self.eight())),
            [0xCB] => json!(f64::from_be_bytes(self.eight())),
            other => panic!("{other:?}"),
        }
    }

    fn text(&mut self) -> String {
        self.value().as_str().unwrap().to_owned()
    }
}

#[test]
fn an_agent_gets_the_spans_of_a_trace_together() {
    let home = home_with(&["bash_fails"]);
    let (server, requests) = agent();
    home.configure(&format!("[[destination]]\nkind = \"datadog\"\nendpoint = {:?}\n", server.url()));
    home.drain();
    let requests = requests.lock().unwrap();
    let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("PUT", "/v0.4/traces"));
    assert_eq!(request.header("content-type"), Some("application/msgpack"));
    assert_eq!(request.header("x-datadog-trace-count"), Some("1"));
    let mut reader = Reader(&request.body);
    let mut traces = reader.value();
    assert_eq!(reader.0, b"");
    // What differs from day to day and from home to home.
    for span in traces[0].as_array_mut().unwrap() {
        span["start"] = json!("[start]");
        span["meta"]["service.instance.id"] = json!("[instance]");
        for name in ["user.hash", "user.name", "tachograph.user.source", "tachograph.price.table", "events"] {
            span["meta"].as_object_mut().unwrap().remove(name);
        }
    }
    insta::assert_json_snapshot!(traces);
}
