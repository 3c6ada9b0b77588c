//! What was said about a session, merged. Merging is commutative and idempotent: order and repetition of events
//! leave no trace here.

mod call;
mod compaction;
mod elicitation;
mod heard;
pub(crate) mod moments;
mod project;
mod status;
mod subagent;
mod title;
mod tool;
mod turn;

pub(crate) use call::{BlockFacts, CallFacts, FailedCall, ReportFacts, RequestFacts, Retry};
pub(crate) use compaction::CompactionStatement;
pub(crate) use elicitation::{ElicitationStatement, ElicitationStep};
pub(crate) use subagent::SubagentFacts;
pub(crate) use tool::{PermissionAsk, ToolFacts};
pub(crate) use turn::TurnFacts;

use crate::belief::{Believed, Range};
use crate::place::Places;
use heard::Heard;
use moments::{Happened, Moments};
use project::ProjectFacts;
use status::StatusFacts;
use std::collections::{BTreeMap, BTreeSet};
use tacho_model::event::{
    AnswerPart, Event, Fact, ModelAnswer, ModelReport, ModelRequest, Note, NoteKind, Observation,
    ProjectRules, Repository, Source, TraceContext,
};
use tacho_model::id::{MessageId, PromptId, RequestId, RequestRef, SessionId, SubagentId, ToolUseId};
use tacho_model::time::UnixNanos;
use title::TitleFacts;

/// The agent a session is with.
#[derive(Clone, Copy, Debug)]
pub struct AgentIdentity {
    /// Its name, as in ids.
    pub name: &'static str,
    /// Who serves its models.
    pub provider: &'static str,
}

/// Everything said about one session.
#[derive(Debug)]
pub struct SessionFacts {
    pub(crate) agent: AgentIdentity,
    pub(crate) session: SessionId,
    pub(crate) seen: Range,
    /// The same of what the session itself did.
    pub(crate) active: Range,
    /// The same of what hooks told, as it happened.
    pub(crate) told: Range,
    pub(crate) ended: Believed<()>,
    /// Every time at which it ended; it may be taken up again.
    pub(crate) ends: BTreeSet<UnixNanos>,
    /// When the agent was seen waiting for a prompt.
    pub(crate) idle: BTreeSet<UnixNanos>,
    pub(crate) gone: Believed<()>,
    /// When it began as a copy of another session.
    forked: Believed<()>,
    /// Every time at which its agent was found to be gone; it may have come back.
    pub(crate) departures: BTreeSet<UnixNanos>,
    pub(crate) version: Believed<String>,
    pub(crate) turns: BTreeMap<PromptId, TurnFacts>,
    pub(crate) tools: BTreeMap<ToolUseId, ToolFacts>,
    pub(crate) calls: BTreeMap<MessageId, CallFacts>,
    pub(crate) failed_calls: BTreeMap<String, FailedCall>,
    pub(crate) requests: BTreeMap<RequestRef, RequestFacts>,
    pub(crate) retries: BTreeSet<Retry>,
    /// What the agent measured of its calls.
    pub(crate) reports: BTreeMap<RequestId, ReportFacts>,
    /// Whether the agent says what it measures, so that it may be waited for.
    pub(crate) is_measured: bool,
    pub(crate) subagents: BTreeMap<SubagentId, SubagentFacts>,
    /// What was prompted inside subagents, and inside helpers of the agent that are none.
    pub(crate) tasks: BTreeMap<SubagentId, Believed<String>>,
    pub(crate) permission_asks: BTreeSet<PermissionAsk>,
    pub(crate) elicitations: BTreeSet<ElicitationStatement>,
    pub(crate) compactions: BTreeSet<CompactionStatement>,
    /// The repository the agent works in, as it was at each time somebody looked.
    pub(crate) repositories: BTreeSet<(UnixNanos, Repository)>,
    projects: ProjectFacts,
    /// What was around the hooks that announced prompts, by their times.
    traces: BTreeSet<(UnixNanos, TraceContext)>,
    pub(crate) status: StatusFacts,
    /// When another model was chosen, and through what.
    pub(crate) model_switches: BTreeSet<(UnixNanos, Option<String>)>,
    /// When settings of the agent were changed, and which.
    pub(crate) settings_changes: BTreeSet<(UnixNanos, Option<String>)>,
    pub(crate) titles: TitleFacts,
    /// What was said at which time about ends of turns that older agents do not name.
    pub(crate) unnamed_ends: BTreeMap<UnixNanos, TurnFacts>,
    /// Observations that were not understood.
    pub(crate) not_understood: BTreeSet<[u8; 16]>,
    /// Which statements were made.
    pub(crate) heard: Heard,
    pub(crate) moments: Moments,
    pub(crate) places: Places,
}

impl SessionFacts {
    /// Nothing said yet.
    #[must_use]
    pub fn new(agent: AgentIdentity, session: SessionId) -> Self {
        Self {
            agent,
            session,
            seen: Range::default(),
            active: Range::default(),
            told: Range::default(),
            ended: Believed::latest(),
            ends: BTreeSet::new(),
            idle: BTreeSet::new(),
            gone: Believed::latest(),
            forked: Believed::earliest(),
            departures: BTreeSet::new(),
            version: Believed::latest(),
            turns: BTreeMap::new(),
            tools: BTreeMap::new(),
            calls: BTreeMap::new(),
            failed_calls: BTreeMap::new(),
            requests: BTreeMap::new(),
            retries: BTreeSet::new(),
            reports: BTreeMap::new(),
            is_measured: false,
            subagents: BTreeMap::new(),
            tasks: BTreeMap::new(),
            permission_asks: BTreeSet::new(),
            elicitations: BTreeSet::new(),
            compactions: BTreeSet::new(),
            repositories: BTreeSet::new(),
            projects: ProjectFacts::default(),
            traces: BTreeSet::new(),
            status: StatusFacts::default(),
            model_switches: BTreeSet::new(),
            settings_changes: BTreeSet::new(),
            titles: TitleFacts::default(),
            unnamed_ends: BTreeMap::new(),
            not_understood: BTreeSet::new(),
            heard: Heard::default(),
            moments: Moments::default(),
            places: Places::default(),
        }
    }

    /// The session all of it is about.
    #[must_use]
    pub const fn session(&self) -> &SessionId {
        &self.session
    }

    /// Name of the agent the session is with.
    #[must_use]
    pub const fn agent_name(&self) -> &'static str {
        self.agent.name
    }

    /// Whether what happened then happened in the session that this one is a copy of. The agent copies its transcript,
    /// times and ids included.
    pub(crate) fn is_inherited(&self, at: Option<UnixNanos>) -> bool {
        at.is_some() && at < self.forked.at()
    }

    /// The tool calls of this session.
    pub(crate) fn own_tools(&self) -> impl Iterator<Item = (&ToolUseId, &ToolFacts)> {
        self.tools.iter().filter(|(_, tool)| !self.is_inherited(tool.began().or(tool.recorded.at())))
    }

    /// When it began.
    pub(crate) fn began(&self) -> Option<UnixNanos> {
        self.seen.first.max(self.forked.at())
    }

    /// The repository the agent works in, as it was seen last.
    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        self.repositories.last().map(|(_, repository)| repository)
    }

    /// The repository as it was at a time: as it was seen last before, else as it was seen first.
    pub(crate) fn repository_at(&self, at: Option<UnixNanos>) -> Option<&Repository> {
        let before = self.repositories.iter().rev().find(|(seen, _)| Some(*seen) <= at);
        before.or(self.repositories.first()).map(|(_, repository)| repository)
    }

    /// What of others' traces was around a turn: what the hook saw that announced it. One that no hook announced has the parent of
    /// the last that one did.
    pub(crate) fn traces_around(&self, turn: &TurnFacts) -> TraceContext {
        let Some(at) = turn.prompted.at().filter(|_| !self.traces.is_empty()) else {
            return TraceContext::default();
        };
        if turn.is_announced {
            return self.traces_seen(at);
        }
        let announced = self.turns.values().filter(|turn| turn.is_announced);
        let last = announced.filter_map(|turn| turn.prompted.at()).filter(|before| *before <= at).max();
        let parent = last.and_then(|last| self.traces_seen(last).parent);
        TraceContext { parent, beside: None }
    }

    fn traces_seen(&self, at: UnixNanos) -> TraceContext {
        let said = self.traces.range((at, TraceContext::default())..).next();
        said.filter(|(of, _)| *of == at).map(|(_, around)| *around).unwrap_or_default()
    }

    /// What the project that the agent works in says of sending.
    #[must_use]
    pub fn project(&self) -> ProjectRules {
        self.projects.in_force()
    }

    /// The last time anything was seen of it.
    #[must_use]
    pub const fn last_seen(&self) -> Option<UnixNanos> {
        self.seen.last
    }

    /// Notes that an observation was not understood.
    pub fn add_not_understood(&mut self, observation: &Observation) {
        self.seen.include(observation.at);
        self.not_understood.insert(observation.uid);
    }

    /// Takes an event in.
    pub fn add(&mut self, event: &Event) {
        self.note(event);
        match &event.fact {
            Fact::SessionStarted { trigger, is_fork, model } => {
                self.hear_session_start(event, trigger.clone(), model.clone(), *is_fork);
            }
            Fact::TurnRecorded { .. } | Fact::Nothing | Fact::Unknown => {}
            Fact::Noted(note) => self.hear_note(event, note),
            Fact::Titled { title, by_person } => self.hear_title(event, title, *by_person),
            Fact::ToolDid { tool, deed } => self.tool(tool, event).hear_deed(event, deed),
            Fact::SessionEnded { reason } => {
                self.moments.hear(event, Happened::Ended { reason: reason.clone() });
                self.ends.extend(event.at);
                self.ended.hear(event, &());
            }
            Fact::Idle => self.idle.extend(event.at),
            Fact::AgentGone => {
                self.departures.extend(event.at);
                self.gone.hear(event, &());
            }
            Fact::RepositorySeen(seen) => {
                self.repositories.extend(event.at.map(|at| (at, seen.as_ref().clone())));
            }
            Fact::ProjectSeen(rules) => self.projects.hear(event, rules),
            Fact::TraceSeen(around) => self.traces.extend(event.at.map(|at| (at, *around))),
            Fact::StatusShown(figures) => self.status.hear(event, figures),
            Fact::Prompted { text, permission_mode, agent_version } => {
                self.version.hear_known(event, agent_version.as_ref());
                self.hear_prompt(event, text.as_ref(), permission_mode.as_ref());
            }
            Fact::Stopped { last_message } => self.stop(event, |turn| turn.stopped.hear(event, last_message)),
            Fact::Interrupted => self.stop(event, |turn| turn.interrupted.hear(event, &())),
            Fact::StopFailed { error } => self.stop(event, |turn| turn.failed.hear(event, error)),
            Fact::ToolStarted(said) => self.tool(&said.tool, event).hear_start(event, said),
            Fact::ToolEnded(said) => self.tool(&said.tool, event).hear_end(event, said),
            Fact::ToolReturned(said) => self.tool(&said.tool, event).hear_return(event, said),
            Fact::ToolRecorded(said) => self.tool(&said.tool, event).hear_record(event, said),
            Fact::ToolDecided { tool, decision } => self.tool(tool, event).hear_decided(event, decision),
            Fact::PermissionRefused { tool, .. } => self.tool(tool, event).refused.hear(event, &()),
            Fact::PermissionAsked { name, input } => {
                self.permission_asks.insert(PermissionAsk::of(event, name, input));
            }
            Fact::ElicitationAsked { server, mode, .. } => {
                let step = ElicitationStep::Asked { mode: mode.clone() };
                self.hear_elicitation(event, server.as_ref(), step);
            }
            Fact::ElicitationAnswered { server, action } => {
                let step = ElicitationStep::Answered { action: action.clone() };
                self.hear_elicitation(event, server.as_ref(), step);
            }
            Fact::Compacted(said) => self.compactions.extend(CompactionStatement::of(event, said)),
            Fact::SubagentStarted { kind } => {
                self.subagent(event, |subagent| subagent.hear_start(event, kind))
            }
            // The agent ends helpers of its own with an empty type; they are no subagents.
            Fact::SubagentStopped { kind, .. } if kind.is_empty() => {}
            Fact::SubagentStopped { kind, last_message } => {
                self.subagent(event, |subagent| subagent.hear_stop(event, kind, last_message.as_ref()));
            }
            Fact::SubagentDescribed(said) => {
                self.subagent(event, |subagent| subagent.hear_description(event, said));
            }
            Fact::ModelAsked(said) => self.hear_request(event, said),
            Fact::ModelAnswered(said) => self.hear_answer(event, said),
            Fact::ModelReported(said) => self.hear_report(event, said),
            Fact::ModelRetried { request_id, error } => {
                self.retries.insert(Retry::of(event, request_id.as_ref(), error));
            }
            Fact::ModelFailed { request_id, row, error } => {
                self.hear_failed_call(event, request_id.as_ref(), row, error);
            }
        }
    }

    /// Notes that something was said, by whom, when and where.
    fn note(&mut self, event: &Event) {
        // Neither what the recorder sees nor a line that is drawn anew is anything that the session does.
        if !matches!(event.source, Source::Recorder | Source::StatusLine) {
            self.seen.include(event.at);
            // That there is telemetry is said whenever it comes, which may be when all is over.
            let is_greeting =
                matches!(event.source, Source::Mod | Source::Otlp) && event.fact == Fact::Nothing;
            self.active.include(event.at.filter(|_| !is_greeting));
        }
        if event.source == Source::Hook {
            self.told.include(event.at);
        }
        self.is_measured |= matches!(event.source, Source::Mod | Source::Otlp);
        self.places.include(event);
        self.heard.include(event);
    }

    fn hear_prompt(&mut self, event: &Event, text: Option<&String>, permission_mode: Option<&String>) {
        if let Some(turn) = self.turn(event) {
            turn.hear_prompt(event, text, permission_mode);
        }
        if let Some(subagent) = &event.subagent {
            let task = self.tasks.entry(subagent.clone()).or_insert_with(Believed::earliest);
            task.hear_known(event, text);
        }
    }

    fn hear_session_start(
        &mut self,
        event: &Event,
        trigger: Option<String>,
        model: Option<String>,
        is_fork: bool,
    ) {
        self.moments.hear(event, Happened::Started { trigger, model });
        if is_fork {
            self.forked.hear(event, &());
        }
    }

    fn hear_note(&mut self, event: &Event, note: &Note) {
        // Pieces of an answer are in the answer.
        if note.kind != NoteKind::MessageShown {
            self.moments.hear(event, Happened::Noted(note.clone()));
        }
        if note.kind == NoteKind::ModelSwitched {
            self.model_switches.extend(event.at.map(|at| (at, note.cause.clone())));
        }
        if note.kind == NoteKind::SettingsChanged {
            self.settings_changes.extend(event.at.map(|at| (at, note.sort.clone())));
        }
    }

    fn hear_title(&mut self, event: &Event, title: &String, by_person: bool) {
        match event.offset {
            Some(offset) => self.titles.hear(offset, title, by_person),
            None => {
                if let Some(turn) = self.turn(event) {
                    turn.title.hear(event, title);
                }
            }
        }
    }

    fn hear_elicitation(&mut self, event: &Event, server: Option<&String>, step: ElicitationStep) {
        self.elicitations.extend(ElicitationStatement::of(event, server, step));
    }

    fn hear_request(&mut self, event: &Event, said: &ModelRequest) {
        let request = self.requests.entry(said.request.clone());
        request.or_insert_with(|| RequestFacts::of(event)).asked.hear(event, said);
    }

    fn hear_answer(&mut self, event: &Event, said: &ModelAnswer) {
        let call = self.calls.entry(said.message.clone());
        call.or_insert_with(|| CallFacts::of(event)).hear_answer(event, said);
        if let Some(AnswerPart::ToolCall(asked)) = &said.part {
            self.tool(&asked.tool, event).hear_decision(event, asked, &said.message);
        }
    }

    fn hear_report(&mut self, event: &Event, said: &ModelReport) {
        self.reports.entry(said.request_id.clone()).or_default().hear(event, said);
    }

    fn hear_failed_call(&mut self, event: &Event, request_id: Option<&RequestId>, row: &str, error: &str) {
        let key = request_id.map_or(row, |id| id.as_str()).to_owned();
        let failed = self.failed_calls.entry(key).or_insert_with(|| FailedCall::of(event, request_id));
        failed.error.hear(event, &error.to_owned());
    }

    /// The turn an event is about; `None` inside a subagent, whose prompts are no turns.
    fn turn(&mut self, event: &Event) -> Option<&mut TurnFacts> {
        if event.subagent.is_some() {
            return None;
        }
        let prompt = event.prompt.clone().or_else(|| announced_without_id(event))?;
        Some(self.turns.entry(prompt).or_default())
    }

    fn stop(&mut self, event: &Event, hear: impl FnOnce(&mut TurnFacts)) {
        match (self.turn(event), event.at) {
            (Some(turn), _) => hear(turn),
            (None, Some(at)) if event.subagent.is_none() => hear(self.unnamed_ends.entry(at).or_default()),
            (None, _) => {}
        }
    }

    fn tool(&mut self, id: &ToolUseId, event: &Event) -> &mut ToolFacts {
        let tool = self.tools.entry(id.clone()).or_default();
        tool.prompt.hear_known(event, event.prompt.as_ref());
        tool.subagent.hear(event, &event.subagent);
        tool
    }

    fn subagent(&mut self, event: &Event, hear: impl FnOnce(&mut SubagentFacts)) {
        let Some(id) = &event.subagent else { return };
        let subagent = self.subagents.entry(id.clone()).or_default();
        subagent.prompt.hear_known(event, event.prompt.as_ref());
        hear(subagent);
    }
}

/// Older agents announce a prompt without naming it: the announcement itself names the turn.
fn announced_without_id(event: &Event) -> Option<PromptId> {
    let is_announcement = event.source == Source::Hook && matches!(event.fact, Fact::Prompted { .. });
    let hex = || event.observation.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    is_announcement.then(|| PromptId::from(hex()))
}
