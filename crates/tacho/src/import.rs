//! Taking in what the agent's own files say was used, of sessions that were never recorded too.
//!
//! Files are read on all processors, from where they were read last; what they say is merged and written with the
//! places up to which they were read, so that it may be stopped at any moment and done again at any time.

mod files;
mod projects;
mod scan;

use crate::failure::Failure;
use files::{News, Transcript};
use projects::Projects;
use scan::Scanned;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use tacho_agents::Agent;
use tacho_model::usage_record::{ReportedCost, UsageRecord};
use tacho_store::Store;
use tacho_store::usage::ImportedFile;

/// Records that are written in one transaction.
const BATCH_RECORDS: usize = 100_000;
/// Files whose content may wait for being written.
const WAITING_FILES: usize = 64;

/// A directory of an agent's files.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    /// The agent.
    pub(crate) agent: &'static Agent,
    /// Its configuration directory.
    pub(crate) directory: PathBuf,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Imported {
    /// Transcripts there are.
    pub(crate) files: u64,
    /// Those with something new.
    pub(crate) new_files: u64,
    /// Bytes that are new.
    pub(crate) new_bytes: u64,
    /// Rows that say something of usage, copies included.
    pub(crate) rows: u64,
    /// Rows of that kind that could not be read.
    pub(crate) unreadable_rows: u64,
    /// Files that could not be read.
    pub(crate) unreadable_files: u64,
}

/// What is new in the directories, without reading it.
pub(crate) fn look(store: Option<&Store>, homes: &[Home]) -> Result<Imported, Failure> {
    Ok(News::find(store, homes)?.imported())
}

/// Takes in what is new. `progress` is told how many bytes of how many were read.
pub(crate) fn run(store: &mut Store, homes: &[Home], progress: impl Fn(u64, u64)) -> Result<Imported, Failure> {
    let News { transcripts, .. } = &News::find(Some(store), homes)?;
    let mut imported = News::find(Some(store), homes)?.imported();
    let next = AtomicUsize::new(0);
    let mut batch = Batch::default();
    let mut done_bytes = 0;
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING_FILES);
        let threads = thread::available_parallelism().map_or(1, usize::from).min(transcripts.len());
        for _ in 0..threads {
            let sender = sender.clone();
            scope.spawn(|| read(transcripts, &next, sender));
        }
        drop(sender);
        for (transcript, read) in receiver {
            done_bytes += transcript.new_bytes();
            progress(done_bytes, imported.new_bytes);
            match read {
                Some(scanned) => {
                    imported.rows += scanned.rows;
                    imported.unreadable_rows += scanned.unreadable;
                    batch.take(transcript, scanned);
                }
                None => imported.unreadable_files += 1,
            }
            if batch.records.len() >= BATCH_RECORDS {
                std::mem::take(&mut batch).write(store)?;
            }
        }
        batch.write(store)
    })?;
    Ok(imported)
}

/// Reads the next file that nobody reads, until there is none.
fn read<'a>(
    transcripts: &'a [Transcript],
    next: &AtomicUsize,
    sender: SyncSender<(&'a Transcript, Option<Scanned>)>,
) {
    let mut buffer = Vec::new();
    while let Some(transcript) = transcripts.get(next.fetch_add(1, Ordering::Relaxed)) {
        let scanned = scan::scan(transcript, &mut buffer);
        if sender.send((transcript, scanned)).is_err() {
            break;
        }
    }
}

/// What is written together.
#[derive(Default)]
struct Batch {
    records: Vec<UsageRecord>,
    reported: Vec<ReportedCost>,
    files: Vec<ImportedFile>,
    projects: Projects,
}

impl Batch {
    fn take(&mut self, transcript: &Transcript, scanned: Scanned) {
        self.files.push(ImportedFile {
            path: transcript.name(),
            inode: transcript.inode,
            cursor: scanned.cursor,
            mark: scanned.mark,
            unreadable: transcript.unreadable_before + scanned.unreadable,
        });
        let mut records = scanned.records;
        for record in &mut records {
            record.owner.directory = record.owner.directory.take().map(|cwd| self.projects.of(cwd));
        }
        self.records.append(&mut records);
        self.reported.extend(scanned.reported);
    }

    fn write(self, store: &mut Store) -> Result<(), Failure> {
        if self.files.is_empty() {
            return Ok(());
        }
        let changes = store.change()?;
        changes.put_usage(self.records, |_| (None, "unknown_model".to_owned()))?;
        for reported in &self.reported {
            changes.put_reported_cost(reported, |_| None)?;
        }
        for file in &self.files {
            changes.set_imported_file(file)?;
        }
        Ok(changes.commit()?)
    }
}
