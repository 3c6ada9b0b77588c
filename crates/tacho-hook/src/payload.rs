//! Reading standard input to its end, within limits of time and memory.

use crate::scan::{Keys, Progress, Scan};
use crate::utf8::Utf8;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::stdio::stdin;
use std::time::{Duration, Instant};
use tacho_spool::append::Durability;
use tacho_spool::blob::{self, Blob, BlobWriter};
use tacho_spool::state::State;

/// A payload up to this size stands in its record.
pub const INLINE_BYTES_MAX: usize = 48 * 1024;
/// What of a payload that is no JSON stands in its record; base64 makes it a third longer.
pub const INLINE_BAD_BYTES_MAX: usize = 32 * 1024;
/// What a blob takes of a payload; what comes behind is read and counted, not kept.
const BLOB_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// What a blob takes of a payload that is no JSON.
const BLOB_BAD_BYTES_MAX: u64 = 1024 * 1024;
/// Patience while nothing arrives.
const IDLE_MAX: Duration = Duration::from_millis(800);
/// Patience for the end of input once the payload is whole.
const IDLE_WHEN_COMPLETE_MAX: Duration = Duration::from_millis(20);
/// Patience in all, leaving room for the append within 1.2 s.
const TOTAL_MAX: Duration = Duration::from_millis(1100);

/// A payload as it was read.
#[derive(Debug)]
pub struct Payload<'a> {
    /// What it is filed under.
    pub keys: Keys,
    /// What of it is kept.
    pub kept: Kept<'a>,
    /// Its first bytes.
    head: &'a [u8],
}

impl Payload<'_> {
    /// What is left of it once its blob is given up, so that the record has the room; `None` if it has no blob.
    pub fn without_blob(&self, state: &State) -> Option<Self> {
        let Kept::Blob { blob, len, flaw } = &self.kept else { return None };
        // What cannot be removed takes room until it is too old.
        let _ = blob::remove(state, blob);
        let kept = Kept::Bytes { bytes: self.head, len: *len, flaw: flaw.unwrap_or(Flaw::Cut) };
        Some(Self { keys: self.keys.clone(), kept, head: self.head })
    }
}

/// What of a payload is kept.
#[derive(Debug)]
pub enum Kept<'a> {
    /// All of it, valid JSON.
    Json(&'a [u8]),
    /// Its first bytes, which are no JSON.
    Bytes {
        /// The bytes.
        bytes: &'a [u8],
        /// Bytes that arrived, which may be more.
        len: u64,
        /// What is wrong with them.
        flaw: Flaw,
    },
    /// A blob beside the spool.
    Blob {
        /// The blob.
        blob: Blob,
        /// Bytes that arrived, which may be more than the blob holds.
        len: u64,
        /// What is wrong with the payload, if anything.
        flaw: Option<Flaw>,
    },
}

/// What is wrong with a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// There was none.
    Empty,
    /// It is no JSON.
    Json,
    /// It is no UTF-8.
    Utf8,
    /// It did not arrive whole, or could not be kept whole.
    Cut,
}

impl Flaw {
    /// The word for it in a record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Json => "json",
            Self::Utf8 => "utf8",
            Self::Cut => "cut",
        }
    }
}

/// Makes the blob for a payload that outgrows its record; asked at most once.
pub type OpenBlob<'a> = &'a dyn Fn() -> Option<BlobWriter<'a>>;

/// Input as it comes in: the first bytes in memory, and all of it in a blob once it outgrows a record.
pub struct Intake<'a> {
    open_blob: OpenBlob<'a>,
    scan: Scan,
    utf8: Utf8,
    first: Vec<u8>,
    blob: BlobState<'a>,
    len: u64,
}

enum BlobState<'a> {
    NotNeeded,
    Open(BlobWriter<'a>),
    Lost,
}

/// Reads standard input to its end, or to the end of patience.
pub fn read_stdin<'a>(started: Instant, open_blob: OpenBlob<'a>) -> Intake<'a> {
    let mut intake = Intake::new(open_blob);
    let mut piece = [0_u8; 64 * 1024];
    let mut patience = IDLE_MAX;
    while wait_for_input(patience.min(TOTAL_MAX.saturating_sub(started.elapsed()))) {
        match read(stdin(), &mut piece) {
            Ok(0) => break,
            Ok(count) => intake.take(piece.get(..count).unwrap_or_default()),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => break,
        }
        let is_complete = intake.scan.progress() == Progress::Complete;
        patience = if is_complete { IDLE_WHEN_COMPLETE_MAX } else { IDLE_MAX };
    }
    intake
}

/// Whether there is input, or its end, before the time is up.
fn wait_for_input(at_most: Duration) -> bool {
    let timeout = Timespec {
        tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(0),
        tv_nsec: i64::from(at_most.subsec_nanos()),
    };
    let input = stdin();
    let mut waited_for = [PollFd::new(&input, PollFlags::IN)];
    !at_most.is_zero() && poll(&mut waited_for, Some(&timeout)).is_ok_and(|ready| ready > 0)
}

impl<'a> Intake<'a> {
    /// Input of which nothing has come yet.
    pub fn new(open_blob: OpenBlob<'a>) -> Self {
        let (scan, utf8) = (Scan::default(), Utf8::default());
        Self { open_blob, scan, utf8, first: Vec::new(), blob: BlobState::NotNeeded, len: 0 }
    }

    /// Takes the next bytes in.
    pub fn take(&mut self, bytes: &[u8]) {
        self.scan.feed(bytes);
        self.utf8.feed(bytes);
        self.len += bytes.len() as u64;
        let is_inline = matches!(self.blob, BlobState::NotNeeded);
        if is_inline && self.first.len() + bytes.len() <= INLINE_BYTES_MAX {
            self.first.extend_from_slice(bytes);
            return;
        }
        if is_inline {
            self.begin_blob();
        }
        self.add_to_blob(bytes);
        // What the record falls back to should the blob be lost.
        let room = INLINE_BYTES_MAX - self.first.len();
        self.first.extend(bytes.iter().take(room));
    }

    fn begin_blob(&mut self) {
        self.blob = (self.open_blob)().map_or(BlobState::Lost, BlobState::Open);
        let first = std::mem::take(&mut self.first);
        self.add_to_blob(&first);
        self.first = first;
    }

    fn add_to_blob(&mut self, bytes: &[u8]) {
        let is_bad = self.scan.progress() == Progress::Invalid;
        let bytes_max = if is_bad { BLOB_BAD_BYTES_MAX } else { BLOB_BYTES_MAX };
        self.blob = match std::mem::replace(&mut self.blob, BlobState::Lost) {
            BlobState::Open(blob) if blob.len() >= bytes_max => BlobState::Open(blob),
            BlobState::Open(mut blob) => match blob.push(bytes) {
                Ok(()) => BlobState::Open(blob),
                Err(_) => {
                    blob.discard();
                    BlobState::Lost
                }
            },
            lost @ (BlobState::NotNeeded | BlobState::Lost) => lost,
        };
    }

    /// What of the input goes into the record.
    pub fn finish(&mut self, durability: Durability) -> Payload<'_> {
        let flaw = self.flaw();
        let is_inline = matches!(self.blob, BlobState::NotNeeded);
        if is_inline && flaw.is_some() && self.first.len() > INLINE_BAD_BYTES_MAX {
            self.begin_blob();
        }
        let blob = match std::mem::replace(&mut self.blob, BlobState::Lost) {
            BlobState::Open(blob) => blob.finish(durability).ok(),
            BlobState::NotNeeded | BlobState::Lost => None,
        };
        let head_bytes = self.first.len().min(INLINE_BAD_BYTES_MAX);
        let head = self.first.get(..head_bytes).unwrap_or_default();
        let kept = match (blob, flaw) {
            (Some(blob), flaw) => {
                let flaw = flaw.or((blob.len < self.len).then_some(Flaw::Cut));
                Kept::Blob { blob, len: self.len, flaw }
            }
            (None, None) if is_inline => Kept::Json(&self.first),
            (None, flaw) => Kept::Bytes { bytes: head, len: self.len, flaw: flaw.unwrap_or(Flaw::Cut) },
        };
        Payload { keys: self.scan.keys().clone(), kept, head }
    }

    fn flaw(&self) -> Option<Flaw> {
        match self.scan.progress() {
            _ if self.len == 0 => Some(Flaw::Empty),
            Progress::Invalid => Some(Flaw::Json),
            Progress::Incomplete => Some(Flaw::Cut),
            Progress::Complete => (!self.utf8.is_valid()).then_some(Flaw::Utf8),
        }
    }
}
