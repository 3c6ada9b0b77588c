//! The agent's side of an installation: its program, its settings, the plugins it has. Reads; changes nothing.

use crate::failure::{Failure, FailureKind};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tacho_agents::setup::{AgentVersion, PluginCopy, PluginTexts, SettingsFile, SettingsOf, Setup};
use tacho_agents::{AGENTS, Agent, PluginOptions};

/// The option of the plugin that names an endpoint, as its manifest spells it.
pub(super) const ENDPOINT: &str = "OTLP_ENDPOINT";
/// The option that says how much the endpoint gets.
pub(super) const LEVEL: &str = "CAPTURE_LEVEL";

/// An agent as this user has it.
#[derive(Debug)]
pub(super) struct AgentSide {
    pub(super) agent: &'static Agent,
    /// The user's home.
    pub(super) home: PathBuf,
    /// Where the agent keeps its configuration.
    pub(super) config_directory: PathBuf,
    /// The directory whose project's settings count.
    pub(super) project: PathBuf,
}

/// A file of settings that is there.
#[derive(Debug)]
pub(super) struct SettingsText {
    pub(super) of: SettingsOf,
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl AgentSide {
    /// The agent of this name.
    pub(super) fn named(name: &str) -> Result<Self, Failure> {
        let agent = AGENTS.iter().find(|agent| agent.name == name).ok_or_else(|| {
            let known: Vec<&str> = AGENTS.iter().map(|agent| agent.name).collect();
            Failure::new(FailureKind::Config, format!("no agent is called {name:?}"))
                .hint(format!("known are {}", known.join(", ")))
        })?;
        Self::of(agent)
    }

    /// This agent.
    pub(super) fn of(agent: &'static Agent) -> Result<Self, Failure> {
        let home = directory("HOME").ok_or_else(|| {
            Failure::new(FailureKind::External, "nobody says where your home directory is").hint("set HOME")
        })?;
        let (variable, below_home) = agent.setup.config_directory;
        Ok(Self {
            agent,
            config_directory: directory(variable).unwrap_or_else(|| home.join(below_home)),
            project: env::current_dir().unwrap_or_else(|_| home.clone()),
            home,
        })
    }

    pub(super) const fn setup(&self) -> &'static Setup {
        self.agent.setup
    }

    /// Where what is shipped is put: a folder that stays.
    pub(super) fn folder(&self) -> PathBuf {
        let data = directory("XDG_DATA_HOME").unwrap_or_else(|| self.home.join(".local/share"));
        data.join("tachograph").join(self.agent.name)
    }

    /// The folder of programs in what was put there.
    pub(super) fn programs(&self) -> PathBuf {
        self.folder().join(self.setup().plugin_folder).join("bin")
    }

    /// The agent's program: the one that is named, else the first on `PATH`, else where it usually lies.
    pub(super) fn program(&self, given: Option<&Path>) -> Option<PathBuf> {
        if let Some(given) = given {
            return is_program(given).then(|| given.to_owned());
        }
        let on_path = programs_on_path(self.setup().program);
        let elsewhere = self.setup().program_places.iter().map(|place| self.home.join(place));
        on_path.into_iter().chain(elsewhere).find(|program| is_program(program))
    }

    /// What the program says its version is.
    pub(super) fn version(&self, program: &Path) -> Option<AgentVersion> {
        let mut command = Command::new(program);
        let said = command.args(self.setup().words.version).stdin(Stdio::null()).output().ok()?;
        (self.setup().version)(&String::from_utf8_lossy(&said.stdout))
    }

    /// The settings that count here, those that win last.
    pub(super) fn settings(&self) -> Vec<SettingsText> {
        let read = |file: &SettingsFile| {
            let path = match file.of {
                SettingsOf::User => self.config_directory.join(file.path),
                SettingsOf::Project => self.project.join(file.path),
                SettingsOf::Machine => PathBuf::from(file.path),
            };
            let text = fs::read_to_string(&path).ok()?;
            Some(SettingsText { of: file.of, path, text })
        };
        let mut found: Vec<SettingsText> = Vec::new();
        for file in self.setup().settings_files.iter().filter_map(read) {
            // In the home directory the project's settings are the user's.
            if found.iter().all(|known| known.path != file.path) {
                found.push(file);
            }
        }
        found
    }

    /// The plugins the agent has.
    pub(super) fn plugins(&self) -> Vec<PluginCopy> {
        let read = |path| fs::read_to_string(self.config_directory.join(path)).unwrap_or_default();
        let files = self.setup().plugin_files;
        let settings: Vec<String> = self.settings().into_iter().map(|file| file.text).collect();
        (self.setup().plugins)(&PluginTexts {
            installed: &read(files.installed),
            sources: &read(files.sources),
            settings: &settings,
        })
    }

    /// The plugin as it was installed here, if it was.
    pub(super) fn own_plugin(&self) -> Option<PluginCopy> {
        self.plugins().into_iter().find(|copy| copy.id == self.setup().plugin)
    }

    /// The options of the plugin in the user's own settings, without the secret ones.
    pub(super) fn options(&self) -> PluginOptions {
        let settings = self.settings();
        let users = settings.iter().find(|file| file.of == SettingsOf::User);
        users.map(|file| (self.setup().options)(&file.text)).unwrap_or_default()
    }
}

/// A directory that a variable names.
pub(super) fn directory(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The places of a program of this name on `PATH`, the one that is meant first.
pub(super) fn programs_on_path(name: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|directory| directory.join(name))
        .filter(|program| is_program(program))
        .collect()
}

/// Whether this is a file that can be started.
pub(super) fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}
