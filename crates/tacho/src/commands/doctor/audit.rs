//! Whether the audit log can be gone on with. Whether all of it is right is what `tacho audit verify` says.

use super::Verdict;
use super::ground::Ground;
use crate::audit::{AuditPlace, Policy};
use std::fs;
use tacho_audit::error::LogError;
use tacho_audit::key_chain::KeyChain;
use tacho_audit::layout::CHECKPOINT;

/// Its checkpoint, the key that signs it, and what is kept for how long.
pub(super) fn log(ground: &Ground) -> Verdict {
    let place = AuditPlace::below(ground.state.path());
    if !place.log().exists() {
        return Verdict::fine("not there yet; the first decision begins it");
    }
    let mut verdict = match size(&place) {
        Ok(1) => Verdict::fine("1 entry"),
        Ok(entries) => Verdict::fine(format!("{entries} entries")),
        Err(why) => {
            let log = place.log();
            let aside = place.aside(ground.now.0 / 1_000_000_000);
            Verdict::found(
                format!("the audit log cannot be gone on with: {why}"),
                "the next drainer sets it aside and begins another, which says so first",
                format!("mv {} {} && tacho drain --once", log.display(), aside.display()),
            )
        }
    };
    if let Err(failure) = Policy::load(&place) {
        verdict.find(
            failure.sentence(),
            "nothing is deleted, however old, as somebody may hold it",
            "tacho audit retain --from-log",
        );
    }
    verdict
}

/// How many entries it has, if they can be added to.
fn size(place: &AuditPlace) -> Result<u64, String> {
    let told = |error: LogError| error.to_string();
    let chain = KeyChain::read(&place.log()).map_err(told)?;
    let checkpoint = fs::read_to_string(place.log().join(CHECKPOINT)).map_err(|error| error.to_string())?;
    let head = chain.open(&checkpoint).map_err(|why| format!("its checkpoint {why}"))?;
    if !place.has_key(&chain.last().key) {
        return Err(format!("the secret of its key {} is not there", chain.last().key));
    }
    Ok(head.size)
}
