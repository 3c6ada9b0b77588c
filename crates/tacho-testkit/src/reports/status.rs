//! What `tacho status --json` must say behind a run: everything was read and delivered, and nothing lost.

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Status {
    schema_version: u32,
    temporary: bool,
    spool_unread_bytes: u64,
    damaged_records: u64,
    losses: Vec<Value>,
    destinations: Vec<Destination>,
    refused: Vec<Value>,
}

#[derive(Deserialize)]
struct Destination {
    delivered: u64,
    waiting: u64,
    rejected: u64,
    last_error: Option<String>,
}

/// Differences between the status `json` and that of a recorder which delivered `delivered` items to one destination.
pub fn status_differences(json: &str, delivered: usize) -> Vec<String> {
    let status: Status = match serde_json::from_str(json) {
        Ok(status) => status,
        Err(error) => return vec![format!("tacho status: {error}")],
    };
    let mut found = super::version_differences("tacho status", status.schema_version);
    let mut demand = |holds: bool, what: String| {
        if !holds {
            found.push(format!("tacho status: {what}"));
        }
    };
    demand(!status.temporary, "the state lies where it will be lost".to_owned());
    demand(status.spool_unread_bytes == 0, format!("{} bytes are unread", status.spool_unread_bytes));
    demand(status.damaged_records == 0, format!("{} records are damaged", status.damaged_records));
    demand(status.losses.is_empty(), format!("lost: {:?}", status.losses));
    demand(status.refused.is_empty(), format!("refused: {:?}", status.refused));
    match status.destinations.as_slice() {
        [destination] => {
            let Destination { delivered: actual, waiting, rejected, last_error } = destination;
            demand(
                u64::try_from(delivered) == Ok(*actual),
                format!("{actual} items are delivered, should be {delivered}"),
            );
            demand(*waiting == 0, format!("{waiting} items wait"));
            demand(*rejected == 0, format!("{rejected} items are rejected"));
            demand(last_error.is_none(), format!("the last error is {last_error:?}"));
        }
        destinations => {
            demand(false, format!("{} destinations, should be 1", destinations.len()));
        }
    }
    found
}
