//! `tacho trust`: which destinations may be named by anybody.

use super::config::tell_next_session;
use crate::cli::{Output, TrustArguments};
use crate::config::trust::Trust;
use crate::failure::{Failure, FailureKind};
use crate::report::SCHEMA_VERSION;
use crate::terminal::{note, print};
use serde_json::json;
use tacho_export::destination::origin_of;

/// Trusts, distrusts, or lists.
pub(super) fn run(output: Output, arguments: &TrustArguments) -> Result<(), Failure> {
    let mut trust = Trust::load()?;
    let Some(address) = &arguments.address else {
        list(output, &trust);
        return Ok(());
    };
    let origin = origin_of(address).ok_or_else(|| {
        Failure::new(FailureKind::User, format!("{address:?} is no http:// or https:// address"))
            .hint("tacho trust https://ingress.example.com")
    })?;
    let changed =
        if arguments.remove { trust.origins.remove(&origin) } else { trust.origins.insert(origin.clone()) };
    let is_now = if arguments.remove { "is not trusted any more" } else { "is trusted" };
    if changed {
        let path = trust.save()?;
        tell_next_session();
        note(&format!("{origin} {is_now}; the list is {}", path.display()));
    } else {
        note(&format!("{origin} {is_now} already"));
    }
    Ok(())
}

fn list(output: Output, trust: &Trust) {
    if output.json {
        print(&format!("{}\n", json!({ "schema_version": SCHEMA_VERSION, "origins": trust.origins })));
    } else if trust.origins.is_empty() {
        note("nothing is trusted: destinations elsewhere count only where you alone can have named them");
    } else {
        trust.origins.iter().for_each(|origin| print(&format!("{origin}\n")));
    }
}
