//! How far every segment was read. A segment is known by its inode, since the drainer moves it when it is complete.

use super::event::Line;
use crate::failure::Failure;
use rustix::fs::{Mode, OFlags, open};
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tacho_spool::frame;
use tacho_spool::layout::SEALED;
use tacho_spool::read::segments;

/// What is read of a segment at once.
const CHUNK_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// How far the segments were read.
#[derive(Debug)]
pub(super) struct Tails {
    state: PathBuf,
    read_to: BTreeMap<(u64, u64), u64>,
}

impl Tails {
    /// Begins at the end of all segments, and returns the last lines before that.
    pub(super) fn open(state: &Path, session: &str, count: usize) -> Result<(Self, Vec<Line>), Failure> {
        let mut tails = Self { state: state.to_owned(), read_to: BTreeMap::new() };
        let mut found: Vec<(PathBuf, Metadata)> = segments(state)?
            .into_iter()
            .filter_map(|path| fs::symlink_metadata(&path).ok().map(|metadata| (path, metadata)))
            .collect();
        found.sort_by_key(|(_, metadata)| std::cmp::Reverse(modified_ns(metadata)));
        let mut last: Vec<Line> = Vec::new();
        for (path, metadata) in found {
            // Nothing in a segment is younger than its last write.
            let is_too_old =
                last.len() >= count && last.first().is_none_or(|line| line.at_ns() > modified_ns(&metadata));
            let mut end = metadata.len();
            if !is_too_old && may_hold(&path, session) {
                end = read(&path, 0, metadata.len(), &mut |line| {
                    if line.is_of(session) {
                        last.push(line);
                    }
                    if last.len() >= 2 * count.max(1024) {
                        keep_last(&mut last, count);
                    }
                })
                .unwrap_or(end);
            }
            keep_last(&mut last, count);
            tails.read_to.insert(identity(&metadata), end);
        }
        Ok((tails, last))
    }

    /// What was written since, in the order of time.
    pub(super) fn news(&mut self, session: &str) -> Result<Vec<Line>, Failure> {
        let sealed = self.state.join(SEALED);
        let mut news = Vec::new();
        for path in segments(&self.state)?.into_iter().filter(|path| !path.starts_with(&sealed)) {
            // It may be moved at any moment, and then was read to its end.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let read_to = self.read_to.entry(identity(&metadata)).or_insert(0);
            if metadata.len() > *read_to {
                let take = &mut |line: Line| news.extend(line.is_of(session).then_some(line));
                *read_to = read(&path, *read_to, metadata.len(), take).unwrap_or(*read_to);
            }
        }
        news.sort_by_key(Line::at_ns);
        Ok(news)
    }
}

fn keep_last(lines: &mut Vec<Line>, count: usize) {
    lines.sort_by_key(Line::at_ns);
    lines.drain(..lines.len().saturating_sub(count));
}

/// Whether the segment can be one of the session's: its name says which, unless the id is no file name.
fn may_hold(segment: &Path, session: &str) -> bool {
    let name = segment.file_name().unwrap_or_default().to_string_lossy();
    let is_hashed = name.split('.').any(|part| part.len() == 17 && part.starts_with('h'));
    is_hashed || name.contains(session)
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn modified_ns(metadata: &Metadata) -> u64 {
    let modified = metadata.modified().unwrap_or(SystemTime::now());
    let since_epoch = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}

/// Reads whole lines from `start` to `end` at most; returns where the next one begins.
///
/// Unlike the drainer it does not bring anything to the disk first and does not ask who else has the file: it decides
/// nothing, and a line that is still being written is read the next time.
fn read(segment: &Path, start: u64, end: u64, take: &mut impl FnMut(Line)) -> io::Result<u64> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(open(segment, flags, Mode::empty())?);
    let mut at = start;
    while at < end {
        let mut bytes = vec![0; usize::try_from((end - at).min(CHUNK_BYTES_MAX)).unwrap_or(0)];
        let count = file.read_at(&mut bytes, at)?;
        let bytes = bytes.get(..count).unwrap_or_default();
        let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else { break };
        for line in bytes.get(..last).unwrap_or_default().split(|byte| *byte == b'\n') {
            match frame::Line::judge(line) {
                frame::Line::Record(open_object) => take(Line::record(open_object)),
                frame::Line::Damaged => take(Line::damaged(segment)),
                frame::Line::Blank => {}
            }
        }
        at += last as u64 + 1;
    }
    Ok(at)
}
