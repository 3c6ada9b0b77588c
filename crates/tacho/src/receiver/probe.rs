//! Asking who listens at a port, as the agent would ask.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a step of the question may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// The first line of an answer is short.
const LINE_BYTES_MAX: u64 = 128;

/// Who listens at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listener {
    /// A receiver that takes our token.
    Ours,
    /// A receiver that wants another token.
    OfAnother,
    /// Something else.
    Stranger,
    /// Nobody.
    Nobody,
}

/// Who listens at a port of the loopback interface.
pub(crate) fn listener_at(port: u16, token: &str) -> Listener {
    match first_line(port, token) {
        Ok(line) if line.starts_with("HTTP/1.1 200 ") => Listener::Ours,
        Ok(line) if line.starts_with("HTTP/1.1 401 ") => Listener::OfAnother,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Listener::Nobody,
        Ok(_) | Err(_) => Listener::Stranger,
    }
}

fn first_line(port: u16, token: &str) -> io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST /v1/logs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    )?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE_BYTES_MAX)).read_line(&mut line)?;
    Ok(line)
}
