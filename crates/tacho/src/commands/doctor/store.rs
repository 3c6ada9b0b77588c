//! Whether the store can be used.

use super::super::words;
use super::Verdict;
use super::ground::Ground;
use crate::config::MIB;
use std::error::Error as _;
use tacho_store::StoreError;
use tacho_store::store::STORE_FILE;

/// Its schema, its soundness and its size.
pub(super) fn store(ground: &Ground) -> Verdict {
    let store = match &ground.store {
        Ok(None) => return Verdict::fine("not there yet; the first drainer makes it"),
        Ok(Some(store)) => store.read(),
        Err(error) => return unusable(ground, error),
    };
    let read = store.sessions().and_then(|sessions| Ok((sessions.len(), store.used_bytes()?)));
    let (sessions, bytes) = match read {
        Ok(read) => read,
        Err(error) => return unusable(ground, &error),
    };
    let quota = ground.config.retention.store_bytes();
    let said = format!("{}, {}", words::plural(sessions as u64, "session"), words::bytes(bytes));
    // A quarter more than wanted is what may come together between two looks.
    if bytes > (quota / 4).saturating_mul(5) {
        let what = format!("the store has {said}, and its quota is {}", words::bytes(quota));
        let remedy = format!("tacho config set retention.store_mib {}", bytes.div_ceil(MIB));
        return Verdict::found(what, "the oldest sessions go soon", remedy);
    }
    Verdict::fine(said)
}

fn unusable(ground: &Ground, error: &StoreError) -> Verdict {
    let path = ground.in_state(STORE_FILE);
    // A command that meets damage sets the file aside and makes it again; a drainer migrates.
    let remedy = if error.is_damage() || matches!(error, StoreError::Older { .. }) {
        "tacho drain --once".to_owned()
    } else if matches!(error, StoreError::Newer { .. }) {
        format!(
            "update tacho to the version that wrote it; or let this one begin anew with what the spool still has: \
             mv {path} {path}.newer && tacho drain --once"
        )
    } else {
        format!("chown \"$(id -u)\" {path} && chmod 600 {path}, and try again")
    };
    let mut what = error.to_string();
    if let Some(cause) = error.source() {
        what.push_str(&format!(": {cause}"));
    }
    Verdict::found(what, "nothing can be shown or sent; hooks go on recording", remedy)
}
