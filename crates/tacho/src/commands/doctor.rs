//! `tacho doctor`: every check there is, and how to mend what it finds. Looks only; mends nothing itself.

mod agent;
mod audit;
mod configuration;
mod ground;
mod processes;
mod programs;
mod sending;
mod spool;
mod state;
mod store;
mod telemetry;

use crate::cli::Output;
use crate::failure::{Failure, FailureKind};
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, print};
use ground::Ground;
use serde::Serialize;
use serde_json::json;

/// A check.
struct Check {
    /// What it looks at, in a word.
    name: &'static str,
    run: fn(&Ground) -> Verdict,
}

/// All checks, in the order of what depends on what.
const CHECKS: [Check; 21] = [
    Check { name: "agent", run: agent::program },
    Check { name: "plugin", run: agent::plugin },
    Check { name: "copies", run: agent::copies },
    Check { name: "hooks", run: agent::hooks },
    Check { name: "programs", run: programs::programs },
    Check { name: "state", run: state::directory },
    Check { name: "space", run: state::space },
    Check { name: "clock", run: state::clock },
    Check { name: "spool", run: spool::segments },
    Check { name: "losses", run: spool::losses },
    Check { name: "drainer", run: processes::drainer },
    Check { name: "store", run: store::store },
    Check { name: "audit log", run: audit::log },
    Check { name: "intake", run: spool::intake },
    Check { name: "recording", run: agent::recording },
    Check { name: "telemetry", run: telemetry::native },
    Check { name: "configuration", run: configuration::files },
    Check { name: "secrets", run: configuration::secrets },
    Check { name: "refused", run: configuration::refused },
    Check { name: "destinations", run: sending::destinations },
    Check { name: "dead letters", run: sending::dead_letters },
];

/// What a check came to.
#[derive(Debug, Default, Serialize)]
struct Verdict {
    /// What was seen, where all is well.
    detail: Vec<String>,
    findings: Vec<Finding>,
}

/// Something that is wrong.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    why: String,
    /// The command or the edit that mends it.
    remedy: String,
}

impl Verdict {
    fn fine(detail: impl Into<String>) -> Self {
        Self { detail: vec![detail.into()], findings: Vec::new() }
    }

    fn found(what: impl Into<String>, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        let mut verdict = Self::default();
        verdict.find(what, why, remedy);
        verdict
    }

    fn find(&mut self, what: impl Into<String>, why: impl Into<String>, remedy: impl Into<String>) {
        self.findings.push(Finding { what: what.into(), why: why.into(), remedy: remedy.into() });
    }

    fn note(&mut self, detail: impl Into<String>) {
        self.detail.push(detail.into());
    }
}

/// Makes all checks and tells what came of them.
pub(super) fn run(output: Output, probe: bool) -> Result<(), Failure> {
    let ground = Ground::find(probe)?;
    let verdicts: Vec<(&str, Verdict)> =
        CHECKS.iter().map(|check| (check.name, (check.run)(&ground))).collect();
    let findings: usize = verdicts.iter().map(|(_, verdict)| verdict.findings.len()).sum();
    if output.json {
        let checks = verdicts.iter().map(
            |(name, verdict)| json!({ "name": name, "detail": verdict.detail, "findings": verdict.findings }),
        );
        let checks: Vec<_> = checks.collect();
        let report = json!({ "schema_version": SCHEMA_VERSION, "healthy": findings == 0, "checks": checks });
        print(&format!("{report}\n"));
    } else {
        verdicts.iter().for_each(|(name, verdict)| print(&text(name, verdict)));
    }
    match findings {
        0 => Ok(()),
        1 => Err(Failure::new(FailureKind::Finding, "one thing is to be mended")),
        many => Err(Failure::new(FailureKind::Finding, format!("{many} things are to be mended"))),
    }
}

fn text(name: &str, verdict: &Verdict) -> String {
    let mut text = String::new();
    if verdict.findings.is_empty() {
        let mut detail = verdict.detail.iter().map(|detail| display_safe(detail));
        text.push_str(&format!("ok     {name:<13}  {}\n", detail.next().unwrap_or_default()));
        detail.for_each(|detail| text.push_str(&format!("       {:<13}  {detail}\n", "")));
    }
    for finding in &verdict.findings {
        let [what, why, remedy] =
            [&finding.what, &finding.why, &finding.remedy].map(|text| display_safe(text));
        text.push_str(&format!("WRONG  {name:<13}  {what}\n"));
        text.push_str(&format!("       {:<13}  why: {why}\n       {:<13}  do:  {remedy}\n", "", ""));
    }
    text
}
