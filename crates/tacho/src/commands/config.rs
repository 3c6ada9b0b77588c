//! `tacho config`: what the recorder was told, by whom, and telling it something else.

use super::here;
use super::table::table;
use crate::cli::{ConfigAction, Output, SetDestination};
use crate::config::{self, Author, Config, Named, Refused, Said};
use crate::failure::{Failure, FailureKind};
use crate::notice;
use crate::place::{self, ConfigFile, MANAGED_FILE};
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, note, print};
use serde_json::{Value as Json, json};
use std::fmt::Display;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

/// Keys of numbers.
const NUMBERS: [&str; 4] =
    ["retention.days", "retention.spool_mib", "retention.store_mib", "retention.archive_days"];
/// Keys of words.
const WORDS: [&str; 3] = ["agent_name", "team", "user_info"];
/// Keys of what is true or false.
const SWITCHES: [&str; 1] = ["local_only"];
/// The key under which destinations are added and taken away.
const DESTINATION: &str = "destination";

/// What is said of each destination.
const OF_DESTINATION: [&str; 4] = ["protocol", "level", "header", "dataset"];

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
            edit(|document| set(document, key, value, destination))
        }
        ConfigAction::Unset { key, value } => edit(|document| unset(document, key, value.as_deref())),
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
    let names: Vec<&str> = named.to.headers().iter().map(|header| header.name.as_str()).collect();
    let headers = if names.is_empty() { String::new() } else { format!(", headers {}", names.join(" ")) };
    format!("{}, level {}{headers}", named.to.protocol.name(), named.to.level.name())
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
    let user_info = Said { value: config.user_info.value.name(), origin: config.user_info.origin.clone() };
    vec![
        optional("agent_name", config.agent_name.as_ref()),
        optional("team", config.team.as_ref()),
        setting("user_info", &user_info),
        setting("local_only", &local_only),
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
            "endpoint": named.to.endpoint(),
            "protocol": named.to.protocol.name(),
            "level": named.to.level.name(),
            "headers": headers,
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
    if let Some(complaint) = after.into_iter().find(|complaint| !before.contains(complaint)) {
        return Err(usage(complaint).hint("nothing was changed"));
    }
    let directory = file.path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(directory)
        .and_then(|()| NamedTempFile::new_in(directory))
        .and_then(|mut draft| draft.write_all(text.as_bytes()).map(|()| draft));
    let draft = written.map_err(|error| Failure::external(format!("write {place}"), error))?;
    draft.persist(&file.path).map_err(|error| Failure::external(format!("write {place}"), error))?;
    tell_next_session();
    if file.author != Author::Owner {
        note(&format!(
            "note: {place} was found through a variable, so nobody knows who writes it: it can name destinations on this \
             machine and nothing else"
        ));
    }
    Ok(())
}

/// Has the next session say what is true now.
pub(super) fn tell_next_session() {
    // Without a state directory there are others to say so.
    if let Ok(state) = place::open_state(None) {
        notice::write(state.path(), notice::of_config(&config::load()).as_deref());
    }
}

fn set(document: &mut DocumentMut, key: &str, text: &str, to: &SetDestination) -> Result<(), Failure> {
    if key == DESTINATION {
        return set_destination(document, text, to);
    }
    if !to.is_empty() {
        return Err(usage(
            "--protocol, --level, --header, --dataset and --token-stdin belong to a destination",
        ));
    }
    if WORDS.contains(&key) {
        document.insert(key, value(text));
        return Ok(());
    }
    if SWITCHES.contains(&key) {
        let is_on: bool =
            text.parse().map_err(|_| usage(format!("{key} is true or false, and {text:?} is neither")))?;
        document.insert(key, value(is_on));
        return Ok(());
    }
    if !NUMBERS.contains(&key) {
        return Err(unknown(key));
    }
    let number: u32 = text.parse().map_err(|_| usage(format!("{key} is a number, and {text:?} is none")))?;
    let (table, name) = key.split_once('.').unwrap_or(("retention", key));
    let table = document.entry(table).or_insert_with(|| Item::Table(Table::new()));
    let table = table.as_table_like_mut().ok_or_else(|| usage(format!("{key} stands in no table")))?;
    table.insert(name, value(i64::from(number)));
    Ok(())
}

fn set_destination(document: &mut DocumentMut, endpoint: &str, to: &SetDestination) -> Result<(), Failure> {
    let list = destinations(document)?;
    let known = list.iter().position(|table| is_named(table, endpoint));
    if known.is_none() {
        let mut table = Table::new();
        table.insert("endpoint", value(endpoint));
        list.push(table);
    }
    let index = known.unwrap_or(list.len().saturating_sub(1));
    let Some(table) = list.get_mut(index) else { return Ok(()) };
    for (name, said) in [("protocol", &to.protocol), ("level", &to.level), ("dataset", &to.dataset)] {
        if let Some(said) = said {
            table.insert(name, value(said));
        }
    }
    if to.token_stdin {
        let mut token = String::new();
        io::stdin().read_to_string(&mut token).map_err(|error| Failure::external("read the token", error))?;
        table.insert("token", value(token.trim()));
    }
    for header in &to.header {
        let (name, said) = header.split_once('=').ok_or_else(|| usage("a header is NAME=VALUE"))?;
        let headers = table.entry("headers").or_insert_with(|| value(InlineTable::new()));
        let headers =
            headers.as_table_like_mut().ok_or_else(|| usage("the destination's headers are no table"))?;
        headers.insert(name.trim(), value(said.trim()));
    }
    Ok(())
}

fn unset(document: &mut DocumentMut, key: &str, text: Option<&str>) -> Result<(), Failure> {
    if key == DESTINATION {
        let endpoint = text.ok_or_else(|| usage("which destination? name its endpoint"))?;
        let list = destinations(document)?;
        let before = list.len();
        list.retain(|table| !is_named(table, endpoint));
        return if list.len() < before {
            Ok(())
        } else {
            Err(usage(format!("the file names no {endpoint}")))
        };
    }
    if !keys().any(|known| known == key) {
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

fn destinations(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, Failure> {
    let list = document.entry(DESTINATION).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    list.as_array_of_tables_mut().ok_or_else(|| {
        Failure::new(FailureKind::Config, "the file does not name destinations as [[destination]]")
    })
}

fn is_named(table: &Table, endpoint: &str) -> bool {
    let named = table.get("endpoint").and_then(Item::as_str).unwrap_or_default();
    named.trim_end_matches('/') == endpoint.trim_end_matches('/')
}

fn unknown(key: &str) -> Failure {
    let keys: Vec<&str> = keys().chain([DESTINATION]).collect();
    let failure = usage(format!("{key} is no key"));
    if OF_DESTINATION.contains(&key) {
        return failure
            .hint(format!("it belongs to a destination: tacho config set destination URL --{key} ..."));
    }
    failure.hint(format!("the keys are {}", keys.join(", ")))
}

fn keys() -> impl Iterator<Item = &'static str> {
    WORDS.into_iter().chain(SWITCHES).chain(NUMBERS)
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Config, message)
}
