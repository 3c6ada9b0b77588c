//! The truth in the recorder's terms: which requests were attempts of one call, and who made it. Pure.

use std::collections::BTreeMap;

use crate::anthropic::{ServedCall, ServedToolUse};

/// The status of a request that the CLI repeats at once in another form, without a word in its transcript.
const REFORMED: u16 = 400;

/// What the API served to a session.
#[derive(Debug)]
pub(crate) struct Served<'a> {
    /// In the order of their first attempts.
    pub(crate) calls: Vec<LogicalCall<'a>>,
    /// The tool calls that started subagents, by the scripts that these play.
    launchers: BTreeMap<&'a str, Launcher<'a>>,
}

/// A tool call that started a subagent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Launcher<'a> {
    /// The answer of the model that asked for the tool call.
    answer: &'a ServedCall,
    pub(crate) tool: &'a ServedToolUse,
}

/// One call of the model with all its attempts.
#[derive(Debug)]
pub(crate) struct LogicalCall<'a> {
    /// Attempts that failed and were followed by another.
    repeated: Vec<&'a ServedCall>,
    /// The attempt that decided: it was answered whole, or it was the last.
    pub(crate) last: &'a ServedCall,
}

impl<'a> Served<'a> {
    /// Looks at the requests of a session.
    pub(crate) fn new(truth: &'a [ServedCall]) -> Self {
        let calls = logical_calls(truth);
        let mut launchers = BTreeMap::new();
        for answer in calls.iter().filter_map(LogicalCall::answer) {
            for tool in &answer.tool_uses {
                let started = tool.starts.as_deref().map(|script| (script, Launcher { answer, tool }));
                launchers.extend(started);
            }
        }
        Self { calls, launchers }
    }

    /// What the model answered.
    pub(crate) fn answers(&self) -> impl Iterator<Item = &'a ServedCall> + '_ {
        self.calls.iter().filter_map(LogicalCall::answer)
    }

    /// The tool call that started the subagent that made `call`; `None` where the main agent made it.
    pub(crate) fn launcher_of(&self, call: &ServedCall) -> Option<Launcher<'a>> {
        self.launchers.get(call.script()).copied()
    }

    /// The subagents that called the model: what started each, its first call, and how deep it was started.
    pub(crate) fn subagents(&self) -> impl Iterator<Item = (Launcher<'a>, &'a ServedCall, usize)> + '_ {
        self.launchers.iter().filter_map(|(script, launcher)| {
            let first = self.calls.iter().map(LogicalCall::first).find(|call| call.script() == *script)?;
            Some((*launcher, first, self.depth(launcher)))
        })
    }

    /// 1 below the main agent.
    fn depth(&self, launcher: &Launcher<'_>) -> usize {
        let above = std::iter::successors(Some(*launcher), |above| self.launcher_of(above.answer));
        // A script that starts itself would have no end.
        above.take(self.launchers.len()).count()
    }
}

impl<'a> LogicalCall<'a> {
    /// The answer; `None` where the agent gave up.
    pub(crate) fn answer(&self) -> Option<&'a ServedCall> {
        self.last.succeeded().then_some(self.last)
    }

    /// The attempt that came first.
    pub(crate) fn first(&self) -> &'a ServedCall {
        self.repeated.first().copied().unwrap_or(self.last)
    }

    /// Requests that were sent for it.
    pub(crate) fn attempts(&self) -> usize {
        self.repeated.len() + 1
    }

    /// The failed attempts of which the CLI writes that it repeats them. Of those that it repeats at once in another
    /// form it writes nothing: refused ones, and a broken stream behind which it asks for no stream.
    pub(crate) fn written_retries(&self) -> impl Iterator<Item = &'a ServedCall> + '_ {
        let followers = self.repeated.iter().copied().skip(1).chain([self.last]);
        let pairs = self.repeated.iter().copied().zip(followers);
        let written =
            pairs.filter(|(attempt, next)| attempt.status != REFORMED && attempt.streamed == next.streamed);
        written.map(|(attempt, _)| attempt)
    }
}

fn logical_calls(truth: &[ServedCall]) -> Vec<LogicalCall<'_>> {
    let mut open: BTreeMap<(Option<&str>, &str), Vec<&ServedCall>> = BTreeMap::new();
    let mut calls = Vec::new();
    for request in truth {
        let attempts = open.entry((request.agent_id.as_deref(), &request.label)).or_default();
        if request.succeeded() {
            calls.push(LogicalCall { repeated: std::mem::take(attempts), last: request });
        } else {
            attempts.push(request);
        }
    }
    let given_up = open.into_values().filter_map(|mut attempts| {
        let last = attempts.pop()?;
        Some(LogicalCall { repeated: attempts, last })
    });
    calls.extend(given_up);
    calls.sort_by_key(|call| call.first().started_unix_ns);
    calls
}
