//! What the environment says: the plugin's options, and variables.

use super::file::protocol;
use super::owner::is_owners_word;
use super::{Author, Config};
use std::collections::BTreeMap;
use std::env;
use tacho_agents::{AGENTS, Agent, PluginOptions};
use tacho_export::destination::{Destination, Header, Protocol};
use tacho_privacy::CaptureLevel;

/// The spellings of an option, the first found counting.
const ENDPOINT: &[&str] = &["OTLP_ENDPOINT", "OTLP_URL"];
const TOKEN: &[&str] = &["AUTH_TOKEN"];
const DATASET: &[&str] = &["DATASET"];
const AGENT_NAME: &[&str] = &["AGENT_NAME"];

/// Reads the plugin's options and the variables into the configuration.
pub(super) fn read(config: &mut Config) {
    for agent in AGENTS {
        let options = plugin_options(agent);
        if config.agent_name.is_none() {
            config.agent_name = first(&options, AGENT_NAME).cloned();
        }
        if let Some(endpoint) = first(&options, ENDPOINT) {
            let author = if is_owners_word(agent, &options) { Author::Owner } else { Author::Unknown };
            config.name("the plugin's options", author, from_plugin(endpoint, &options));
        }
    }
    if let Some(endpoint) = variable("TACHO_OTLP_ENDPOINT") {
        config.name("TACHO_OTLP_ENDPOINT", Author::Unknown, from_variables(&endpoint));
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The options that name a destination, as the agent hands them to hooks.
fn plugin_options(agent: &Agent) -> PluginOptions {
    let keys = [ENDPOINT, TOKEN, DATASET, AGENT_NAME].into_iter().flatten();
    let option = |key: &&str| Some(((*key).to_owned(), variable(&format!("{}{key}", agent.option_prefix))?));
    keys.filter_map(option).collect::<BTreeMap<_, _>>()
}

fn first<'a>(options: &'a PluginOptions, spellings: &[&str]) -> Option<&'a String> {
    spellings.iter().find_map(|key| options.get(*key))
}

fn from_plugin(endpoint: &str, options: &PluginOptions) -> Result<Destination, String> {
    let mut headers = Vec::new();
    if let Some(token) = first(options, TOKEN) {
        headers.push(Header { name: "Authorization".to_owned(), value: format!("Bearer {token}") });
    }
    if let Some(dataset) = first(options, DATASET) {
        headers.push(Header { name: "Dash0-Dataset".to_owned(), value: dataset.clone() });
    }
    destination(endpoint, Protocol::default(), headers)
}

fn from_variables(endpoint: &str) -> Result<Destination, String> {
    let protocol = protocol(variable("TACHO_OTLP_PROTOCOL").as_deref())?;
    let headers = headers_from(&variable("TACHO_OTLP_HEADERS").unwrap_or_default())?;
    destination(endpoint, protocol, headers)
}

fn destination(endpoint: &str, protocol: Protocol, headers: Vec<Header>) -> Result<Destination, String> {
    Destination::new(endpoint, protocol, headers, CaptureLevel::default()).map_err(|error| error.to_string())
}

/// Headers as `OTEL_EXPORTER_OTLP_HEADERS` writes them: `name=value,name=value`, percent-encoded.
fn headers_from(list: &str) -> Result<Vec<Header>, String> {
    let pairs = list.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let header = |pair: &str| {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| "TACHO_OTLP_HEADERS is not name=value,...".to_owned())?;
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
