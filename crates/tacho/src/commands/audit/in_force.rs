//! Whether what is in force is what the log says: a hold that was taken out of the policy without a word shows.

use super::keeping::days;
use crate::audit::{Entry, Policy};
use std::collections::BTreeMap;
use tacho_audit::verify::{Finding, Grade};

/// What entries said last of the policy, and in which of them.
#[derive(Debug, Default)]
pub(super) struct Said {
    held: BTreeMap<String, u64>,
    retention: Option<(u64, Option<u64>)>,
}

impl Said {
    /// Whether entries of this type say something of the policy.
    pub(super) fn is_of_policy(kind: &str) -> bool {
        matches!(kind, "hold_set" | "hold_released" | "retention_changed")
    }

    /// Hears the next entry.
    pub(super) fn hear(&mut self, number: u64, bytes: &[u8]) {
        let Some(entry) = Entry::parse(bytes) else { return };
        let session = || entry.text("session").unwrap_or_default().to_owned();
        match entry.text("type") {
            Some("hold_set") => {
                self.held.insert(session(), number);
            }
            Some("hold_released") => {
                self.held.remove(&session());
            }
            Some("retention_changed") => {
                let age = entry.text("retention").and_then(|age| days(age).ok());
                self.retention = age.map(|days| (number, days));
            }
            _ => {}
        }
    }

    /// Where the policy is another. One that holds more than was said is being changed, or cautious.
    pub(super) fn differences(&self, policy: &Policy) -> Vec<Finding> {
        let finding = |entry, what| Finding { grade: Grade::Tampered, entry: Some(entry), what };
        let lost = self.held.iter().filter(|(session, _)| !policy.holds(session));
        let mut found: Vec<Finding> = lost
            .map(|(session, entry)| finding(*entry, format!("it holds {session}, and the policy does not")))
            .collect();
        if let Some((entry, days)) = self.retention.filter(|(_, days)| *days != policy.retention_days) {
            let words = |days: Option<u64>| days.map_or("for ever".to_owned(), |days| format!("{days} days"));
            let (said, kept) = (words(days), words(policy.retention_days));
            found.push(finding(entry, format!("it has entries kept {said}, and the policy {kept}")));
        }
        found
    }
}
