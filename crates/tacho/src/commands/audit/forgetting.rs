//! `tacho audit forget`: what opens a session's commitments and what it said are destroyed, wherever they lie below the state
//! directory, and nothing of it is sent any more.

use super::book::append;
use super::keeping::{known, said, tell};
use crate::archive::ARCHIVE;
use crate::audit::{AuditPlace, Opening, Policy};
use crate::cli::Output;
use crate::commands::open_current_state;
use crate::commands::words::plural;
use crate::drain::{damaged_stores, forget_dead_letters, forget_unsent, now};
use crate::failure::{Failure, FailureKind};
use crate::place::{self, DAMAGED};
use crate::record::HookRecord;
use crate::terminal::note;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tacho_model::id::SessionId;
use tacho_spool::blob::{self, Blob};
use tacho_spool::layout::{SPOOL, segment_name};
use tacho_spool::lock::DrainLock;
use tacho_spool::propagation::PROPAGATION;
use tacho_spool::read::{read_from, segments};
use tacho_spool::state::State;
use tacho_store::Store;

/// Where files lie that are named by their session. Sealed segments lie below the others.
const FOLDERS: [&str; 4] = [SPOOL, DAMAGED, ARCHIVE, PROPAGATION];

/// Destroys what opens a session's commitments, and its content here.
pub(super) fn forget(output: Output, session: &str) -> Result<(), Failure> {
    let state = open_current_state()?;
    let place = AuditPlace::below(state.path());
    let session = &*known(&state, session)?;
    let _policy_lock = place.policy_lock()?;
    let policy = Policy::load(&place)?;
    if policy.holds(session) {
        return Err(Failure::new(FailureKind::User, format!("{session} is held"))
            .hint("`tacho audit release` lets it go, and the log will say so"));
    }
    let _lock = DrainLock::try_acquire(&state)?.ok_or_else(|| {
        Failure::new(FailureKind::External, "a drainer is running and has the store")
            .hint("it ends a minute after the last session; then forget")
    })?;
    let seq = append(&place, vec![said("session_forgotten", session)])?;
    Opening::give_up(&place, session)?;
    let mut store = Store::open(&place::store_file(&state))?;
    let changes = store.change()?;
    let unsent = forget_unsent(&changes, session, now())?;
    changes.forget_session(&SessionId::from(session))?;
    changes.commit()?;
    store.shrink()?;
    let refused = forget_dead_letters(&state, session)?;
    let removed = remove_files(&state, session)?;
    forget_damaged_stores(&state, policy.holds.is_empty())?;
    let unsent = match unsent + refused {
        0 => String::new(),
        items => format!(" and {} that did not arrive", plural(items, "item")),
    };
    tell(
        output,
        &format!("{session} is forgotten, with {} of its own{unsent}", plural(removed, "file")),
        Some(seq),
    )
}

/// Removes what hooks said of a session and what was kept of its transcripts; how many files that were.
fn remove_files(state: &State, session: &str) -> Result<u64, Failure> {
    // What stands before the hour in the name of each of its segments.
    let name = segment_name(session, 0, 0);
    let stem = name.split('.').next().unwrap_or(session);
    let mut files = Vec::new();
    FOLDERS.iter().for_each(|folder| find_below(&state.path().join(folder), stem, &mut files));
    let blobs = blobs_of(state.path(), session);
    let removed = blobs.iter().map(|blob| match blob::remove(state, blob) {
        // It went by its age since, or a record names what is none.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput) => Ok(0),
        removed => removed.map(|()| 1).map_err(|error| not_removed(&blob.name, error)),
    });
    let removed = removed.chain(files.iter().map(|file| remove(file).map(|()| 1)));
    // One that cannot be removed keeps no other.
    removed.collect::<Vec<_>>().into_iter().sum()
}

/// The blobs that records of a session refer to; their names do not say whose they are.
fn blobs_of(state: &Path, session: &str) -> Vec<Blob> {
    let (mut blobs, mut members) = (Vec::new(), Vec::new());
    for segment in segments(state).unwrap_or_default() {
        let mut cursor = 0;
        while let Ok(chunk) = read_from(&segment, cursor) {
            for record in &chunk.records {
                let Ok(record) = HookRecord::parse(&record.open_object, &mut members) else { continue };
                let is_meant = record.session() == Some(session);
                let reference = record.raw_ref.filter(|_| is_meant);
                blobs.extend(reference.map(|found| Blob { name: found.name, len: found.len, crc: 0 }));
            }
            if !chunk.more {
                break;
            }
            cursor = chunk.cursor;
        }
    }
    blobs
}

/// Finds what is named by a session: files, and folders with all that lies in them.
fn find_below(folder: &Path, stem: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        // Behind a tilde stands what tells files of one name apart.
        if name.to_string_lossy().split(['.', '~']).any(|part| part == stem) {
            found.push(entry.path());
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            find_below(&entry.path(), stem, found);
        }
    }
}

fn remove(path: &Path) -> Result<(), Failure> {
    let is_directory = fs::symlink_metadata(path)?.is_dir();
    let removed = if is_directory { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(|error| not_removed(&path.display().to_string(), error))
}

fn not_removed(what: &str, error: io::Error) -> Failure {
    Failure::external(format!("remove {what}"), error).hint("say it once more when that is mended")
}

/// Removes stores that were damaged and set aside, whose rows cannot be told apart any more. While anything is held they
/// stay, and that is said.
fn forget_damaged_stores(state: &State, is_nothing_held: bool) -> Result<(), Failure> {
    for path in damaged_stores(state) {
        if is_nothing_held {
            remove(&path)?;
        } else {
            note(&format!(
                "note: {} may hold it still, and something else that is held; remove it when you can",
                path.display()
            ));
        }
    }
    Ok(())
}
