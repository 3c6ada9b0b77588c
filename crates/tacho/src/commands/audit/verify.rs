//! `tacho audit verify`: whether the log is what was signed.

use super::anchor;
use super::book::{is_begun, none_yet};
use super::entries;
use super::in_force::Said;
use crate::audit::{AuditPlace, Entry, Policy, witnessed};
use crate::cli::Output;
use crate::commands::words::plural;
use crate::failure::{Failure, FailureKind};
use crate::keys;
use crate::place;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, print};
use serde::Deserialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use tacho_audit::key_chain::log_id;
use tacho_audit::note::VerifierKey;
use tacho_audit::verify::{Finding, Grade, Outside, Report, Witnessed, verify};

/// What every entry says of its place.
#[derive(Deserialize)]
struct Place<'a> {
    seq: u64,
    #[serde(borrow)]
    log: &'a str,
    #[serde(borrow, rename = "type")]
    kind: &'a str,
}

/// Verifies this machine's log, or a copy of one.
pub(super) fn run(
    output: Output,
    against: &[PathBuf],
    key: Option<&str>,
    copy: Option<&Path>,
) -> Result<(), Failure> {
    let key: Option<VerifierKey> = match key {
        None => None,
        Some(text) => Some(text.trim().parse().map_err(|error| {
            Failure::new(FailureKind::Config, format!("{text:?} {error}"))
                .hint("`tacho audit key show` prints the keys of a log")
        })?),
    };
    if let Some(copy) = copy.filter(|copy| !copy.is_dir()) {
        return Err(Failure::new(FailureKind::Config, format!("{} is no directory", copy.display()))
            .hint("name the directory of the copy that has `checkpoint` in it"));
    }
    // As it is: what is verified is not changed first.
    let (log, mut held, damaged, instance, own) = match copy {
        Some(copy) => (copy.to_owned(), Vec::new(), Vec::new(), None, None),
        None => {
            let state = place::open_state_meant()?;
            let place = AuditPlace::below(state.path());
            // Whoever names a key or a checkpoint knows of a log.
            if key.is_none() && against.is_empty() && !is_begun(&state, &place) {
                return Err(none_yet());
            }
            let instance = keys::instance_id(state.path())?;
            (place.log(), anchor::held(&place), place.damaged(), Some(instance), Some(place))
        }
    };
    for file in against {
        held.extend(witnessed(file, instance.as_deref())?);
    }
    let (mut report, said) = verify_entries(&log, &held, key.as_ref());
    let mut differences = own.as_ref().map(|place| against_policy(&said, place)).unwrap_or_default();
    if !differences.is_empty() {
        // Somebody may have changed it in between.
        let said;
        (report, said) = verify_entries(&log, &held, key.as_ref());
        differences = own.as_ref().map(|place| against_policy(&said, place)).unwrap_or_default();
    }
    report.findings.extend(differences);
    for path in &damaged {
        let what = format!("an earlier log was damaged and set aside as {}", path.display());
        report.findings.push(Finding { grade: Grade::Tampered, entry: None, what });
    }
    tell(output, &report, held.len());
    match report.grade() {
        None => Ok(()),
        Some(Grade::Tampered) => {
            let failure = Failure::new(FailureKind::Finding, "the audit log is not what was signed");
            Err(failure.hint("keep a copy of audit/ as it is before anything else"))
        }
        Some(Grade::Incomplete) => {
            Err(Failure::new(FailureKind::Incomplete, "something of the audit log is missing"))
        }
    }
}

/// Where the policy in force is not what was said.
fn against_policy(said: &Said, place: &AuditPlace) -> Vec<Finding> {
    match Policy::load(place) {
        Ok(policy) => said.differences(&policy),
        Err(failure) => vec![Finding { grade: Grade::Tampered, entry: None, what: failure.sentence() }],
    }
}

/// Verifies a log of entries of ours, and hears what they say of the policy.
fn verify_entries(log: &Path, held: &[Witnessed], first_key: Option<&VerifierKey>) -> (Report, Said) {
    let (mut id, mut said): (Option<String>, Said) = Default::default();
    let outside = Outside { witnessed: held, first_key };
    let mut report = verify(log, outside, &mut |number, bytes| {
        let Ok(Place { seq, log, kind }) = serde_json::from_slice(bytes) else {
            return Some("it is no entry of ours".to_owned());
        };
        if seq != number {
            return Some(format!("it says that it is entry {seq}"));
        }
        if let Some(entry) = Said::is_of_policy(kind).then(|| Entry::parse(bytes)).flatten() {
            said.hear(number, &entry);
        }
        let first = id.get_or_insert_with(|| log.to_owned());
        (first != log).then(|| format!("it says that it is of the log {log}"))
    });
    let origin = report.origin.as_deref().map(log_id);
    if let Some(id) = id.filter(|id| Some(id.as_str()) != origin) {
        let what = format!("the entries are of the log {id}, and its keys are of another");
        report.findings.push(Finding { grade: Grade::Tampered, entry: Some(report.minimum), what });
    }
    (report, said)
}

fn tell(output: Output, report: &Report, held: usize) {
    let word = match report.grade() {
        None => "intact",
        Some(Grade::Tampered) => "tampered",
        Some(Grade::Incomplete) => "incomplete",
    };
    if output.json {
        let findings = report.findings.iter().map(|finding| {
            let grade = if finding.grade == Grade::Tampered { "tampered" } else { "incomplete" };
            json!({ "grade": grade, "entry": finding.entry, "what": finding.what })
        });
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "verdict": word,
            "log": report.origin,
            "size": report.head.map(|head| head.size),
            "root": report.head.map(|head| head.root.to_string()),
            "minimum": report.minimum,
            "entries_read": report.entries,
            "checkpoints_met": report.checkpoints,
            "witnesses": held,
            "findings": findings.collect::<Vec<_>>(),
        });
        print(&format!("{report}\n"));
        return;
    }
    for finding in &report.findings {
        let entry = finding.entry.map(|entry| format!("entry {entry}: ")).unwrap_or_default();
        print(&format!("{}\n", display_safe(&format!("{entry}{}", finding.what))));
    }
    let size = report.head.map_or(0, |head| head.size);
    print(&format!(
        "{word}: {}, {} read, {} met, {held} of them held elsewhere\n",
        entries(size),
        report.entries,
        plural(report.checkpoints, "checkpoint")
    ));
    if held == 0 && report.grade().is_none() {
        print(
            "nobody else's checkpoint was compared: a cut end or a log made anew would not show; see --against\n",
        );
    }
}
