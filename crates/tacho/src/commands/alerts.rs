//! `tacho alerts`: what somebody should know of now, for those who have no Prometheus to tell them.

mod conditions;
mod rules;

use super::open_current_state;
use crate::cli::{Alerts, Output};
use crate::drain::now;
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, note, print, print_or_end};
use conditions::{Firing, Limits, firing};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How often it is looked again.
const PAUSE: Duration = Duration::from_secs(15);

/// Prints what fires, once or until it is ended.
pub(super) fn run(output: Output, wanted: &Alerts) -> Result<(), Failure> {
    if !wanted.budget.is_finite() || wanted.budget <= 0.0 {
        return Err(Failure::new(FailureKind::Config, "--budget is more than 0 dollars, such as 250"));
    }
    let limits = Limits { month_usd: wanted.budget };
    if wanted.watch { watch(output, wanted, limits) } else { once(output, limits) }
}

fn once(output: Output, limits: Limits) -> Result<(), Failure> {
    let firing = look(limits)?;
    if output.json {
        let alerts: Vec<_> = firing.iter().map(Firing::report).collect();
        print(&format!("{}\n", json!({ "schema_version": SCHEMA_VERSION, "alerts": alerts })));
    } else {
        firing.iter().for_each(|alert| print(&line("", alert)));
    }
    match firing.len() {
        0 => {
            if !output.json {
                note("nothing that somebody should know of");
            }
            Ok(())
        }
        1 => Err(Failure::new(FailureKind::Finding, "one alert fires")),
        more => Err(Failure::new(FailureKind::Finding, format!("{more} alerts fire"))),
    }
}

/// Says what begins and what is over, until nobody reads it any more.
fn watch(output: Output, wanted: &Alerts, limits: Limits) -> Result<(), Failure> {
    let mut known: BTreeMap<String, Firing> = BTreeMap::new();
    loop {
        let found = match look(limits) {
            Err(failure) if failure.may_pass() => {
                note(&format!("{}; looking again", failure.sentence()));
                std::thread::sleep(PAUSE);
                continue;
            }
            found => found?,
        };
        let seen: BTreeMap<String, Firing> = found.into_iter().map(|alert| (alert.key(), alert)).collect();
        let begun = seen.iter().filter(|(key, _)| !known.contains_key(*key)).map(|(_, alert)| (true, alert));
        let over = known.iter().filter(|(key, _)| !seen.contains_key(*key)).map(|(_, alert)| (false, alert));
        for (begins, alert) in begun.chain(over) {
            if begins && let Some(program) = &wanted.notify {
                notify(program, alert);
            }
            let text = if output.json {
                let state = if begins { "firing" } else { "resolved" };
                format!("{}\n", json!({ "at_ns": now().0, "state": state, "alert": alert.report() }))
            } else {
                line(if begins { "begins    " } else { "is over   " }, alert)
            };
            if print_or_end(&text).is_break() {
                return Ok(());
            }
        }
        known = seen;
        std::thread::sleep(PAUSE);
    }
}

fn look(limits: Limits) -> Result<Vec<Firing>, Failure> {
    let state = open_current_state()?;
    let Some(store) = place::open_store_to_read(&state)? else { return Ok(Vec::new()) };
    firing(&state, store.read(), limits, now())
}

fn line(before: &str, alert: &Firing) -> String {
    format!("{before}{:<8}  {:<26}  {}\n", alert.severity, alert.name, display_safe(&alert.sentence))
}

/// Runs a program that tells somebody. It may take its time; where it cannot be run, that is said.
fn notify(program: &Path, alert: &Firing) {
    let sentence = format!("{}: {}", alert.name, display_safe(&alert.sentence));
    let started = Command::new(program).arg(sentence).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    match started {
        Ok(mut child) => {
            // Waited for where nobody waits for it, lest it stays a zombie.
            std::thread::spawn(move || child.wait());
        }
        Err(error) => note(&format!("note: {} cannot be run: {error}", program.display())),
    }
}
