//! The bytes of HTTP/1.1: reads requests, writes heads and chunks. No policy, no threads.

use std::io::{self, BufRead, Read, Write};

use super::Request;

/// No more room is made for a body before its bytes are there.
const RESERVED_MAX: usize = 2 * 1024 * 1024;

/// Reads the head of the next request of a connection; `None` when the peer closed it between two requests.
pub(super) fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some(line) = read_line(reader)? else { return Ok(None) };
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(malformed("request line"));
    };
    let path = target.split('?').next().unwrap_or(target).to_owned();
    let headers = read_headers(reader)?;
    Ok(Some(Request { method: method.to_owned(), path, headers, body: Vec::new() }))
}

/// Reads the body that follows the head of a request.
pub(super) fn read_body(reader: &mut impl BufRead, request: &mut Request) -> io::Result<()> {
    request.body =
        if request.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            read_chunks(reader)?
        } else if let Some(length) = request.header("content-length") {
            read_exactly(reader, length.parse().map_err(|_| malformed("content-length"))?)?
        } else {
            Vec::new()
        };
    Ok(())
}

/// Writes status line and headers; `framing` is the header that says how the body ends.
pub(super) fn write_head(
    writer: &mut impl Write,
    status: u16,
    headers: &[(String, String)],
    framing: &str,
) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} {}\r\n{framing}\r\n", reason(status));
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    write_all(writer, head.as_bytes())
}

/// Writes one chunk of a chunked body. An empty one is left out, because it would end the body.
pub(super) fn write_chunk(writer: &mut impl Write, chunk: &[u8]) -> io::Result<()> {
    if chunk.is_empty() {
        return Ok(());
    }
    let mut framed = format!("{:x}\r\n", chunk.len()).into_bytes();
    framed.extend_from_slice(chunk);
    framed.extend_from_slice(b"\r\n");
    write_all(writer, &framed)
}

/// Ends a chunked body.
pub(super) fn write_last_chunk(writer: &mut impl Write) -> io::Result<()> {
    write_all(writer, b"0\r\n\r\n")
}

/// Writes and flushes.
pub(super) fn write_all(writer: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    writer.write_all(bytes)?;
    writer.flush()
}

fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn read_headers(reader: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or_else(|| malformed("end of the headers"))?;
        if line.is_empty() {
            return Ok(headers);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("header"))?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or_else(|| malformed("chunk size"))?;
        let size = line.split(';').next().unwrap_or(&line).trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| malformed("chunk size"))?;
        if size == 0 {
            read_headers(reader)?;
            return Ok(body);
        }
        body.extend(read_exactly(reader, size)?);
        read_line(reader)?;
    }
}

fn read_exactly(reader: &mut impl BufRead, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_or(0, |length| length.min(RESERVED_MAX)));
    reader.by_ref().take(length).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()) == Ok(length) { Ok(bytes) } else { Err(malformed("length of the body")) }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed {what}"))
}

/// The reason phrase; clients ignore it, people who read a dump do not.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        404 => "Not Found",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
