//! `tacho audit key` and `checkpoint`: by which keys the log is checked, and what was signed last.

use super::book::ReadBook;
use crate::audit::Book;
use crate::cli::Output;
use crate::drain::now;
use crate::failure::Failure;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{note, print};
use serde_json::json;

/// The newest checkpoint.
pub(super) fn checkpoint(output: Output) -> Result<(), Failure> {
    let book = ReadBook::open()?;
    if output.json {
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "log": book.chain.origin(),
            "size": book.head.size,
            "root": book.head.root.to_string(),
            "checkpoint": book.checkpoint,
        });
        print(&format!("{report}\n"));
    } else {
        print(&book.checkpoint);
    }
    Ok(())
}

/// The keys of the log.
pub(super) fn show(output: Output) -> Result<(), Failure> {
    let book = ReadBook::open()?;
    if output.json {
        let keys =
            book.chain.links().map(|link| json!({ "after": link.after.size, "key": link.key.to_string() }));
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "log": book.chain.origin(),
            "keys": keys.collect::<Vec<_>>(),
        });
        print(&format!("{report}\n"));
    } else {
        book.chain.links().for_each(|link| print(&format!("{}\n", link.key)));
    }
    Ok(())
}

/// Signs with a new key from now on, and writes down that it does.
pub(super) fn rotate(output: Output) -> Result<(), Failure> {
    let book = ReadBook::open()?;
    let before = book.chain.last().key.clone();
    let (key, seq) = Book::new(book.place.clone())
        .rotate(now())
        .map_err(|error| Failure::external("hand signing on to a new key", error))?;
    if output.json {
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "entry": seq,
            "before": before.to_string(),
            "key": key.to_string(),
        });
        print(&format!("{report}\n"));
    } else {
        print(&format!("{key}\n"));
        note(
            "signs from now on; what the key before it signed stays signed. Put this one where you keep the first",
        );
    }
    Ok(())
}
