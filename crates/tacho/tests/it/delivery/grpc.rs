//! The same delivery over gRPC.

use super::arrivals::{is_metadata, reported_spans, sorted};
use super::home_with;
use crate::home::{Home, Ran};
use tacho_testkit::otlp::{GrpcAnswer, GrpcReceiver, Signal};

/// A home with a session, and how it is sent.
struct Scene {
    home: Home,
    receiver: GrpcReceiver,
}

impl Scene {
    fn with(receiver: GrpcReceiver, lines: &str) -> Self {
        let home = home_with(&["bash"]);
        let endpoint = receiver.url();
        home.configure(&format!(
            "[[destination]]\nendpoint = {endpoint:?}\nprotocol = \"grpc\"\nsignals = [\"traces\"]\n{lines}"
        ));
        Self { home, receiver }
    }

    fn answering(code: u16, message: &str) -> Self {
        let scene = Self::with(GrpcReceiver::start().unwrap(), "");
        let answer = GrpcAnswer { code, message: message.to_owned(), ..GrpcAnswer::default() };
        scene.receiver.answer_next(Signal::Traces, answer);
        scene
    }

    fn drain(&self) -> Ran {
        let ran = self.home.run(&["drain", "--once"]);
        Ran { stderr: ran.stderr.replace(&self.receiver.url(), "[receiver]"), ..ran }
    }

    /// Everything arrived, in calls of so many spans, answered so.
    #[track_caller]
    fn all_arrived(&self, calls: &[(usize, u16)]) {
        assert_eq!(self.receiver.problems(), [""; 0]);
        let requests = self.receiver.requests();
        let made: Vec<(usize, u16)> =
            requests.iter().map(|request| (request.spans.len(), request.answered.unwrap())).collect();
        assert_eq!(made, calls);
        assert_eq!(sorted(self.receiver.spans()), reported_spans(&self.home, is_metadata));
    }

    /// Whether each call was compressed.
    fn compressed(&self) -> Vec<bool> {
        self.receiver.requests().iter().map(|request| request.header("grpc-encoding").is_some()).collect()
    }
}

fn done() -> Ran {
    Ran { code: Some(0), stdout: String::new(), stderr: String::new() }
}

#[test]
fn everything_arrives() {
    let scene = Scene::with(GrpcReceiver::start().unwrap(), "token = \"a-token\"\n");
    assert_eq!(scene.drain(), done());
    scene.all_arrived(&[(4, 0)]);
    let [request] = scene.receiver.requests().try_into().unwrap();
    assert_eq!(request.header("authorization"), Some("Bearer a-token"));
    assert_eq!(scene.compressed(), [true]);
}

#[test]
fn a_busy_receiver_gets_it_again() {
    for code in [1, 4, 10, 11, 14, 15] {
        let scene = Scene::answering(code, "");
        assert_eq!(scene.drain(), done());
        scene.all_arrived(&[(4, code), (4, 0)]);
    }
}

/// Without a time, too much is too large.
#[test]
fn an_exhausted_receiver_is_busy_only_if_it_says_for_how_long() {
    let scene = Scene::with(GrpcReceiver::start().unwrap(), "");
    let answer = GrpcAnswer { code: 8, retry_after_s: Some(0), ..GrpcAnswer::default() };
    scene.receiver.answer_next(Signal::Traces, answer);
    assert_eq!(scene.drain(), done());
    scene.all_arrived(&[(4, 8), (4, 0)]);
    let scene = Scene::answering(8, "");
    assert_eq!(scene.drain(), done());
    scene.all_arrived(&[(4, 8), (2, 0), (2, 0)]);
}

#[test]
fn a_bad_request_is_parted() {
    let scene = Scene::answering(3, "bad%20span");
    assert_eq!(scene.drain(), done());
    scene.all_arrived(&[(4, 3), (2, 0), (2, 0)]);
}

#[test]
fn a_partial_success_is_final() {
    let scene = Scene::with(GrpcReceiver::start().unwrap(), "");
    let answer = GrpcAnswer { rejected: 1, message: "too old".to_owned(), ..GrpcAnswer::default() };
    scene.receiver.answer_next(Signal::Traces, answer);
    let ran = scene.drain();
    assert_eq!(
        (ran.code, ran.stderr.lines().next()),
        (Some(1), Some("error: [receiver] refused 1 item for good: too old"))
    );
    assert_eq!(scene.drain(), done());
    scene.all_arrived(&[(4, 0)]);
}

#[test]
fn a_receiver_without_gzip_gets_it_uncompressed() {
    let scene = Scene::with(GrpcReceiver::start_without_gzip().unwrap(), "");
    assert_eq!(scene.drain(), done());
    scene.all_arrived(&[(4, 12), (4, 0)]);
    assert_eq!(scene.compressed(), [true, false]);
    let scene = Scene::with(GrpcReceiver::start_without_gzip().unwrap(), "compression = \"none\"\n");
    assert_eq!(scene.drain(), done());
    assert_eq!(scene.compressed(), [false]);
}

#[test]
fn a_receiver_that_does_not_know_us_is_left_alone() {
    let scene = Scene::answering(16, "who are you");
    assert_eq!(scene.drain().code, Some(1));
    let status = scene.home.stdout_of(&["status"]).replace(&scene.receiver.url(), "[receiver]");
    let told: Vec<&str> = status.lines().filter(|line| line.contains("in a row")).collect();
    assert_eq!(told, ["           1 failure in a row: gRPC UNAUTHENTICATED: the token is missing or wrong"]);
    assert_eq!(scene.drain(), done());
    scene.all_arrived(&[(4, 16), (4, 0)]);
}

/// A connection that was closed while it lay still costs nothing but another.
#[test]
fn a_connection_that_is_gone_is_opened_anew() {
    let scene = Scene::with(GrpcReceiver::start_hanging_up().unwrap(), "");
    scene.receiver.answer_next(Signal::Traces, GrpcAnswer { code: 3, ..GrpcAnswer::default() });
    assert_eq!(scene.drain(), done());
    scene.all_arrived(&[(4, 3), (2, 0), (2, 0)]);
}
