//! The folders and the environment of one run, and what is kept of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use tacho_testkit::claude::Version;
use tacho_testkit::otlp::Receiver;
use tacho_testkit::scenario::{Loading, Scenario, Way};

use super::install::{Installed, Plugins};
use super::overnight::DayBefore;
use super::run::Protocol;

/// The protocols in which the CLI exports. Scenarios take turns with them, by the lengths of their descriptions.
const NATIVE_PROTOCOLS: [&str; 3] = ["http/protobuf", "http/json", "grpc"];

/// The folders and the environment of one run.
pub(super) struct Stage<'a> {
    pub(super) cli: &'a Installed,
    pub(super) project: PathBuf,
    pub(super) home: PathBuf,
    /// The folders that the CLI is told to load plugins from.
    pub(super) plugin_dirs: Vec<PathBuf>,
    /// The variables that the recorder reads.
    pub(super) recorder_env: Vec<(String, String)>,
    /// What the CLI has a day before, where that was made.
    pub(super) day_before: Option<&'a DayBefore>,
    /// The recorder as it came with the plugin.
    tacho: PathBuf,
    /// Where evidence for a failed run is put.
    folder: PathBuf,
}

impl<'a> Stage<'a> {
    /// Prepares `folder`, whose folder `project` is there, for a run of the scenario.
    pub(super) fn prepare(
        folder: &Path,
        scenario: &Scenario,
        (version, way): (&Version, Way),
        plugins: &'a Plugins,
        receiver: &Receiver,
        protocol: Protocol,
    ) -> Result<Self> {
        let [project, home] = ["project", "home"].map(|name| folder.join(name));
        let cli = plugins.cli(version, way)?;
        let mut tacho = plugins.tacho();
        if scenario.plugin.contains(&Loading::Installed) {
            tacho = cli.settle_in(&home)?;
        } else {
            fs::create_dir(&home).with_context(|| format!("cannot create {}", home.display()))?;
        }
        if !scenario.options.is_empty() {
            cli.configure(&tacho, &home, &scenario.options)?;
        }
        if way == Way::Native {
            let protocol = NATIVE_PROTOCOLS.get(scenario.description.len() % NATIVE_PROTOCOLS.len());
            cli.send_native(&tacho, &home, protocol.context("there is no protocol")?)?;
        }
        let git = Command::new("git").args(["init", "--quiet"]).arg(&project).env("HOME", &home).status();
        ensure!(git.context("cannot start git")?.success(), "git init failed in {}", project.display());
        scenario.write_files(&project)?;
        let plugin_dir = |loading: &Loading| match loading {
            Loading::Installed => None,
            Loading::Folder => Some(plugins.built.clone()),
            Loading::Twin => Some(plugins.twin.clone()),
        };
        Ok(Self {
            cli,
            project,
            home,
            plugin_dirs: scenario.plugin.iter().filter_map(plugin_dir).collect(),
            recorder_env: if scenario.options.is_empty() {
                variables(receiver, protocol)
            } else {
                Vec::new()
            },
            day_before: plugins.day_before.as_ref(),
            tacho,
            folder: folder.to_owned(),
        })
    }

    /// Runs the plugin's own `tacho` as the user would.
    pub(super) fn tacho(&self, arguments: &[&str]) -> Result<Output> {
        self.command(arguments).output().with_context(|| format!("cannot start {}", self.tacho.display()))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tacho);
        command.args(arguments).current_dir(&self.project).stdin(Stdio::null()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", &self.home);
        command.envs(self.recorder_env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Takes the run's transcripts into a state directory of their own, and tells what they cost there.
    pub(super) fn import(&self) -> Result<Output> {
        let (state, transcripts) = (self.folder.join("imported"), self.home.join(".claude"));
        fs::create_dir(&state).with_context(|| format!("cannot create {}", state.display()))?;
        let tacho = |arguments: &[&str]| {
            let mut command = self.command(arguments);
            let output = command.env("TACHO_HOME", &state).output();
            output.with_context(|| format!("cannot start {}", self.tacho.display()))
        };
        let imported = tacho(&["import", "--from", &transcripts.to_string_lossy()])?;
        if imported.status.success() { tacho(&["cost", "session", "--json"]) } else { Ok(imported) }
    }

    /// All that the CLI wrote into transcripts.
    pub(super) fn transcripts(&self) -> Result<String> {
        let mut text = String::new();
        let mut folders = vec![self.home.join(".claude/projects")];
        while let Some(folder) = folders.pop() {
            let entries =
                fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
            for entry in entries {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                    text += &String::from_utf8_lossy(&fs::read(&path)?);
                }
            }
        }
        Ok(text)
    }

    /// A folder for the terminal of a session. Its name is short, as the path of a socket has to be.
    pub(super) fn terminal_folder(&self, session: &str) -> Result<PathBuf> {
        let folder = self.folder.join(session.get(..4).unwrap_or(session));
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }

    /// Where a piece of evidence of this name belongs.
    pub(super) fn evidence(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn keep(&self, name: &str, evidence: impl AsRef<[u8]>) -> Result<()> {
        fs::write(self.evidence(name), evidence).with_context(|| format!("cannot write {name}"))
    }
}

/// The receiver's address in variables, which the recorder obeys toward loopback.
fn variables(receiver: &Receiver, protocol: Protocol) -> Vec<(String, String)> {
    let variables =
        [("TACHO_OTLP_ENDPOINT", receiver.url()), ("TACHO_OTLP_PROTOCOL", protocol.name().to_owned())];
    variables.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
