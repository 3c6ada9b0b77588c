//! A `tacho serve` that dies with the test.

use super::client::{Answer, Request};
use crate::home::Home;
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Stdio};

/// It, and where it listens.
pub struct Serving {
    process: Child,
    pub port: u16,
    token: String,
}

impl Serving {
    /// Starts one in this home, at a port that was free.
    pub fn start(home: &Home) -> Self {
        let mut command = home.command(&["serve", "--port", "0"]);
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.split_once("http://127.0.0.1:").unwrap();
        let port = address.split(';').next().unwrap().parse().unwrap();
        Self { process, port, token: token(home) }
    }

    /// Sends a request with the token, unless it says another.
    pub fn ask(&self, request: &Request) -> Answer {
        self.with_token(request).send(self.port)
    }

    /// A request with the token, unless it says another.
    pub fn with_token(&self, request: &Request) -> Request {
        let request = request.clone();
        if request.headers.iter().any(|(name, _)| name == "authorization") {
            return request;
        }
        request.with("authorization", &format!("Bearer {}", self.token))
    }

    /// Ends it, and returns its exit code.
    pub fn end(&mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        self.process.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}

/// The token of the receiver in this home.
pub fn token(home: &Home) -> String {
    let bytes = fs::read(home.state().join("keys/receiver")).unwrap();
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// A port that nobody has and that is given to no other test while nobody listens on it: those come from the ephemeral range.
pub fn free_port() -> u16 {
    let first = 10_000 + std::process::id() as u16 % 8_000;
    (first..first + 1000).find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).unwrap()
}
