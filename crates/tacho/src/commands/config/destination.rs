//! Destinations in the owner's file: adding, changing and taking away one.

use super::super::install::token_from_stdin;
use super::{put, usage};
use crate::cli::SetDestination;
use crate::config::{nearest, presets};
use crate::failure::{Failure, FailureKind};
use tacho_export::exporters::{Kind, Place};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

/// The key under which destinations stand.
pub(super) const DESTINATION: &str = "destination";

/// What is said of each destination, by the flags that say it.
pub(super) const OF_DESTINATION: [&str; 16] = [
    "name",
    "preset",
    "region",
    "protocol",
    "certificate",
    "client-certificate",
    "client-key",
    "compression",
    "timeout-s",
    "level",
    "header",
    "dataset",
    "signals",
    "sampling",
    "temporality",
    "token",
];

/// Adds a destination, or changes the one that is there.
pub(super) fn set(document: &mut DocumentMut, text: &str, to: &SetDestination) -> Result<(), Failure> {
    let list = list(document)?;
    let known = list.iter().position(|table| is_named(table, text));
    if known.is_none() {
        list.push(named(text)?);
    }
    let index = known.unwrap_or(list.len().saturating_sub(1));
    let Some(table) = list.get_mut(index) else { return Ok(()) };
    for (key, said) in [
        ("name", &to.name),
        ("preset", &to.preset),
        ("region", &to.region),
        ("protocol", &to.protocol),
        ("certificate", &to.certificate),
        ("client_certificate", &to.client_certificate),
        ("client_key", &to.client_key),
        ("compression", &to.compression),
        ("level", &to.level),
        ("dataset", &to.dataset),
        ("temporality", &to.temporality),
    ] {
        if let Some(said) = said {
            put(table, key, said);
        }
    }
    for (key, said) in [("timeout_s", to.timeout_s), ("sampling", to.sampling)] {
        if let Some(said) = said {
            put(table, key, said);
        }
    }
    if !to.signals.is_empty() {
        put(table, "signals", to.signals.iter().collect::<Array>());
    }
    if to.token_stdin {
        put(table, "token", token_from_stdin()?);
    }
    for header in &to.header {
        let (name, said) = header.split_once('=').ok_or_else(|| usage("a header is NAME=VALUE"))?;
        let headers = table.entry("headers").or_insert_with(|| value(InlineTable::new()));
        let headers =
            headers.as_table_like_mut().ok_or_else(|| usage("the destination's headers are no table"))?;
        put(headers, name.trim(), said.trim());
    }
    Ok(())
}

/// Takes a destination away.
pub(super) fn unset(document: &mut DocumentMut, text: Option<&str>) -> Result<(), Failure> {
    let text = text.ok_or_else(|| usage("which destination? name its endpoint"))?;
    let list = list(document)?;
    let before = list.len();
    list.retain(|table| !is_named(table, text));
    if list.len() < before { Ok(()) } else { Err(usage(format!("the file names no {text}"))) }
}

fn list(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, Failure> {
    let list = document.entry(DESTINATION).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    list.as_array_of_tables_mut().ok_or_else(|| {
        Failure::new(FailureKind::Config, "the file does not name destinations as [[destination]]")
    })
}

/// What says where a destination is: an address, a preset's name, or a kind and perhaps a path behind a colon.
fn named(text: &str) -> Result<Table, Failure> {
    let mut table = Table::new();
    let (kind, path) = text.split_once(':').unwrap_or((text, ""));
    match Kind::named(kind).filter(|kind| kind.place != Place::Address) {
        _ if text.contains("://") => drop(table.insert("endpoint", value(text))),
        _ if presets::names().any(|known| known == text) => drop(table.insert("preset", value(text))),
        Some(kind) => {
            table.insert("kind", value(kind.name));
            if !path.is_empty() {
                table.insert("path", value(path));
            }
        }
        None => {
            let presets: Vec<&str> = presets::names().collect();
            let hint = nearest::hint(text, &presets);
            return Err(usage(format!("{text} is no address, and no preset either{hint}")).hint(format!(
                "an address begins with http:// or https://; a place is console, file:/DIRECTORY or prometheus:/FILE; the \
                               presets are {}",
                presets.join(", ")
            )));
        }
    }
    Ok(table)
}

fn is_named(table: &Table, text: &str) -> bool {
    let said = |key: &str| table.get(key).and_then(Item::as_value).and_then(Value::as_str);
    let place = match (said("endpoint"), said("kind"), said("path")) {
        (Some(endpoint), ..) => Some(endpoint.to_owned()),
        (None, Some(kind), Some(path)) => Some(format!("{kind}:{path}")),
        (None, kind, _) => said("preset").or(kind).map(str::to_owned),
    };
    said("name") == Some(text)
        || place.is_some_and(|place| place.trim_end_matches('/') == text.trim_end_matches('/'))
}
