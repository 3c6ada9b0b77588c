//! The log as this machine writes it: with its keys, with an entry of its own at the beginning, set aside when it is damaged.

use super::entry::{Placing, time_text};
use super::{AuditPlace, Fields, Policy, hex};
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::UNIX_EPOCH;
use tacho_audit::error::LogError;
use tacho_audit::key_chain::{log_id, origin_of};
use tacho_audit::layout::PAST;
use tacho_audit::log::{Log, Writer};
use tacho_audit::note::{SigningKey, VerifierKey};
use tacho_model::time::{Day, UnixNanos};

/// The log that is written to.
#[derive(Debug)]
pub(crate) struct Book {
    place: AuditPlace,
    log: Log,
    /// The last day of which a checkpoint was kept.
    kept: Option<Day>,
    /// The key that signed last.
    key: Option<SigningKey>,
}

/// What was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    /// The name of the log.
    pub(crate) origin: String,
    /// The first of the entries.
    pub(crate) first: u64,
    /// How many entries the log has with them.
    pub(crate) size: u64,
    /// Whether it lacked entries that it was known to have, and now says so.
    pub(crate) is_behind: bool,
    /// The signed checkpoint.
    pub(crate) checkpoint: String,
}

/// A log by its name, and how many entries it was seen to have.
pub(crate) type Seen<'a> = (&'a str, u64);

impl Book {
    pub(crate) fn new(place: AuditPlace) -> Self {
        let log = Log::new(&place.log());
        let kept = last_kept(&place);
        Self { place, log, kept, key: None }
    }

    /// The writer of the log, which is begun if there is none.
    pub(crate) fn writer(&mut self) -> Result<Writer<'_>, LogError> {
        let (place, key) = (&self.place, &mut self.key);
        let mut trouble = None;
        let written = self.log.write(|wanted| {
            let known = key.take().filter(|key| wanted == Some(key.verifier()));
            let found = match (known, wanted) {
                (Some(known), _) => Ok(Some(known)),
                (None, Some(wanted)) => read_key(place, wanted),
                (None, None) => make_key(place, None).map(Some),
            };
            *key = found.unwrap_or_else(|error| {
                trouble = Some(error);
                None
            });
            key.clone()
        });
        match trouble {
            Some(source) => Err(LogError::File { operation: "read or make", path: place.keys(), source }),
            None => written,
        }
    }

    /// Appends entries, in their order. A log that lacks entries which it was seen to have says so first.
    pub(crate) fn append(
        &mut self,
        entries: Vec<Fields>,
        sealed: UnixNanos,
        config: Option<&str>,
        seen: Option<Seen<'_>>,
    ) -> Result<Appended, LogError> {
        let mut entries = VecDeque::from(entries);
        let error = match self.append_to(&mut entries, sealed, config, seen) {
            // What cannot be gone on with is seen when the log is opened, before anything is given away.
            Err(error) if is_damage(&error) && !entries.is_empty() => error,
            appended => return appended,
        };
        let mut own = VecDeque::from([self.set_aside(&error, sealed)?]);
        // What is in force stays known. A policy that cannot be read is for whoever reads it to tell.
        own.extend(Policy::load(&self.place).unwrap_or_default().said(sealed));
        let count = own.len() as u64;
        own.append(&mut entries);
        let appended = self.append_to(&mut own, sealed, config, seen)?;
        Ok(Appended { first: appended.first + count, ..appended })
    }

    fn append_to(
        &mut self,
        entries: &mut VecDeque<Fields>,
        sealed: UnixNanos,
        config: Option<&str>,
        seen: Option<Seen<'_>>,
    ) -> Result<Appended, LogError> {
        let (day, kept) = (Day::of(sealed), self.kept);
        let mut writer = self.writer()?;
        let origin = writer.chain().origin().to_owned();
        let is_first = writer.size() == 0;
        let lost =
            seen.filter(|(of, _)| *of == origin).map_or(0, |(_, size)| size.saturating_sub(writer.size()));
        let is_behind = lost > 0;
        if is_behind {
            entries.push_front(lost_entries(lost, sealed));
        }
        if is_first {
            let mut began = Fields::of_recorder("log_started", "log", sealed);
            began.text("key", &writer.chain().last().key.to_string());
            entries.push_front(began);
        }
        let sealed = time_text(sealed);
        let placing = Placing { log: log_id(&origin), sealed: &sealed, config };
        let places = writer.size()..;
        let first = writer.size() + u64::from(is_first) + u64::from(is_behind);
        let bytes: Vec<_> =
            places.zip(entries.drain(..)).map(|(seq, fields)| fields.sealed(seq, placing)).collect();
        writer.append(&bytes)?;
        if kept.is_none_or(|kept| kept < day) {
            writer.keep_checkpoint()?;
        }
        let (size, checkpoint) = (writer.size(), writer.checkpoint().to_owned());
        self.kept = Some(day);
        Ok(Appended { origin, first, size, is_behind, checkpoint })
    }

    /// Hands signing on to a new key, which says first that it signs. Which one it is, and in which entry it says so.
    pub(crate) fn rotate(&mut self, now: UnixNanos) -> Result<(VerifierKey, u64), LogError> {
        let place = self.place.clone();
        let failed =
            |source| LogError::File { operation: "make or remove a key in", path: place.keys(), source };
        let mut writer = self.writer()?;
        let old = writer.chain().last().key.clone();
        let key = make_key(&place, Some(writer.chain().origin())).map_err(failed)?;
        let verifier = key.verifier().clone();
        writer.hand_on(key)?;
        let mut rotated = Fields::of_recorder("key_rotated", "key", now);
        rotated.text("before", &old.to_string());
        rotated.text("key", &verifier.to_string());
        let (origin, sealed, seq) = (writer.chain().origin().to_owned(), time_text(now), writer.size());
        let placing = Placing { log: log_id(&origin), sealed: &sealed, config: None };
        writer.append(&[rotated.sealed(seq, placing)])?;
        drop(writer);
        self.key = None;
        fs::remove_file(place.keys().join(key_name(&old))).map_err(failed)?;
        Ok((verifier, seq))
    }

    /// Moves the log out of the way, where somebody may look at it, and says what is to be said in the next one.
    fn set_aside(&mut self, damage: &LogError, now: UnixNanos) -> Result<Fields, LogError> {
        let (from, to) = (self.place.log(), self.place.aside(now.0 / 1_000_000_000));
        let from_text = from.display().to_string();
        fs::rename(&from, &to).map_err(|source| LogError::File {
            operation: "set aside",
            path: from,
            source,
        })?;
        self.log = Log::new(&self.place.log());
        self.kept = None;
        let mut gap = Fields::of_recorder("recorder_gap", "gap:log", now);
        gap.text("reason", "the audit log was damaged and set aside");
        // Where it lies names a person often.
        gap.text("error", &damage.to_string().replace(&*from_text, "log"));
        Ok(gap)
    }
}

/// That entries which were sealed are not in the log any more.
pub(crate) fn lost_entries(lost: u64, at: UnixNanos) -> Fields {
    let mut gap = Fields::of_recorder("recorder_gap", "gap:log", at);
    gap.text("reason", "the audit log lacks entries that were sealed");
    gap.number("lost", lost);
    gap
}

/// Whether the log cannot be gone on with: not when a disk is full, but when what is there is not what was signed.
pub(crate) fn is_damage(error: &LogError) -> bool {
    matches!(error, LogError::Damaged { .. } | LogError::KeyMissing { .. } | LogError::NoEntry { .. })
        || error.is_missing_file()
}

/// The name of the file of a key's secret.
fn key_name(key: &VerifierKey) -> String {
    hex(&key.public, 16)
}

impl AuditPlace {
    /// Whether anything here says that there was a log, be it that the log itself is gone.
    pub(crate) fn has_traces(&self) -> bool {
        [self.audit(), self.keys()].iter().any(|place| match fs::read_dir(place) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        })
    }

    /// Whether the secret of a key is there.
    pub(crate) fn has_key(&self, key: &VerifierKey) -> bool {
        self.keys().join(key_name(key)).is_file()
    }
}

fn read_key(place: &AuditPlace, wanted: &VerifierKey) -> io::Result<Option<SigningKey>> {
    match fs::read(place.keys().join(key_name(wanted))) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => Ok(read?.try_into().ok().and_then(|secret| SigningKey::new(&wanted.name, &secret))),
    }
}

/// Makes a key for a log, or one whose log is named by it.
fn make_key(place: &AuditPlace, origin: Option<&str>) -> io::Result<SigningKey> {
    let mut secret = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut secret)?;
    let unfit = || io::Error::other("the key does not fit its name");
    let made = SigningKey::new(origin.unwrap_or("-"), &secret).ok_or_else(unfit)?;
    let named = origin.map_or_else(|| origin_of(&made.verifier().public), str::to_owned);
    let key = SigningKey::new(&named, &secret).ok_or_else(unfit)?;
    fs::create_dir_all(place.keys())?;
    let path = place.keys().join(key_name(key.verifier()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    File::open(place.keys())?.sync_all()?;
    Ok(key)
}

/// The day on which the last of the kept checkpoints was written.
fn last_kept(place: &AuditPlace) -> Option<Day> {
    let files = fs::read_dir(place.log().join(PAST)).ok()?.flatten();
    let written = files.filter_map(|file| file.metadata().ok()?.modified().ok());
    let last = written.max()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Day::of(UnixNanos(u64::try_from(last.as_nanos()).ok()?)))
}
