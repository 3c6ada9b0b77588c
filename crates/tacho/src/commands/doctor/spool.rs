//! Whether the spool can be read, what of it was lost, and whether somebody takes it in.

use super::super::words;
use super::Verdict;
use super::ground::{Ground, Segment, typed};
use crate::place::DAMAGED;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs;
use tacho_spool::frame::Line;
use tacho_spool::lock::DrainLock;
use tacho_spool::loss::{self, LOSS_LEDGER};

/// A loss that is older was heard of.
const RECENT_NS: u64 = 24 * 3600 * 1_000_000_000;

/// Segments that cannot be read, and lines in them.
pub(super) fn segments(ground: &Ground) -> Verdict {
    let bytes: u64 = ground.segments.iter().map(|segment| segment.bytes).sum();
    let count = words::plural(ground.segments.len() as u64, "segment");
    let mut verdict = Verdict::fine(format!("{count}, {}", words::bytes(bytes)));
    for segment in &ground.segments {
        let path = typed(&segment.path);
        match fs::read(&segment.path) {
            Err(error) => {
                let what = format!("{path} cannot be read: {error}");
                let remedy = format!("chown \"$(id -u)\" {path} && chmod u+r {path}");
                verdict.find(what, "what hooks said there is not understood", remedy);
            }
            Ok(bytes) => {
                // What is behind the last line feed may be on its way.
                let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
                let lines = bytes.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
                let damaged = lines.filter(|line| Line::judge(line) == Line::Damaged).count() as u64;
                if damaged > 0 {
                    let what = format!("{path} has {}", words::plural(damaged, "damaged line"));
                    let why = "they are lost, and nothing else is; a power failure or a full disk does that";
                    let aside = ground.in_state(DAMAGED);
                    let remedy = format!("tacho drain --once; mkdir -p {aside} && mv {path} {aside}/");
                    verdict.find(what, why, remedy);
                }
            }
        }
    }
    verdict
}

/// Records that hooks could not write, and what did not arrive or is gone since.
pub(super) fn losses(ground: &Ground) -> Verdict {
    let losses = match loss::read(ground.state.path()) {
        Ok(losses) => losses,
        Err(error) => {
            let what = format!("the ledger of losses cannot be read: {error}");
            return Verdict::found(
                what,
                "what is lost is not counted",
                format!("rm -r {}", ground.in_state(LOSS_LEDGER)),
            );
        }
    };
    let mut verdict = Verdict::default();
    let mut by_reason: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for loss in losses {
        let (count, last) = by_reason.entry(loss.reason).or_default();
        *count += loss.count;
        *last = loss.last_unix_ns.max(*last);
    }
    for (reason, (count, last)) in by_reason {
        let at = words::time(tacho_model::time::UnixNanos(last));
        let lost =
            format!("{} lost, the last at {at}: {}", words::plural(count, "record"), spelt_out(&reason));
        if ground.now.0.saturating_sub(last) < RECENT_NS {
            let remedy = format!("mend that, then forget it: rm {}", ground.in_state(LOSS_LEDGER));
            verdict.find(lost, "what a hook cannot write is gone", remedy);
        } else {
            verdict.note(lost);
        }
    }
    let store = ground.store().and_then(|store| store.read().losses().ok()).unwrap_or_default();
    store.into_iter().for_each(|(reason, count)| verdict.note(format!("{count} lost: {reason}")));
    if verdict.findings.is_empty() && verdict.detail.is_empty() {
        verdict.note("nothing was lost");
    }
    verdict
}

/// What the system calls an error that a hook met.
fn spelt_out(reason: &str) -> String {
    let number = reason.strip_prefix("errno").and_then(|digits| digits.parse().ok());
    number.map_or_else(|| reason.to_owned(), |number| Errno::from_raw_os_error(number).to_string())
}

/// Whether what hooks said is taken in.
pub(super) fn intake(ground: &Ground) -> Verdict {
    let Some(store) = ground.store() else {
        return Verdict::fine("nothing was taken in yet; the next hook starts it");
    };
    let Ok(cursors) = store.read().segment_cursors() else { return Verdict::fine("not known") };
    let unread =
        |segment: &Segment| segment.bytes.saturating_sub(cursors.get(&segment.name).copied().unwrap_or(0));
    let unread: u64 = ground.segments.iter().map(unread).sum();
    if unread == 0 {
        return Verdict::fine("everything was taken in");
    }
    if matches!(DrainLock::try_acquire(&ground.state), Ok(None)) {
        return Verdict::fine(format!("{} wait for the running drainer", words::bytes(unread)));
    }
    let what = format!("{} of the spool were not taken in, and no drainer runs", words::bytes(unread));
    Verdict::found(
        what,
        "sessions look shorter than they were, and nothing of them is sent",
        "tacho drain --once",
    )
}
