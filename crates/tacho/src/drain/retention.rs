//! Forgetting, so that nothing grows without bound: sealing segments, then dropping by age and by quota.

use super::{Drainer, clock, now};
use crate::archive;
use crate::audit::{AuditPlace, Opening, Policy};
use crate::failure::Failure;
use crate::propagation;
use std::fs::{self, Metadata};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tacho_model::id::SessionId;
use tacho_model::time::UnixNanos;
use tacho_spool::layout::{BLOBS, SEALED};
use tacho_spool::read::{seal, segments};

/// A segment nobody wrote to for this long gets no further record: its name holds the hour.
const SEGMENT_REST: Duration = Duration::from_secs(2 * 3600);
/// Sessions forgotten in one transaction when the store outgrows its quota.
const SESSIONS_AT_ONCE: u32 = 20;

/// What was seen so recently goes on, or somebody looks at it: it goes for no quota, not even where what is held, and what is
/// never forgotten, fills that alone.
const SPARED_NS: u64 = 60 * 60 * 1_000_000_000;

impl Drainer {
    /// Seals what is complete and forgets what is too old or too much. What one step cannot do keeps no other from its
    /// work; the first failure is returned.
    pub(super) fn retain(&mut self) -> Result<(), Failure> {
        let retention = self.config.retention.clone();
        let is_believed = clock::is_believed(self.state.path(), now());
        let days = |days: u64| Duration::from_secs(days.saturating_mul(86_400));
        // By a clock that nobody believes nothing is old.
        let age = |limit: u64| if is_believed { days(limit) } else { Duration::MAX };
        let (age, archived) = (age(retention.days.value), age(retention.archive_days.value));
        let before = UnixNanos(now().0.saturating_sub(u64::try_from(age.as_nanos()).unwrap_or(u64::MAX)));
        // Where it cannot be read nothing is deleted that somebody may hold.
        let place = AuditPlace::below(self.state.path());
        let _lock = place.policy_lock()?;
        let policy = Policy::load(&place)?;
        let steps = [
            self.seal_segments(),
            self.forget_old_files(age, retention.spool_bytes(), &policy),
            self.forget_sessions_before(before, &policy),
            self.shrink_store_to(retention.store_bytes(), &policy),
            if is_believed { self.give_entries_up(&policy) } else { Ok(()) },
            self.fold_sealed_up(),
            // In these sessions nothing was prompted for so long.
            propagation::forget_contexts(self.state.path(), |metadata| age_of(metadata) > age)
                .map_err(Failure::from),
            // What is kept of transcripts is not told apart by session.
            if policy.holds.is_empty() {
                archive::forget(self.state.path(), archived).map_err(Failure::from)
            } else {
                Ok(())
            },
        ];
        steps.into_iter().collect()
    }

    fn give_entries_up(&mut self, policy: &Policy) -> Result<(), Failure> {
        if self.sealing.rests() {
            return Ok(());
        }
        let changes = self.store.change()?;
        let given = self.sealing.give_up(&changes, policy, now()).and_then(|()| Ok(changes.commit()?));
        given.inspect_err(|_| self.sealing.learn_anew())
    }

    /// Keeps little of what was sealed of sessions that are forgotten.
    fn fold_sealed_up(&mut self) -> Result<(), Failure> {
        let changes = self.store.change()?;
        changes.fold_sealed_up()?;
        Ok(changes.commit()?)
    }

    fn seal_segments(&mut self) -> Result<(), Failure> {
        let sealed = self.state.path().join(SEALED);
        for segment in segments(self.state.path())? {
            let rests = fs::metadata(&segment).is_ok_and(|metadata| age_of(&metadata) > SEGMENT_REST);
            if !rests || segment.starts_with(&sealed) {
                continue;
            }
            if let Some(place) = seal(&self.state, &segment, self.segments.cursor(&segment))? {
                let changes = self.store.change()?;
                changes.rename_segment(&self.segments.name(&segment), &self.segments.name(&place))?;
                changes.commit()?;
                self.segments.forget(&segment);
            }
        }
        Ok(())
    }

    /// Removes sealed segments and blobs: those older than `age`, then the oldest until the rest fits the quota.
    fn forget_old_files(&mut self, age: Duration, quota_bytes: u64, policy: &Policy) -> Result<(), Failure> {
        let mut files = Vec::new();
        for directory in [SEALED, BLOBS] {
            files.extend(files_in(self.state.path().join(directory)));
        }
        files.sort_by_key(|(_, metadata)| age_of(metadata));
        let mut kept_bytes = 0;
        for (path, metadata) in files.into_iter().filter(|(path, _)| !policy.holds_file(path)) {
            kept_bytes += metadata.len();
            if age_of(&metadata) <= age && kept_bytes <= quota_bytes {
                continue;
            }
            // One that cannot be removed stays, and counts.
            if fs::remove_file(&path).is_err() {
                continue;
            }
            kept_bytes -= metadata.len();
            let changes = self.store.change()?;
            changes.forget_segment(&self.segments.name(&path))?;
            changes.commit()?;
            self.segments.forget(&path);
        }
        Ok(())
    }

    fn forget_sessions_before(&mut self, before: UnixNanos, policy: &Policy) -> Result<(), Failure> {
        loop {
            let old = self.sessions_let_go(before, SESSIONS_AT_ONCE, policy)?;
            if old.is_empty() {
                break;
            }
            // Before what else is content, so that a drainer that dies in between does it again.
            let place = AuditPlace::below(self.state.path());
            old.iter().try_for_each(|session| Opening::forget_summaries(&place, session.as_str()))?;
            let changes = self.store.change()?;
            old.iter().try_for_each(|session| changes.forget_session(session))?;
            changes.commit()?;
            old.iter().for_each(|session| self.sessions.close(session));
        }
        let changes = self.store.change()?;
        let unsent = changes.forget_parcels_before(before)?;
        if unsent > 0 {
            changes.count_loss("not delivered in time", unsent, now())?;
        }
        Ok(changes.commit()?)
    }

    /// The sessions seen last before a time that nobody holds, the oldest first.
    fn sessions_let_go(
        &self,
        before: UnixNanos,
        limit: u32,
        policy: &Policy,
    ) -> Result<Vec<SessionId>, Failure> {
        let held = u32::try_from(policy.holds.len()).unwrap_or(u32::MAX);
        let mut old = self.store.read().sessions_last_seen_before(before, limit.saturating_add(held))?;
        old.retain(|session| !policy.holds(session.as_str()));
        Ok(old)
    }

    fn shrink_store_to(&mut self, quota_bytes: u64, policy: &Policy) -> Result<(), Failure> {
        if self.store.read().used_bytes()? <= quota_bytes {
            return Ok(());
        }
        let changes = self.store.change()?;
        let mut is_smaller = changes.drop_oldest_parcels(quota_bytes / 2, now())? > 0;
        changes.commit()?;
        // Making the file shorter writes all of it: it is not to be done for every session.
        let before = UnixNanos(now().0.saturating_sub(SPARED_NS));
        while self.store.read().used_bytes()? > quota_bytes / 10 * 9 {
            let Some(oldest) = self.sessions_let_go(before, 1, policy)?.into_iter().next() else { break };
            Opening::forget_summaries(&AuditPlace::below(self.state.path()), oldest.as_str())?;
            let changes = self.store.change()?;
            changes.forget_session(&oldest)?;
            changes.count_loss("store quota", 1, now())?;
            changes.commit()?;
            self.sessions.close(&oldest);
            is_smaller = true;
        }
        if is_smaller {
            self.store.shrink()?;
        }
        Ok(())
    }
}

fn age_of(metadata: &Metadata) -> Duration {
    let modified = metadata.modified().ok();
    modified.and_then(|modified| SystemTime::now().duration_since(modified).ok()).unwrap_or_default()
}

fn files_in(directory: PathBuf) -> Vec<(PathBuf, Metadata)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)));
    files.filter(|(_, metadata)| metadata.is_file()).collect()
}
