//! A state directory of a test's own, and segments with any bytes in it.

use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::path::{Path, PathBuf};
use tacho_spool::append::{Destination, Durability, append};
use tacho_spool::frame::seal;
use tacho_spool::layout::SPOOL;
use tacho_spool::read::{Chunk, read_from, segments};
use tacho_spool::state::State;
use tempfile::TempDir;

pub const HOST: &str = "00000001-00000002";

pub struct Scene {
    folder: TempDir,
    pub state: State,
}

impl Scene {
    pub fn set() -> Self {
        let folder = TempDir::new().unwrap();
        let state = State::open(&folder.path().join("state")).unwrap();
        Self { folder, state }
    }

    /// A place outside the state directory.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn append(&self, number: u64) {
        append(&self.state, to("s"), &record(number), Durability::Kernel).unwrap();
    }

    /// Where the records of session `s` go, the `number`th segment of the hour.
    pub fn segment(&self, number: u32) -> PathBuf {
        let name = tacho_spool::layout::segment_name("s", 0, number);
        self.state.path().join(SPOOL).join(HOST).join(name)
    }

    /// A segment that holds these bytes.
    pub fn segment_of(&self, bytes: &[u8]) -> PathBuf {
        let path = self.segment(0);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Every record of every segment, as text, and the lines that are none.
    pub fn all(&self) -> (Vec<String>, u64) {
        let chunks: Vec<Chunk> =
            segments(self.state.path()).unwrap().iter().map(|path| read_all(path)).collect();
        let records = chunks.iter().flat_map(texts).collect();
        (records, chunks.iter().map(|chunk| chunk.damaged).sum())
    }
}

pub const fn to(session: &str) -> Destination<'_> {
    Destination { host_directory: HOST, session, unix_seconds: 0 }
}

pub fn object(number: u64) -> String {
    format!(r#"{{"v":1,"n":{number}"#)
}

pub fn record(number: u64) -> Vec<u8> {
    seal(object(number).as_bytes())
}

pub fn texts(chunk: &Chunk) -> Vec<String> {
    chunk.records.iter().map(|record| String::from_utf8(record.open_object.clone()).unwrap()).collect()
}

pub fn read_all(segment: &Path) -> Chunk {
    let mut all = read_from(segment, 0).unwrap();
    while all.more {
        let next = read_from(segment, all.cursor).unwrap();
        all.records.extend(next.records);
        all.damaged += next.damaged;
        (all.cursor, all.more) = (next.cursor, next.more);
    }
    all
}

/// Puts something in the place of a file of ours; the second path is what a link leads to.
pub type Plant = fn(&Path, &Path);

pub fn pipe_at(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}
