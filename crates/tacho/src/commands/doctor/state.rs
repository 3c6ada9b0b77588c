//! Whether the state directory is a good place: ours alone, lasting, with space left; and whether the clock is right.

use super::super::words;
use super::Verdict;
use super::ground::{Ground, typed};
use crate::config::MIB;
use crate::place;
use crate::spool_size::blob_bytes;
use rustix::fs::statvfs;
use std::fs;
use tacho_spool::append::SYNC_MARKER;
use tacho_spool::propagation::TERMS;
use tacho_spool::state::Tier;

/// Rights of anybody but the owner.
const OF_OTHERS: u32 = 0o077;
/// With less free something is lost soon, whatever the quotas say: the audit log and copies of transcripts have none.
const LEAST_BYTES: u64 = 64 * MIB;
/// Of what is free so much is meant for the spool when quotas are made to fit: an eighth; for the store: a quarter.
const SPOOL_PART: u64 = 8;
const STORE_PART: u64 = 4;
/// How far a clock may be off before it is called wrong.
const HOURS_AHEAD_MAX: u64 = 1;
const HOUR_NS: u64 = 3600 * 1_000_000_000;

/// Owner, rights, and whether it lasts.
pub(super) fn directory(ground: &Ground) -> Verdict {
    let path = ground.state.path();
    let mut verdict = Verdict::fine(path.display().to_string());
    if ground.tier == Some(Tier::Temporary) {
        let what = format!("the state lies in {}, since no better place can be written", path.display());
        verdict.find(
            what,
            "it is gone after the next boot",
            "mkdir -p ~/.local/state && chmod u+rwx ~/.local/state",
        );
    } else if let Some(wanted) = &ground.passed_over {
        let what = format!("{} cannot be used; the state lies in {}", wanted.display(), path.display());
        let remedy = format!("mkdir -p {0} && chown \"$(id -u)\" {0} && chmod 700 {0}", typed(wanted));
        verdict.find(what, "hooks may look elsewhere tomorrow", remedy);
    } else if let Some(mode) = ground.state_mode.filter(|mode| mode & OF_OTHERS != 0) {
        let what = format!("{} can be entered by others (mode {:03o})", path.display(), mode & 0o777);
        let why = "what is recorded holds prompts, paths and results";
        verdict.find(what, why, format!("chmod 700 {}", typed(path)));
    }
    if path.join(SYNC_MARKER).exists() {
        verdict.note(format!(
            "the file {SYNC_MARKER} makes every hook wait for the disk; without it a power failure costs about a second"
        ));
    }
    if ground.state.open_to_read(TERMS).is_ok() {
        verdict.note("trace context is handed on: tacho config show says which (propagation)");
    }
    verdict
}

/// Space on the disk: at least what the spool and the store may still grow by. How large a part of the disk that is says nothing.
pub(super) fn space(ground: &Ground) -> Verdict {
    let Ok(disk) = statvfs(ground.state.path()) else { return Verdict::fine("not known") };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let (spool, store) = (spool_bytes(ground), store_bytes(ground));
    let retention = &ground.config.retention;
    let (spool_max, store_max) = (retention.spool_bytes(), retention.store_bytes());
    let growth = spool_max.saturating_sub(spool).saturating_add(store_max.saturating_sub(store));
    let said =
        format!("{} free, and spool and store may grow by {}", words::bytes(free), words::bytes(growth));
    if free >= growth.max(LEAST_BYTES) {
        return Verdict::fine(said);
    }
    let remedy = if free < LEAST_BYTES {
        format!("make space on the disk of {}", typed(ground.state.path()))
    } else {
        format!(
            "make space, or keep less: tacho config set retention.spool_mib {} && tacho config set retention.store_mib {}",
            spool_max.min(spool + free / SPOOL_PART).div_ceil(MIB),
            store_max.min(store + free / STORE_PART).div_ceil(MIB)
        )
    };
    Verdict::found(
        format!("the disk of the state directory has {said}"),
        "a record that finds no space is lost",
        remedy,
    )
}

/// What counts for the quota of the spool: segments, and what lies beside them.
fn spool_bytes(ground: &Ground) -> u64 {
    ground.segments.iter().map(|segment| segment.bytes).sum::<u64>() + blob_bytes(&ground.state)
}

/// What the store has of the disk.
fn store_bytes(ground: &Ground) -> u64 {
    fs::metadata(place::store_file(&ground.state)).map_or(0, |metadata| metadata.len())
}

/// Whether something was recorded in the future.
pub(super) fn clock(ground: &Ground) -> Verdict {
    let this_hour = ground.now.0 / HOUR_NS;
    let hour = |name: &str| name.rsplit('/').next()?.split('.').find_map(|part| part.parse::<u64>().ok());
    let latest = ground.segments.iter().filter_map(|segment| hour(&segment.name)).max();
    match latest.filter(|hour| *hour > this_hour + HOURS_AHEAD_MAX) {
        None => Verdict::fine("nothing was recorded in the future"),
        Some(hour) => Verdict::found(
            format!("something was recorded {} h in the future", hour - this_hour),
            "the clock was or is wrong, and so are the times of what was recorded",
            "timedatectl set-ntp true",
        ),
    }
}
