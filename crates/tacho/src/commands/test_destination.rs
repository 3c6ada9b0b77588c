//! `tacho test-destination`: one labelled span, log record and metric for a destination, and what its answers mean.
//!
//! Nothing of what was recorded is sent, and nothing of the answers is kept. What holds the present alone (a textfile) is made up
//! to date instead, as a sample would take its place.

mod advice;
mod sample;
mod textfile;

use super::table::table;
use crate::cli::Output;
use crate::config::{self, Config, Terminal};
use crate::drain::now;
use crate::failure::{Failure, FailureKind};
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, print};
use advice::{Verdict, verdict};
use serde_json::{Value as Json, json};
use tacho_export::destination::{Destination, Protocol};
use tacho_export::exporters::{PROMETHEUS, Request, Sender};
use tacho_export::otlp::{Signal, encode};
use tacho_privacy::CaptureLevel;

/// Sends a sample of each signal and explains the answers.
pub(super) fn run(output: Output, name: &str) -> Result<(), Failure> {
    let config = config::load().seen_from(Terminal::Watched);
    let to = find(&config, name)?;
    let sample = sample::batches(now(), to.temporality);
    let mut sender = Sender::default();
    let mut answers = Vec::new();
    for signal in to.signals.iter() {
        let bodies = if *to.kind == PROMETHEUS {
            vec![textfile::as_it_is(&sample)?]
        } else {
            encode(&sample, signal, to.protocol, to.compression)
                .map_err(|error| Failure::external("encode a sample", error))?
        };
        for body in bodies {
            let request =
                Request { name: signal.name(), content_type: to.protocol.content_type(), body: &body.bytes };
            answers.push((signal, sender.send(&to, request)));
        }
    }
    let is_any_taken = answers.iter().any(|(_, outcome)| verdict(&to, outcome).is_taken);
    let verdicts: Vec<(Signal, Verdict)> = answers
        .iter()
        .map(|(signal, outcome)| (*signal, verdict(&to, outcome).beside(is_any_taken)))
        .collect();
    if output.json {
        print(&format!("{}\n", report(&to, &verdicts)));
    } else {
        print(&text(&to, &verdicts));
    }
    let failed: Vec<&str> =
        verdicts.iter().filter(|(_, verdict)| verdict.is_failure).map(|(signal, _)| signal.name()).collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::External,
        format!("{} did not take {}", display_safe(to.endpoint()), failed.join(", ")),
    ))
}

/// The destination that is meant: by its name, its address or the name in the store; an address that nobody named
/// is asked as it is typed.
fn find(config: &Config, name: &str) -> Result<Destination, Failure> {
    let is_meant =
        |to: &&Destination| to.label.as_deref() == Some(name) || to.endpoint() == name.trim_end_matches('/');
    if let Some(known) = config.destinations.iter().map(|named| &named.to).find(is_meant) {
        return Ok(known.clone());
    }
    if name.contains("://") {
        let typed = Destination::new(name, Protocol::default(), Vec::new(), CaptureLevel::default());
        return typed.map_err(|error| Failure::new(FailureKind::Config, error.to_string()));
    }
    let named = config.destinations.iter().map(|named| &named.to);
    let known: Vec<&str> =
        named.flat_map(|to| [to.label.as_deref(), Some(to.endpoint())]).flatten().collect();
    let mut failure = Failure::new(FailureKind::Config, format!("no destination is called {name}"));
    if !known.is_empty() {
        failure = failure.hint(format!("there are {}", known.join(", ")));
    }
    for unread in &config.unread {
        failure = failure.hint(unread.reason.clone());
    }
    for refused in &config.refused {
        failure = failure.hint(format!("{} is not used: {}", refused.origin, refused.reason));
    }
    Err(failure)
}

fn text(to: &Destination, verdicts: &[(Signal, Verdict)]) -> String {
    let rows: Vec<Vec<String>> = verdicts
        .iter()
        .map(|(signal, verdict)| vec![signal.name().to_owned(), display_safe(&verdict.said)])
        .collect();
    let mut text = format!("{} ({})\n\n", display_safe(to.endpoint()), to.kind.name);
    text.push_str(&table(&["SIGNAL", "ANSWER"], &[], &rows));
    let mut told: Vec<&str> = Vec::new();
    for remedy in verdicts.iter().filter_map(|(_, verdict)| verdict.remedy.as_deref()) {
        if !told.contains(&remedy) {
            told.push(remedy);
            text.push_str(&format!("\n{}\n", display_safe(remedy)));
        }
    }
    if *to.kind != PROMETHEUS && verdicts.iter().any(|(_, verdict)| verdict.is_taken) {
        text.push_str(&format!("\nLook there for the service {}.\n", sample::SERVICE));
    }
    text
}

fn report(to: &Destination, verdicts: &[(Signal, Verdict)]) -> Json {
    let results = verdicts.iter().map(|(signal, verdict)| {
        json!({
            "signal": signal.name(),
            "outcome": verdict.outcome,
            "said": verdict.said,
            "remedy": verdict.remedy,
        })
    });
    json!({
        "schema_version": SCHEMA_VERSION,
        "name": to.label,
        "endpoint": to.endpoint(),
        "kind": to.kind.name,
        "service": sample::SERVICE,
        "results": results.collect::<Vec<_>>(),
    })
}
