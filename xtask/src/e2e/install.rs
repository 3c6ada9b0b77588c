//! The plugin as users get it: `tacho install` in a home, through the real CLI; and everything it made taken away again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tacho_testkit::claude::{self, CURRENT, Version};
use tacho_testkit::scenario::Way;

use super::overnight::DayBefore;
use crate::plugin::{self, copy_folder};
use crate::workspace::Workspace;

/// The name under which a copy of the plugin runs beside it.
const TWIN: &str = "tachograph-twin";
/// Where `tacho install` puts the plugin, below a home.
const FOLDER: &str = ".local/share/tachograph/claude-code";
/// Where the programs lie in a plugin.
const TACHO: &str = "bin/tacho";
/// How long a program that was copied may be busy.
const BUSY_MAX: Duration = Duration::from_secs(2);
const BUSY_POLL: Duration = Duration::from_millis(10);
/// The user's settings of the CLI, below a home.
const SETTINGS: &str = ".claude/settings.json";

/// The plugin as it was built, and homes in which CLIs have installed it.
pub(super) struct Plugins {
    /// The plugin as it was built.
    pub(super) built: PathBuf,
    /// The plugin under another name.
    pub(super) twin: PathBuf,
    /// What the CLI has a day before, if a scenario lasts that long.
    pub(super) day_before: Option<DayBefore>,
    /// CLIs that have installed the plugin, each for every way of recording that it can take.
    installed: BTreeMap<(&'static str, Way), Installed>,
}

/// A CLI, and a home in which it has installed the plugin.
pub(super) struct Installed {
    pub(super) program: PathBuf,
    home: PathBuf,
}

impl Plugins {
    /// Builds the plugin and installs it with every one of `versions` for each of its ways, in homes below `folder`.
    pub(super) fn assemble(
        workspace: &Workspace,
        folder: &Path,
        versions: &BTreeMap<&'static str, (&'static Version, BTreeSet<Way>)>,
    ) -> Result<Self> {
        let fresh = plugin::build()?;
        let [built, twin, homes] = ["plugin", "twin", "homes"].map(|name| folder.join(name));
        for old in [&built, &twin, &homes].into_iter().filter(|old| old.exists()) {
            fs::remove_dir_all(old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
        copy_folder(&fresh, &built)?;
        copy_folder(&fresh, &twin)?;
        rename(&twin)?;
        let mut installed = BTreeMap::new();
        for (version, ways) in versions.values() {
            let program = claude::install(&workspace.target_dir, version.name)?;
            let home = |kind: &str| -> Result<PathBuf> {
                let home = homes.join(format!("{}-{kind}", version.name));
                fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
                Ok(home)
            };
            let trial = home("trial")?;
            if *version == CURRENT {
                is_valid(&program, &trial, &built)?;
            }
            comes_and_goes(&Cli { tacho: built.join(TACHO), program: &program, home: &trial })?;
            for way in ways {
                let home = home(way.name())?;
                Cli { tacho: built.join(TACHO), program: &program, home: &home }
                    .install(words_of(*way), None)?;
                installed.insert((version.name, *way), Installed { program: program.clone(), home });
            }
        }
        Ok(Self { built, twin, day_before: None, installed })
    }

    pub(super) fn cli(&self, version: &Version, way: Way) -> Result<&Installed> {
        let installed = self.installed.get(&(version.name, way));
        installed.with_context(|| {
            format!("the CLI {} is not installed to be recorded by {}", version.name, way.name())
        })
    }

    /// The `tacho` that was built.
    pub(super) fn tacho(&self) -> PathBuf {
        self.built.join(TACHO)
    }
}

impl Installed {
    /// Makes `home` a home in which the plugin is installed, and returns the `tacho` in it. A copy of one that was made
    /// once: hooks run from the folder in that one, which the CLI wrote down by its path.
    pub(super) fn settle_in(&self, home: &Path) -> Result<PathBuf> {
        copy_folder(&self.home, home)?;
        Ok(plugin_in(home).join(TACHO))
    }

    /// Gives the plugin's options values, as a user would: by installing it with them.
    pub(super) fn configure(
        &self,
        tacho: &Path,
        home: &Path,
        options: &BTreeMap<String, String>,
    ) -> Result<()> {
        let mut words = Vec::new();
        let mut token = None;
        for (key, value) in options {
            let word = match key.as_str() {
                "OTLP_ENDPOINT" => "--endpoint",
                "AUTH_TOKEN" => {
                    words.push("--token-stdin");
                    token = Some(value.as_str());
                    continue;
                }
                "DATASET" => "--dataset",
                "AGENT_NAME" => "--agent-name",
                "TEAM" => "--team",
                "CAPTURE_LEVEL" => "--level",
                other => bail!("`tacho install` has no word for the option {other}"),
            };
            words.extend([word, value.as_str()]);
        }
        let cli = Cli { tacho: tacho.to_owned(), program: &self.program, home };
        cli.install(&words, token).map(|_| ())
    }
}

/// What an installation is told that is to record in this way.
fn words_of(way: Way) -> &'static [&'static str] {
    match way {
        Way::Baseline => &[],
        Way::Mod => &["--measurements", "on"],
        Way::Native => &["--native-telemetry", "on"],
    }
}

impl Installed {
    /// Has the CLI send its telemetry to a port of this run's own, in a protocol.
    pub(super) fn send_native(&self, tacho: &Path, home: &Path, protocol: &str) -> Result<()> {
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr());
        let port = port.context("no port is free")?.port().to_string();
        let cli = Cli { tacho: tacho.to_owned(), program: &self.program, home };
        cli.install(&["--native-telemetry", "on", "--receiver-port", &port], None)?;
        let settings = home.join(SETTINGS);
        let text = crate::workspace::read(&settings)?;
        crate::workspace::write(&settings, text.replace("http/protobuf", protocol))
    }
}

/// The folder from which hooks run after an installation in `home`.
fn plugin_in(home: &Path) -> PathBuf {
    home.join(FOLDER).join("plugins/claude-code")
}

/// A `tacho` that installs and uninstalls for a CLI in a home.
struct Cli<'a> {
    tacho: PathBuf,
    program: &'a Path,
    home: &'a Path,
}

impl Cli<'_> {
    /// Installs, and returns what was done in each step.
    fn install(&self, words: &[&str], token: Option<&str>) -> Result<Vec<String>> {
        self.run(&[&["install"], words].concat(), token)
    }

    fn run(&self, words: &[&str], input: Option<&str>) -> Result<Vec<String>> {
        let [verb, rest @ ..] = words else { bail!("nothing to do") };
        let mut command = claude::command(&self.tacho, self.home);
        command.args([verb, "claude-code", "--json", "--claude"]).arg(self.program).args(rest);
        command.current_dir(self.home);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = start_copied(&mut command).context("cannot start tacho")?;
        let mut stdin = child.stdin.take().context("tacho has no standard input")?;
        // Only a token is read.
        let _ = stdin.write_all(input.unwrap_or_default().as_bytes());
        drop(stdin);
        outcomes(verb, &child.wait_with_output().context("cannot wait for tacho")?)
    }
}

/// Starts a program that may just have been copied. A process that another thread is starting meanwhile has the copy open until
/// it is what it shall be.
fn start_copied(command: &mut Command) -> io::Result<Child> {
    let limit = Instant::now() + BUSY_MAX;
    loop {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && Instant::now() < limit => {
                thread::sleep(BUSY_POLL);
            }
            started => return started,
        }
    }
}

/// How each step of a command ended.
fn outcomes(verb: &str, output: &Output) -> Result<Vec<String>> {
    let said = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    ensure!(
        output.status.success(),
        "`tacho {verb}` ended with {}: {}",
        output.status,
        said.join("\n").trim()
    );
    let report: Value = serde_json::from_slice(&output.stdout).context("tacho printed no JSON")?;
    let steps = report.get("steps").and_then(Value::as_array).context("tacho reported no steps")?;
    let word = |step: &Value, name: &str| step.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    Ok(steps.iter().map(|step| format!("{} {}", word(step, "action"), word(step, "outcome"))).collect())
}

/// Holds what `tacho install` and `tacho uninstall` do against what they should, in a home of their own.
fn comes_and_goes(cli: &Cli<'_>) -> Result<()> {
    let plugin = plugin_in(cli.home);
    let expect = |what: &str, found: Vec<String>, expected: &[&str]| {
        ensure!(found == expected, "{what}: {found:?} instead of {expected:?}");
        Ok(())
    };
    let planned = cli.install(&["--dry-run"], None)?;
    expect("a rehearsal", planned, &["write planned", "run planned", "run planned"])?;
    ensure!(!plugin.exists(), "a rehearsal wrote {}", plugin.display());
    expect("the first time", cli.install(&[], None)?, &["write done", "run done", "run done"])?;
    let again = ["write unchanged", "run unchanged", "run unchanged"];
    expect("the second time", cli.install(&[], None)?, &again)?;
    is_well(cli)?;
    let hooks = plugin.join("hooks/hooks.json");
    fs::write(&hooks, "{}").with_context(|| format!("cannot write {}", hooks.display()))?;
    let upgrade = ["write done", "run unchanged", "run unchanged"];
    expect("an upgrade", cli.install(&[], None)?, &upgrade)?;
    ensure!(fs::read_to_string(&hooks)?.contains("SessionStart"), "an upgrade left {}", hooks.display());
    expect("measuring", cli.install(&["--measurements", "on"], None)?, &upgrade)?;
    expect("measuring still", cli.install(&[], None)?, &again)?;
    expect("measuring no more", cli.install(&["--measurements", "off"], None)?, &upgrade)?;
    let told = ["write unchanged", "run unchanged", "run unchanged", "write done"];
    expect("the CLI is told to export", cli.install(&["--native-telemetry", "on"], None)?, &told)?;
    let removed = ["run done", "run done", "remove done", "remove done"];
    expect("the removal", cli.run(&["uninstall"], None)?, &removed)?;
    ensure!(!cli.home.join(FOLDER).exists(), "the removal left {FOLDER}");
    let settings = cli.home.join(SETTINGS);
    let left = fs::read_to_string(&settings).unwrap_or_default();
    ensure!(!left.contains("OTEL_"), "the removal left variables in {}: {left}", settings.display());
    ensure!(!left.contains("tachograph"), "the removal left the plugin in {}: {left}", settings.display());
    expect("the second removal", cli.run(&["uninstall"], None)?, &[])
}

/// Lets the CLI judge the plugin as strictly as it can.
fn is_valid(program: &Path, home: &Path, plugin: &Path) -> Result<()> {
    let mut command = claude::command(program, home);
    let judged = command.args(["plugin", "validate", "--strict"]).arg(plugin).output();
    let judged = judged.context("cannot start the CLI")?;
    let said = [&judged.stdout, &judged.stderr].map(|said| String::from_utf8_lossy(said));
    ensure!(judged.status.success(), "the CLI does not take the plugin: {}", said.join("\n").trim());
    Ok(())
}

/// Lets the doctor judge what the CLI wrote down and what was installed.
fn is_well(cli: &Cli<'_>) -> Result<()> {
    let bin = cli.home.join(".local/bin");
    fs::create_dir_all(&bin).with_context(|| format!("cannot create {}", bin.display()))?;
    symlink(cli.program, bin.join("claude")).context("cannot link the CLI")?;
    let mut command = claude::command(&cli.tacho, cli.home);
    let judged = command.arg("doctor").output().context("cannot start tacho")?;
    let said = String::from_utf8_lossy(&judged.stdout);
    ensure!(judged.status.success(), "the doctor finds something after an installation:\n{said}");
    Ok(())
}

/// Gives the copy of the plugin in `folder` a name of its own.
fn rename(folder: &Path) -> Result<()> {
    let path = folder.join(".claude-plugin/plugin.json");
    let mut manifest: Value = serde_json::from_str(&crate::workspace::read(&path)?)?;
    let name = manifest.get_mut("name").context("the plugin has no name")?;
    *name = TWIN.into();
    crate::workspace::write(&path, manifest.to_string())
}
