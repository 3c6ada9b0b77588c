//! Whether what is in force is what the log says: a hold that was taken out of the policy without a word shows.

use super::keeping::days;
use crate::audit::{Entry, Hold, Policy};
use std::collections::BTreeMap;
use tacho_audit::verify::{Finding, Grade};

/// What entries said last of the policy, and in which of them.
#[derive(Debug, Default)]
pub(super) struct Said {
    held: BTreeMap<String, (u64, Hold)>,
    retention: Option<(u64, Option<u64>)>,
}

impl Said {
    /// Whether entries of this type say something of the policy.
    pub(super) fn is_of_policy(kind: &str) -> bool {
        matches!(kind, "hold_set" | "hold_released" | "retention_changed")
    }

    /// Hears the next entry.
    pub(super) fn hear(&mut self, number: u64, entry: &Entry) {
        let text = |name| entry.text(name).map(str::to_owned);
        let session = text("session").unwrap_or_default();
        match entry.text("type") {
            Some("hold_set") => {
                let since = text("time").unwrap_or_default();
                let hold = Hold { session: session.clone(), since, reason: text("reason") };
                self.held.insert(session, (number, hold));
            }
            Some("hold_released") => {
                self.held.remove(&session);
            }
            Some("retention_changed") => {
                let age = entry.text("retention").and_then(|age| days(age).ok());
                self.retention = age.map(|days| (number, days));
            }
            _ => {}
        }
    }

    /// The policy that was said.
    pub(super) fn policy(self) -> Policy {
        Policy {
            retention_days: self.retention.and_then(|(_, days)| days),
            holds: self.held.into_values().map(|(_, hold)| hold).collect(),
        }
    }

    /// Where the policy lets go of more than was said. One that keeps more is being changed, or cautious.
    pub(super) fn differences(&self, policy: &Policy) -> Vec<Finding> {
        let finding = |entry, what| Finding { grade: Grade::Tampered, entry: Some(entry), what };
        let lost = self.held.iter().filter(|(session, _)| !policy.holds(session));
        let mut found: Vec<Finding> = lost
            .map(|(session, (entry, _))| {
                finding(*entry, format!("it holds {session}, and the policy does not"))
            })
            .collect();
        let age = |days: Option<u64>| days.unwrap_or(u64::MAX);
        if let Some((entry, days)) =
            self.retention.filter(|(_, days)| age(policy.retention_days) < age(*days))
        {
            let words = |days: Option<u64>| days.map_or("for ever".to_owned(), |days| format!("{days} days"));
            let (said, kept) = (words(days), words(policy.retention_days));
            found.push(finding(entry, format!("it has entries kept {said}, and the policy {kept}")));
        }
        found
    }
}
