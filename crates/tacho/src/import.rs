//! Taking in what the agent's own files say was used, of sessions that were never recorded too.
//!
//! Files are read on all processors, from where they were read last; what they say is merged and written with the
//! places up to which they were read, so that it may be stopped at any moment and done again at any time.

mod files;
mod scan;

use crate::audit::is_forgotten;
use crate::failure::Failure;
use crate::prices::Pricing;
use crate::vcs::Projects;
use files::{News, Transcript};
use scan::Scanned;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use tacho_agents::Agent;
use tacho_assemble::price::Prices;
use tacho_model::usage_record::{Inheritance, ReportedCost, UsageRecord};
use tacho_store::Store;
use tacho_store::usage::ImportedFile;

/// Records that are written in one transaction.
const BATCH_RECORDS: usize = 16_384;
/// Files whose content may wait for being written: about as many as a batch is of, so that reading goes on meanwhile.
const WAITING_FILES: usize = 512;

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

/// Takes in what is new, and keeps the transcripts in the archive of the state directory, if one is named. `progress` is told how many bytes of how many were read.
pub(crate) fn run(
    store: &mut Store,
    homes: &[Home],
    prices: &Prices,
    archive: Option<&Path>,
    progress: impl Fn(u64, u64),
) -> Result<Imported, Failure> {
    let news = News::find(Some(store), homes)?;
    let (mut imported, transcripts) = (news.imported(), &news.transcripts);
    let (mut pricing, mut projects) = (Pricing::new(prices), Projects::default());
    let next = AtomicUsize::new(0);
    let mut batch = Batch::default();
    let mut done_bytes = 0;
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING_FILES);
        let threads = thread::available_parallelism().map_or(1, usize::from).min(transcripts.len());
        for _ in 0..threads {
            let sender = sender.clone();
            scope.spawn(|| read(transcripts, &next, archive, sender));
        }
        drop(sender);
        for (transcript, read) in receiver {
            done_bytes += transcript.new_bytes();
            progress(done_bytes, imported.new_bytes);
            match read {
                Some(scanned) => {
                    imported.rows += scanned.rows;
                    imported.unreadable_rows += scanned.unreadable;
                    batch.take(transcript, scanned, &mut projects);
                }
                None => imported.unreadable_files += 1,
            }
            if batch.records.len() >= BATCH_RECORDS {
                std::mem::take(&mut batch).write(store, &mut pricing)?;
            }
        }
        batch.write(store, &mut pricing)
    })?;
    Ok(imported)
}

/// Reads the next file that nobody reads, until there is none.
fn read<'a>(
    transcripts: &'a [Transcript],
    next: &AtomicUsize,
    archive: Option<&Path>,
    sender: SyncSender<(&'a Transcript, Option<Scanned>)>,
) {
    let mut buffer = Vec::new();
    while let Some(transcript) = transcripts.get(next.fetch_add(1, Ordering::Relaxed)) {
        let scanned = scan::scan(transcript, &mut buffer);
        if let Some(state) = archive.filter(|state| !is_forgotten(state, transcript.place.session.as_str())) {
            transcript.keep(state);
        }
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
    inheritances: Vec<Inheritance>,
    files: Vec<ImportedFile>,
}

impl Batch {
    fn take(&mut self, transcript: &Transcript, scanned: Scanned, projects: &mut Projects) {
        self.files.push(ImportedFile {
            path: transcript.name(),
            inode: transcript.inode,
            cursor: scanned.cursor,
            mark: scanned.mark,
            unreadable: transcript.unreadable_before + scanned.unreadable,
        });
        let mut records = scanned.records;
        for record in &mut records {
            record.owner.project = record.owner.project.take().map(|directory| projects.of(directory));
        }
        self.records.append(&mut records);
        self.reported.extend(scanned.reported);
        self.inheritances.extend(scanned.inheritances);
    }

    fn write(self, store: &mut Store, pricing: &mut Pricing<'_>) -> Result<(), Failure> {
        if self.files.is_empty() {
            return Ok(());
        }
        let changes = store.change()?;
        let mut usage = changes.usage()?;
        usage.put(self.records, |record| pricing.price(record))?;
        self.reported.iter().try_for_each(|reported| usage.put_reported(reported))?;
        self.inheritances.iter().try_for_each(|inheritance| usage.put_inheritance(inheritance))?;
        self.files.iter().try_for_each(|file| usage.set_file(file))?;
        usage.finish()?;
        Ok(changes.commit()?)
    }
}
