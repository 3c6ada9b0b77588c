//! A span as a row: what SQL filters by in columns, the rest as JSON.

use rusqlite::Row;
use serde_json::{Map, Value as Json, json};
use tacho_model::attribute::{Attributes, Key, Value, ValueType};
use tacho_model::id::{SpanId, TraceId};
use tacho_model::semconv;
use tacho_model::span::{Link, Span, SpanEvent, SpanKind, Status};
use tacho_model::time::UnixNanos;

/// The columns [`read`] expects, in order.
pub(crate) const COLUMNS: &str = "trace_id, span_id, parent_span_id, kind, name, start_ns, end_ns, is_error, settled, \
     attributes, links, events";

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Span> {
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

pub(crate) fn attributes_to(attributes: &Attributes) -> Json {
    let pairs = attributes.iter().map(|(key, value)| {
        let value = match value {
            Value::String(text) => json!(text),
            Value::Int(number) => json!(number),
            Value::Double(number) => json!(number),
            Value::Boolean(truth) => json!(truth),
            Value::StringList(texts) => json!(texts),
        };
        (key.name().to_owned(), value)
    });
    Json::Object(pairs.collect::<Map<_, _>>())
}

fn attributes_from(json: &Json) -> Attributes {
    let pairs = json.as_object().into_iter().flatten();
    pairs
        .filter_map(|(name, value)| Key::named(name).and_then(|key| Some((key, value_from(key, value)?))))
        .collect()
}

fn value_from(key: Key, json: &Json) -> Option<Value> {
    Some(match key.value_type() {
        ValueType::String => Value::String(json.as_str()?.to_owned()),
        ValueType::Int => Value::Int(json.as_i64()?),
        ValueType::Double => Value::Double(json.as_f64()?),
        ValueType::Boolean => Value::Boolean(json.as_bool()?),
        ValueType::StringList => Value::StringList(
            json.as_array()?.iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect(),
        ),
    })
}

pub(crate) fn links_to(links: &[Link]) -> Json {
    links.iter().map(|link| json!([link.trace_id.to_string(), link.span_id.to_string()])).collect()
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

pub(crate) fn events_to(events: &[SpanEvent]) -> Json {
    let event = |event: &SpanEvent| json!([event.at.0, event.name, attributes_to(&event.attributes)]);
    events.iter().map(event).collect()
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
