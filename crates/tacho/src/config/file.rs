//! The configuration files. All have one grammar; the managed one may also set limits.

use super::described::{Complaint, DATASET_HEADER, Described};
use super::nearest;
use super::{Author, Config, Origin, Said, Unread, regular_file};
use crate::place::ConfigFile;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use tacho_export::destination::Header;
use tacho_privacy::{CaptureLevel, Disclosure};
use toml_edit::{Document, Item};

/// Why something in a file that variables led to does not count.
const ONLY_OWNER: &str = "counts only where you alone can have said it";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    agent_name: Option<String>,
    team: Option<String>,
    #[serde(default)]
    resource_attributes: BTreeMap<String, String>,
    user_info: Option<String>,
    local_only: Option<bool>,
    debug_file: Option<PathBuf>,
    level_max: Option<String>,
    only_managed_destinations: Option<bool>,
    #[serde(default)]
    destination: Vec<Described>,
    #[serde(default)]
    retention: NamedRetention,
    #[serde(default)]
    propagation: NamedPropagation,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedRetention {
    days: Option<u64>,
    spool_mib: Option<u64>,
    store_mib: Option<u64>,
    archive_days: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedPropagation {
    commands: Option<bool>,
    inbound: Option<bool>,
}

/// Reads a file into the configuration; one that is missing says nothing. What an earlier file said stays.
pub(super) fn read(file: &ConfigFile, config: &mut Config) {
    let (reason, may_forbid) = match regular_file::text(&file.path) {
        Ok(text) => match take(&text, file, config) {
            Ok(()) => return,
            Err(reason) => (reason, may_forbid(file.author, &text)),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        Err(error) => {
            (format!("{} cannot be read: {error}", file.path.display()), file.author != Author::Unknown)
        }
    };
    config.unread.push(Unread { path: file.path.clone(), author: file.author, reason, may_forbid });
}

/// Whether a text that is not understood may say that less is to be sent.
fn may_forbid(author: Author, text: &str) -> bool {
    // However it is spelt: whoever means that nothing is to be sent is believed before it is mended.
    let is_local_only = |line: &str| {
        let said = line.split('#').next().unwrap_or_default().to_lowercase();
        let said = said.replace("\\u005f", "_").replace(['-', ' ', '\t', '"', '\'', '\u{feff}'], "");
        (said.contains("local_only") || said.contains("localonly")) && said != "local_only=false"
    };
    match author {
        Author::Manager => true,
        Author::Owner => text.lines().any(is_local_only),
        Author::Unknown => false,
    }
}

/// Takes in what a file says. Nothing of it counts if it cannot be understood; what cannot be obeyed is refused alone.
pub(super) fn take(text: &str, file: &ConfigFile, config: &mut Config) -> Result<(), String> {
    let place = file.path.display();
    let contents: Contents = toml::from_str(text).map_err(|error| {
        // Not the error's own rendering: it shows the line, and the line may hold a token.
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        format!("{place}, line {line}: {}", nearest::of_unknown_key(error.message()))
    })?;
    let origin = Origin::File(place.to_string());
    limit(&contents, file, &origin, config)?;
    // Only what its author may say: a file that variables led to names destinations on this machine, and that is all.
    if file.author != Author::Unknown {
        set(&mut config.agent_name, contents.agent_name, &origin);
        set(&mut config.team, contents.team, &origin);
        config.declare(contents.resource_attributes, &origin);
        match contents.user_info.map(|name| user_info(&name)).transpose() {
            Ok(user_info) => said(&mut config.user_info, user_info, &origin),
            Err(reason) => config.refuse(origin.clone(), reason),
        }
        keep(&contents.retention, &origin, config);
        said(&mut config.propagation.commands, contents.propagation.commands, &origin);
        said(&mut config.propagation.inbound, contents.propagation.inbound, &origin);
        set(&mut config.debug_file, contents.debug_file, &origin);
    } else if contents.debug_file.is_some() {
        config.refuse(origin.clone(), format!("debug_file {ONLY_OWNER}: tacho config set debug_file PATH"));
    }
    if contents.local_only == Some(true) {
        match file.author {
            Author::Manager | Author::Owner => config.keep_local(origin.clone()),
            // Else a variable could keep from their owner what his own destinations are to get.
            Author::Unknown => config
                .refuse(origin.clone(), format!("local_only {ONLY_OWNER}: tacho config set local_only true")),
        }
    }
    for (number, named) in (1..).zip(contents.destination) {
        let named = named.destination(&mut config.files).map_err(|complaint| {
            let line = line_of(text, number - 1, &complaint);
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            format!("destination {number}{line}: {}", complaint.reason)
        });
        config.name(origin.clone(), file.author, named);
    }
    Ok(())
}

/// The line that a complaint about a destination is about: that of the key, else the first of the destination.
fn line_of(text: &str, index: usize, complaint: &Complaint) -> Option<usize> {
    let document = Document::parse(text).ok()?;
    let table = document.get("destination").and_then(Item::as_array_of_tables)?.get(index)?;
    let span = table.key(complaint.key).and_then(toml_edit::Key::span).or_else(|| table.span())?;
    Some(text.get(..span.start)?.matches('\n').count() + 1)
}

/// Takes in what only the managed file may say.
fn limit(contents: &Contents, file: &ConfigFile, origin: &Origin, config: &mut Config) -> Result<(), String> {
    let place = file.path.display();
    if file.author != Author::Manager {
        let is_limit = contents.level_max.is_some() || contents.only_managed_destinations.is_some();
        return if is_limit {
            Err(format!("{place}: level_max and only_managed_destinations belong into the managed file"))
        } else {
            Ok(())
        };
    }
    let level_max = contents.level_max.as_deref().map(level).transpose();
    set(&mut config.level_max, level_max.map_err(|reason| format!("{place}: {reason}"))?, origin);
    config.only_managed = contents.only_managed_destinations.unwrap_or(false);
    Ok(())
}

/// Takes in what is kept, and how long.
fn keep(named: &NamedRetention, origin: &Origin, config: &mut Config) {
    let kept = &mut config.retention;
    let limits = [
        ("days", named.days, &mut kept.days),
        ("spool_mib", named.spool_mib, &mut kept.spool_mib),
        ("store_mib", named.store_mib, &mut kept.store_mib),
    ];
    let mut refused = Vec::new();
    for (key, value, setting) in limits {
        match value {
            Some(0) => refused.push(format!("retention.{key} = 0 would keep nothing; the smallest is 1")),
            value => said(setting, value, origin),
        }
    }
    said(&mut kept.archive_days, named.archive_days, origin);
    refused.into_iter().for_each(|reason| config.refuse(origin.clone(), reason));
}

fn set<T>(setting: &mut Option<Said<T>>, value: Option<T>, origin: &Origin) {
    if setting.is_none() {
        *setting = value.map(|value| Said { value, origin: origin.clone() });
    }
}

/// Takes a value for a setting of which nobody has said anything.
pub(super) fn said<T>(setting: &mut Said<T>, value: Option<T>, origin: &Origin) {
    if let (Some(value), Origin::Default) = (value, &setting.origin) {
        *setting = Said { value, origin: origin.clone() };
    }
}

/// The headers that carry a token and the name of a dataset.
pub(super) fn credentials(token: Option<&String>, dataset: Option<&String>) -> impl Iterator<Item = Header> {
    let header = |name: &str, value: String| Header { name: name.to_owned(), value };
    let token = token.map(|token| header("Authorization", format!("Bearer {token}")));
    token.into_iter().chain(dataset.map(|dataset| header(DATASET_HEADER, dataset.clone())))
}

/// The capture level of this name.
pub(super) fn level(name: &str) -> Result<CaptureLevel, String> {
    CaptureLevel::named(name).ok_or_else(|| {
        let hint = nearest::hint(name, &["metadata", "redacted", "full"]);
        format!("level {name:?} is none of metadata, redacted, full{hint}")
    })
}

/// What is told of the user.
pub(super) fn user_info(name: &str) -> Result<Disclosure, String> {
    Disclosure::named(name).ok_or_else(|| format!("user_info {name:?} is none of hash, name"))
}
