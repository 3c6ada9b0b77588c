//! The configuration file.

use super::{Author, Config, Retention};
use crate::failure::{Failure, FailureKind};
use crate::place::ConfigFile;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use tacho_export::destination::{Destination, Header, Protocol};
use tacho_privacy::CaptureLevel;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    agent_name: Option<String>,
    #[serde(default)]
    destination: Vec<NamedDestination>,
    #[serde(default)]
    retention: Retention,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedDestination {
    endpoint: String,
    protocol: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    level: Option<String>,
}

/// Reads the file into the configuration; one that is missing says nothing.
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
    if file.author == Author::Owner {
        config.agent_name = contents.agent_name;
        config.retention = contents.retention;
    }
    for (number, named) in (1..).zip(contents.destination) {
        let destination = destination(named);
        if let (Err(reason), Author::Owner) = (&destination, file.author) {
            let message = format!("destination {number} in {place} cannot be used: {reason}");
            return Err(Failure::new(FailureKind::Config, message));
        }
        config.name(&place.to_string(), file.author, destination);
    }
    Ok(())
}

fn destination(named: NamedDestination) -> Result<Destination, String> {
    let protocol = protocol(named.protocol.as_deref())?;
    let level = match named.level.as_deref() {
        None => CaptureLevel::default(),
        Some(level) => CaptureLevel::named(level)
            .ok_or_else(|| format!("level {level:?} is none of metadata, redacted, full"))?,
    };
    let headers = named.headers.into_iter().map(|(name, value)| Header { name, value }).collect();
    Destination::new(&named.endpoint, protocol, headers, level).map_err(|error| error.to_string())
}

/// The protocol of this name; the default without one.
pub(super) fn protocol(name: Option<&str>) -> Result<Protocol, String> {
    match name {
        None => Ok(Protocol::default()),
        Some(name) => Protocol::named(name)
            .ok_or_else(|| format!("protocol {name:?} is none of http/protobuf, http/json")),
    }
}
