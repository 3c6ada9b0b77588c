//! `tacho audit`: what was decided, and that nobody changed it since. One file for what belongs together.

mod anchor;
mod book;
mod export;
mod forgetting;
mod in_force;
mod keeping;
mod key;
mod proof;
mod show;
mod verify;

use crate::cli::Output;
use crate::cli::audit::{AuditAction, KeyAction};
use crate::commands::words::plural;
use crate::failure::Failure;

pub(super) fn run(output: Output, action: &AuditAction) -> Result<(), Failure> {
    match action {
        AuditAction::Show { entry: Some(entry), .. } => show::one(output, *entry),
        AuditAction::Show { entry: None, filter, limit } => show::list(output, filter, *limit),
        AuditAction::Verify { against, key, log } => {
            verify::run(output, against, key.as_deref(), log.as_deref())
        }
        AuditAction::Prove { entry } => proof::prove(output, *entry),
        AuditAction::VerifyProof { file, key } => proof::verify(output, file, key),
        AuditAction::Export { format, content_hashes, filter } => {
            export::run(*format, *content_hashes, filter)
        }
        AuditAction::Hold { session, reason } => keeping::hold(output, session, reason.as_deref()),
        AuditAction::Release { session } => keeping::release(output, session),
        AuditAction::Retain { from_log: true, .. } => keeping::retain_from_log(output),
        AuditAction::Retain { age, .. } => keeping::retain(output, age.as_deref()),
        AuditAction::Forget { session } => forgetting::forget(output, session),
        AuditAction::Checkpoint => key::checkpoint(output),
        AuditAction::Key(KeyAction::Show) => key::show(output),
        AuditAction::Key(KeyAction::Rotate) => key::rotate(output),
        AuditAction::Anchor(wanted) => anchor::run(output, wanted),
    }
}

/// `1 entry`, `2 entries`.
fn entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

/// For how long something is kept.
fn kept(days: Option<u64>) -> String {
    days.map_or_else(|| "forever".to_owned(), |days| plural(days, "day"))
}
