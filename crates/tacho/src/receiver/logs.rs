//! What a request holds that is kept: of log events of agents that are known, those that are listed, with the attributes
//! that are listed.
//!
//! Nothing else gets further than this, least of all what was asked and answered.

use super::request::Protocol;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ScopeLogs};
use prost::Message as _;
use serde_json::{Map, Number, Value as Json};
use tacho_agents::{AGENTS, Agent, LogEvent, OwnTelemetry};

/// An id or a name of what is listed is no longer than this, and holds no control character: anything else is a text.
const WORD_BYTES_MAX: usize = 128;

/// What was heard of a session.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) agent: &'static Agent,
    pub(super) session: String,
    /// Possibly none: the session was heard all the same.
    pub(super) events: Vec<LogEvent>,
}

/// What a message holds, session by session.
pub(super) fn heard(protocol: Protocol, message: &[u8]) -> Result<Vec<Heard>, String> {
    let request: ExportLogsServiceRequest = match protocol {
        Protocol::HttpJson => serde_json::from_slice(message).map_err(|error| error.to_string())?,
        Protocol::HttpProtobuf | Protocol::Grpc => {
            ExportLogsServiceRequest::decode(message).map_err(|error| error.to_string())?
        }
    };
    let mut heard = Vec::new();
    for scope in request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs) {
        let Some(agent) = agent_of(&scope) else { continue };
        for record in &scope.log_records {
            take(agent, record, &mut heard);
        }
    }
    Ok(heard)
}

fn agent_of(scope: &ScopeLogs) -> Option<&'static Agent> {
    let name = &scope.scope.as_ref()?.name;
    AGENTS.iter().find(|agent| agent.own_telemetry.scope == name).copied()
}

fn take(agent: &'static Agent, record: &LogRecord, heard: &mut Vec<Heard>) {
    let own = agent.own_telemetry;
    let Some(session) = word(record, own.session).filter(|session| is_plain(session)) else { return };
    let event = word(record, own.name).filter(|name| own.keeps(name)).map(|name| kept(own, name, record));
    let known = heard.iter_mut().find(|known| known.agent.name == agent.name && known.session == session);
    match known {
        Some(known) => known.events.extend(event),
        None => {
            heard.push(Heard { agent, session: session.to_owned(), events: event.into_iter().collect() });
        }
    }
}

/// An id stands in a record of the spool as it is spelt.
fn is_plain(session: &str) -> bool {
    !session.is_empty()
        && session.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

fn word<'a>(record: &'a LogRecord, key: &str) -> Option<&'a str> {
    let value = record.attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?;
    if let Value::StringValue(text) = value.value.as_ref()? {
        Some(text).filter(|text| is_word(text)).map(String::as_str)
    } else {
        None
    }
}

fn is_word(text: &str) -> bool {
    text.len() <= WORD_BYTES_MAX && !text.contains(char::is_control)
}

fn kept(own: &OwnTelemetry, name: &str, record: &LogRecord) -> LogEvent {
    let listed = record.attributes.iter().filter(|attribute| own.keeps_attribute(&attribute.key));
    let attributes: Map<String, Json> = listed
        .filter_map(|KeyValue { key, value, .. }| Some((key.clone(), plain_value(value.as_ref()?)?)))
        .collect();
    LogEvent { name: name.to_owned(), attributes }
}

/// A word, a number, or whether something is so; nothing that holds others.
fn plain_value(value: &AnyValue) -> Option<Json> {
    match value.value.as_ref()? {
        Value::StringValue(text) => is_word(text).then(|| Json::String(text.clone())),
        Value::BoolValue(is_so) => Some(Json::Bool(*is_so)),
        Value::IntValue(number) => Some(Json::from(*number)),
        Value::DoubleValue(number) => Number::from_f64(*number).map(Json::Number),
        Value::ArrayValue(_)
        | Value::KvlistValue(_)
        | Value::BytesValue(_)
        | Value::StringValueStrindex(_) => None,
    }
}
