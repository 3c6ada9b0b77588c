//! Whether what is in force is what the log says: a hold that was taken out of the policy without a word shows.

use super::keeping::days;
use super::kept;
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
        matches!(kind, "hold_set" | "hold_released" | "retention_changed" | "entries_given_up")
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
            // What was said of the age before may have been given up itself by now.
            Some("entries_given_up") if self.retention.is_none() => {
                let days = entry.number("retention_days");
                self.retention = days.map(|days| (number, Some(days)));
            }
            _ => {}
        }
    }

    /// Whether a session is held.
    pub(super) fn holds(&self, session: &str) -> bool {
        self.held.contains_key(session)
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
            let (said, kept) = (kept(days), kept(policy.retention_days));
            found.push(finding(entry, format!("it has entries kept {said}, and the policy {kept}")));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(entries: &[&str]) -> Said {
        let mut said = Said::default();
        (0..).zip(entries).for_each(|(number, entry)| {
            said.hear(number, &Entry::parse(entry.as_bytes()).unwrap());
        });
        said
    }

    /// For how long entries are kept is known also when the entry that said so was given up.
    #[test]
    fn the_age_by_which_entries_were_given_up() {
        let given_up = r#"{"type":"entries_given_up","retention_days":2192}"#;
        let changed = r#"{"type":"retention_changed","retention":"400d"}"#;
        let shorter = r#"{"type":"entries_given_up","retention_days":30}"#;
        for (entries, days) in
            [(&[given_up][..], 2192), (&[given_up, changed], 400), (&[changed, shorter], 400)]
        {
            assert_eq!(said(entries).policy().retention_days, Some(days));
        }
        let policy = Policy { retention_days: Some(30), holds: Vec::new() };
        assert_eq!(said(&[given_up]).differences(&policy).len(), 1);
    }
}
