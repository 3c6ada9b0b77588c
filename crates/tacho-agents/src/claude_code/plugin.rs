//! How the recorder comes to Claude Code: as a plugin from a marketplace that is a folder.
//!
//! Measured with 2.1.119 and 2.1.330: hooks of a plugin from such a marketplace run from the folder itself, so what
//! is replaced there counts from the next hook on. A manifest with a key that 2.1.119 does not know within an option,
//! such as `options`, is refused by it as a whole.

use super::settings::handed;
use super::{native, status_line};
use crate::PluginOptions;
use crate::setup::{
    AgentVersion, PluginCopy, PluginFiles, PluginTexts, Replacement, Scope, SettingsFile, SettingsOf, Setup,
    ShippedFile, Switches, Words,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The plugin's name.
const NAME: &str = "tachograph";
/// With the name of its marketplace.
const PLUGIN: &str = "tachograph@tachograph";
/// The plugins by which people of one vendor record the same.
const OTHER_RECORDERS: [&str; 2] = ["dash0", "dash0-agent-plugin"];
/// Where the plugin lies in the marketplace.
const PLUGIN_FOLDER: &str = "plugins/claude-code";

/// A file of the plugin, with the path it has in the repository and gets below the folder.
macro_rules! shipped {
    ($path:literal) => {
        ShippedFile { path: $path, bytes: include_bytes!(concat!("../../../../", $path)) }
    };
}

pub(super) const SETUP: Setup = Setup {
    program: "claude",
    program_places: &[".local/bin/claude", ".claude/local/claude"],
    how_to_get: "get it with `npm install -g @anthropic-ai/claude-code`, or name it: tacho install claude-code --claude PATH",
    without_installing: "without installing anything, `claude --plugin-dir FOLDER` records one session too",
    how_to_configure: "/plugin > Installed > tachograph > Configure, then /reload-plugins",
    how_to_reload: "type /reload-plugins in sessions that run already, or start them anew",
    version,
    version_min: AgentVersion([2, 1, 119]),
    newer_words: &[(
        AgentVersion([2, 1, 330]),
        "prompt ids, the times of requests, model switches and added directories",
    )],
    plugin: PLUGIN,
    files: &[
        shipped!(".claude-plugin/marketplace.json"),
        shipped!("plugins/claude-code/.claude-plugin/plugin.json"),
        shipped!("plugins/claude-code/LICENSE"),
        shipped!("plugins/claude-code/README.md"),
        shipped!("plugins/claude-code/assets/icon.png"),
        shipped!("plugins/claude-code/hooks/hooks.json"),
        shipped!("plugins/claude-code/hooks/newer.json"),
        shipped!("plugins/claude-code/hooks/measuring.json"),
        shipped!("plugins/claude-code/hooks/register.js"),
    ],
    native: native::NATIVE,
    measuring: Replacement {
        path: "plugins/claude-code/hooks/newer.json",
        by: "plugins/claude-code/hooks/measuring.json",
    },
    plugin_folder: PLUGIN_FOLDER,
    words: Words {
        version: &["--version"],
        add_source: |folder| words(&["plugin", "marketplace", "add"], Some(folder.as_os_str().to_owned())),
        install: |scope| words(&["plugin", "install", PLUGIN, "--scope", scope.name()], None),
        enable: |scope| words(&["plugin", "enable", PLUGIN, "--scope", scope.name()], None),
        configure: &["plugin", "configure", PLUGIN, "--values-stdin"],
        uninstall: |scope| words(&["plugin", "uninstall", PLUGIN, "--scope", scope.name()], None),
        keep_data: "--keep-data",
        remove_source: &["plugin", "marketplace", "remove", NAME],
    },
    config_directory: ("CLAUDE_CONFIG_DIR", ".claude"),
    settings_files: &[
        SettingsFile { of: SettingsOf::User, path: "settings.json" },
        SettingsFile { of: SettingsOf::Project, path: ".claude/settings.json" },
        SettingsFile { of: SettingsOf::Project, path: ".claude/settings.local.json" },
        SettingsFile { of: SettingsOf::Machine, path: "/etc/claude-code/managed-settings.json" },
    ],
    plugin_files: PluginFiles {
        installed: "plugins/installed_plugins.json",
        sources: "plugins/known_marketplaces.json",
    },
    plugins,
    options,
    switches,
    status_line: status_line::command_of,
    transcripts: "projects",
    sample_payload: r#"{"session_id":"00000000-0000-4000-8000-000000000000","transcript_path":"/dev/null","cwd":"/","hook_event_name":"Notification","message":"a trial","notification_type":"trial"}"#,
};

fn words(fixed: &[&str], last: Option<OsString>) -> Vec<OsString> {
    fixed.iter().map(OsString::from).chain(last).collect()
}

/// `2.1.330 (Claude Code)`.
fn version(printed: &str) -> Option<AgentVersion> {
    let mut numbers = printed.split_whitespace().next()?.split('.').map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some(AgentVersion([next()?, next()?, next()?]))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    enabled_plugins: BTreeMap<String, Value>,
    plugin_configs: BTreeMap<String, PluginConfig>,
    disable_all_hooks: bool,
    allow_managed_hooks_only: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PluginConfig {
    options: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Installed {
    plugins: BTreeMap<String, Vec<Installation>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Installation {
    scope: String,
    install_path: Option<PathBuf>,
    project_path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Marketplace {
    source: MarketplaceSource,
}

#[derive(Deserialize)]
struct MarketplaceSource {
    source: String,
    path: Option<PathBuf>,
}

/// What a file says; one that is missing or cannot be understood says nothing.
fn read<T: Default + DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

fn switches(settings: &str) -> Switches {
    let settings: Settings = read(settings);
    Switches {
        no_hooks: settings.disable_all_hooks.then_some("disableAllHooks"),
        only_managed_hooks: settings.allow_managed_hooks_only.then_some("allowManagedHooksOnly"),
    }
}

fn options(settings: &str) -> PluginOptions {
    let mut settings: Settings = read(settings);
    let ours = settings.plugin_configs.remove(PLUGIN).unwrap_or_default();
    ours.options.into_iter().filter_map(|(key, value)| Some((key, handed(&value)?))).collect()
}

fn plugins(texts: &PluginTexts<'_>) -> Vec<PluginCopy> {
    let installed: Installed = read(texts.installed);
    let marketplaces: BTreeMap<String, Marketplace> = read(texts.sources);
    let mut enabled = BTreeMap::new();
    for settings in texts.settings {
        enabled.extend(read::<Settings>(settings).enabled_plugins);
    }
    let copies = installed.plugins.into_iter().filter(|(_, installations)| !installations.is_empty());
    copies
        .map(|(id, installations)| {
            let (name, marketplace) = id.split_once('@').unwrap_or((&id, ""));
            let source = marketplaces.get(marketplace).and_then(Marketplace::folder);
            let cached = installations.iter().find_map(|installation| installation.install_path.clone());
            PluginCopy {
                is_recorder: is_recorder(&id),
                is_other_recorder: OTHER_RECORDERS.contains(&name),
                is_enabled: enabled.get(&id).is_some_and(|value| value.as_bool() == Some(true)),
                folder: source.as_deref().map(|source| plugin_folder(source, name)).or(cached),
                source,
                scopes: installations.into_iter().filter_map(Installation::scope).collect(),
                id,
            }
        })
        .collect()
}

/// Whether this is the recorder, from whatever source.
pub(super) fn is_recorder(id: &str) -> bool {
    id.split_once('@').map_or(id, |(name, _)| name) == NAME
}

/// Ours lies where we put it; that of somebody else may lie anywhere in its marketplace.
fn plugin_folder(source: &Path, name: &str) -> PathBuf {
    if name == NAME { source.join(PLUGIN_FOLDER) } else { source.to_owned() }
}

impl Installation {
    fn scope(self) -> Option<(Scope, Option<PathBuf>)> {
        Some((Scope::named(&self.scope)?, self.project_path))
    }
}

impl Marketplace {
    fn folder(&self) -> Option<PathBuf> {
        self.source.path.clone().filter(|_| self.source.source == "directory")
    }
}
