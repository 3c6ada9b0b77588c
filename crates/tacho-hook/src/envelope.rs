//! The record around a payload: who, when, where, and the payload itself or what stands for it.
//!
//! Field order and meaning are `docs/formats/spool.md`.

use crate::payload::{Kept, Payload};
use std::fmt::Write as _;
use std::io;

/// A variable that takes more bytes than this in a record is not what its name says.
const VARIABLE_BYTES_MAX: usize = 1024;

/// What is known of this call besides its payload.
#[derive(Debug)]
pub struct Circumstances {
    /// Nanoseconds since the Unix epoch at which the hook began.
    pub unix_ns: u64,
    /// The same moment on the clock that runs through suspend and never steps.
    pub boot_ns: u64,
    /// The kernel's id of this boot; empty where there is none.
    pub boot_id: String,
    /// This process.
    pub pid: u32,
    /// Its parent.
    pub parent_pid: u32,
    /// The agent's process, as the agent says.
    pub agent_pid: Option<u32>,
    /// Start of the agent's process in clock ticks since boot, to tell it from a later process of the same number.
    pub agent_start_ticks: Option<u64>,
    /// The agent, where the command line names one.
    pub agent: Option<String>,
    /// The recorded variables that are set.
    pub variables: Vec<(&'static str, String)>,
    /// The span that the turn which begins lies below, as it was said.
    pub parent: Option<String>,
}

/// The record of one call, open: without checksum and closing brace.
pub fn open_object(circumstances: &Circumstances, payload: &Payload<'_>) -> Vec<u8> {
    let mut line = String::with_capacity(1024);
    // Writing to a string cannot fail.
    let _ = write!(
        line,
        r#"{{"v":1,"t":{},"b":{},"boot":"{}","pid":{},"ppid":{}"#,
        circumstances.unix_ns,
        circumstances.boot_ns,
        circumstances.boot_id,
        circumstances.pid,
        circumstances.parent_pid,
    );
    number(&mut line, "apid", circumstances.agent_pid.map(u64::from));
    number(&mut line, "ast", circumstances.agent_start_ticks);
    text(&mut line, "agent", circumstances.agent.as_deref());
    text(&mut line, "pv", Some(env!("CARGO_PKG_VERSION")));
    escaped(&mut line, "ev", payload.keys.event.as_str());
    escaped(&mut line, "sid", payload.keys.session.as_str());
    escaped(&mut line, "tuid", payload.keys.tool_use.as_str());
    escaped(&mut line, "aid", payload.keys.subagent.as_str());
    variables(&mut line, &circumstances.variables);
    text(&mut line, "tp", circumstances.parent.as_deref());
    let mut line = line.into_bytes();
    body(&mut line, &payload.kept);
    line
}

fn number(line: &mut String, name: &str, value: Option<u64>) {
    if let Some(value) = value {
        let _ = write!(line, r#","{name}":{value}"#);
    }
}

/// A string as the payload spells it: already escaped.
fn escaped(line: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = write!(line, r#","{name}":"{value}""#);
    }
}

fn text(line: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = write!(line, r#","{name}":{}"#, quoted(value));
    }
}

fn variables(line: &mut String, variables: &[(&str, String)]) {
    let mut separator = r#","env":{"#;
    for (name, value) in variables {
        let value = quoted(value);
        if value.len() <= VARIABLE_BYTES_MAX {
            let _ = write!(line, r#"{separator}"{name}":{value}"#);
            separator = ",";
        }
    }
    if separator == "," {
        line.push('}');
    }
}

fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for letter in value.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            '\0'..='\x1F' => {
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
            _ => text.push(letter),
        }
    }
    text.push('"');
    text
}

fn body(line: &mut Vec<u8>, kept: &Kept<'_>) {
    match kept {
        Kept::Json(json) => {
            line.extend_from_slice(br#","raw":"#);
            // A line feed can stand only between tokens of valid JSON, where a space means the same.
            line.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
        }
        Kept::Bytes { bytes, len, flaw } => {
            let _ = io::Write::write_fmt(line, format_args!(r#","bad":"{}""#, flaw.name()));
            if *len > bytes.len() as u64 {
                let _ = io::Write::write_fmt(line, format_args!(r#","len":{len}"#));
            }
            line.extend_from_slice(br#","raw_b64":""#);
            base64(line, bytes);
            line.push(b'"');
        }
        Kept::Blob { blob, len, flaw } => {
            if let Some(flaw) = flaw {
                let _ = io::Write::write_fmt(line, format_args!(r#","bad":"{}""#, flaw.name()));
            }
            let _ = io::Write::write_fmt(
                line,
                format_args!(
                    r#","len":{len},"raw_ref":{{"name":"{}","len":{},"crc":"{:08x}"}}"#,
                    blob.name, blob.len, blob.crc
                ),
            );
        }
    }
}

/// Base64 of RFC 4648 section 4, with padding.
pub fn base64(line: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for (position, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = DIGITS.get((bits >> shift & 63) as usize).copied().unwrap_or(b'A');
            line.push(if position <= group.len() { digit } else { b'=' });
        }
    }
}
