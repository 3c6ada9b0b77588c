//! How tool calls come out: what their sources say, weighed.

use crate::facts::{SessionFacts, ToolFacts};
use tacho_model::event::{FailureCause, Refusal, Source};

/// How a tool call came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has not come back.
    Unknown,
    /// All went well.
    Ok,
    /// It ran and failed.
    Failed(FailureCause),
    /// A person interrupted it.
    Interrupted,
    /// A person or a rule refused it.
    Denied,
    /// The agent refused it.
    Refused(Refusal),
}

/// How a tool call of the session came out.
pub(crate) fn outcome(facts: &SessionFacts, tool: &ToolFacts) -> Outcome {
    if tool.refused.is_known() {
        return Outcome::Denied;
    }
    match (tool.ended.is_known(), tool.failure().map(|failure| failure.cause)) {
        (false, _) => Outcome::Unknown,
        (true, None) => Outcome::Ok,
        (true, Some(FailureCause::Denied)) if was_stopped(facts, tool) => Outcome::Interrupted,
        (true, Some(FailureCause::Denied)) => Outcome::Denied,
        (true, Some(FailureCause::Refused(refusal))) => Outcome::Refused(refusal),
        (true, Some(FailureCause::Interrupted)) => Outcome::Interrupted,
        (true, Some(cause @ (FailureCause::Exit(_) | FailureCause::Timeout | FailureCause::Other))) => {
            Outcome::Failed(cause)
        }
    }
}

/// Whether a person who is said to have refused the call was never asked: then it ran, and was stopped. Without hooks
/// nobody knows who was asked.
fn was_stopped(facts: &SessionFacts, tool: &ToolFacts) -> bool {
    let by_person = tool.decision.value().is_some_and(|decision| decision.by_person() == Some(true));
    let is_hooked = tool.started.source() == Some(Source::Hook);
    by_person && is_hooked && !facts.permission_asks.iter().any(|ask| ask.fits(tool))
}

impl Outcome {
    /// The outcome as an attribute says it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Failed(_) => "failed",
            Self::Interrupted => "interrupted",
            Self::Denied => "denied",
            Self::Refused(_) => "refused",
        }
    }

    /// The kind of error, if it is one.
    pub(crate) fn error_type(self) -> Option<String> {
        let word = match self {
            Self::Unknown | Self::Ok => return None,
            Self::Failed(FailureCause::Exit(code)) => return Some(format!("exit_{code}")),
            Self::Failed(FailureCause::Timeout) => "timeout",
            Self::Failed(_) => "tool_error",
            Self::Interrupted => INTERRUPTED,
            Self::Denied => "permission_denied",
            Self::Refused(Refusal::UnknownTool) => "unknown_tool",
            Self::Refused(Refusal::InvalidInput) => "invalid_input",
            Self::Refused(Refusal::Hook) => "hook_blocked",
            Self::Refused(Refusal::Blocked) => "blocked",
        };
        Some(word.to_owned())
    }
}

/// The kind of error of what a person interrupted.
pub(crate) const INTERRUPTED: &str = "interrupted";
