//! The figures of what was recorded: the sessions as `tacho show` has them, the money as `tacho cost` has it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::{Figure, Figures};

/// What the recorder printed, as JSON.
#[derive(Debug)]
pub struct Reports<'a> {
    /// `tacho show ID`, one for each session.
    pub shown: Vec<&'a str>,
    /// `tacho cost session --reconcile` of what was written down as the transcripts were followed.
    pub cost: &'a str,
    /// `tacho cost session` of the same transcripts, imported elsewhere; nothing where more than transcripts was heard.
    pub imported: Option<&'a str>,
    /// Why what a session came to may be another sum than the CLI's own, in the words of `tacho cost --reconcile`.
    pub may_differ: BTreeSet<&'static str>,
}

#[derive(Deserialize)]
struct Shown {
    session: ShownSession,
    spans: Vec<ShownSpan>,
}

/// The figures of a session; a count that is not known is nothing.
#[derive(Deserialize)]
struct ShownSession {
    id: String,
    turns: u64,
    llm_calls: u64,
    subagents: u64,
    open_spans: u64,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_tokens: Option<u64>,
    cache_write_5m_tokens: Option<u64>,
    cache_write_1h_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct ShownSpan {
    attributes: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Costs {
    #[serde(default)]
    reconciliation: Vec<Reconciled>,
    rows: Vec<CostRow>,
    unpriced_models: Vec<String>,
}

/// Why what a session came to is not what the CLI says of it.
#[derive(Deserialize)]
struct Reconciled {
    session: String,
    why: BTreeSet<String>,
}

/// A session in the list of costs.
#[derive(Deserialize)]
struct CostRow {
    key: String,
    #[serde(flatten)]
    counts: BTreeMap<String, Option<i64>>,
}

/// The outcome of a tool call, and who decided it, as attributes; spelt a second time on purpose.
const OUTCOME: &str = "claude_code.tool.outcome";
const DECISION: &str = "claude_code.permission.decision";

/// The figures, and where the reports contradict each other, one line each.
///
/// # Errors
/// When a report is not what it should be.
pub fn recorded(reports: &Reports<'_>) -> Result<(Figures, Vec<String>)> {
    let shown = reports
        .shown
        .iter()
        .map(|shown| serde_json::from_str::<Shown>(shown).context("read what `tacho show` printed"));
    let shown = shown.collect::<Result<Vec<_>>>()?;
    let costs = |text: &str| serde_json::from_str::<Costs>(text).context("read what `tacho cost` printed");
    let followed = costs(reports.cost)?;
    let mut figures = Figures::default();
    shown.iter().for_each(|shown| add_session(&mut figures, shown));
    for row in &followed.rows {
        figures.add(Figure::CostNanos, row.count("cost_usd_nanos"));
        figures.add(Figure::WebSearches, row.count("web_searches"));
    }
    let mut contradictions = against_sessions(&shown, &followed);
    if let Some(imported) = reports.imported {
        contradictions.extend(against_import(&followed, &costs(imported)?));
    }
    contradictions.extend(against_cli(&followed, &reports.may_differ));
    if !followed.unpriced_models.is_empty() {
        contradictions.push(format!("tacho cost: no price for {}", followed.unpriced_models.join(", ")));
    }
    Ok((figures, contradictions))
}

fn add_session(figures: &mut Figures, shown: &Shown) {
    let session = &shown.session;
    let counts = [
        (Figure::Turns, session.turns),
        (Figure::Calls, session.llm_calls),
        (Figure::Subagents, session.subagents),
        (Figure::OpenEnds, session.open_spans),
    ];
    counts.into_iter().for_each(|(figure, count)| figures.tokens(figure, count));
    let tokens = session.tokens();
    tokens.into_iter().for_each(|(_, figure, count)| figures.tokens(figure, count.unwrap_or(0)));
    let outcome = |span: &ShownSpan| span.attributes.get(OUTCOME).and_then(Value::as_str).map(figure_named);
    for (span, figure) in shown.spans.iter().filter_map(|span| Some((span, outcome(span)?))) {
        figures.count(figure, 1);
        figures.count(Figure::Decisions, usize::from(span.attributes.contains_key(DECISION)));
    }
}

fn figure_named(outcome: &str) -> Figure {
    match outcome {
        "ok" => Figure::ToolsOk,
        "failed" => Figure::ToolsFailed,
        "denied" => Figure::ToolsDenied,
        "refused" => Figure::ToolsRefused,
        "interrupted" => Figure::ToolsInterrupted,
        _ => Figure::ToolsUnknown,
    }
}

impl ShownSession {
    /// Each class of tokens by its name in the list of costs.
    fn tokens(&self) -> [(&'static str, Figure, Option<u64>); 5] {
        [
            ("input_tokens", Figure::Input, self.input_tokens),
            ("output_tokens", Figure::Output, self.output_tokens),
            ("cache_read_tokens", Figure::CacheRead, self.cache_read_tokens),
            ("cache_write_5m_tokens", Figure::CacheWrite5m, self.cache_write_5m_tokens),
            ("cache_write_1h_tokens", Figure::CacheWrite1h, self.cache_write_1h_tokens),
        ]
    }
}

impl Costs {
    fn of(&self, session: &str) -> Option<&CostRow> {
        self.rows.iter().find(|row| row.key == session)
    }
}

impl CostRow {
    fn count(&self, name: &str) -> i64 {
        self.counts.get(name).copied().flatten().unwrap_or(0)
    }
}

/// What the sessions say of tokens, and what the list of costs says of the same sessions.
fn against_sessions(shown: &[Shown], followed: &Costs) -> Vec<String> {
    let mut found = Vec::new();
    for Shown { session, .. } in shown {
        let row = followed.of(&session.id);
        for (name, _, shown) in session.tokens() {
            let listed = row.map_or(0, |row| row.count(name));
            if Ok(listed) != i64::try_from(shown.unwrap_or(0)) {
                let shown = shown.unwrap_or(0);
                found.push(format!(
                    "session {}: {name}: {listed} in `tacho cost`, {shown} in `tacho show`",
                    session.id
                ));
            }
        }
    }
    let is_shown = |row: &&CostRow| shown.iter().any(|shown| shown.session.id == row.key);
    let strangers = followed.rows.iter().filter(|row| !is_shown(row));
    found.extend(strangers.map(|row| format!("tacho cost: {} is no session of the run", row.key)));
    found
}

/// What was written down, and what the CLI itself says of the same sessions, if it does.
fn against_cli(followed: &Costs, may_differ: &BTreeSet<&str>) -> Vec<String> {
    let is_right =
        |why: &String| matches!(why.as_str(), "equal" | "not_reported") || may_differ.contains(why.as_str());
    let wrong = followed.reconciliation.iter().filter(|one| !one.why.iter().all(is_right));
    let line = |one: &Reconciled| format!("session {}: beside what the CLI says: {:?}", one.session, one.why);
    wrong.map(line).collect()
}

/// What was written down as the transcripts were followed, and what they say when they are imported.
fn against_import(followed: &Costs, imported: &Costs) -> Vec<String> {
    let mut found = Vec::new();
    let nothing = BTreeMap::new();
    let sessions: BTreeSet<&String> =
        followed.rows.iter().chain(&imported.rows).map(|row| &row.key).collect();
    for session in sessions {
        let [one, other] =
            [followed, imported].map(|costs| costs.of(session).map_or(&nothing, |row| &row.counts));
        let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for name in names.into_iter().filter(|name| one.get(*name) != other.get(*name)) {
            let [one, other] = [one, other].map(|counts| counts.get(name).copied().flatten());
            found.push(format!(
                "session {session}: {name} is {one:?} from following, {other:?} from an import"
            ));
        }
    }
    found
}
