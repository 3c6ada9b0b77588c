//! Figures of a scenario: what was served, what was recorded, and whether what lies between has a reason. Pure.
//!
//! Must not be lenient: a reason explains exactly the figures of the requests that it names, or exactly those it
//! states; one that explains nothing is as wrong as a difference that has none.

mod recorded;
mod served;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::scenario::{Unseen, Way};

pub use recorded::{Reports, recorded};
pub use served::{PriceOf, ServedSession, served, visible};

/// One thing to count, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Calls of the model, whatever their attempts.
    Calls,
    /// Tokens that neither came from the cache nor went into it.
    Input,
    /// Tokens that the model wrote.
    Output,
    /// Tokens read from the cache.
    CacheRead,
    /// Tokens written to the cache for 5 minutes.
    #[serde(rename = "cache_write_5m")]
    CacheWrite5m,
    /// Tokens written to the cache for 1 hour.
    #[serde(rename = "cache_write_1h")]
    CacheWrite1h,
    /// Searches of the web that the API ran.
    WebSearches,
    /// Billionths of a dollar.
    CostNanos,
    /// Tool calls that did their work.
    ToolsOk,
    /// Tool calls that ran and failed.
    ToolsFailed,
    /// Tool calls that a person or a rule did not allow.
    ToolsDenied,
    /// Tool calls that the agent itself or a hook did not let run.
    ToolsRefused,
    /// Tool calls that somebody stopped.
    ToolsInterrupted,
    /// Tool calls of which nobody knows how they ended.
    ToolsUnknown,
    /// Tool calls of which it is known who allowed or denied them.
    Decisions,
    /// Subagents.
    Subagents,
    /// Turns.
    Turns,
    /// Spans that have no end.
    OpenEnds,
}

impl Figure {
    /// Every figure, in the order of the table.
    pub const ALL: [Self; 18] = [
        Self::Calls,
        Self::Input,
        Self::Output,
        Self::CacheRead,
        Self::CacheWrite5m,
        Self::CacheWrite1h,
        Self::WebSearches,
        Self::CostNanos,
        Self::ToolsOk,
        Self::ToolsFailed,
        Self::ToolsDenied,
        Self::ToolsRefused,
        Self::ToolsInterrupted,
        Self::ToolsUnknown,
        Self::Decisions,
        Self::Subagents,
        Self::Turns,
        Self::OpenEnds,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Input => "input",
            Self::Output => "output",
            Self::CacheRead => "read",
            Self::CacheWrite5m => "5m write",
            Self::CacheWrite1h => "1h write",
            Self::WebSearches => "searches",
            Self::CostNanos => "nanodollars",
            Self::ToolsOk => "ok",
            Self::ToolsFailed => "failed",
            Self::ToolsDenied => "denied",
            Self::ToolsRefused => "refused",
            Self::ToolsInterrupted => "stopped",
            Self::ToolsUnknown => "unknown",
            Self::Decisions => "decisions",
            Self::Subagents => "subagents",
            Self::Turns => "turns",
            Self::OpenEnds => "open",
        }
    }
}

/// How much of each figure there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Figures(BTreeMap<Figure, i64>);

impl Figures {
    /// How much there is of a figure.
    pub fn get(&self, figure: Figure) -> i64 {
        self.0.get(&figure).copied().unwrap_or(0)
    }

    /// Adds to a figure.
    pub(crate) fn add(&mut self, figure: Figure, amount: i64) {
        *self.0.entry(figure).or_default() += amount;
    }

    pub(crate) fn count(&mut self, figure: Figure, number: usize) {
        self.add(figure, i64::try_from(number).unwrap_or(i64::MAX));
    }

    pub(crate) fn tokens(&mut self, figure: Figure, number: u64) {
        self.add(figure, i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// What is left of these when those are taken away: figures that are equal are left out.
    #[must_use]
    pub fn minus(&self, others: &Self) -> Self {
        let differences = Figure::ALL.map(|figure| (figure, self.get(figure) - others.get(figure)));
        Self(differences.into_iter().filter(|(_, difference)| *difference != 0).collect())
    }

    /// Whether there is nothing of anything.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|amount| *amount == 0)
    }

    /// The figures of which there is something.
    pub fn each(&self) -> impl Iterator<Item = (Figure, i64)> + '_ {
        self.0.iter().filter(|(_, amount)| **amount != 0).map(|(figure, amount)| (*figure, *amount))
    }

    fn plus(mut self, others: &Self) -> Self {
        others.each().for_each(|(figure, amount)| self.add(figure, amount));
        self
    }
}

/// What a way of recording made of a scenario.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The way.
    pub way: Way,
    /// What was served.
    pub served: Figures,
    /// What was recorded.
    pub recorded: Figures,
    /// The difference.
    pub difference: Figures,
    /// What of it has a reason.
    pub explained: Vec<Explained>,
}

/// A part of the difference, and why it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Why.
    pub reason: String,
    /// How much more was served than recorded.
    pub figures: Figures,
}

impl Comparison {
    /// Holds what was served against what was recorded, with the reasons of the scenario.
    pub fn new(
        way: Way,
        sessions: &[ServedSession<'_>],
        price: PriceOf<'_>,
        recorded: Figures,
        unseen: &[Unseen],
    ) -> Self {
        let served = served(sessions, price);
        let explained = unseen.iter().filter(|unseen| unseen.ways.contains(&way)).map(|unseen| Explained {
            reason: unseen.reason.clone(),
            figures: served::of_requests(unseen, sessions, price).plus(&Figures(unseen.figures.clone())),
        });
        Self { way, difference: served.minus(&recorded), explained: explained.collect(), served, recorded }
    }

    /// Differences without a reason, and reasons without a difference, one line each.
    pub fn problems(&self) -> Vec<String> {
        let explained = self.explained.iter().fold(Figures::default(), |sum, one| sum.plus(&one.figures));
        let figures: BTreeSet<Figure> =
            self.difference.each().chain(explained.each()).map(|(figure, _)| figure).collect();
        let wrong = figures.into_iter().filter(|one| self.difference.get(*one) != explained.get(*one));
        let mut found: Vec<String> = wrong
            .map(|figure| {
                let [served, recorded] = [&self.served, &self.recorded].map(|figures| figures.get(figure));
                let (way, name, reason) = (self.way.name(), figure.name(), explained.get(figure));
                format!("{way}: {name}: {served} served, {recorded} recorded, reasons for {reason}")
            })
            .collect();
        let idle = self.explained.iter().filter(|one| one.figures.is_empty());
        found.extend(idle.map(|one| {
            let Explained { reason, .. } = one;
            format!("{}: a reason explains nothing: {reason}", self.way.name())
        }));
        found
    }
}
