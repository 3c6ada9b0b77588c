//! How the agent said last that it stands: the limits of the account, the context, its own sums.

use super::words;
use crate::drain::now;
use crate::failure::Failure;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};
use tacho_agents::agent_named;
use tacho_model::event::{Fact, LimitWindow, Observation, RateLimit, Share, Source, StatusFigures};
use tacho_model::id::SessionId;
use tacho_model::time::UnixNanos;
use tacho_store::Reader;

/// Among so many sessions, the latest ones, the last word is looked for.
const SESSIONS_MAX: usize = 32;
const DAY_NS: u64 = 24 * 3600 * 1_000_000_000;

/// What the agent said of how it stands, and when.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(super) at: UnixNanos,
    pub(crate) figures: StatusFigures,
}

/// What was told last in a session.
pub(super) fn told_in(store: Reader<'_>, session: &SessionId) -> Result<Option<Told>, Failure> {
    Ok(store.last_observation_by(session, Source::StatusLine)?.and_then(|said| told(&said)))
}

/// What was told last of limits in any session: they are those of the account.
pub(crate) fn told_last(store: Reader<'_>) -> Result<Option<Told>, Failure> {
    let mut sessions = store.sessions()?;
    sessions.sort_by_key(|session| std::cmp::Reverse(session.last_seen));
    let mut last: Option<Told> = None;
    for session in sessions.iter().take(SESSIONS_MAX) {
        let told = told_in(store, &session.id)?.filter(|told| !told.figures.limits.is_empty());
        last = last.into_iter().chain(told).max_by_key(|told| told.at);
    }
    Ok(last)
}

fn told(said: &Observation) -> Option<Told> {
    let decoded = (agent_named(Some(&said.agent))?.decode)(said);
    let figures = decoded
        .events
        .into_iter()
        .find_map(|event| if let Fact::StatusShown(figures) = event.fact { Some(*figures) } else { None });
    Some(Told { at: said.at?, figures: figures? })
}

impl Told {
    /// One line for people a limit, as it is now.
    pub(super) fn lines_now(&self) -> Vec<String> {
        self.lines(now())
    }

    /// The same as it was when it was told.
    pub(super) fn lines_then(&self) -> Vec<String> {
        self.lines(self.at)
    }

    fn lines(&self, at: UnixNanos) -> Vec<String> {
        self.figures.limits.iter().map(|limit| sentence(limit, at)).collect()
    }

    /// All of it for programs.
    pub(super) fn report(&self) -> Json {
        let limits = self.figures.limits.iter().map(|limit| {
            json!({
                "window": limit.window.name(),
                "used_percent": limit.used.percent(),
                "resets_at_ns": limit.resets_at.map(|at| at.0),
            })
        });
        let figures = &self.figures;
        json!({
            "source": Source::StatusLine.name(),
            "told_at_ns": self.at.0,
            "limits": limits.collect::<Vec<_>>(),
            "context_tokens": figures.context_tokens,
            "context_window_tokens": figures.context_window_tokens,
            "context_used_percent": figures.context_used.map(Share::percent),
            "cost_usd_nanos": figures.cost.map(|cost| cost.0),
            "lines_added": figures.lines_added,
            "lines_removed": figures.lines_removed,
        })
    }
}

/// `5 h window 42 % used, resets 14:00`
fn sentence(limit: &RateLimit, now: UnixNanos) -> String {
    let (name, used) = (name(limit.window), words::percent(limit.used));
    match limit.resets_at {
        Some(at) if at <= now => format!("{name} window was reset {}; {used} % used before", when(at, now)),
        Some(at) => format!("{name} window {used} % used, resets {}", when(at, now)),
        None => format!("{name} window {used} % used"),
    }
}

/// `5 h 42 %, resets 14:00`
pub(super) fn short(limit: &RateLimit, now: UnixNanos) -> String {
    let (name, used) = (name(limit.window), words::percent(limit.used));
    match limit.resets_at {
        Some(at) => format!("{name} {used} %, resets {}", when(at, now)),
        None => format!("{name} {used} %"),
    }
}

const fn name(window: LimitWindow) -> &'static str {
    match window {
        LimitWindow::FiveHours => "5 h",
        LimitWindow::SevenDays => "7 d",
        LimitWindow::Spending => "spending",
    }
}

/// A moment in the user's zone: the hour, with the day unless it is less than a day away.
fn when(at: UnixNanos, now: UnixNanos) -> String {
    let Ok(timestamp) = Timestamp::from_nanosecond(i128::from(at.0)) else { return "?".to_owned() };
    let format = if at.0.abs_diff(now.0) < DAY_NS { "%H:%M" } else { "%b %-d %H:%M" };
    timestamp.to_zoned(TimeZone::system()).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The zone decides about the hour, so it is compared with what the same code says of the moment.
    #[test]
    fn limits_in_words() {
        let now = UnixNanos(1_795_895_009_000_000_000);
        let limit = |resets_at| RateLimit { window: LimitWindow::FiveHours, used: Share(4_250), resets_at };
        let (before, soon, later) =
            (UnixNanos(now.0 - 1), now.plus_nanos(3_600_000_000_000), now.plus_nanos(3 * DAY_NS));
        for (resets_at, expected) in [
            (None, "5 h window 42.5 % used".to_owned()),
            (Some(soon), format!("5 h window 42.5 % used, resets {}", when(soon, now))),
            (Some(later), format!("5 h window 42.5 % used, resets {}", when(later, now))),
            (Some(before), format!("5 h window was reset {}; 42.5 % used before", when(before, now))),
        ] {
            assert_eq!(sentence(&limit(resets_at), now), expected);
        }
        assert_eq!([when(soon, now).len(), when(later, now).len()], ["14:00".len(), "Dec 1 14:00".len()]);
    }
}
