//! Spans: derived from observations, one row each. What SQL filters by stands in columns, the rest is JSON.

use crate::error::StoreError;
use crate::json::json_text;
use crate::store::{Changes, Reader, SessionKey};
use foldhash::fast::FixedState;
use rusqlite::{Row, Statement, params};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};
use tacho_model::attribute::{Attributes, Key, Value, ValueType};
use tacho_model::id::{SessionId, SpanId, TraceId};
use tacho_model::semconv;
use tacho_model::span::{Link, Span, SpanEvent, SpanKind, Status};
use tacho_model::time::UnixNanos;

/// A row as it stands in the file.
struct Written {
    id: i64,
    state: RowState,
}

/// What tells whether a span's row must be written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct RowState {
    position: i64,
    fingerprint: i64,
}

/// A hash of everything in a span but the state of the prices, by which a later one may find the same: then nothing was
/// changed. It only has to stay the same within one version of the program: another value writes the row, or says that
/// the span was corrected, once more.
#[must_use]
pub fn fingerprint(span: &Span) -> i64 {
    let Span {
        trace_id,
        span_id,
        parent_span_id,
        links,
        kind,
        name,
        start,
        end,
        status,
        attributes,
        events,
        settled,
    } = span;
    let mut hasher = FixedState::default().build_hasher();
    (trace_id, span_id, parent_span_id, links, kind, name).hash(&mut hasher);
    (start, end, status, events, settled).hash(&mut hasher);
    let compared = attributes.iter().filter(|(key, _)| *key != semconv::TACHOGRAPH_PRICE_TABLE);
    compared.for_each(|attribute| attribute.hash(&mut hasher));
    hasher.finish().cast_signed()
}

impl Changes<'_> {
    /// Writes the spans of a session that changed and removes those that are no more: a session grows by the event,
    /// and its rows must not be written anew each time. Returns the fingerprints of the spans, in their order.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put_spans(&self, session: SessionKey, spans: &[Span]) -> Result<Vec<i64>, StoreError> {
        let mut written = self.written_spans(session)?;
        let mut next_id = written.values().map(|row| row.id).max().unwrap_or(*session.row_ids().start()) + 1;
        let mut fingerprints = Vec::with_capacity(spans.len());
        let mut put = self.transaction.prepare_cached(&format!(
            "INSERT OR REPLACE INTO spans ({COLUMNS}, id, position, fingerprint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
        ))?;
        for (position, span) in spans.iter().enumerate() {
            let state = RowState {
                position: i64::try_from(position).unwrap_or(i64::MAX),
                fingerprint: fingerprint(span),
            };
            fingerprints.push(state.fingerprint);
            let row = written.remove(&span.span_id);
            if row.as_ref().is_none_or(|row| row.state != state) {
                let id = row.as_ref().map_or(next_id, |row| row.id);
                next_id += i64::from(row.is_none());
                put_span(&mut put, id, state, span)?;
            }
        }
        let mut delete = self.transaction.prepare_cached("DELETE FROM spans WHERE id = ?1")?;
        for gone in written.into_values() {
            delete.execute([gone.id])?;
        }
        Ok(fingerprints)
    }

    fn written_spans(&self, session: SessionKey) -> Result<BTreeMap<SpanId, Written>, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT span_id, id, position, fingerprint FROM spans WHERE id BETWEEN ?1 AND ?2",
        )?;
        let ids = session.row_ids();
        let rows = statement.query_map([ids.start(), ids.end()], |row| {
            let state = RowState { position: row.get(2)?, fingerprint: row.get(3)? };
            Ok((SpanId(row.get(0)?), Written { id: row.get(1)?, state }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn put_span(put: &mut Statement<'_>, id: i64, state: RowState, span: &Span) -> Result<(), StoreError> {
    put.execute(params![
        span.trace_id.0,
        span.span_id.0,
        span.parent_span_id.map(|parent| parent.0),
        span.kind.name(),
        span.name,
        span.start.0.cast_signed(),
        span.end.map(|end| end.0.cast_signed()),
        span.status == Status::Error,
        span.settled,
        json_text(&AsJson(&span.attributes))?,
        json_text(&links_to(&span.links))?,
        json_text(&events_to(&span.events))?,
        id,
        state.position,
        state.fingerprint,
    ])?;
    Ok(())
}

impl Reader<'_> {
    /// The spans of a session, parents before children.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn spans(&self, session: &SessionId) -> Result<Vec<Span>, StoreError> {
        let Some(key) = self.key_of(session)? else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM spans WHERE id BETWEEN ?1 AND ?2 ORDER BY position"
        ))?;
        let ids = key.row_ids();
        let rows = statement.query_map([ids.start(), ids.end()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The columns [`read`] expects, in order.
const COLUMNS: &str = "trace_id, span_id, parent_span_id, kind, name, start_ns, end_ns, is_error, settled, \
     attributes, links, events";

fn read(row: &Row<'_>) -> rusqlite::Result<Span> {
    let kind: String = row.get(3)?;
    let is_error: bool = row.get(7)?;
    Ok(Span {
        trace_id: TraceId(row.get(0)?),
        span_id: SpanId(row.get(1)?),
        parent_span_id: row.get::<_, Option<[u8; 8]>>(2)?.map(SpanId),
        kind: SpanKind::named(&kind).unwrap_or(SpanKind::Tool),
        name: row.get(4)?,
        start: UnixNanos(row.get::<_, i64>(5)?.cast_unsigned()),
        end: row.get::<_, Option<i64>>(6)?.map(|end| UnixNanos(end.cast_unsigned())),
        status: if is_error { Status::Error } else { Status::Unset },
        settled: row.get(8)?,
        attributes: attributes_from(&parsed(row, 9)?),
        links: links_from(&parsed(row, 10)?),
        events: events_from(&parsed(row, 11)?),
    })
}

fn parsed(row: &Row<'_>, column: usize) -> rusqlite::Result<Json> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// Attributes as a JSON object, written without building it first.
struct AsJson<'a>(&'a Attributes);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.0.iter() {
            match value {
                Value::String(text) => map.serialize_entry(key.name(), &**text)?,
                Value::Int(number) => map.serialize_entry(key.name(), number)?,
                Value::Double(number) => map.serialize_entry(key.name(), number)?,
                Value::Boolean(truth) => map.serialize_entry(key.name(), truth)?,
                Value::StringList(texts) => map.serialize_entry(key.name(), texts)?,
            }
        }
        map.end()
    }
}

fn attributes_from(json: &Json) -> Attributes {
    let pairs = json.as_object().into_iter().flatten();
    pairs
        .filter_map(|(name, value)| Key::named(name).and_then(|key| Some((key, value_from(key, value)?))))
        .collect()
}

fn value_from(key: Key, json: &Json) -> Option<Value> {
    Some(match key.value_type() {
        ValueType::String => json.as_str()?.into(),
        ValueType::Int => Value::Int(json.as_i64()?),
        ValueType::Double => Value::Double(json.as_f64()?),
        ValueType::Boolean => Value::Boolean(json.as_bool()?),
        ValueType::StringList => Value::StringList(
            json.as_array()?.iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect(),
        ),
    })
}

fn links_to(links: &[Link]) -> Vec<[String; 2]> {
    links.iter().map(|link| [link.trace_id.to_string(), link.span_id.to_string()]).collect()
}

fn links_from(json: &Json) -> Vec<Link> {
    let links = json.as_array().into_iter().flatten();
    let link = |pair: &Json| {
        Some(Link {
            trace_id: TraceId(bytes_from(pair.get(0)?.as_str()?)?),
            span_id: SpanId(bytes_from(pair.get(1)?.as_str()?)?),
        })
    };
    links.filter_map(link).collect()
}

fn bytes_from<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn events_to(events: &[SpanEvent]) -> Vec<(u64, &str, AsJson<'_>)> {
    events.iter().map(|event| (event.at.0, event.name, AsJson(&event.attributes))).collect()
}

fn events_from(json: &Json) -> Vec<SpanEvent> {
    let event = |event: &Json| {
        let name = event.get(1)?.as_str()?;
        Some(SpanEvent {
            at: UnixNanos(event.get(0)?.as_u64()?),
            name: semconv::SPAN_EVENTS.iter().copied().find(|known| *known == name)?,
            attributes: attributes_from(event.get(2)?),
        })
    };
    json.as_array().into_iter().flatten().filter_map(event).collect()
}
