//! What the environment says: the plugin's options, and variables.

use super::described::Described;
use super::file::{credentials, level, said, user_info};
use super::files::Files;
use super::otel;
use super::owner::is_owners_word;
use super::stored::Directory;
use super::{Author, Config, Origin, Refused, Said};
use crate::propagation::Propagation;
use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use tacho_agents::{AGENTS, Agent, OwnersFiles, PluginOptions};
use tacho_export::destination::{Destination, Header, Protocol};
use tacho_export::percent;
use tacho_model::attribute::Key;
use tacho_model::semconv;
use tacho_privacy::{CaptureLevel, Disclosure};

/// The spellings of an option, the first found counting: ours, then those of the plugin that many come from.
const ENDPOINT: &[&str] = &["OTLP_ENDPOINT", "OTLP_URL"];
const TOKEN: &[&str] = &["AUTH_TOKEN"];
const HEADERS: &[&str] = &["HEADERS"];
const DATASET: &[&str] = &["DATASET"];
const AGENT_NAME: &[&str] = &["AGENT_NAME"];
const TEAM: &[&str] = &["TEAM"];
const CAPTURE_LEVEL: &[&str] = &["CAPTURE_LEVEL"];
const USER_INFO: &[&str] = &["USER_INFO"];
const OMIT_IO: &[&str] = &["OMIT_IO"];
const OMIT_USER_INFO: &[&str] = &["OMIT_USER_INFO"];
const PROPAGATION_COMMANDS: &[&str] = &["PROPAGATION_COMMANDS"];
const PROPAGATION_INBOUND: &[&str] = &["PROPAGATION_INBOUND"];
/// Every option.
const OPTIONS: [&[&str]; 12] = [
    ENDPOINT,
    TOKEN,
    HEADERS,
    DATASET,
    AGENT_NAME,
    TEAM,
    CAPTURE_LEVEL,
    USER_INFO,
    OMIT_IO,
    OMIT_USER_INFO,
    PROPAGATION_COMMANDS,
    PROPAGATION_INBOUND,
];

/// Reads the plugin's options and the variables into the configuration.
pub(super) fn read(config: &mut Config) {
    for agent in AGENTS {
        let (handed, stored) = (plugin_options(agent), Directory::of(agent));
        let author = if is_owners_word(agent, &handed) { Author::Owner } else { Author::Unknown };
        let take_stored = |author, config: &mut Config| {
            let meant = stored.iter().filter(|directory| directory.author == author);
            meant.for_each(|directory| take_stored(agent, directory, &handed, config));
        };
        // What the owner keeps comes first: what a hook was handed may be older, and a variable that a repository added to it
        // must not spoil what the owner said.
        take_stored(Author::Owner, config);
        tell(&handed, &Origin::PluginOptions, author, config);
        send(&handed, &Origin::PluginOptions, author, config);
        take_stored(Author::Unknown, config);
    }
    name_by_variables(config);
    wish(config);
    // What was set for the plugin that many come from; its token is none of these.
    if let Some(endpoint) = variable("DASH0_OTLP_URL") {
        let dataset = variable("DASH0_DATASET");
        let headers = credentials(None, dataset.as_ref()).collect();
        let takes_all = variable("DASH0_OMIT_IO").is_some_and(|omit| omit == "false");
        let level = if takes_all { CaptureLevel::Full } else { CaptureLevel::default() };
        let named = destination(&endpoint, Protocol::default(), headers, level);
        config.name(Origin::Variable("DASH0_OTLP_URL"), Author::Unknown, named);
    }
}

/// Reads what names are to be reported and what is to be handed on of traces, where nobody knows who wishes it: not while a
/// known destination would get that, too.
pub(super) fn read_labels(config: &mut Config) {
    if config.destinations.iter().any(|named| named.author != Author::Unknown) {
        return;
    }
    for agent in AGENTS {
        label(&plugin_options(agent), &Origin::PluginOptions, config);
        if let Some(directory) = Directory::of(agent) {
            let origin = directory.origin(agent);
            directory.plugins(agent).iter().for_each(|plugin| label(&plugin.options, &origin, config));
        }
    }
    let Propagation { commands, inbound } = &mut config.propagation;
    for (setting, name) in [(commands, "TACHO_PROPAGATION_COMMANDS"), (inbound, "TACHO_PROPAGATION_INBOUND")]
    {
        said(setting, variable(name).map(|value| value == "true"), &Origin::Variable(name));
    }
    let Said { value: mut attributes, origin } = otel::resource_attributes(config);
    let by = |name| Some(Said { value: variable(name)?, origin: Origin::Variable(name) });
    let mut among = |key: Key| Some(Said { value: attributes.remove(key.name())?, origin: origin.clone() });
    let agent_names = [
        by("TACHO_AGENT_NAME"),
        by("OTEL_SERVICE_NAME").filter(|_| config.declared.is_none()),
        among(semconv::SERVICE_NAME),
        by("DASH0_AGENT_NAME"),
    ];
    let teams = [by("TACHO_TEAM"), among(semconv::TACHOGRAPH_TEAM)];
    config.agent_name = config.agent_name.take().or_else(|| agent_names.into_iter().flatten().next());
    config.team = config.team.take().or_else(|| teams.into_iter().flatten().next());
    config.declare(attributes, &origin);
}

/// Takes in what variables wish of debugging, and what they may not wish.
fn wish(config: &mut Config) {
    for name in ["TACHO_DEBUG", "DASH0_DEBUG"] {
        config.debugs |= variable(name).is_some_and(|value| value == "true");
    }
    if variable("DASH0_DEBUG_FILE").is_some() {
        let reason = "a path is for you alone to choose: tacho config set debug_file PATH".to_owned();
        config.refuse(Origin::Variable("DASH0_DEBUG_FILE"), reason);
    }
    if variable("DASH0_OMIT_USER_INFO").is_some_and(|omit| omit == "false") {
        let reason = "your name is for you alone to tell: tacho config set user_info name".to_owned();
        config.refuse(Origin::Variable("DASH0_OMIT_USER_INFO"), reason);
    }
}

/// Takes in what the agent keeps of the plugin's options.
fn take_stored(agent: &Agent, directory: &Directory, handed: &PluginOptions, config: &mut Config) {
    let origin = directory.origin(agent);
    for plugin in directory.plugins(agent) {
        tell(&plugin.options, &origin, directory.author, config);
        match hidden_token(agent.owners_files, &plugin.options) {
            Some(endpoint) if first(handed, ENDPOINT) != Some(endpoint) => config.waiting.push(Refused {
                origin: origin.clone(),
                reason: format!(
                    "{endpoint} waits for its token, which only {} knows: its sessions send there",
                    agent.name
                ),
            }),
            Some(_) => {}
            None => send(&plugin.options, &origin, directory.author, config),
        }
    }
}

/// The endpoint whose token, if it has one, is kept where only the agent gets at it.
fn hidden_token(files: OwnersFiles, options: &PluginOptions) -> Option<&String> {
    let may_have_one = files.may_hide_secrets && first(options, TOKEN).is_none();
    first(options, ENDPOINT).filter(|_| may_have_one)
}

/// Takes in what the plugin's options say of who works here, if that is known to be the owner's word.
fn tell(options: &PluginOptions, origin: &Origin, author: Author, config: &mut Config) {
    if author == Author::Unknown {
        return;
    }
    label(options, origin, config);
    if let (Origin::Default, Some(value)) = (&config.user_info.origin, told_of_user(options)) {
        config.user_info = Said { value, origin: origin.clone() };
    }
}

/// Takes in what names are to be reported, and what is to be handed on of traces.
fn label(options: &PluginOptions, origin: &Origin, config: &mut Config) {
    let name = |value: &String| Said { value: value.clone(), origin: origin.clone() };
    if config.agent_name.is_none() {
        config.agent_name = first(options, AGENT_NAME).map(name);
    }
    if config.team.is_none() {
        config.team = first(options, TEAM).map(name);
    }
    let Propagation { commands, inbound } = &mut config.propagation;
    for (setting, spellings) in [(commands, PROPAGATION_COMMANDS), (inbound, PROPAGATION_INBOUND)] {
        said(setting, first(options, spellings).map(|value| value == "true"), origin);
    }
}

/// Takes in where the plugin's options say that telemetry goes.
fn send(options: &PluginOptions, origin: &Origin, author: Author, config: &mut Config) {
    if let Some(endpoint) = first(options, ENDPOINT) {
        config.name(origin.clone(), author, from_plugin(endpoint, options));
    }
}

/// What the options say about the user's name.
fn told_of_user(options: &PluginOptions) -> Option<Disclosure> {
    let named = first(options, USER_INFO).and_then(|name| user_info(name).ok());
    named.or_else(|| first(options, OMIT_USER_INFO).filter(|omit| *omit == "false").map(|_| Disclosure::Name))
}

pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The options that name a destination, as the agent hands them to hooks.
fn plugin_options(agent: &Agent) -> PluginOptions {
    let keys = OPTIONS.into_iter().flatten();
    let option = |key: &&str| Some(((*key).to_owned(), variable(&format!("{}{key}", agent.option_prefix))?));
    keys.filter_map(option).collect::<BTreeMap<_, _>>()
}

fn first<'a>(options: &'a PluginOptions, spellings: &[&str]) -> Option<&'a String> {
    spellings.iter().find_map(|key| options.get(*key)).filter(|value| !value.is_empty())
}

/// The destination that the plugin's options name with this endpoint.
pub(crate) fn from_plugin(endpoint: &str, options: &PluginOptions) -> Result<Destination, String> {
    let mut headers = headers_from(first(options, HEADERS).map_or("", String::as_str))
        .map_err(|()| "the option HEADERS is not name=value,...".to_owned())?;
    headers.extend(credentials(first(options, TOKEN), first(options, DATASET)));
    let takes_all = first(options, OMIT_IO).is_some_and(|omit| omit == "false");
    let level = match first(options, CAPTURE_LEVEL) {
        Some(name) => level(name)?,
        None if takes_all => CaptureLevel::Full,
        None => CaptureLevel::default(),
    };
    destination(endpoint, Protocol::default(), headers, level)
}

/// Takes in what our own variables say, which have the names and values of the keys in a file.
fn name_by_variables(config: &mut Config) {
    const ENDPOINT: &str = "TACHO_OTLP_ENDPOINT";
    let preset = variable("TACHO_OTLP_PRESET");
    let Some(by) = variable(ENDPOINT).map(|_| ENDPOINT).or(preset.as_ref().map(|_| "TACHO_OTLP_PRESET"))
    else {
        return;
    };
    let to = described_by_variables(preset, &mut config.files);
    config.name(Origin::Variable(by), Author::Unknown, to);
}

fn described_by_variables(preset: Option<String>, files: &mut Files) -> Result<Destination, String> {
    let number = |name: &str| -> Result<Option<f64>, String> {
        let number = |text: String| text.parse().map_err(|_| format!("{name} {text:?} is no number"));
        variable(name).map(number).transpose()
    };
    let headers = headers_from(&variable("TACHO_OTLP_HEADERS").unwrap_or_default())
        .map_err(|()| "TACHO_OTLP_HEADERS is not name=value,...".to_owned())?;
    let list = |text: String| text.split(',').map(|name| name.trim().to_owned()).collect();
    let described = Described {
        preset,
        endpoint: variable("TACHO_OTLP_ENDPOINT"),
        region: variable("TACHO_OTLP_REGION"),
        dataset: variable("TACHO_OTLP_DATASET"),
        protocol: variable("TACHO_OTLP_PROTOCOL"),
        certificate: variable("TACHO_OTLP_CERTIFICATE").map(PathBuf::from),
        client_certificate: variable("TACHO_OTLP_CLIENT_CERTIFICATE").map(PathBuf::from),
        client_key: variable("TACHO_OTLP_CLIENT_KEY").map(PathBuf::from),
        compression: variable("TACHO_OTLP_COMPRESSION"),
        timeout_s: number("TACHO_OTLP_TIMEOUT_S")?,
        headers: headers.into_iter().map(|header| (header.name, header.value)).collect(),
        signals: variable("TACHO_OTLP_SIGNALS").map(list),
        sampling: number("TACHO_OTLP_SAMPLING")?,
        temporality: variable("TACHO_OTLP_TEMPORALITY"),
        ..Described::default()
    };
    described.destination(files).map_err(|complaint| complaint.reason)
}

fn destination(
    endpoint: &str,
    protocol: Protocol,
    headers: Vec<Header>,
    level: CaptureLevel,
) -> Result<Destination, String> {
    Destination::new(endpoint, protocol, headers, level).map_err(|error| error.to_string())
}

/// Headers as `OTEL_EXPORTER_OTLP_HEADERS` writes them: `name=value,name=value`, percent-encoded.
pub(super) fn headers_from(list: &str) -> Result<Vec<Header>, ()> {
    let pairs = list.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let header = |pair: &str| {
        let (name, value) = pair.split_once('=').ok_or(())?;
        Ok(Header { name: name.trim().to_owned(), value: percent::decoded(value.trim()) })
    };
    pairs.map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_only_the_agent_gets_at() {
        let options = |pairs: &[(&str, &str)]| -> PluginOptions {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let endpoint = ("OTLP_ENDPOINT", "https://otlp.example.com");
        for (may_hide_secrets, options, expected) in [
            (true, options(&[endpoint]), Some("https://otlp.example.com")),
            (true, options(&[endpoint, ("AUTH_TOKEN", "a-token")]), None),
            (true, options(&[("TEAM", "a-team")]), None),
            (false, options(&[endpoint]), None),
        ] {
            let files = OwnersFiles { settings: "settings", secrets: "secrets", may_hide_secrets };
            assert_eq!(hidden_token(files, &options).map(String::as_str), expected, "{options:?}");
        }
    }
}
