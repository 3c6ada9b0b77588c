//! Pricing again what was priced before.

use super::Pricing;
use std::collections::BTreeSet;
use tacho_model::id::SessionId;
use tacho_model::money::Nanodollars;
use tacho_model::usage_record::UsageRecord;
use tacho_store::{Changes, Reader, Store, StoreError};

/// Hands every call that would cost something else to `each`, with what it costs and what it would.
pub(crate) fn each_changed(
    store: Reader<'_>,
    pricing: &mut Pricing<'_>,
    mut each: impl FnMut(UsageRecord, Option<Nanodollars>, Option<Nanodollars>),
) -> Result<(), StoreError> {
    store.each_usage_record(|record, before| {
        let after = pricing.price(&record).cost;
        if after != before {
            each(record, before, after);
        }
    })
}

/// Has these calls cost what they do now. What was derived of their sessions is derived anew by whoever drains next.
pub(crate) fn keep(
    store: &mut Store,
    pricing: &mut Pricing<'_>,
    records: Vec<UsageRecord>,
) -> Result<(), StoreError> {
    let changes = store.change()?;
    let sessions: BTreeSet<&SessionId> = records.iter().map(|record| &record.owner.session).collect();
    sessions.into_iter().try_for_each(|session| mark_stale(&changes, session))?;
    let mut usage = changes.usage()?;
    usage.put(records, |record| pricing.price(record))?;
    usage.finish()?;
    changes.commit()
}

/// Of a session that was only imported nothing is derived.
fn mark_stale(changes: &Changes<'_>, session: &SessionId) -> Result<(), StoreError> {
    let Some(key) = changes.read().key_of(session)? else { return Ok(()) };
    let is_observed = changes.read().last_observation(key)?.is_some();
    if is_observed { changes.mark_stale(key) } else { Ok(()) }
}
