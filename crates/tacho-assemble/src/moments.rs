//! What is told of a session beside its spans, as log records.

use crate::facts::moments::{Happened, Told};
use crate::tree::Tree;
use std::fmt::Write as _;
use tacho_model::attribute::Attributes;
use tacho_model::event::{Note, NoteKind};
use tacho_model::id::{IdSpace, PromptId, SpanId, TraceId};
use tacho_model::log::{LogRecord, Moment, Severity};
use tacho_model::semconv as key;
use tacho_model::session::Session;
use tacho_model::span::{Span, SpanKind};
use tacho_model::time::UnixNanos;

/// The moments of a session in their order.
pub(crate) fn moments(tree: &Tree<'_>, session: &Session, spans: &[Span]) -> Vec<Moment> {
    let facts = tree.facts;
    let space = IdSpace { agent: facts.agent.name, session: &facts.session };
    let told = facts.moments.iter().filter(|told| !facts.is_inherited(Some(told.at)));
    let mut moments: Vec<Moment> = told
        .filter_map(|told| {
            let (name, attributes) = said(told)?;
            let key = hex(told.uid);
            let turn = turn_at(spans, told);
            let record = record(tree, name, told.at, attributes);
            Some(Moment { id: space.moment(&key), record: LogRecord { span: turn, ..record } })
        })
        .collect();
    if let Some(ended) = session.ended.filter(|_| session.end_inferred) {
        let mut attributes = Attributes::default();
        attributes.set(key::TACHOGRAPH_END_INFERRED, "agent_gone");
        let key = format!("end/{}", ended.0);
        let record = record(tree, key::EVENT_SESSION_END, ended, attributes);
        moments.push(Moment { id: space.moment(&key), record });
    }
    moments.sort_by_key(|moment| (moment.record.at, moment.id));
    moments
}

fn record(tree: &Tree<'_>, name: &'static str, at: UnixNanos, mut attributes: Attributes) -> LogRecord {
    attributes.set(key::SESSION_ID, &tree.facts.session);
    LogRecord { at, observed_at: at, name, severity: Severity::Info, span: None, attributes }
}

/// The turn it happened in: the one that its event names, else the one that was going on.
fn turn_at(spans: &[Span], told: &Told) -> Option<(TraceId, SpanId)> {
    let turns = || spans.iter().filter(|span| span.kind == SpanKind::Turn);
    let is_named = |span: &&Span| {
        let prompt = told.prompt.as_ref().map(PromptId::as_str);
        prompt.is_some() && span.attributes.text(key::CLAUDE_CODE_PROMPT_ID) == prompt
    };
    let goes_on = |span: &&Span| span.start <= told.at && span.end.is_none_or(|end| told.at <= end);
    let turn = turns().find(is_named).or_else(|| turns().find(goes_on))?;
    Some((turn.trace_id, turn.span_id))
}

/// Its name and what is said; `None` for what is told elsewhere.
fn said(told: &Told) -> Option<(&'static str, Attributes)> {
    let mut attributes = Attributes::default();
    let name = match &told.what {
        Happened::Started { trigger, model } => {
            attributes.set_known(key::CLAUDE_CODE_EVENT_TYPE, trigger.as_deref());
            attributes.set_known(key::GEN_AI_REQUEST_MODEL, model.as_deref());
            key::EVENT_SESSION_START
        }
        Happened::Ended { reason } => {
            attributes.set_known(key::CLAUDE_CODE_EVENT_CAUSE, reason.as_deref());
            key::EVENT_SESSION_END
        }
        Happened::Noted(note) => {
            let Note { kind, sort, cause, subject, before, path, text } = note;
            attributes.set_known(key::CLAUDE_CODE_EVENT_TYPE, sort.as_deref());
            attributes.set_known(key::CLAUDE_CODE_EVENT_CAUSE, cause.as_deref());
            attributes.set_known(key::CLAUDE_CODE_EVENT_SUBJECT, subject.as_deref());
            attributes.set_known(key::CLAUDE_CODE_EVENT_PREVIOUS, before.as_deref());
            attributes.set_known(key::CLAUDE_CODE_EVENT_PATH, path.as_deref());
            attributes.set_known(key::CLAUDE_CODE_EVENT_TEXT, text.as_deref());
            name(*kind)?
        }
    };
    Some((name, attributes))
}

const fn name(kind: NoteKind) -> Option<&'static str> {
    Some(match kind {
        NoteKind::Notified => key::EVENT_NOTIFICATION,
        NoteKind::CommandExpanded => key::EVENT_COMMAND_EXPANDED,
        NoteKind::SettingsChanged => key::EVENT_CONFIG_CHANGE,
        NoteKind::InstructionsLoaded => key::EVENT_INSTRUCTIONS_LOADED,
        NoteKind::TaskCreated => key::EVENT_TASK_CREATED,
        NoteKind::TaskCompleted => key::EVENT_TASK_COMPLETED,
        NoteKind::TeammateIdle => key::EVENT_TEAMMATE_IDLE,
        NoteKind::DirectoryChanged => key::EVENT_DIRECTORY_CHANGE,
        NoteKind::DirectoryAdded => key::EVENT_DIRECTORY_ADDED,
        NoteKind::FileChanged => key::EVENT_FILE_CHANGE,
        NoteKind::SetUp => key::EVENT_SETUP,
        NoteKind::ModelSwitching => key::EVENT_MODEL_SWITCHING,
        NoteKind::ModelSwitched => key::EVENT_MODEL_SWITCH,
        NoteKind::WorktreeCreated => key::EVENT_WORKTREE_CREATED,
        NoteKind::WorktreeRemoved => key::EVENT_WORKTREE_REMOVED,
        NoteKind::MessageShown => return None,
    })
}

fn hex(bytes: [u8; 16]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A text takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
