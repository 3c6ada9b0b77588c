//! How the recorder comes to an agent: what is shipped, what to tell the agent's own program, and where to look
//! whether it worked. Words and places only; whoever asks does the reading and running.

use crate::PluginOptions;
use crate::native::NativeTelemetry;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// How the recorder is installed for an agent.
#[derive(Debug)]
pub struct Setup {
    /// The agent's program, as a shell finds it.
    pub program: &'static str,
    /// Where it may lie below the home directory when no `PATH` leads to it.
    pub program_places: &'static [&'static str],
    /// How to get the program.
    pub how_to_get: &'static str,
    /// How to be recorded without installing anything; `FOLDER` stands for the plugin's folder.
    pub without_installing: &'static str,
    /// How a user gives the plugin's options values within the agent.
    pub how_to_configure: &'static str,
    /// How sessions that run already take the plugin up.
    pub how_to_reload: &'static str,
    /// The version in what the program prints when asked for it.
    pub version: fn(&str) -> Option<AgentVersion>,
    /// The oldest version that is supported.
    pub version_min: AgentVersion,
    /// What versions before another may not say.
    pub newer_words: &'static [(AgentVersion, &'static str)],
    /// The plugin's name in its source, which is how the agent knows it.
    pub plugin: &'static str,
    /// Everything that is shipped but the programs.
    pub files: &'static [ShippedFile],
    /// How the agent is told to send its own telemetry to this machine.
    pub native: NativeTelemetry,
    /// What has the agent run our module.
    pub measuring: Replacement,
    /// The plugin itself, below the folder of what is shipped.
    pub plugin_folder: &'static str,
    /// What to tell the agent's program.
    pub words: Words,
    /// Where the agent keeps its configuration: a variable, and a place below the home directory without it.
    pub config_directory: (&'static str, &'static str),
    /// The settings that the agent obeys, those that win last.
    pub settings_files: &'static [SettingsFile],
    /// What the agent wrote down about its plugins, below its configuration directory.
    pub plugin_files: PluginFiles,
    /// The plugins that those files name.
    pub plugins: fn(&PluginTexts<'_>) -> Vec<PluginCopy>,
    /// The options of the plugin in the user's own settings, without those that the agent keeps secret.
    pub options: fn(&str) -> PluginOptions,
    /// What keeps hooks from running.
    pub switches: fn(&str) -> Switches,
    /// The command of the agent's status line in its settings, if it is one of ours.
    pub status_line: fn(&str) -> Option<String>,
    /// The directory of transcripts, below its configuration directory.
    pub transcripts: &'static str,
    /// A payload that a hook could get, for a trial.
    pub sample_payload: &'static str,
}

/// A file as it is shipped.
#[derive(Clone, Copy, Debug)]
pub struct ShippedFile {
    /// Its path below the folder.
    pub path: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
}

/// A shipped file that another one may stand in for.
#[derive(Clone, Copy, Debug)]
pub struct Replacement {
    /// Its path below the folder.
    pub path: &'static str,
    /// The other one's, which is shipped, too.
    pub by: &'static str,
}

/// A version of an agent's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgentVersion(pub [u32; 3]);

impl fmt::Display for AgentVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(formatter, "{major}.{minor}.{patch}")
    }
}

/// For whom a plugin is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The user, everywhere.
    User,
    /// Everybody who works in a project.
    Project,
    /// The user, in a project.
    Local,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::User, Self::Project, Self::Local];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Local => "local",
        }
    }

    /// The scope of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// Arguments of the agent's program.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Say the version.
    pub version: &'static [&'static str],
    /// Take plugins from this folder.
    pub add_source: fn(&Path) -> Vec<OsString>,
    /// Install the plugin.
    pub install: fn(Scope) -> Vec<OsString>,
    /// Switch the installed plugin on.
    pub enable: fn(Scope) -> Vec<OsString>,
    /// Give options of the plugin values, which come as a JSON object on standard input.
    pub configure: &'static [&'static str],
    /// Remove the plugin.
    pub uninstall: fn(Scope) -> Vec<OsString>,
    /// What makes that leave the folder of data which the agent gave the plugin.
    pub keep_data: &'static str,
    /// Take no plugins from the folder any more.
    pub remove_source: &'static [&'static str],
}

/// A file of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingsFile {
    /// Whose they are.
    pub of: SettingsOf,
    /// Where it lies: below the configuration directory, below the project, or anywhere.
    pub path: &'static str,
}

/// Whose settings a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsOf {
    /// The user's, below the agent's configuration directory.
    User,
    /// A project's, below its directory.
    Project,
    /// The machine's.
    Machine,
}

/// Where the agent writes down what it knows of plugins, below its configuration directory.
#[derive(Clone, Copy, Debug)]
pub struct PluginFiles {
    /// The plugins it has installed.
    pub installed: &'static str,
    /// Where they come from.
    pub sources: &'static str,
}

/// What stands in those files, and in the settings; empty where there is none.
#[derive(Clone, Copy, Debug)]
pub struct PluginTexts<'a> {
    /// The plugins it has installed.
    pub installed: &'a str,
    /// Where they come from.
    pub sources: &'a str,
    /// All settings, those that win last.
    pub settings: &'a [String],
}

/// A plugin that an agent has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginCopy {
    /// Its name, with that of its source.
    pub id: String,
    /// Whether it is the recorder.
    pub is_recorder: bool,
    /// Whether it records to somewhere else what the recorder records.
    pub is_other_recorder: bool,
    /// For whom it is installed.
    pub scopes: Vec<(Scope, Option<PathBuf>)>,
    /// Whether it is switched on.
    pub is_enabled: bool,
    /// The folder that its source is; `None` for a source elsewhere.
    pub source: Option<PathBuf>,
    /// Where its hooks run from.
    pub folder: Option<PathBuf>,
}

/// Settings that keep hooks from running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// Names the setting by which no hook runs.
    pub no_hooks: Option<&'static str>,
    /// Names the setting by which only hooks run that the machine's settings bring.
    pub only_managed_hooks: Option<&'static str>,
}
