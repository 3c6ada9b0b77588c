//! Who allowed or refused a tool call, in the CLI's words: `permissionDecision` and `toolDenialKind` of transcript rows,
//! and the source in its telemetry. What words there are is read from version 2.1.330.

use crate::fields::Fields;
use tacho_model::event::{Decider, PermissionDecision};

/// What a transcript row says. A refusal in the dialog has no decision of its own, only a word for what kind of refusal
/// it was.
pub(super) fn of_row(row: &Fields<'_>) -> Option<PermissionDecision> {
    let said = row.object("permissionDecision");
    let known = |name: &str| said.word(name).filter(|word| word != "unknown");
    let Some(decision) = said.word("decision") else {
        let kind = row.word("toolDenialKind")?;
        return Some(PermissionDecision {
            decider: by_denial(&kind),
            ..of_source("reject".to_owned(), Some(kind))
        });
    };
    let (source, reason, code) = (known("source"), known("reasonType"), known("reasonCode"));
    let decider = source.as_deref().and_then(by_source);
    // A list of reasons is of one kind where all of them are.
    let by_code = || code.as_deref().and_then(by_code);
    let decider = decider.or_else(by_code).or_else(|| reason.as_deref().and_then(by_kind));
    Some(PermissionDecision {
        decision,
        decider,
        source,
        reason,
        reason_code: code,
        rule_source: known("ruleSource"),
        grant_scope: known("grantScope"),
    })
}

/// What is said of nothing but who decided.
pub(super) fn of_source(decision: String, source: Option<String>) -> PermissionDecision {
    PermissionDecision {
        decision,
        decider: source.as_deref().and_then(by_source),
        source,
        ..PermissionDecision::default()
    }
}

/// `config` says no more than that nobody was asked.
fn by_source(source: &str) -> Option<Decider> {
    match source {
        "hook" => Some(Decider::Hook),
        "classifier" => Some(Decider::Classifier),
        _ => source.starts_with("user").then_some(Decider::Person),
    }
}

/// `rule:userSettings`, `mode:dontAsk`, `hook:PreToolUse`, `classifier:auto-mode:unavailable`, or for the parts of a
/// shell's line several of these: `subcommands:rule:session+mode:plan`.
fn by_code(code: &str) -> Option<Decider> {
    if let Some(parts) = code.strip_prefix("subcommands:") {
        let mut deciders = parts.split('+').map(by_code);
        let first = deciders.next()??;
        return deciders.all(|one| one == Some(first)).then_some(first);
    }
    by_kind(code.split_once(':').map_or(code, |(kind, _)| kind))
}

fn by_kind(kind: &str) -> Option<Decider> {
    match kind {
        "rule" => Some(Decider::Rule),
        "mode" | "asyncAgent" => Some(Decider::Mode),
        "hook" => Some(Decider::Hook),
        "classifier" | "classifierTranscriptTooLong" => Some(Decider::Classifier),
        "safetyCheck" | "workingDir" | "outsideReadsBlocked" | "restrictedMode" | "noProjectDirectory" => {
            Some(Decider::SafetyCheck)
        }
        "sandboxOverride" => Some(Decider::Sandbox),
        _ => by_source(kind),
    }
}

fn by_denial(kind: &str) -> Option<Decider> {
    match kind {
        "permission-rule" => Some(Decider::Rule),
        _ if kind.starts_with("automode") => Some(Decider::Classifier),
        _ => by_source(kind),
    }
}
