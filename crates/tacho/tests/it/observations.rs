//! Recorded sessions as the drainer takes them down, without the drainer: for tests of decoding and assembling alone.

use crate::fixture::Fixture;
use serde::Deserialize;
use std::path::Path;
use tacho_agents::claude_code::AGENT;
use tacho_agents::{SubagentFile, agent_named};
use tacho_assemble::facts::{AgentIdentity, SessionFacts};
use tacho_assemble::price::Prices;
use tacho_assemble::tree::{Assembly, assemble};
use tacho_model::event::{Event, Observation, Source};
use tacho_model::id::SubagentId;
use tacho_model::time::UnixNanos;

/// How long after its last sign a session's agent is found to be gone.
const FOUND_GONE_AFTER_NS: u64 = 31 * 60 * 1_000_000_000;

/// One observation, understood.
#[derive(Clone, Debug)]
pub struct Heard {
    /// When the drainer could have it at the earliest: a hook's time, or that of the row.
    pub at: UnixNanos,
    pub is_hook: bool,
    pub events: Vec<Event>,
}

#[derive(Deserialize)]
struct Payload {
    hook_event_name: String,
}

#[derive(Deserialize)]
struct Row {
    timestamp: Option<jiff::Timestamp>,
}

/// Everything said about a session in the order in which it was said, the end of its agent last. Halfway, a commit is
/// made in its repository.
pub fn of(fixture: &Fixture) -> Vec<Heard> {
    let mut heard: Vec<Heard> =
        fixture.hooks.iter().map(|hook| from_hook(fixture, hook.t_ns, &hook.payload)).collect();
    for (path, text) in &fixture.transcripts {
        heard.extend(from_file(fixture, path, text));
    }
    heard.sort_by_key(|heard| heard.at);
    let (first, middle) = (heard[0].at, heard[heard.len() / 2].at);
    heard.push(from_recorder(fixture, first, r#"{"vcs":{"ref_name":"main","revision":"0a1b"}}"#));
    heard.push(from_recorder(fixture, middle, r#"{"vcs":{"ref_name":"side","revision":"2c3d"}}"#));
    heard.sort_by_key(|heard| heard.at);
    let last = heard.last().unwrap().at;
    heard.push(from_recorder(fixture, last.plus_nanos(FOUND_GONE_AFTER_NS), r#"{"agent_gone":true}"#));
    for (number, heard) in heard.iter_mut().enumerate() {
        heard.events.iter_mut().for_each(|event| event.observation = uid(number));
    }
    heard
}

fn uid(number: usize) -> [u8; 16] {
    (number as u128).to_be_bytes()
}

fn understood(at: UnixNanos, observation: &Observation) -> Heard {
    let decoded = (AGENT.decode)(observation);
    assert_eq!(decoded.warnings, [], "{}", String::from_utf8_lossy(&observation.body));
    let is_hook = matches!(observation.source, Source::Hook | Source::Mod);
    Heard { at, is_hook, events: decoded.events }
}

fn observation(fixture: &Fixture, source: Source, body: &str) -> Observation {
    Observation {
        uid: [0; 16],
        agent: AGENT.name.to_owned(),
        session: fixture.session.clone(),
        source,
        at: None,
        subagent: None,
        offset: None,
        body: body.as_bytes().to_vec(),
    }
}

fn from_hook(fixture: &Fixture, t_ns: u64, payload: &str) -> Heard {
    let at = UnixNanos(t_ns);
    let Payload { hook_event_name } = serde_json::from_str(payload).unwrap();
    let source = AGENT.source_of(Some(&hook_event_name));
    understood(at, &Observation { at: Some(at), ..observation(fixture, source, payload) })
}

fn from_recorder(fixture: &Fixture, at: UnixNanos, body: &str) -> Heard {
    understood(at, &Observation { at: Some(at), ..observation(fixture, Source::Recorder, body) })
}

fn from_file(fixture: &Fixture, path: &Path, text: &str) -> Vec<Heard> {
    match (AGENT.subagent_file)(path) {
        Some(SubagentFile::Description(id)) => {
            let first_row = path.with_file_name(format!("agent-{}.jsonl", id.as_str()));
            let (_, rows) = fixture.transcripts.iter().find(|(path, _)| *path == first_row).unwrap();
            let at = times(rows).first().copied().unwrap();
            let description = observation(fixture, Source::Transcript, text);
            vec![understood(at, &Observation { subagent: Some(id), ..description })]
        }
        Some(SubagentFile::Transcript(id)) => from_transcript(fixture, Some(id), text),
        None => from_transcript(fixture, None, text),
    }
}

fn from_transcript(fixture: &Fixture, subagent: Option<SubagentId>, text: &str) -> Vec<Heard> {
    let mut offset = 0;
    let mut heard = Vec::new();
    for (line, at) in text.lines().zip(times(text)) {
        if (AGENT.keeps_row)(line.as_bytes()) {
            let row = observation(fixture, Source::Transcript, line);
            let subagent = subagent.clone();
            heard.push(understood(at, &Observation { subagent, offset: Some(offset), ..row }));
        }
        offset += line.len() as u64 + 1;
    }
    heard
}

/// When each row was written: no earlier than it says and than the row before it.
fn times(text: &str) -> Vec<UnixNanos> {
    let mut last = UnixNanos(0);
    let mut times: Vec<UnixNanos> = Vec::new();
    for line in text.lines() {
        let row: Row = serde_json::from_str(line).unwrap();
        let said = row.timestamp.map(|said| UnixNanos(u64::try_from(said.as_nanosecond()).unwrap()));
        last = said.map_or(last, |said| said.max(last));
        times.push(last);
    }
    // Rows before the first time belong to it.
    let first = times.iter().copied().find(|at| at.0 > 0).unwrap();
    times.iter().map(|at| (*at).max(first)).collect()
}

/// A session about which nothing was said yet.
pub fn facts(fixture: &Fixture) -> SessionFacts {
    let agent = agent_named(None).unwrap();
    SessionFacts::new(AgentIdentity { name: agent.name, provider: agent.provider }, fixture.session.clone())
}

/// What a session looks like after all this was said.
pub fn assembled<'a>(
    fixture: &Fixture,
    heard: impl IntoIterator<Item = &'a Heard>,
    now: UnixNanos,
) -> Assembly {
    let mut facts = facts(fixture);
    heard.into_iter().flat_map(|heard| &heard.events).for_each(|event| facts.add(event));
    assemble(&facts, &Prices::list(), now)
}
