//! Someone who sends: HTTP/1.1 spelt by hand, gRPC by a client of HTTP/2.

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use tokio::runtime;

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Json,
    Protobuf,
    Grpc,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    pub encoding: Encoding,
    pub method: String,
    pub path: String,
    /// Headers beside those that every request has; one of the same name takes the place of another.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The status of a call of gRPC.
    pub grpc_status: Option<u16>,
}

impl Encoding {
    fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/x-protobuf",
            Self::Grpc => "application/grpc",
        }
    }

    /// What is answered to a request that was taken.
    pub fn empty_answer(self) -> Vec<u8> {
        match self {
            Self::Json => b"{}".to_vec(),
            Self::Protobuf => Vec::new(),
            Self::Grpc => vec![0; 5],
        }
    }
}

impl Request {
    /// Log events, as this message has them.
    pub fn new(encoding: Encoding, message: Vec<u8>) -> Self {
        let path = match encoding {
            Encoding::Json | Encoding::Protobuf => "/v1/logs",
            Encoding::Grpc => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        };
        let body = if encoding == Encoding::Grpc { framed(&message, false) } else { message };
        let headers = vec![("content-type".to_owned(), encoding.content_type().to_owned())];
        Self { encoding, method: "POST".to_owned(), path: path.to_owned(), headers, body }
    }

    /// Log events in JSON.
    pub fn json(message: &str) -> Self {
        Self::new(Encoding::Json, message.as_bytes().to_vec())
    }

    /// The same with its message compressed.
    pub fn compressed(self, is_compressed: bool) -> Self {
        if !is_compressed {
            return self;
        }
        let (header, body) = match self.encoding {
            Encoding::Json | Encoding::Protobuf => ("content-encoding", zipped(&self.body)),
            Encoding::Grpc => ("grpc-encoding", framed(&zipped(&self.body[5..]), true)),
        };
        Self { body, ..self }.with(header, "gzip")
    }

    /// The same with another header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// Sends it to a port, and reads the answer.
    pub fn send(&self, port: u16) -> Answer {
        match self.encoding {
            Encoding::Json | Encoding::Protobuf => self.send_by_http1(port),
            Encoding::Grpc => {
                let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(self.send_by_http2(port))
            }
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn send_by_http1(&self, port: u16) -> Answer {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let host = format!("127.0.0.1:{port}");
        let length = self.body.len().to_string();
        for (name, value) in [("host", &*host), ("content-length", &*length), ("connection", "close")] {
            if self.header(name).is_none() {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        self.headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head.push_str("\r\n");
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        // Whoever is refused may not be read to the end.
        let _ = stream.write_all(&self.body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        Answer {
            status,
            headers: lines.map(header).collect(),
            body: bytes[end + 4..].to_vec(),
            grpc_status: None,
        }
    }

    async fn send_by_http2(&self, port: u16) -> Answer {
        let stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let opened = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (mut sender, connection) = opened.unwrap();
        tokio::spawn(connection);
        let host = self.header("host").map_or_else(|| format!("127.0.0.1:{port}"), str::to_owned);
        let mut request = hyper::Request::builder().method(&*self.method);
        request = request.uri(format!("http://{host}{}", self.path)).header("te", "trailers");
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "host") {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body.clone()))).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let collected = body.collect().await.unwrap();
        let trailers = collected.trailers().cloned().unwrap_or_default();
        let status = head.headers.get("grpc-status").or_else(|| trailers.get("grpc-status"));
        let grpc_status = status.and_then(|status| status.to_str().ok()?.parse().ok());
        let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        Answer {
            status: head.status.as_u16(),
            headers: head.headers.iter().map(header).collect(),
            grpc_status,
            body: collected.to_bytes().to_vec(),
        }
    }
}

impl Answer {
    /// Its status, and that of gRPC, which is 0 where it is not said and no call of gRPC was made.
    pub fn outcome(&self) -> (u16, Option<u16>) {
        let is_grpc = self.header("content-type") == Some("application/grpc");
        (self.status, if is_grpc { self.grpc_status } else { Some(0) })
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A message of gRPC.
fn framed(message: &[u8], is_compressed: bool) -> Vec<u8> {
    let mut body = vec![u8::from(is_compressed)];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    body
}

pub fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
