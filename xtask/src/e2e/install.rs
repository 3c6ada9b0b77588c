//! The plugin as users get it: a marketplace on disk, and homes in which a CLI has installed it from there.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use tacho_testkit::claude::{self, Version};

use crate::plugin::{self, copy_folder};
use crate::workspace::Workspace;

/// The plugin's name in its marketplace.
const PLUGIN: &str = "tachograph@tachograph";
/// The name under which a copy of the plugin runs beside it.
const TWIN: &str = "tachograph-twin";

/// A marketplace that has the plugin, and what came from it.
pub(super) struct Marketplace {
    folder: PathBuf,
    /// The plugin under another name.
    pub(super) twin: PathBuf,
    /// CLIs that have installed the plugin.
    installed: BTreeMap<&'static str, Installed>,
}

/// A CLI, and a home in which it has installed the plugin.
pub(super) struct Installed {
    pub(super) program: PathBuf,
    home: PathBuf,
}

impl Marketplace {
    /// Builds the plugin, puts it into a marketplace below `folder`, and installs it with every one of `versions`.
    pub(super) fn assemble(
        workspace: &Workspace,
        folder: &Path,
        versions: &[&'static Version],
    ) -> Result<Self> {
        let built = plugin::build()?;
        let [marketplace, twin, homes] = ["marketplace", "twin", "homes"].map(|name| folder.join(name));
        for old in [&marketplace, &twin, &homes].into_iter().filter(|old| old.exists()) {
            fs::remove_dir_all(old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
        copy_folder(&workspace.root.join(".claude-plugin"), &marketplace.join(".claude-plugin"))?;
        copy_folder(&built, &marketplace.join("plugins/claude-code"))?;
        copy_folder(&built, &twin)?;
        rename(&twin)?;
        let mut installed = BTreeMap::new();
        for version in versions {
            let program = claude::install(&workspace.target_dir, version.name)?;
            let home = homes.join(version.name);
            fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
            install(&program, &home, &marketplace)?;
            installed.insert(version.name, Installed { program, home });
        }
        Ok(Self { folder: marketplace, twin, installed })
    }

    /// The plugin's folder: where hooks of the installed plugin run from, too, because the marketplace is a folder.
    pub(super) fn plugin(&self) -> PathBuf {
        self.folder.join("plugins/claude-code")
    }

    pub(super) fn cli(&self, version: &Version) -> Result<&Installed> {
        self.installed.get(version.name).with_context(|| format!("the CLI {} is not installed", version.name))
    }
}

impl Installed {
    /// Makes `home` a home in which the plugin is installed. A copy of one that was made once: what the CLI writes
    /// down names the marketplace by its path and needs the home nowhere.
    pub(super) fn settle_in(&self, home: &Path) -> Result<()> {
        copy_folder(&self.home, home)
    }

    /// Gives the plugin's options values, as a user would.
    pub(super) fn configure(&self, home: &Path, options: &BTreeMap<String, String>) -> Result<()> {
        let mut command = claude::command(&self.program, home);
        command.args(["plugin", "configure", PLUGIN, "--values-stdin"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start the CLI")?;
        let mut stdin = child.stdin.take().context("the CLI has no standard input")?;
        stdin.write_all(serde_json::to_string(options)?.as_bytes()).context("cannot give options")?;
        drop(stdin);
        succeeded("plugin configure", &child.wait_with_output().context("cannot wait for the CLI")?)
    }
}

/// Installs the plugin in `home`, as a user would.
fn install(program: &Path, home: &Path, marketplace: &Path) -> Result<()> {
    let run = |arguments: &mut Command| arguments.output().context("cannot start the CLI");
    let added = run(claude::command(program, home).args(["plugin", "marketplace", "add"]).arg(marketplace))?;
    succeeded("plugin marketplace add", &added)?;
    let installed = run(claude::command(program, home).args(["plugin", "install", PLUGIN]))?;
    succeeded("plugin install", &installed)
}

fn succeeded(command: &str, output: &Output) -> Result<()> {
    let said = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    ensure!(
        output.status.success(),
        "`claude {command}` ended with {}: {}",
        output.status,
        said.join("\n").trim()
    );
    Ok(())
}

/// Gives the copy of the plugin in `folder` a name of its own.
fn rename(folder: &Path) -> Result<()> {
    let path = folder.join(".claude-plugin/plugin.json");
    let mut manifest: serde_json::Value = serde_json::from_str(&crate::workspace::read(&path)?)?;
    let name = manifest.get_mut("name").context("the plugin has no name")?;
    *name = TWIN.into();
    crate::workspace::write(&path, manifest.to_string())
}
