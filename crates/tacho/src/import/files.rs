//! Which transcripts there are, and which have something new.

use super::{Home, Imported};
use crate::archive::Archive;
use crate::failure::Failure;
use crate::foreign_file::{self, ForeignFile};
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use tacho_agents::{Agent, TranscriptPlace};
use tacho_store::Store;
use tacho_store::usage::ImportedFile;

/// Folders within one another that are looked into.
const DEPTH_MAX: u32 = 8;

/// A transcript with something new.
#[derive(Debug)]
pub(super) struct Transcript {
    pub(super) agent: &'static Agent,
    pub(super) path: PathBuf,
    /// Where it lies below the agent's directory.
    below: PathBuf,
    pub(super) place: TranscriptPlace,
    pub(super) inode: u64,
    pub(super) size: u64,
    /// Where what is new begins, and what stands before it.
    pub(super) cursor: u64,
    pub(super) mark: Option<u32>,
    pub(super) unreadable_before: u64,
}

impl Transcript {
    /// The path as text.
    pub(super) fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// Keeps it in the archive of a state directory, with what the agent wrote down about a subagent.
    pub(super) fn keep(&self, state: &Path) {
        let archive = Archive::of(state, self.agent.name);
        // What was used is known without it.
        let _ = archive.keep(&self.path, &self.below);
        let description = |path: &Path| path.with_extension("meta.json");
        if self.place.subagent.is_some() {
            let _ = archive.keep(&description(&self.path), &description(&self.below));
        }
    }

    pub(super) const fn new_bytes(&self) -> u64 {
        self.size.saturating_sub(self.cursor)
    }
}

/// What is new.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Transcripts with something new, those of a session together.
    pub(super) transcripts: Vec<Transcript>,
    files: u64,
}

impl News {
    /// Looks for it.
    pub(super) fn find(store: Option<&Store>, homes: &[Home]) -> Result<Self, Failure> {
        let known = store.map(|store| store.read().imported_files()).transpose()?.unwrap_or_default();
        let known = known.into_iter().map(|file| (file.path.clone(), file)).collect();
        let mut news = Self::default();
        for home in homes {
            news.look_into(home, &home.directory.join(home.agent.setup.transcripts), 0, &known);
        }
        // What is written together is of few sessions then.
        news.transcripts.sort_by(|left, right| left.place.session.cmp(&right.place.session));
        Ok(news)
    }

    /// How much it is.
    pub(super) fn imported(&self) -> Imported {
        Imported {
            files: self.files,
            new_files: self.transcripts.len() as u64,
            new_bytes: self.transcripts.iter().map(Transcript::new_bytes).sum(),
            ..Imported::default()
        }
    }

    fn look_into(&mut self, home: &Home, folder: &Path, depth: u32, known: &HashMap<String, ImportedFile>) {
        // What is gone or closed to us holds nothing for us.
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEPTH_MAX => {
                    self.look_into(home, &path, depth + 1, known)
                }
                Ok(kind) if kind.is_file() => {
                    let below = path.strip_prefix(&home.directory).ok();
                    let place = below.and_then(|below| (home.agent.transcript_place)(below));
                    let (Some(below), Some(place), Ok(metadata)) = (below, place, entry.metadata()) else {
                        continue;
                    };
                    let below = below.to_path_buf();
                    self.files += 1;
                    self.add(home.agent, path, below, place, &metadata, known);
                }
                _ => {}
            }
        }
    }

    fn add(
        &mut self,
        agent: &'static Agent,
        path: PathBuf,
        below: PathBuf,
        mut place: TranscriptPlace,
        metadata: &Metadata,
        known: &HashMap<String, ImportedFile>,
    ) {
        let (inode, size) = (metadata.ino(), metadata.len());
        let read = known.get(path.to_string_lossy().as_ref()).filter(|file| file.inode == inode);
        if size == 0 || read.is_some_and(|file| file.cursor == size) {
            return;
        }
        if place.subagent.is_some() {
            let description = foreign_file::open(&path.with_extension("meta.json"));
            let text = description.and_then(ForeignFile::read_small).unwrap_or_default();
            place.subagent_kind = (agent.description_kind)(&text);
        }
        self.transcripts.push(Transcript {
            agent,
            path,
            below,
            place,
            inode,
            size,
            cursor: read.map_or(0, |file| file.cursor),
            mark: read.map(|file| file.mark),
            unreadable_before: read.map_or(0, |file| file.unreadable),
        });
    }
}
