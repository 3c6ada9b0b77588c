//! A bare HTTP client: it shows what a server really sent, broken answers included.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// An answer as it came over the wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Whether the body ended as its framing promised.
    pub(super) whole: bool,
}

impl Response {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// One connection.
pub(super) struct Client(BufReader<TcpStream>);

impl Client {
    pub(super) fn connect(url: &str) -> Self {
        Self(BufReader::new(TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap()))
    }

    /// Sends raw bytes and reads one answer; `None` when the server closed the connection without one.
    pub(super) fn exchange(&mut self, request: &[u8]) -> Option<Response> {
        self.0.get_mut().write_all(request).unwrap();
        let mut line = String::new();
        if self.0.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut response = Response { status, headers, body: Vec::new(), whole: false };
        match response.header("content-length").map(|length| length.parse::<u64>().unwrap()) {
            Some(length) => {
                let read = self.0.by_ref().take(length).read_to_end(&mut response.body).unwrap();
                response.whole = read as u64 == length;
            }
            None => self.read_chunks(&mut response),
        }
        Some(response)
    }

    fn read_chunks(&mut self, response: &mut Response) {
        while let Ok(size) = u64::from_str_radix(&self.line(), 16) {
            self.0.by_ref().take(size).read_to_end(&mut response.body).unwrap();
            self.line();
            if size == 0 {
                response.whole = true;
                return;
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

/// Posts `body` on a connection of its own.
pub(super) fn post(url: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Response> {
    Client::connect(url).exchange(&post_bytes(path, headers, body))
}

/// The bytes of a POST request.
pub(super) fn post_bytes(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request = format!("POST {path} HTTP/1.1\r\nHost: loopback\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
