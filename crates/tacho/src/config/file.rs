//! The configuration files. All have one grammar; the managed one may also set limits.

use super::{Author, Config, Origin, Said};
use crate::failure::{Failure, FailureKind};
use crate::place::ConfigFile;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use tacho_export::destination::{Destination, Header, Protocol};
use tacho_privacy::{CaptureLevel, Disclosure};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    agent_name: Option<String>,
    team: Option<String>,
    user_info: Option<String>,
    local_only: Option<bool>,
    level_max: Option<String>,
    only_managed_destinations: Option<bool>,
    #[serde(default)]
    destination: Vec<NamedDestination>,
    #[serde(default)]
    retention: NamedRetention,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedDestination {
    endpoint: String,
    protocol: Option<String>,
    token: Option<String>,
    token_file: Option<PathBuf>,
    dataset: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    level: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedRetention {
    days: Option<u64>,
    spool_mib: Option<u64>,
    store_mib: Option<u64>,
}

/// Reads a file into the configuration; one that is missing says nothing. What an earlier file said stays.
pub(super) fn read(file: &ConfigFile, config: &mut Config) -> Result<(), Failure> {
    let place = file.path.display();
    let text = match fs::read_to_string(&file.path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::external(format!("read {place}"), error)),
    };
    let contents: Contents = toml::from_str(&text).map_err(|error| {
        // Not the error's own rendering: it shows the line, and the line may hold a token.
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Failure::new(FailureKind::Config, format!("{place}, line {line}: {}", error.message()))
    })?;
    let invalid = |reason: String| Failure::new(FailureKind::Config, format!("{place}: {reason}"));
    let origin = Origin::File(place.to_string());
    // Only what its author may say: a file that variables led to names destinations on this machine, and that is all.
    if file.author != Author::Unknown {
        set(&mut config.agent_name, contents.agent_name, &origin);
        set(&mut config.team, contents.team, &origin);
        let user_info = contents.user_info.map(|name| user_info(&name)).transpose().map_err(invalid)?;
        said(&mut config.user_info, user_info, &origin);
        said(&mut config.retention.days, contents.retention.days, &origin);
        said(&mut config.retention.spool_mib, contents.retention.spool_mib, &origin);
        said(&mut config.retention.store_mib, contents.retention.store_mib, &origin);
    }
    if contents.local_only == Some(true) {
        match file.author {
            Author::Manager | Author::Owner => config.keep_local(origin.clone()),
            // Else a variable could keep from their owner what his own destinations are to get.
            Author::Unknown => config.refuse(
                origin.clone(),
                "local_only counts only where you alone can have said it: tacho config set local_only true"
                    .to_owned(),
            ),
        }
    }
    if file.author == Author::Manager {
        let level_max = contents.level_max.map(|name| level(&name)).transpose().map_err(invalid)?;
        set(&mut config.level_max, level_max, &origin);
        config.only_managed = contents.only_managed_destinations.unwrap_or(false);
    } else if contents.level_max.is_some() || contents.only_managed_destinations.is_some() {
        return Err(invalid(
            "level_max and only_managed_destinations belong into the managed file".to_owned(),
        ));
    }
    for (number, named) in (1..).zip(contents.destination) {
        let destination = destination(named);
        if let (Err(reason), Author::Owner | Author::Manager) = (&destination, file.author) {
            let message = format!("destination {number} in {place} cannot be used: {reason}");
            return Err(Failure::new(FailureKind::Config, message));
        }
        config.name(origin.clone(), file.author, destination);
    }
    Ok(())
}

fn set<T>(setting: &mut Option<Said<T>>, value: Option<T>, origin: &Origin) {
    if setting.is_none() {
        *setting = value.map(|value| Said { value, origin: origin.clone() });
    }
}

fn said<T>(setting: &mut Said<T>, value: Option<T>, origin: &Origin) {
    if let (Some(value), Origin::Default) = (value, &setting.origin) {
        *setting = Said { value, origin: origin.clone() };
    }
}

fn destination(named: NamedDestination) -> Result<Destination, String> {
    let protocol = protocol(named.protocol.as_deref())?;
    let level = named.level.as_deref().map(level).transpose()?.unwrap_or_default();
    let token = match (named.token, named.token_file) {
        (Some(_), Some(_)) => return Err("it has both token and token_file".to_owned()),
        (token, None) => token,
        (None, Some(path)) => {
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("token_file {}: {error}", path.display()))?;
            Some(text.trim().to_owned())
        }
    };
    let mut headers: Vec<Header> =
        named.headers.into_iter().map(|(name, value)| Header { name, value }).collect();
    headers.extend(credentials(token.as_ref(), named.dataset.as_ref()));
    Destination::new(&named.endpoint, protocol, headers, level).map_err(|error| error.to_string())
}

/// The headers that carry a token and the name of a dataset.
pub(super) fn credentials(token: Option<&String>, dataset: Option<&String>) -> impl Iterator<Item = Header> {
    let header = |name: &str, value: String| Header { name: name.to_owned(), value };
    let token = token.map(|token| header("Authorization", format!("Bearer {token}")));
    token.into_iter().chain(dataset.map(|dataset| header("Dash0-Dataset", dataset.clone())))
}

/// The protocol of this name; the default without one.
pub(super) fn protocol(name: Option<&str>) -> Result<Protocol, String> {
    match name {
        None => Ok(Protocol::default()),
        Some(name) => Protocol::named(name)
            .ok_or_else(|| format!("protocol {name:?} is none of http/protobuf, http/json")),
    }
}

/// The capture level of this name.
pub(super) fn level(name: &str) -> Result<CaptureLevel, String> {
    CaptureLevel::named(name).ok_or_else(|| format!("level {name:?} is none of metadata, redacted, full"))
}

/// What is told of the user.
pub(super) fn user_info(name: &str) -> Result<Disclosure, String> {
    Disclosure::named(name).ok_or_else(|| format!("user_info {name:?} is none of hash, name"))
}
