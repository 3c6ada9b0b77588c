//! Hook payloads, as the CLI sends them, turned into events.

use super::note::note;
use super::{cause_of, deeds, error_word, event, mcp_server_of, refusal_of, started_subagent};
use crate::fields::Fields;
use crate::{Decoded, Warning};
use std::iter::repeat_n;
use tacho_model::event::{
    Compaction, CompactionStep, Event, Fact, FailureCause, Json, Observation, ToolEnd, ToolFailure, ToolStart,
};

/// The event that announces a prompt.
pub(super) const PROMPT: &str = "UserPromptSubmit";
/// The notification that the CLI has waited for a prompt for 60 s.
const IDLE: &str = "idle_prompt";

/// What a hook payload says. An event of an unknown name is kept as data.
pub(super) fn decode(observation: &Observation, payload: &Fields<'_>) -> Decoded {
    let Some(name) = payload.text("hook_event_name") else {
        return Decoded::not_understood("a payload without an event");
    };
    let base = Event {
        prompt: payload.id("prompt_id"),
        subagent: payload.id("agent_id"),
        ..event(observation, &name, Fact::Nothing)
    };
    match facts(&name, payload) {
        Some(facts) => {
            repeat_n(base, facts.len()).zip(facts).map(|(base, fact)| Event { fact, ..base }).collect()
        }
        None => {
            let warnings = vec![Warning(format!("{name} lacks what makes it a statement"))];
            Decoded { events: vec![base], warnings, ..Decoded::default() }
        }
    }
}

/// The facts in a payload; `None` when a field is missing without which there is none.
fn facts(name: &str, payload: &Fields<'_>) -> Option<Vec<Fact>> {
    let fact = match name {
        "SessionStart" => {
            let trigger = payload.word("source");
            let is_fork = trigger.as_deref() == Some("fork");
            Fact::SessionStarted { trigger, is_fork, model: payload.text("model") }
        }
        "SessionEnd" => Fact::SessionEnded { reason: payload.word("reason") },
        PROMPT => {
            let prompted = Fact::Prompted {
                text: payload.text("prompt"),
                permission_mode: payload.word("permission_mode"),
                agent_version: None,
            };
            return Some([prompted].into_iter().chain(title(payload)).collect());
        }
        "Stop" => Fact::Stopped { last_message: payload.text("last_assistant_message") },
        "StopFailure" => Fact::StopFailed { error: error_word(payload) },
        "SubagentStart" => Fact::SubagentStarted { kind: payload.text("agent_type").unwrap_or_default() },
        "SubagentStop" => Fact::SubagentStopped {
            kind: payload.text("agent_type").unwrap_or_default(),
            last_message: payload.text("last_assistant_message"),
        },
        "PreCompact" => compaction(CompactionStep::Began, payload),
        "PostCompact" => compaction(CompactionStep::Ended, payload),
        "Elicitation" => Fact::ElicitationAsked {
            server: payload.text("mcp_server_name"),
            mode: payload.word("mode"),
            message: payload.text("message"),
        },
        "ElicitationResult" => Fact::ElicitationAnswered {
            server: payload.text("mcp_server_name"),
            action: payload.word("action"),
        },
        "PermissionRequest" => {
            Fact::PermissionAsked { name: payload.text("tool_name")?, input: input(payload) }
        }
        "PermissionDenied" => {
            Fact::PermissionRefused { tool: payload.id("tool_use_id")?, reason: payload.text("reason") }
        }
        "PreToolUse" => {
            let start = tool_start(payload)?;
            let deeds = deeds::of_arguments(&start.tool, &start.name, &payload.object("tool_input"));
            return Some([Fact::ToolStarted(start)].into_iter().chain(deeds).collect());
        }
        "PostToolUse" => return ended(None, payload),
        "PostToolUseFailure" => return ended(Some(failure(payload)), payload),
        "PostToolBatch" => return Some(returns(payload)),
        "Notification" if payload.text("notification_type").as_deref() == Some(IDLE) => {
            return Some(note(name, payload).map(Fact::Noted).into_iter().chain([Fact::Idle]).collect());
        }
        _ => note(name, payload).map_or(Fact::Unknown, Fact::Noted),
    };
    Some(vec![fact])
}

/// A call that came back, and what it did.
fn ended(failure: Option<ToolFailure>, payload: &Fields<'_>) -> Option<Vec<Fact>> {
    let (input, result) = (payload.object("tool_input"), payload.object("tool_response"));
    let end = ToolEnd { failure, ..tool_end(payload, &result)? };
    let mut did = deeds::of_arguments(&end.tool, &end.name, &input);
    match &end.failure {
        Some(failure) => {
            did.extend(deeds::of_failure(&end.tool, failure.message.as_deref().unwrap_or_default()));
        }
        None => did.extend(deeds::of_result_and_arguments(&end.tool, &end.name, &result, &input)),
    }
    Some([Fact::ToolEnded(end)].into_iter().chain(did).collect())
}

/// What the session is called by now.
fn title(payload: &Fields<'_>) -> Option<Fact> {
    Some(Fact::Titled { title: payload.id("session_title")?, by_person: false })
}

fn compaction(step: CompactionStep, payload: &Fields<'_>) -> Fact {
    let trigger = payload.word("trigger");
    Fact::Compacted(Compaction { step, trigger, tokens_before: None, tokens_after: None, duration_ms: None })
}

/// One fact for each call of the batch that an answer asked for.
fn returns(payload: &Fields<'_>) -> Vec<Fact> {
    let calls = payload.objects("tool_calls");
    let returned = calls.iter().filter_map(|call| {
        let message = call.text("tool_response");
        let refusal = message.as_deref().and_then(refusal_of);
        let failure = refusal.map(|refusal| ToolFailure { cause: FailureCause::Refused(refusal), message });
        Some(Fact::ToolReturned(ToolEnd { failure, ..tool_end(call, &call.object("tool_response"))? }))
    });
    let facts: Vec<Fact> = returned.collect();
    if facts.is_empty() { vec![Fact::Nothing] } else { facts }
}

fn tool_start(payload: &Fields<'_>) -> Option<ToolStart> {
    let name = payload.text("tool_name")?;
    Some(ToolStart {
        tool: payload.id("tool_use_id")?,
        input: input(payload),
        mcp_server: mcp_server(payload, &name),
        name,
    })
}

fn tool_end(payload: &Fields<'_>, result: &Fields<'_>) -> Option<ToolEnd> {
    let name = payload.text("tool_name")?;
    Some(ToolEnd {
        tool: payload.id("tool_use_id")?,
        input: input(payload),
        failure: None,
        duration_ms: payload.count("duration_ms"),
        result: payload.json("tool_response"),
        started_subagent: started_subagent(result),
        mcp_server: mcp_server(payload, &name),
        name,
    })
}

fn input(payload: &Fields<'_>) -> Json {
    payload.json("tool_input").unwrap_or_else(|| Json("null".to_owned()))
}

fn mcp_server(payload: &Fields<'_>, tool_name: &str) -> Option<String> {
    payload.object("mcp_server").text("name").or_else(|| mcp_server_of(tool_name))
}

fn failure(payload: &Fields<'_>) -> ToolFailure {
    let message = payload.text("error");
    let cause = if payload.is_true("is_interrupt") {
        FailureCause::Interrupted
    } else {
        message.as_deref().map_or(FailureCause::Other, cause_of)
    };
    ToolFailure { cause, message }
}
