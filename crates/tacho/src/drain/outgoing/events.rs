//! Events for destinations that keep them: a line for each thing a hook said, with the time it was said.
//!
//! Only a destination that gets content gets what was said; any other gets what it is called and of which session it is.

use super::super::now;
use super::Lane;
use crate::failure::Failure;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::json;
use std::io::Write as _;
use tacho_agents::agent_named;
use tacho_export::exporters::EVENTS;
use tacho_model::event::Observation;
use tacho_model::id::SessionId;
use tacho_model::time::UnixNanos;
use tacho_privacy::{CaptureLevel, as_name};
use tacho_store::outbox::Parcel;
use tacho_store::{Changes, SessionKey};

/// So many bytes of lines are written at once.
const LINES_BYTES_MAX: usize = 1024 * 1024;

/// Lines that wait to be packed.
#[derive(Default)]
pub(super) struct Events {
    lines: Vec<u8>,
    count: u64,
}

impl Lane<'_> {
    /// Takes what hooks said of a session that it has not got yet, if it keeps that and is meant to get it.
    pub(super) fn take_events(
        &mut self,
        changes: &Changes<'_>,
        (key, session): (SessionKey, &SessionId),
        is_for_it: bool,
        level: CaptureLevel,
    ) -> Result<(), Failure> {
        if !self.destination.keeps_events {
            return Ok(());
        }
        if is_for_it {
            changes.read().each_event_since(self.key, (key, session), |said| {
                self.events.lines.extend(line(&said, level));
                self.events.count += 1;
            })?;
        }
        changes.mark_events(self.key, key)?;
        if self.events.lines.len() > LINES_BYTES_MAX { self.pack_events(changes) } else { Ok(()) }
    }

    /// Puts the lines that wait in line.
    pub(super) fn pack_events(&mut self, changes: &Changes<'_>) -> Result<(), Failure> {
        let Events { lines, count } = std::mem::take(&mut self.events);
        if count == 0 {
            return Ok(());
        }
        let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
        // A request is a line; the feed behind the last one is put there when it is written.
        compressed.write_all(lines.strip_suffix(b"\n").unwrap_or(&lines))?;
        let parcel = Parcel {
            id: 0,
            destination: self.key,
            signal: EVENTS.to_owned(),
            content_type: self.destination.protocol.content_type().to_owned(),
            is_full: self.destination.level == CaptureLevel::Full,
            has_names: false,
            items: count,
            bytes: compressed.finish()?,
        };
        Ok(changes.enqueue(&parcel, now())?)
    }
}

/// What a hook said, as one line.
fn line(said: &Observation, level: CaptureLevel) -> Vec<u8> {
    let timestamp = timestamp(said.at.unwrap_or(UnixNanos(0)));
    let payload = said.body.strip_prefix(b"{").filter(|_| level == CaptureLevel::Full);
    let mut line = match payload {
        Some(members) => {
            let mut line = format!(r#"{{"timestamp":"{timestamp}""#).into_bytes();
            if members != b"}" {
                line.push(b',');
            }
            // A line feed in JSON is space between its parts.
            line.extend(members.iter().filter(|byte| !matches!(byte, b'\n' | b'\r')));
            line
        }
        None => {
            let decoded =
                agent_named(Some(&said.agent)).map(|agent| (agent.decode)(said)).unwrap_or_default();
            let name = decoded.events.into_iter().next().map(|event| as_name(event.name));
            json!({
                "timestamp": timestamp,
                "event": name,
                "session_id": as_name(said.session.as_str().to_owned()),
            })
            .to_string()
            .into_bytes()
        }
    };
    line.push(b'\n');
    line
}

/// A time as RFC 3339 writes it, to the millisecond.
fn timestamp(at: UnixNanos) -> String {
    let milliseconds = i64::try_from(at.0 / 1_000_000).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(milliseconds).map(|at| format!("{at:.3}")).unwrap_or_default()
}
