//! What the audit log says of a run, held against the spans that were sent: each decision once, by whom, and joined to its span; and that
//! both verifiers find the log intact by the checkpoints that the receiver holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use tacho_model::semconv as key;
use tacho_testkit::otlp::{ReceivedLog, ReceivedSpan, SpanKind};

use super::stage::Stage;

/// Where the log lies in a home.
const LOG: &str = ".local/state/tachograph/audit/log";

/// The entries of a run.
pub(super) struct Sealed {
    entries: Vec<Entry>,
    problems: Vec<String>,
}

#[derive(Deserialize)]
struct Entry {
    seq: u64,
    about: String,
    #[serde(rename = "type")]
    kind: String,
    corrects: Option<u64>,
    trace_id: Option<String>,
    outcome: Option<String>,
    decider: Option<String>,
}

impl Sealed {
    /// What the recorder and the verifiers say of the log.
    pub(super) fn by_tacho(stage: &Stage<'_>, root: &Path, held: &[ReceivedLog]) -> Result<Self> {
        let mut problems = Vec::new();
        let export = stage.tacho(&["audit", "export"])?;
        stage.keep("audit.jsonl", &export.stdout)?;
        let lines = String::from_utf8_lossy(&export.stdout).into_owned();
        let entries = lines
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("no entry: {line}")))
            .collect::<Result<_>>()?;
        let records: Vec<String> =
            held.iter().map(|log| json!({ "attributes": log.attributes }).to_string()).collect();
        stage.keep("checkpoints.jsonl", records.join("\n"))?;
        let records = stage.evidence("checkpoints.jsonl");
        let against = ["audit", "verify", "--against", &*records.to_string_lossy()].map(str::to_owned);
        let verified = stage.tacho(&against.iter().map(String::as_str).collect::<Vec<_>>())?;
        if !verified.status.success() {
            problems.push(format!(
                "audit verify: {}{}",
                String::from_utf8_lossy(&verified.stdout),
                String::from_utf8_lossy(&verified.stderr)
            ));
        }
        let mut python = Command::new("python3");
        python.arg(root.join("tools/verify_audit.py")).arg(stage.home.join(LOG));
        let said = python.output().context("cannot start python3")?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        if said != "intact\n" {
            problems.push(format!("the independent verifier says of the audit log: {said}"));
        }
        Ok(Self { entries, problems })
    }

    /// Where the log says something else than the spans.
    pub(super) fn differences(mut self, spans: &[ReceivedSpan]) -> Vec<String> {
        let corrected: Vec<u64> = self.entries.iter().filter_map(|entry| entry.corrects).collect();
        self.entries.retain(|entry| !corrected.contains(&entry.seq));
        let mut known: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.entries {
            known.entry(&entry.about).or_default().push(entry);
        }
        let mut found = std::mem::take(&mut self.problems);
        for span in spans {
            for expected in expected(span) {
                let entries = known.remove(expected.about.as_str()).unwrap_or_default();
                let said: Vec<String> = entries.iter().map(|entry| entry.said()).collect();
                let is_right = matches!(&*said, [one] if expected.said.contains(one));
                if !is_right {
                    found.push(format!(
                        "audit: {} is {said:?} instead of {:?}",
                        expected.about, expected.said
                    ));
                }
            }
        }
        let without_span =
            known.iter().filter(|(about, _)| about.starts_with("tool:") || about.starts_with("answer:"));
        found.extend(without_span.map(|(about, _)| format!("audit: no span was sent for {about}")));
        found
    }
}

impl Entry {
    fn said(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        format!("{} {} {} {}", self.kind, text(&self.outcome), text(&self.decider), text(&self.trace_id))
    }
}

/// What must stand in the log about a span.
struct Expected {
    about: String,
    /// Any of these.
    said: Vec<String>,
}

fn expected(span: &ReceivedSpan) -> Vec<Expected> {
    let text = |key: tacho_model::attribute::Key| span.attributes.get(key.name()).and_then(Value::as_str);
    let trace = &span.trace_id;
    let decider = text(key::TACHOGRAPH_PERMISSION_DECIDER);
    let decided = decider.unwrap_or("-");
    if let Some(outcome) = text(key::CLAUDE_CODE_TOOL_OUTCOME) {
        let did_not_run = ["denied", "refused"].contains(&outcome);
        let kinds: &[&str] = if did_not_run { &["tool_skip", "safety_block"] } else { &["tool_call"] };
        let said = kinds.iter().map(|kind| format!("{kind} {outcome} {decided} {trace}")).collect();
        let mut all = vec![Expected { about: format!("tool:{}", span.span_id), said }];
        if decider.is_some() {
            let word = if did_not_run { "refused" } else { "allowed" };
            let said = vec![format!("permission_decided {word} {decided} {trace}")];
            all.push(Expected { about: format!("decided:{}", span.span_id), said });
        }
        return all;
    }
    // A call that stands in no transcript has no id of its answer, and no reason why that ended.
    let answered = [key::GEN_AI_RESPONSE_ID, key::GEN_AI_RESPONSE_MODEL].into_iter().find_map(text);
    if answered.is_some() && span.kind == SpanKind::Client {
        let reasons = span.attributes.get(key::GEN_AI_RESPONSE_FINISH_REASONS.name());
        let reason = reasons.and_then(|reasons| reasons.get(0)).and_then(Value::as_str).unwrap_or("-");
        let said = match reason {
            "refusal" => format!("safety_block refusal model {trace}"),
            other => format!("response_generated {other} - {trace}"),
        };
        return vec![Expected { about: format!("answer:{}", span.span_id), said: vec![said] }];
    }
    Vec::new()
}
