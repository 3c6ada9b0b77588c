//! Configuration: the owner's file, the plugin's options and the environment, made into one typed value.
//!
//! A destination is atomic: endpoint and headers come from one source and are never mixed. What the environment
//! alone says has no known author (a repository's settings can set variables), so it is obeyed only toward
//! loopback; elsewhere it needs the owner's word.

use crate::failure::{Failure, FailureKind};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use tacho_export::destination::{Destination, Header, Protocol};
use tacho_privacy::CaptureLevel;

/// What the recorder was told.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where telemetry goes. Empty: it stays on this machine.
    pub(crate) destinations: Vec<Destination>,
    /// Destinations that were named but are not used, and why.
    pub(crate) refused: Vec<Refused>,
    /// The name to report instead of the agent's own.
    pub(crate) agent_name: Option<String>,
    /// What is kept, and how long.
    pub(crate) retention: Retention,
}

/// A destination that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Where it was named.
    pub(crate) origin: String,
    /// Why it is not used.
    pub(crate) reason: String,
}

/// What is kept, and how long.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retention {
    /// Days after which a session is forgotten.
    pub(crate) days: u64,
    /// Quota of segments and blobs, in MiB.
    pub(crate) spool_mib: u64,
    /// Quota of the store, in MiB.
    pub(crate) store_mib: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 14, spool_mib: 512, store_mib: 1024 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnersFile {
    agent_name: Option<String>,
    #[serde(default)]
    destination: Vec<FileDestination>,
    #[serde(default)]
    retention: Retention,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDestination {
    name: Option<String>,
    endpoint: String,
    #[serde(default)]
    protocol: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    level: Option<String>,
}

/// Reads everything there is to read.
pub(crate) fn load(file: Option<&Path>) -> Result<Config, Failure> {
    let owner = file.map(read_file).transpose()?.flatten().unwrap_or_default();
    let mut config = Config {
        destinations: Vec::new(),
        refused: Vec::new(),
        agent_name: owner.agent_name.or_else(|| plugin_option(&["AGENT_NAME"])),
        retention: owner.retention,
    };
    let file_name = file.map(|file| file.display().to_string()).unwrap_or_default();
    for named in owner.destination {
        let destination = from_file(named).map_err(|reason| {
            Failure::new(
                FailureKind::Config,
                format!("a destination in {file_name} cannot be used: {reason}"),
            )
        })?;
        config.add(destination);
    }
    config.add_named("the plugin's options", from_plugin());
    config.add_named("TACHO_OTLP_ENDPOINT", from_environment());
    Ok(config)
}

impl Config {
    /// Nothing leaves the machine.
    pub(crate) fn local_only() -> Self {
        Self {
            destinations: Vec::new(),
            refused: Vec::new(),
            agent_name: None,
            retention: Retention::default(),
        }
    }

    fn add_named(&mut self, origin: &str, named: Option<Result<Destination, String>>) {
        match named {
            None => {}
            Some(Ok(destination)) => self.add(destination),
            Some(Err(reason)) => self.refused.push(Refused { origin: origin.to_owned(), reason }),
        }
    }

    /// The same endpoint named twice is one destination; the first to name it decides.
    fn add(&mut self, destination: Destination) {
        if self.destinations.iter().all(|known| known.endpoint() != destination.endpoint()) {
            self.destinations.push(destination);
        }
    }
}

fn read_file(path: &Path) -> Result<Option<OwnersFile>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::external(format!("read {}", path.display()), error)),
    };
    let parsed = toml::from_str(&text).map_err(|error| {
        Failure::new(FailureKind::Config, format!("{} is not valid:\n{error}", path.display()))
    })?;
    Ok(Some(parsed))
}

fn from_file(named: FileDestination) -> Result<Destination, String> {
    let protocol = protocol(named.protocol.as_deref())?;
    let level = match named.level.as_deref() {
        None => CaptureLevel::default(),
        Some(level) => CaptureLevel::named(level)
            .ok_or_else(|| format!("level {level:?} is none of metadata, redacted, full"))?,
    };
    let headers = named.headers.into_iter().map(|(name, value)| Header { name, value }).collect();
    let mut destination =
        Destination::new(&named.endpoint, protocol, headers, level).map_err(|error| error.to_string())?;
    if let Some(name) = named.name {
        destination.name = name;
    }
    Ok(destination)
}

fn protocol(name: Option<&str>) -> Result<Protocol, String> {
    match name {
        None => Ok(Protocol::default()),
        Some(name) => Protocol::named(name)
            .ok_or_else(|| format!("protocol {name:?} is none of http/protobuf, http/json")),
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// An option of the plugin by its first known spelling; the agent hands options to hooks as variables.
fn plugin_option(spellings: &[&str]) -> Option<String> {
    spellings.iter().find_map(|key| variable(&format!("CLAUDE_PLUGIN_OPTION_{key}")))
}

fn from_plugin() -> Option<Result<Destination, String>> {
    let endpoint = plugin_option(&["OTLP_ENDPOINT", "OTLP_URL"])?;
    let mut headers = Vec::new();
    if let Some(token) = plugin_option(&["AUTH_TOKEN"]) {
        headers.push(Header { name: "Authorization".to_owned(), value: format!("Bearer {token}") });
    }
    if let Some(dataset) = plugin_option(&["DATASET"]) {
        headers.push(Header { name: "Dash0-Dataset".to_owned(), value: dataset });
    }
    Some(destination(&endpoint, Protocol::default(), headers).and_then(|destination| {
        if destination.is_loopback() || is_in_owners_settings(&endpoint) {
            return Ok(destination);
        }
        Err(format!(
            "{endpoint} is not on this machine and stands in no settings file of yours; a repository can set this \
             option too. Configure it with /plugin, or name it in the configuration file"
        ))
    }))
}

fn from_environment() -> Option<Result<Destination, String>> {
    let endpoint = variable("TACHO_OTLP_ENDPOINT")?;
    let made = protocol(variable("TACHO_OTLP_PROTOCOL").as_deref()).and_then(|protocol| {
        let headers = headers_from(&variable("TACHO_OTLP_HEADERS").unwrap_or_default())?;
        destination(&endpoint, protocol, headers)
    });
    Some(made.and_then(|destination| {
        if destination.is_loopback() {
            return Ok(destination);
        }
        Err(format!(
            "{endpoint} is not on this machine, and a variable alone may have been set by a repository. \
             Name it in the configuration file"
        ))
    }))
}

fn destination(endpoint: &str, protocol: Protocol, headers: Vec<Header>) -> Result<Destination, String> {
    Destination::new(endpoint, protocol, headers, CaptureLevel::default()).map_err(|error| error.to_string())
}

/// Headers as `OTEL_EXPORTER_OTLP_HEADERS` writes them: `name=value,name=value`, percent-encoded.
fn headers_from(list: &str) -> Result<Vec<Header>, String> {
    let pairs = list.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let header = |pair: &str| {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| "TACHO_OTLP_HEADERS is not name=value,…".to_owned())?;
        Ok(Header { name: name.trim().to_owned(), value: percent_decoded(value.trim()) })
    };
    pairs.map(header).collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let hex = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the user's own agent settings hold this endpoint as an option of a plugin.
fn is_in_owners_settings(endpoint: &str) -> bool {
    let Some(home) = variable("HOME").map(PathBuf::from) else { return false };
    let Ok(text) = fs::read_to_string(home.join(".claude/settings.json")) else { return false };
    let Ok(settings) = serde_json::from_str::<OwnersSettings>(&text) else { return false };
    let options = settings.plugin_configs.into_values().flat_map(|plugin| plugin.options.into_values());
    options.into_iter().any(|value| value.as_str() == Some(endpoint))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnersSettings {
    #[serde(default)]
    plugin_configs: BTreeMap<String, PluginConfig>,
}

#[derive(Deserialize)]
struct PluginConfig {
    #[serde(default)]
    options: BTreeMap<String, serde_json::Value>,
}
