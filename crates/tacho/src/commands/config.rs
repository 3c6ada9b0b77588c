//! `tacho config`: what the recorder was told, by whom, and telling it something else.

mod destination;

use super::here;
use super::table::table;
use crate::cli::{ConfigAction, Output, SetDestination};
use crate::config::{self, Author, Config, Named, Refused, Said, nearest};
use crate::failure::{Failure, FailureKind};
use crate::notice;
use crate::place::{self, ConfigFile, MANAGED_FILE};
use crate::propagation;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, note, print};
use destination::{DESTINATION, OF_DESTINATION};
use serde_json::{Value as Json, json};
use std::fmt::Display;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use tacho_export::destination::{Compression, Signals};
use tacho_export::exporters::Place;
use tacho_export::otlp::Signal;
use tacho_model::metric::Temporality;
use tempfile::NamedTempFile;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

/// Keys of numbers.
const NUMBERS: [&str; 4] =
    ["retention.days", "retention.spool_mib", "retention.store_mib", "retention.archive_days"];
/// Keys of words.
const WORDS: [&str; 4] = ["agent_name", "team", "user_info", "debug_file"];
/// Keys of what is true or false.
const SWITCHES: [&str; 3] = ["local_only", "propagation.commands", "propagation.inbound"];

/// What the keys of attributes begin with, each with the attribute's name behind it, and how that is told.
const ATTRIBUTE: &str = "resource_attributes.";
const ATTRIBUTE_NAMED: &str = "resource_attributes.NAME";

/// Shows or changes the configuration.
pub(super) fn run(output: Output, action: &ConfigAction) -> Result<(), Failure> {
    match action {
        ConfigAction::Show => show(output),
        ConfigAction::Path => {
            let path = file()?.path;
            if output.json {
                print(&format!("{}\n", json!({ "schema_version": SCHEMA_VERSION, "file": path })));
            } else {
                print(&format!("{}\n", path.display()));
            }
            Ok(())
        }
        ConfigAction::Set { key, value, destination } => {
            edit(|document| set(document, key, value, destination))?;
            tell_hooks(key);
            Ok(())
        }
        ConfigAction::Unset { key, value } => {
            edit(|document| unset(document, key, value.as_deref()))?;
            tell_hooks(key);
            Ok(())
        }
    }
}

fn show(output: Output) -> Result<(), Failure> {
    let config = config::load();
    if output.json {
        print(&format!("{}\n", report(&config)));
        return config.all_read();
    }
    let rows = settings(&config).into_iter().map(|setting| {
        let value = setting.value.map_or_else(|| "-".to_owned(), |value| display_safe(&value));
        vec![setting.key.to_owned(), value, display_safe(&setting.origin)]
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    for named in &config.destinations {
        let what = format!("{} ({})", display_safe(named.to.endpoint()), details(named));
        rows.push(vec![DESTINATION.to_owned(), what, display_safe(&named.origin.to_string())]);
    }
    print(&table(&["KEY", "VALUE", "FROM"], &[], &rows));
    if let Some(origin) = &config.local_only {
        print(&format!("\nNo destination is used, as {origin} says: everything stays on this machine.\n"));
    } else if config.destinations.is_empty() {
        print("\nNo destination: everything stays on this machine.\n");
    }
    for waiting in &config.waiting {
        print(&format!("\nFrom {}: {}\n", waiting.origin, display_safe(&waiting.reason)));
    }
    for refused in &config.refused {
        print(&format!("\nNot used, from {}: {}\n", refused.origin, display_safe(&refused.reason)));
    }
    for project in here::projects(&config) {
        print(&format!("\nThe project {}\n", project.line()));
        project
            .refused
            .iter()
            .for_each(|reason| print(&format!("Not used of it: {}\n", display_safe(reason))));
    }
    config.all_read()
}

fn details(named: &Named) -> String {
    let to = &named.to;
    let mut details = vec![to.kind.name.to_owned()];
    if to.kind.place == Place::Address {
        details = vec![to.protocol.name().to_owned()];
    }
    details.push(format!("level {}", to.level.name()));
    let names: Vec<&str> = to.headers().iter().map(|header| header.name.as_str()).collect();
    if !names.is_empty() {
        details.push(format!("headers {}", names.join(" ")));
    }
    let kept = [(to.tls.has_authorities(), "certificate"), (to.tls.has_identity(), "client_certificate")];
    details.extend(kept.into_iter().filter(|(is_said, _)| *is_said).map(|(_, key)| key.to_owned()));
    details.extend(to.label.as_ref().map(|label| format!("name {}", display_safe(label))));
    if to.signals != Signals::default() || to.keeps_events != to.kind.keeps_events {
        let events = if to.keeps_events { " events" } else { "" };
        details.push(format!("signals {}{events}", to.signals.names()));
    }
    if !to.sampling.keeps_all() {
        let errors = if to.sampling.keeps_errors { " and all with errors" } else { "" };
        details.push(format!("sampling {}{errors}", to.sampling));
    }
    if to.temporality != Temporality::default() {
        details.push(format!("temporality {}", to.temporality.name()));
    }
    if to.compression != Compression::default() {
        details.push(format!("compression {}", to.compression.name()));
    }
    details.join(", ")
}

/// A setting as people read it. Values of headers are never shown.
struct Setting {
    key: &'static str,
    value: Option<String>,
    origin: String,
}

fn settings(config: &Config) -> Vec<Setting> {
    fn setting<T: Display>(key: &'static str, said: &Said<T>) -> Setting {
        Setting { key, value: Some(said.value.to_string()), origin: said.origin.to_string() }
    }
    let optional = |key, said: Option<&Said<String>>| match said {
        Some(said) => setting(key, said),
        None => Setting { key, value: None, origin: "default".to_owned() },
    };
    let local_only =
        Said { value: config.local_only.is_some(), origin: config.local_only.clone().unwrap_or_default() };
    let attributes = config.resource_attributes.as_ref().map(|said| {
        let pairs: Vec<String> = said.value.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Said { value: pairs.join(","), origin: said.origin.clone() }
    });
    let as_text =
        |said: &Said<PathBuf>| Said { value: said.value.display().to_string(), origin: said.origin.clone() };
    let debug_file = config.debug_file.as_ref().map(as_text);
    let user_info = Said { value: config.user_info.value.name(), origin: config.user_info.origin.clone() };
    vec![
        optional("agent_name", config.agent_name.as_ref()),
        optional("team", config.team.as_ref()),
        optional("resource_attributes", attributes.as_ref()),
        setting("user_info", &user_info),
        optional("debug_file", debug_file.as_ref()),
        setting("local_only", &local_only),
        setting("propagation.commands", &config.propagation.commands),
        setting("propagation.inbound", &config.propagation.inbound),
        setting("retention.days", &config.retention.days),
        setting("retention.spool_mib", &config.retention.spool_mib),
        setting("retention.store_mib", &config.retention.store_mib),
        setting("retention.archive_days", &config.retention.archive_days),
    ]
}

fn report(config: &Config) -> Json {
    let settings = settings(config).into_iter();
    let settings: Vec<Json> = settings
        .map(|setting| json!({ "key": setting.key, "value": setting.value, "origin": setting.origin }))
        .collect();
    let destinations = config.destinations.iter().map(|named| {
        let headers: Vec<&str> = named.to.headers().iter().map(|header| header.name.as_str()).collect();
        json!({
            "name": named.to.label,
            "kind": named.to.kind.name,
            "endpoint": named.to.endpoint(),
            "protocol": named.to.protocol.name(),
            "level": named.to.level.name(),
            "headers": headers,
            "signals": named.to.signals.iter().map(Signal::name).collect::<Vec<_>>(),
            "sampling": named.to.sampling.share(),
            "sample_errors": named.to.sampling.keeps_errors,
            "temporality": named.to.temporality.name(),
            "compression": named.to.compression.name(),
            "timeout_s": named.to.timeout.as_secs_f64(),
            "metrics_interval_s": named.to.metrics_interval.map(|interval| interval.as_secs_f64()),
            "origin": named.origin.to_string(),
        })
    });
    let reasons = |list: &[Refused]| -> Vec<Json> {
        let reason = |of: &Refused| json!({ "origin": of.origin.to_string(), "reason": of.reason });
        list.iter().map(reason).collect()
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "settings": settings,
        "destinations": destinations.collect::<Vec<_>>(),
        "refused": reasons(&config.refused),
        "waiting_for_token": reasons(&config.waiting),
        "projects": here::projects(config),
        "managed_file": Path::new(MANAGED_FILE).exists().then_some(MANAGED_FILE),
        "file": file().ok().map(|file| file.path),
    })
}

/// The file that is changed: the owner's, because what is typed is his word and only there it counts as such.
fn file() -> Result<ConfigFile, Failure> {
    place::owners_file().or_else(place::file_by_variables).ok_or_else(|| {
        Failure::new(FailureKind::External, "there is no place for a configuration file")
            .hint("say where your home directory is: tacho --account-home DIR config ...")
    })
}

/// Changes the file, unless it would be none that can be read afterwards. Comments and order stay.
fn edit(change: impl FnOnce(&mut DocumentMut) -> Result<(), Failure>) -> Result<(), Failure> {
    let file = file()?;
    let place = file.path.display();
    let text = match fs::read_to_string(&file.path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Failure::external(format!("read {place}"), error)),
    };
    let mut document: DocumentMut = text.parse().map_err(|_| {
        Failure::new(FailureKind::Config, format!("{place} is no valid TOML"))
            .hint("tacho config show says in which line")
    })?;
    let before = config::complaints(&text, &file.path);
    change(&mut document)?;
    let text = document.to_string();
    let after = config::complaints(&text, &file.path).into_iter();
    // What was wrong before may stand in another line now.
    let is_known =
        |complaint: &String| before.iter().any(|known| without_line(known) == without_line(complaint));
    if let Some(complaint) = after.into_iter().find(|complaint| !is_known(complaint)) {
        return Err(usage(without_line(&complaint)).hint("nothing was changed"));
    }
    // Of a link the file is written that it leads to.
    let path = fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
    let directory = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(directory)
        .and_then(|()| NamedTempFile::new_in(directory))
        .and_then(|mut draft| draft.write_all(text.as_bytes()).map(|()| draft));
    let draft = written.map_err(|error| Failure::external(format!("write {place}"), error))?;
    draft.persist(&path).map_err(|error| Failure::external(format!("write {place}"), error))?;
    tell_next_session();
    if file.author != Author::Owner {
        note(&format!(
            "note: {place} was found through a variable, so nobody knows who writes it: it can name destinations on this \
             machine and nothing else"
        ));
    }
    match config::not_understood(&text, &file.path) {
        Some(reason) => Err(Failure::new(FailureKind::Config, reason)
            .hint("it was written down, and nothing in the file counts until that is mended")),
        None => Ok(()),
    }
}

/// A complaint about a destination without the line that it is in.
fn without_line(complaint: &str) -> String {
    let Some((before, behind)) = complaint.split_once(", line ") else { return complaint.to_owned() };
    let behind = behind.trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{before}{behind}")
}

/// Has the next session say what is true now.
pub(super) fn tell_next_session() {
    // Without a state directory there are others to say so.
    if let Ok(state) = place::open_state(None) {
        notice::write(state.path(), notice::of_config(&config::load()).as_deref());
    }
}

/// Has the next session's hooks know what is to be handed on of traces, though no drainer may run before.
fn tell_hooks(key: &str) {
    let state = key.starts_with("propagation.").then(|| place::open_state(None).ok()).flatten();
    if let Some(state) = state {
        // What cannot be written now is written by the next drainer.
        let _ = propagation::make_known(state.path(), &config::load());
    }
}

fn set(document: &mut DocumentMut, key: &str, text: &str, to: &SetDestination) -> Result<(), Failure> {
    if key == DESTINATION {
        return destination::set(document, text, to);
    }
    if !to.is_empty() {
        let flags: Vec<String> = OF_DESTINATION.iter().map(|name| format!("--{name}")).collect();
        return Err(usage(format!("{} and --token-stdin belong to a destination", flags.join(", "))));
    }
    if WORDS.contains(&key) || is_attribute(key) {
        return insert(document, key, text);
    }
    if SWITCHES.contains(&key) {
        let is_on: bool =
            text.parse().map_err(|_| usage(format!("{key} is true or false, and {text:?} is neither")))?;
        return insert(document, key, is_on);
    }
    if !NUMBERS.contains(&key) {
        return Err(unknown(key));
    }
    let number: u32 = text.parse().map_err(|_| usage(format!("{key} is a number, and {text:?} is none")))?;
    insert(document, key, i64::from(number))
}

/// Writes a setting down, below the table that its key names.
fn insert(document: &mut DocumentMut, key: &str, said: impl Into<Value>) -> Result<(), Failure> {
    let Some((table, name)) = key.split_once('.') else {
        put(document.as_table_mut(), key, said);
        return Ok(());
    };
    let table = document.entry(table).or_insert_with(|| Item::Table(Table::new()));
    let table = table.as_table_like_mut().ok_or_else(|| usage(format!("{key} stands in no table")))?;
    put(table, name, said);
    Ok(())
}

/// Writes a value down, with the comments that stand at the one that was there.
fn put(table: &mut dyn TableLike, key: &str, said: impl Into<Value>) {
    let mut said = said.into();
    match table.get_mut(key) {
        Some(known) => {
            if let Some(before) = known.as_value() {
                *said.decor_mut() = before.decor().clone();
            }
            *known = Item::Value(said);
        }
        None => {
            table.insert(key, Item::Value(said));
        }
    }
}

fn unset(document: &mut DocumentMut, key: &str, text: Option<&str>) -> Result<(), Failure> {
    if key == DESTINATION {
        return destination::unset(document, text);
    }
    if !keys().any(|known| known == key) && !is_attribute(key) {
        return Err(unknown(key));
    }
    match key.split_once('.') {
        Some((table, name)) => {
            if let Some(table) = document.get_mut(table).and_then(Item::as_table_like_mut) {
                table.remove(name);
            }
        }
        None => {
            document.remove(key);
        }
    }
    Ok(())
}

fn unknown(key: &str) -> Failure {
    let keys: Vec<&str> = keys().chain([ATTRIBUTE_NAMED, DESTINATION]).collect();
    let failure = usage(format!("{key} is no key"));
    if OF_DESTINATION.contains(&key) {
        return failure
            .hint(format!("it belongs to a destination: tacho config set destination URL --{key} ..."));
    }
    match nearest::hint(key, &keys).as_str() {
        "" => failure.hint(format!("the keys are {}", keys.join(", "))),
        hint => failure.hint(hint.trim_start_matches("; ").to_owned()),
    }
}

fn is_attribute(key: &str) -> bool {
    key.strip_prefix(ATTRIBUTE).is_some_and(|name| !name.is_empty())
}

fn keys() -> impl Iterator<Item = &'static str> {
    WORDS.into_iter().chain(SWITCHES).chain(NUMBERS)
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Config, message)
}
