//! Where Claude Code keeps what its user configured for plugins.

use super::plugin;
use crate::{OwnersFiles, OwnersTexts, StoredPlugin};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Secrets lie in a file only where the system has no keychain.
pub(super) const FILES: OwnersFiles = OwnersFiles {
    settings: "settings.json",
    secrets: ".credentials.json",
    may_hide_secrets: cfg!(target_os = "macos"),
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    plugin_configs: BTreeMap<String, PluginConfig>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PluginConfig {
    options: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Secrets {
    plugin_secrets: BTreeMap<String, BTreeMap<String, Value>>,
}

/// The options of every plugin. A file that cannot be read as JSON holds none.
pub(super) fn stored_plugins(texts: &OwnersTexts) -> Vec<StoredPlugin> {
    let settings: Settings = serde_json::from_str(&texts.settings).unwrap_or_default();
    let mut secrets: Secrets = serde_json::from_str(&texts.secrets).unwrap_or_default();
    let plugins = settings.plugin_configs.into_iter().map(|(id, config)| {
        let secret = secrets.plugin_secrets.remove(&id).unwrap_or_default();
        let options = config.options.into_iter().chain(secret);
        StoredPlugin {
            is_recorder: plugin::is_recorder(&id),
            options: options.filter_map(|(key, value)| Some((key, handed(&value)?))).collect(),
        }
    });
    plugins.collect()
}

/// A value as hooks get it.
pub(super) fn handed(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
