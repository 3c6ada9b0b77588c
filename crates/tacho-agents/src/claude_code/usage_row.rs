//! What transcript rows say of what was used: calls of the model (`assistant`) and what the CLI itself made of a
//! session so far (`cost-state`).

use super::transcript::{ROW, answer, is_placeholder, unix_nanos};
use crate::fields::Fields;
use crate::{TranscriptPlace, UsageRow};
use foldhash::fast::FixedState;
use serde_json::value::RawValue;
use std::hash::BuildHasher as _;
use tacho_model::event::{Source, Sources};
use tacho_model::id::SessionId;
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{
    CallKey, Inheritance, Owner, ReportedCost, ReportedModel, Terms, UsageRecord,
};

/// One of these stands in every row that says something. In texts within a row the quotes are escaped.
pub(super) const MARKS: &[&[u8]] = &[br#""usage""#, br#""modelUsage""#];

/// What a row says.
pub(super) fn decode(text: &[u8], place: &TranscriptPlace) -> UsageRow {
    let Ok(row) = Fields::read_as(text, ROW) else { return UsageRow::Unreadable };
    match row.whole_text("type").as_deref() {
        Some("assistant") if !row.is_true("isApiErrorMessage") && !is_placeholder(&row) => {
            call(text, &row, place)
        }
        Some("cost-state") => UsageRow::Reported(Box::new(reported(&row, place))),
        _ => UsageRow::Nothing,
    }
}

fn session(row: &Fields<'_>, place: &TranscriptPlace) -> SessionId {
    row.id("sessionId").unwrap_or_else(|| place.session.clone())
}

/// A call, and the session that made it.
///
/// A fork (`--resume ID --fork-session`) begins with copies of the other session's rows. Measured with version 2.1.330:
/// a copied `assistant` row keeps its `timestamp`, `uuid`, `requestId`, `requestRef`, `message.id` and usage, has the
/// fork's `sessionId`, and only it has `requestSessionId`, which names the session that asked; in a fork of a fork, the
/// first one. A copied `user` row has the `promptId` of the fork's first prompt. `api-request` and `cost-state` rows
/// are not copied, but the fork's own `cost-state` includes what the other session had come to. Version 2.1.119
/// changes `sessionId` alone, so that its copies cannot be told from their originals.
fn call(text: &[u8], row: &Fields<'_>, place: &TranscriptPlace) -> UsageRow {
    let message = row.object("message");
    let Some(said) = message.existing_object("usage") else { return UsageRow::Nothing };
    let usage = answer::usage(&said);
    let is_sidechain = place.subagent.is_some() || row.is_true("isSidechain");
    let request = row.text("requestId").unwrap_or_default();
    let blocks = message.objects("content");
    let mut tools: Vec<String> =
        blocks.iter().filter(|block| is_tool_use(block)).filter_map(|block| block.text("name")).collect();
    tools.sort();
    tools.dedup();
    let own = session(row, place);
    let record = UsageRecord {
        key: CallKey { message: name(text, row, &message, &request), request },
        owner: Owner {
            is_sidechain,
            is_empty: usage.is_empty(),
            at: row.get("timestamp").and_then(unix_nanos).unwrap_or(UnixNanos(0)),
            session: row.id("requestSessionId").unwrap_or_else(|| own.clone()),
            subagent: place
                .subagent_kind
                .clone()
                .or_else(|| row.text("attributionAgent"))
                .or_else(|| is_sidechain.then(|| "subagent".to_owned())),
            project: row.id::<String>("cwd"),
            model: message.id::<String>("model"),
        },
        usage,
        terms: without_usual(answer::terms(&said)),
        tools,
        is_final: message.text("stop_reason").is_some(),
        sources: Sources::of(Source::Transcript),
    };
    let owner = &record.owner;
    let inheritance = (owner.session != own).then(|| Inheritance {
        session: own,
        origin: owner.session.clone(),
        at: owner.at,
    });
    UsageRow::Call(Box::new(record), inheritance)
}

/// Terms without the words for what is usual, which would stand in millions of records.
pub(super) fn without_usual(terms: Terms) -> Terms {
    let unless = |usual: &str, word: Option<String>| word.filter(|word| word != usual);
    Terms {
        speed: unless("standard", terms.speed),
        inference_geo: unless("global", terms.inference_geo),
        service_tier: unless("standard", terms.service_tier),
        ..terms
    }
}

fn is_tool_use(block: &Fields<'_>) -> bool {
    matches!(block.whole_text("type").as_deref(), Some("tool_use" | "server_tool_use"))
}

/// What names the answer: its id; without one the request, the row, or all that is said of it.
fn name(text: &[u8], row: &Fields<'_>, message: &Fields<'_>, request: &str) -> String {
    let own = message.text("id").filter(|id| !id.is_empty());
    own.or_else(|| (!request.is_empty()).then(|| CallKey::of_request(request).message))
        .or_else(|| row.text("uuid").map(|uuid| format!("row:{uuid}")))
        .unwrap_or_else(|| {
            let unopened = Fields::read(text).unwrap_or_default();
            let message = unopened.object("message");
            let said: Option<&RawValue> = message.get("usage");
            let said = (row.text("timestamp"), message.text("model"), said.map(RawValue::get));
            format!("hash:{:016x}", FixedState::default().hash_one(said))
        })
}

fn reported(row: &Fields<'_>, place: &TranscriptPlace) -> ReportedCost {
    let models = row.object("modelUsage");
    let models = models.names().map(|model| {
        let said = models.object(model);
        ReportedModel {
            model: model.to_owned(),
            usage: Usage {
                input: said.count("inputTokens"),
                output: said.count("outputTokens"),
                cache_read: said.count("cacheReadInputTokens"),
                cache_write_5m: said.count("cacheCreationEphemeral5mInputTokens"),
                cache_write_1h: said.count("cacheCreationEphemeral1hInputTokens"),
                thinking: said.count("thinkingTokens"),
            },
            web_searches: said.count("webSearchRequests"),
            cost: cost(&said, "costUSD"),
        }
    });
    ReportedCost {
        session: session(row, place),
        cost: cost(row, "totalCostUSD"),
        models: models.collect(),
        has_guessed: row.is_true("hasUnknownModelCost"),
    }
}

/// An amount as the CLI counts it, in floating point; to the nanodollar that is exact.
fn cost(said: &Fields<'_>, name: &str) -> Nanodollars {
    let dollars: Option<&RawValue> = said.get(name);
    dollars.and_then(|dollars| Nanodollars::from_dollars(dollars.get())).unwrap_or_default()
}
