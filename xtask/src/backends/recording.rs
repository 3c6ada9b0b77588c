//! A recording and what `tacho` itself says of it: the measure of what a backend has.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tacho_testkit::otlp::Receiver;

use super::home::Home;
use super::play::play;
use super::received::{Attributes, Received, Span, text};
use super::running::until;
use super::{Bench, Finding, Signal};

/// Sessions with subagents, tools of servers, failures, refusals, repeated attempts, thinking and a compaction.
const SESSIONS: &[&str] =
    &["bash_fails", "compacted", "denied", "mcp", "rate_limited", "subagents", "thinking"];

/// The record that follows every request.
const CHECKPOINT: &str = "tachograph.audit.checkpoint";

/// A home in which sessions were recorded and sent to a backend, and to a receiver of our own beside it.
pub(super) struct Recording {
    pub(super) home: Home,
    beside: Receiver,
}

impl Recording {
    /// Records sessions of every kind with a destination in `config.toml`.
    pub(super) fn sent_to(bench: &Bench, destination: &str) -> Result<Self> {
        Self::of(bench, SESSIONS, destination)
    }

    /// Records these sessions. The destination gets content, too: all of it is compared.
    pub(super) fn of(bench: &Bench, sessions: &[&str], destination: &str) -> Result<Self> {
        let beside = Receiver::start()?;
        let config = format!(
            "user_info = \"name\"\n[[destination]]\nlevel = \"full\"\n{destination}\n\
             [[destination]]\nlevel = \"full\"\nendpoint = {:?}\n",
            beside.url()
        );
        let home = Home::new(&bench.programs, &config)?;
        let names: Vec<String> = sessions.iter().map(|name| (*name).to_owned()).collect();
        play(&home, &bench.recorded(), &names)?;
        home.drain()?;
        Ok(Self { home, beside })
    }

    /// Compares all that an OTLP backend has.
    pub(super) fn compare(&self, has: impl Fn() -> Result<Received>) -> Result<Vec<Finding>> {
        let expected = self.spans()?;
        // A backend may take a while to show what it took; what it lacks at last is what is wrong.
        let mut found = Ok(Vec::new());
        _ = until("all of it", || {
            found = self.found(&expected, &has()?);
            Ok(found.is_ok().then_some(()))
        });
        found
    }

    fn found(&self, expected: &BTreeMap<String, Span>, received: &Received) -> Result<Vec<Finding>> {
        Ok(vec![
            Self::traces(expected, &received.spans)?,
            self.metrics(received)?,
            self.logs(received)?,
            self.cost(&received.spans)?,
        ])
    }

    /// Spans as `tacho show` has them, by their ids.
    pub(super) fn spans(&self) -> Result<BTreeMap<String, Span>> {
        let shown = self.home.spans()?;
        Ok(shown.iter().map(|span| (text(span, "span_id"), shown_span(span))).collect())
    }

    /// Every span, with the same name, ids, times and attributes.
    pub(super) fn traces(
        expected: &BTreeMap<String, Span>,
        received: &BTreeMap<String, Span>,
    ) -> Result<Finding> {
        ensure!(expected.len() == received.len(), "{} spans, should be {}", received.len(), expected.len());
        for (id, span) in expected {
            let arrived = received.get(id).with_context(|| format!("{} {id} is missing", span.name))?;
            ensure!(arrived == span, "{} {id} has\n{}", span.name, arrived.differences(span).join("\n"));
        }
        Ok(Finding::same(Signal::Traces, expected.len(), "spans"))
    }

    /// Counters, against the reports.
    fn metrics(&self, received: &Received) -> Result<Finding> {
        let (home, sessions) = (&self.home, self.home.sessions()?);
        let input = |class| received.sum("claude.tokens.input", Some(("type", class)));
        let compared = [
            ("claude.session.count", received.sum("claude.session.count", None), sessions as f64),
            ("uncached tokens", input("input"), home.total("input_tokens")?),
            ("cache reads", input("cache_read"), home.total("cache_read_tokens")?),
            ("cache writes", input("cache_write_5m"), home.total("cache_write_5m_tokens")?),
            ("answer tokens", received.sum("claude.tokens.output", None), home.total("output_tokens")?),
            ("cost", (received.sum("claude.cost.usd", None) * 1e9).round(), home.total("cost_usd_nanos")?),
        ];
        for (name, arrived, expected) in compared {
            ensure!((arrived - expected).abs() < 0.5, "{name} is {arrived}, should be {expected}");
        }
        Ok(Finding::same(Signal::Metrics, received.sums.len(), "sums"))
    }

    /// How many log records were sent, without checkpoints of the audit log.
    pub(super) fn records(&self) -> usize {
        self.beside.logs().len()
    }

    /// Log records, against those that our own receiver got.
    fn logs(&self, received: &Received) -> Result<Finding> {
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        for record in self.beside.logs() {
            *expected.entry(record.event_name).or_default() += 1;
        }
        let mut records = received.records.clone();
        // Each destination witnesses the audit log as it was behind each of its own requests.
        let witnessed = records.remove(CHECKPOINT);
        ensure!(witnessed.is_some(), "no checkpoint of the audit log");
        ensure!(records == expected, "{records:?}, should be {expected:?}");
        Ok(Finding::same(Signal::Logs, expected.values().sum(), "records"))
    }

    /// What spans say that calls cost, against the report.
    fn cost(&self, received: &BTreeMap<String, Span>) -> Result<Finding> {
        let of_span = |span: &Span| span.attributes.get("gen_ai.usage.cost.amount").and_then(Value::as_f64);
        let nanos = received.values().filter_map(of_span).map(|usd| (usd * 1e9).round()).sum::<f64>();
        let expected = self.cost_nanos()?;
        ensure!((nanos - expected as f64).abs() < 0.5, "{nanos} billionths, should be {expected}");
        Ok(Finding::cost(expected))
    }

    /// What all of it cost by the report, in billionths of a dollar.
    pub(super) fn cost_nanos(&self) -> Result<i64> {
        Ok(self.home.total("cost_usd_nanos")? as i64)
    }
}

fn shown_span(span: &Value) -> Span {
    let whole = |name: &str| span.get(name).and_then(Value::as_u64).unwrap_or(0);
    let attributes = span.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default();
    Span {
        trace_id: text(span, "trace_id"),
        parent_id: text(span, "parent_span_id"),
        name: text(span, "name"),
        start_ns: whole("start_ns"),
        end_ns: whole("end_ns"),
        attributes: attributes.into_iter().collect::<Attributes>(),
    }
}
