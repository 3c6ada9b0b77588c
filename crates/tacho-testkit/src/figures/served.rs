//! The figures of what was served.

use super::{Figure, Figures};
use crate::anthropic::{ServedCall, ServedToolUse};
use crate::compare::Served;
use crate::scenario::{End, Expect, Outcome, Unseen, Way};

/// What a request cost in billionths of a dollar; the price list is not this crate's.
pub type PriceOf<'a> = &'a dyn Fn(&ServedCall) -> i64;

/// What was served to one session.
#[derive(Debug, Clone, Copy)]
pub struct ServedSession<'a> {
    /// All its requests.
    pub truth: &'a [ServedCall],
    /// How many turns it had.
    pub turns: usize,
    /// What the API cannot know.
    pub expect: &'a Expect,
}

/// The figures of all sessions of a scenario.
pub fn served(sessions: &[ServedSession<'_>], price: PriceOf<'_>) -> Figures {
    let mut figures = Figures::default();
    for session in sessions {
        let served = Served::new(session.truth);
        figures.count(Figure::Calls, served.calls.len());
        figures.count(Figure::Subagents, session.expect.subagents.len());
        figures.count(Figure::Turns, session.turns);
        session.truth.iter().for_each(|request| add_usage(&mut figures, request, price));
        let tools = served.answers().flat_map(|answer| &answer.tool_uses);
        tools.for_each(|tool| add_tool(&mut figures, tool, session.expect));
    }
    figures
}

/// The requests that a way of recording can see, as far as it can. A broken one is an attempt all the same.
pub fn visible(truth: &[ServedCall], unseen: &[Unseen], way: Way) -> Vec<ServedCall> {
    let is_unseen = |request: &ServedCall, way: Way| {
        let mut holding = unseen.iter().filter(|unseen| unseen.ways.contains(&way));
        request.succeeded() && holding.any(|unseen| unseen.names(request))
    };
    let seen = truth.iter().filter(|request| !is_unseen(request, way)).cloned();
    let seen = seen.map(|request| {
        let is_written = !is_unseen(&request, Way::Baseline);
        if is_written { request } else { request.without_rows() }
    });
    seen.collect()
}

/// The figures of the requests that leave no trace.
pub(super) fn of_requests(unseen: &Unseen, sessions: &[ServedSession<'_>], price: PriceOf<'_>) -> Figures {
    let mut figures = Figures::default();
    for session in sessions {
        for request in session.truth.iter().filter(|request| unseen.names(request)) {
            add_usage(&mut figures, request, price);
            if request.succeeded() {
                figures.count(Figure::Calls, 1);
                request.tool_uses.iter().for_each(|tool| add_tool(&mut figures, tool, session.expect));
            }
        }
    }
    figures
}

/// Whatever the API began to answer counts, a broken stream too.
fn add_usage(figures: &mut Figures, request: &ServedCall, price: PriceOf<'_>) {
    if request.status != 200 {
        return;
    }
    let usage = &request.usage;
    figures.tokens(Figure::Input, usage.input);
    figures.tokens(Figure::Output, usage.output);
    figures.tokens(Figure::CacheRead, usage.cache_read);
    figures.tokens(Figure::CacheWrite5m, usage.cache_write_5m);
    figures.tokens(Figure::CacheWrite1h, usage.cache_write_1h);
    figures.tokens(Figure::WebSearches, request.terms.web_searches);
    figures.add(Figure::CostNanos, price(request));
}

fn add_tool(figures: &mut Figures, tool: &ServedToolUse, expect: &Expect) {
    let end = expect.end_of(&[&tool.id, &tool.name]);
    figures.count(figure_of(end.outcome), 1);
    figures.count(Figure::Decisions, usize::from(!tool.on_server && is_decided(&end)));
}

fn figure_of(outcome: Outcome) -> Figure {
    match outcome {
        Outcome::Ok => Figure::ToolsOk,
        Outcome::Failed => Figure::ToolsFailed,
        Outcome::Denied => Figure::ToolsDenied,
        Outcome::Refused => Figure::ToolsRefused,
        Outcome::Interrupted => Figure::ToolsInterrupted,
        Outcome::Unknown => Figure::ToolsUnknown,
    }
}

/// Whether somebody or something allowed or denied the call: all but what the agent did not even ask about.
fn is_decided(end: &End) -> bool {
    match end.outcome {
        Outcome::Ok | Outcome::Failed | Outcome::Denied | Outcome::Interrupted => true,
        Outcome::Refused => end.error.as_deref() == Some("hook_blocked"),
        Outcome::Unknown => false,
    }
}
