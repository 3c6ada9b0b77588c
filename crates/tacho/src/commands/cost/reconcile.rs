//! What was computed call by call beside what the agent itself said, session by session, and why they differ.

use crate::commands::table::table;
use crate::commands::words;
use crate::failure::Failure;
use crate::terminal::display_safe;
use serde::Serialize;
use std::collections::BTreeMap;
use tacho_model::money::Nanodollars;
use tacho_model::usage::Usage;
use tacho_store::usage::SumFilter;
use tacho_store::{Reader, SessionKey};

/// Both sides of every session.
#[derive(Debug, Default)]
pub(super) struct Reconciliation {
    pub(super) sessions: Vec<Compared>,
}

/// Both sides of one session.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    session: String,
    computed_usd_nanos: i64,
    /// What the sessions had come to that it began as a copy of; the agent's word includes it.
    inherited_usd_nanos: i64,
    /// Absent where the agent said nothing.
    reported_usd_nanos: Option<i64>,
    difference_usd_nanos: Option<i64>,
    why: Vec<Why>,
}

/// Why the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    /// They do not.
    Equal,
    /// The agent was killed, still runs, or is of a version that says nothing.
    NotReported,
    /// The agent counts tokens that stand in no row: its own helpers, dropped streams, compactions.
    CallsWithoutRows,
    /// The agent counts searches of the web that no source tells of.
    SearchesWithoutRows,
    /// The agent counts more of answers whose end nobody saw.
    OpenCalls,
    /// Rows hold more than the agent counted: there were calls after it spoke last, or it was killed before it could.
    CallsNotReported,
    /// The tokens are the same and the amounts are not.
    OtherPrices,
    /// Calls have no price here.
    Unpriced,
    /// The agent guessed a price.
    Guessed,
}

impl Why {
    const fn words(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::NotReported => "the agent said nothing",
            Self::CallsWithoutRows => "the agent counts calls that stand in no transcript",
            Self::SearchesWithoutRows => "the agent counts searches that no source tells of",
            Self::OpenCalls => "the end of an answer was not seen",
            Self::CallsNotReported => {
                "the agent does not count calls after its last word, or before it was killed"
            }
            Self::OtherPrices => "other prices",
            Self::Unpriced => "calls without a price",
            Self::Guessed => "the agent guessed a price",
        }
    }
}

/// What is known of one session.
#[derive(Default)]
struct Sides {
    computed: Computed,
    /// What the agent should say of it.
    by_model: BTreeMap<i64, Usage>,
    inherited: Nanodollars,
    reported: Option<Nanodollars>,
    reported_by_model: BTreeMap<i64, Usage>,
    reported_searches: u64,
    has_guessed: bool,
    has_own_prices: bool,
}

#[derive(Default)]
struct Computed {
    cost: Nanodollars,
    /// Those that it was given included.
    calls: u64,
    unpriced_calls: u64,
    open_calls: u64,
    web_searches: u64,
}

impl Reconciliation {
    /// Compares the sessions that have calls in the time; each as a whole.
    /// The agent knows nothing of own prices.
    pub(super) fn read(store: Reader<'_>, filter: SumFilter, has_own_prices: bool) -> Result<Self, Failure> {
        let mut sessions = BTreeMap::<SessionKey, Sides>::new();
        store.each_usage_sum(filter, |sum| {
            sessions.entry(sum.session).or_insert_with(|| Sides { has_own_prices, ..Sides::default() });
        })?;
        store.each_usage_sum(SumFilter::ALL, |sum| {
            let Some(sides) = sessions.get_mut(&sum.session) else { return };
            sides.computed.cost = sides.computed.cost.plus(sum.cost);
            sides.computed.calls += sum.calls;
            sides.computed.unpriced_calls += sum.unpriced_calls;
            sides.computed.open_calls += sum.open_calls;
            sides.computed.web_searches += sum.web_searches;
            let usage = sides.by_model.entry(sum.model).or_default();
            *usage = usage.plus(sum.usage);
        })?;
        for given in store.inherited_usage()? {
            let Some(sides) = sessions.get_mut(&given.session) else { continue };
            sides.inherited = sides.inherited.plus(given.cost);
            sides.computed.calls += given.calls;
            sides.computed.unpriced_calls += given.unpriced_calls;
            sides.computed.open_calls += given.open_calls;
            sides.computed.web_searches += given.web_searches;
            let usage = sides.by_model.entry(given.model).or_default();
            *usage = usage.plus(given.usage);
        }
        for said in store.reported_costs()? {
            let Some(sides) = sessions.get_mut(&said.session) else { continue };
            sides.has_guessed |= said.has_guessed;
            sides.reported_searches += said.web_searches.unwrap_or(0);
            match said.model {
                None => sides.reported = Some(said.cost),
                Some(model) => drop(sides.reported_by_model.insert(model, said.usage)),
            }
        }
        let mut ids = store.session_ids()?;
        let sessions = sessions.into_iter().map(|(key, sides)| {
            let id = ids.remove(&key).map(|id| id.to_string()).unwrap_or_default();
            sides.compared(id)
        });
        Ok(Self { sessions: sessions.collect() })
    }

    /// What it shows, as text.
    pub(super) fn text(&self) -> String {
        let heads = ["session", "computed", "inherited", "reported", "difference", "why"];
        let dollars = |nanos: Option<i64>| {
            nanos.map_or_else(|| "?".to_owned(), |nanos| words::dollars(Nanodollars(nanos)))
        };
        let (equal, different): (Vec<_>, Vec<_>) =
            self.sessions.iter().partition(|compared| compared.why == [Why::Equal]);
        let row = |compared: &&Compared| {
            vec![
                display_safe(&compared.session),
                words::dollars(Nanodollars(compared.computed_usd_nanos)),
                match compared.inherited_usd_nanos {
                    0 => String::new(),
                    nanos => words::dollars(Nanodollars(nanos)),
                },
                dollars(compared.reported_usd_nanos),
                dollars(compared.difference_usd_nanos),
                compared.why.iter().map(|why| why.words()).collect::<Vec<_>>().join("; "),
            ]
        };
        let rows: Vec<Vec<String>> = different.iter().map(row).collect();
        let shown = if rows.is_empty() { String::new() } else { table(&heads, &[1, 2, 3, 4], &rows) + "\n" };
        format!(
            "{shown}the agent itself says the same of {} of {}\n",
            equal.len(),
            words::plural(self.sessions.len() as u64, "session"),
        )
    }
}

impl Sides {
    fn compared(self, session: String) -> Compared {
        let expected = self.computed.cost.plus(self.inherited);
        let difference = self.reported.map(|reported| reported.minus(expected));
        Compared {
            session,
            computed_usd_nanos: self.computed.cost.0,
            inherited_usd_nanos: self.inherited.0,
            reported_usd_nanos: self.reported.map(|cost| cost.0),
            difference_usd_nanos: difference.map(|difference| difference.0),
            why: self.why(difference),
        }
    }

    fn why(&self, difference: Option<Nanodollars>) -> Vec<Why> {
        let Some(difference) = difference else { return vec![Why::NotReported] };
        // The agent adds up fractions; we round every call to the nanodollar.
        let is_equal = difference.0.unsigned_abs() <= self.computed.calls.max(1);
        let (mut is_more, mut is_longer, mut is_less) = (false, false, false);
        if !is_equal {
            for model in self.by_model.keys().chain(self.reported_by_model.keys()) {
                let side = |usages: &BTreeMap<i64, Usage>| usages.get(model).copied().unwrap_or_default();
                let (ours, theirs) = (side(&self.by_model), side(&self.reported_by_model));
                let pairs = || input_classes(ours).into_iter().zip(input_classes(theirs));
                is_more |= pairs().any(|(ours, theirs)| theirs > ours);
                is_longer |= theirs.output > ours.output;
                is_less |= theirs.output < ours.output || pairs().any(|(ours, theirs)| theirs < ours);
            }
        }
        let is_open = is_longer && self.computed.open_calls > 0;
        let has_searched = !is_equal && self.reported_searches > self.computed.web_searches;
        let is_known = is_equal || is_more || is_longer || is_less || has_searched;
        let is_known = is_known || self.has_guessed || self.computed.unpriced_calls > 0;
        let reasons = [
            (is_more || is_longer && !is_open, Why::CallsWithoutRows),
            (has_searched, Why::SearchesWithoutRows),
            (is_open, Why::OpenCalls),
            (is_less, Why::CallsNotReported),
            (self.computed.unpriced_calls > 0, Why::Unpriced),
            (self.has_guessed, Why::Guessed),
            (!is_known || !is_equal && self.has_own_prices, Why::OtherPrices),
        ];
        let mut why: Vec<Why> = reasons.into_iter().filter_map(|(holds, why)| holds.then_some(why)).collect();
        if why.is_empty() {
            why.push(Why::Equal);
        }
        why
    }
}

fn input_classes(usage: Usage) -> [u64; 4] {
    [usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h].map(Option::unwrap_or_default)
}
