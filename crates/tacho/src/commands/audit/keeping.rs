//! `tacho audit hold`, `release` and `retain`: what is kept, and for how long.

use super::book::{ReadBook, append};
use super::in_force::Said;
use super::kept;
use crate::audit::{AuditPlace, Fields, Hold, Policy, retention_said, time_text};
use crate::cli::Output;
use crate::cli::audit::Filter;
use crate::commands::words::plural;
use crate::drain::now;
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, print};
use serde_json::json;
use std::collections::BTreeSet;
use tacho_model::id::SessionId;
use tacho_spool::state::State;

const DAYS_OF_A_YEAR: f64 = 365.25;

/// Holds a session.
pub(super) fn hold(output: Output, session: &str, reason: Option<&str>) -> Result<(), Failure> {
    let state = place::open_state_meant()?;
    let place = AuditPlace::below(state.path());
    let session = &*known(&state, session)?;
    let _lock = place.policy_lock()?;
    let mut policy = Policy::load(&place)?;
    let is_said = || ReadBook::open().and_then(|book| said_in(&book)).is_ok_and(|said| said.holds(session));
    let hold =
        Hold { session: session.to_owned(), since: time_text(now()), reason: reason.map(str::to_owned) };
    let entry = match policy.holds.iter().find(|hold| hold.session == session) {
        Some(_) if is_said() => return tell(output, &format!("{session} is held already"), None),
        Some(unsaid) => unsaid.said(),
        None => hold.said(),
    };
    if !policy.holds(session) {
        policy.holds.push(hold);
        policy.save(&place)?;
    }
    tell(output, &format!("{session} is held"), Some(append(&place, vec![entry])?))
}

/// Releases a session.
pub(super) fn release(output: Output, session: &str) -> Result<(), Failure> {
    let place = audit_place()?;
    let _lock = place.policy_lock()?;
    let mut policy = Policy::load(&place)?;
    let session = &*held(&policy, session)?;
    policy.holds.retain(|hold| hold.session != session);
    // Nothing is let go that the log does not know of.
    let seq = append(&place, vec![said("hold_released", session)])?;
    policy.save(&place)?;
    tell(output, &format!("{session} is released"), Some(seq))
}

/// The one session that is held and has this id or this beginning of it.
fn held(policy: &Policy, wanted: &str) -> Result<String, Failure> {
    let all: Vec<_> = policy.holds.iter().map(|hold| hold.session.as_str()).collect();
    let found: Vec<_> = all.iter().copied().filter(|session| session.starts_with(wanted)).collect();
    let (what, held) = match *found {
        _ if found.contains(&wanted) => return Ok(wanted.to_owned()),
        [one] => return Ok(one.to_owned()),
        [] => ("no held session begins".to_owned(), all),
        _ => (format!("{} held sessions begin", found.len()), found),
    };
    let failure = Failure::new(FailureKind::User, format!("{what} with {wanted:?}"));
    Err(if held.is_empty() { failure } else { failure.hint(format!("held: {}", held.join(", "))) })
}

/// Says for how long entries are kept, or what is in force.
pub(super) fn retain(output: Output, age: Option<&str>) -> Result<(), Failure> {
    let place = audit_place()?;
    let _lock = age.map(|_| place.policy_lock()).transpose()?;
    let mut policy = Policy::load(&place)?;
    let before = policy.retention_days;
    let Some(age) = age else {
        if output.json {
            let report = json!({ "schema_version": SCHEMA_VERSION, "policy": policy });
            print(&format!("{report}\n"));
        } else {
            print(&format!("entries are kept {}\n", kept(policy.retention_days)));
            for hold in &policy.holds {
                let reason = hold.reason.as_deref().unwrap_or("no reason given");
                print(&format!("held since {}: {} ({})\n", hold.since, hold.session, display_safe(reason)));
            }
        }
        return Ok(());
    };
    policy.retention_days = days(age)?;
    let entry = retention_said(age, now());
    // What is said before it is in force is never less than what is kept.
    let shortens = policy.retention_days.unwrap_or(u64::MAX) < before.unwrap_or(u64::MAX);
    if !shortens {
        policy.save(&place)?;
    }
    let seq = append(&place, vec![entry])?;
    if shortens {
        policy.save(&place)?;
    }
    tell(output, &format!("entries are kept {age}"), Some(seq))
}

/// Puts in force again what the log says.
pub(super) fn retain_from_log(output: Output) -> Result<(), Failure> {
    let book = ReadBook::open()?;
    let _lock = book.place.policy_lock()?;
    let policy = said_in(&book)?.policy();
    policy.save(&book.place)?;
    let held = plural(policy.holds.len() as u64, "session");
    tell(output, &format!("in force as the log says, with {held} held"), None)
}

/// What the log says of the policy.
fn said_in(book: &ReadBook) -> Result<Said, Failure> {
    let mut said = Said::default();
    book.each(&Filter::default(), |entry, _| said.hear(entry.seq().unwrap_or_default(), &entry))?;
    Ok(said)
}

/// The days of `183d`, `6y`, `400` or `forever`.
pub(super) fn days(age: &str) -> Result<Option<u64>, Failure> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
    let days = match age.strip_suffix('y') {
        _ if age == "forever" => return Ok(None),
        Some(years) => number(years).map(|years| (years as f64 * DAYS_OF_A_YEAR).ceil() as u64),
        None => number(age.strip_suffix('d').unwrap_or(age)),
    };
    days.map(Some).ok_or_else(|| {
        Failure::new(FailureKind::Config, format!("{age:?} is no age"))
            .hint("say 183d, 400d, 6y, any other number of days, or forever")
    })
}

/// The one session that is known by this id or its beginning: what is said of none would be done to none.
pub(super) fn known(state: &State, wanted: &str) -> Result<String, Failure> {
    let ids = beginning(state, wanted)?;
    match ids.len() {
        _ if ids.contains(wanted) => Ok(wanted.to_owned()),
        1 => Ok(ids.into_iter().next().unwrap_or_default()),
        0 => Err(none_begins(wanted)),
        more => Err(Failure::new(FailureKind::User, format!("{more} sessions begin with {wanted:?}"))
            .hint("say more of its id")),
    }
}

/// The sessions that the store knows whose id begins so.
pub(super) fn beginning(state: &State, wanted: &str) -> Result<BTreeSet<String>, Failure> {
    let Some(store) = place::open_store_to_read(state)? else { return Ok(BTreeSet::new()) };
    let ids = store.read().session_ids()?.into_values().map(|id| id.to_string());
    let mut ids: BTreeSet<String> = ids.filter(|id| id.starts_with(wanted)).collect();
    if store.read().first_entry_of(&SessionId::from(wanted))?.is_some() {
        ids.insert(wanted.to_owned());
    }
    Ok(ids)
}

pub(super) fn none_begins(wanted: &str) -> Failure {
    Failure::new(FailureKind::User, format!("no session begins with {wanted:?}"))
        .hint("`tacho sessions` lists them")
}

fn audit_place() -> Result<AuditPlace, Failure> {
    Ok(AuditPlace::below(place::open_state_meant()?.path()))
}

/// Something the recorder's owner did about a session.
pub(super) fn said(kind: &str, session: &str) -> Fields {
    let mut entry = Fields::of_recorder(kind, kind, now());
    entry.text("session", session);
    entry
}

pub(super) fn tell(output: Output, what: &str, seq: Option<u64>) -> Result<(), Failure> {
    if output.json {
        print(&format!("{}\n", json!({ "schema_version": SCHEMA_VERSION, "said": what, "entry": seq })));
    } else {
        let entry = seq.map(|seq| format!("; entry {seq} says so")).unwrap_or_default();
        print(&format!("{}{entry}\n", display_safe(what)));
    }
    Ok(())
}
