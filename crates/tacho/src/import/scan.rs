//! Reading what is new in one transcript, looking only at rows that can say something of usage.

use super::files::Transcript;
use crate::drain::behind_torn;
use crate::foreign_file;
use memchr::memmem::Finder;
use memchr::{memchr, memrchr};
use std::os::unix::fs::FileExt as _;
use tacho_agents::UsageRow;
use tacho_model::usage_record::{Inheritance, ReportedCost, UsageRecord};

/// What is read at once.
const CHUNK_BYTES: usize = 1 << 20;
/// A longer row is passed over: one that says what was used is a fraction of this.
const ROW_BYTES_MAX: usize = 64 << 20;

/// What a transcript said.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// Calls; those of one answer that stand one behind another are one.
    pub(super) records: Vec<UsageRecord>,
    /// Which sessions began as copies of which.
    pub(super) inheritances: Vec<Inheritance>,
    /// The agent's last word on what the session came to.
    pub(super) reported: Option<ReportedCost>,
    /// Where the row begins that is not complete yet.
    pub(super) cursor: u64,
    /// A checksum of what stands before it.
    pub(super) mark: u32,
    /// Rows that said something.
    pub(super) rows: u64,
    /// Rows that ought to have, and could not be read.
    pub(super) unreadable: u64,
}

/// Reads a transcript from where it was read last; `None` when it cannot be read.
pub(super) fn scan(transcript: &Transcript, buffer: &mut Vec<u8>) -> Option<Scanned> {
    let file = foreign_file::open(&transcript.path)?;
    let is_known = file.is_as_it_was_read(transcript.inode, transcript.cursor, transcript.mark);
    let mut scanned = Scanned { cursor: if is_known { transcript.cursor } else { 0 }, ..Scanned::default() };
    let finders: Vec<Finder<'_>> =
        transcript.agent.usage_marks.iter().map(|mark| Finder::new(*mark)).collect();
    let mut filled = 0;
    let mut is_passed_over = false;
    loop {
        if buffer.len() < filled + CHUNK_BYTES {
            buffer.resize(filled + CHUNK_BYTES, 0);
        }
        let read = file.file().read_at(buffer.get_mut(filled..)?, scanned.cursor + filled as u64).ok()?;
        let text = buffer.get(..filled + read)?;
        let Some(end) = memrchr(b'\n', text) else {
            if read == 0 {
                // The last row may lack nothing but its line feed; it is read again when that has come.
                scanned.take_rows(transcript, text, &finders, false);
                break;
            }
            filled = text.len();
            if filled > ROW_BYTES_MAX {
                (scanned.cursor, filled, is_passed_over) = (scanned.cursor + filled as u64, 0, true);
            }
            continue;
        };
        let mut rows = text.get(..end)?;
        if is_passed_over {
            rows = memchr(b'\n', text).and_then(|first| rows.get(first + 1..)).unwrap_or_default();
            is_passed_over = false;
        }
        scanned.take_rows(transcript, rows, &finders, true);
        scanned.cursor += end as u64 + 1;
        filled = text.len() - (end + 1);
        buffer.copy_within(end + 1..end + 1 + filled, 0);
    }
    buffer.truncate(CHUNK_BYTES);
    buffer.shrink_to(CHUNK_BYTES);
    scanned.mark = file.mark_before(scanned.cursor).ok()?;
    Some(scanned)
}

impl Scanned {
    /// Takes in what these rows say. One that is not complete may be unreadable.
    fn take_rows(
        &mut self,
        transcript: &Transcript,
        rows: &[u8],
        finders: &[Finder<'_>],
        are_complete: bool,
    ) {
        for finder in finders {
            let mut rest = rows;
            while let Some(at) = finder.find(rest) {
                let begin =
                    rest.get(..at).and_then(|before| memrchr(b'\n', before)).map_or(0, |before| before + 1);
                let end = rest
                    .get(at..)
                    .and_then(|behind| memchr(b'\n', behind))
                    .map_or(rest.len(), |len| at + len);
                self.take_row(transcript, rest.get(begin..end).unwrap_or_default(), are_complete);
                rest = rest.get(end..).unwrap_or_default();
            }
        }
    }

    /// Takes in what a row says, or what the one behind it says that stands in its line because it was torn.
    fn take_row(&mut self, transcript: &Transcript, row: &[u8], is_complete: bool) {
        match (transcript.agent.usage_row)(row, &transcript.place) {
            UsageRow::Call(record, inheritance) => {
                if let Some(inheritance) = inheritance {
                    inheritance.add_to(&mut self.inheritances);
                }
                self.take(*record);
            }
            UsageRow::Reported(said) => self.reported = Some(*said),
            UsageRow::Nothing => {}
            UsageRow::Unreadable => {
                self.unreadable += u64::from(is_complete);
                if let Some(behind) = behind_torn(row).and_then(|at| row.get(at..)) {
                    self.take_row(transcript, behind, is_complete);
                }
            }
        }
    }

    fn take(&mut self, record: UsageRecord) {
        self.rows += 1;
        match self.records.last_mut() {
            Some(last) if last.key == record.key => last.merge(record),
            _ => self.records.push(record),
        }
    }
}
