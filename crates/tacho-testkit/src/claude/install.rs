//! Installs a given version of the CLI from npm, once per target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Written last, so that an interrupted installation is repeated.
const MARKER: &str = ".installed";

/// Installs the CLI's `version` below `target_dir`, unless it is there, and returns the path of its program.
pub fn install(target_dir: &Path, version: &str) -> Result<PathBuf> {
    let prefix = target_dir.join(format!("claude-code-{version}"));
    let program = prefix.join("node_modules/.bin/claude");
    let marker = prefix.join(MARKER);
    if marker.exists() {
        return Ok(program);
    }
    if prefix.exists() {
        fs::remove_dir_all(&prefix).with_context(|| format!("remove {}", prefix.display()))?;
    }
    fs::create_dir_all(&prefix).with_context(|| format!("create {}", prefix.display()))?;
    run_npm(&prefix, version)?;
    ensure!(program.exists(), "npm installed no {}", program.display());
    fs::write(&marker, version).with_context(|| format!("write {}", marker.display()))?;
    Ok(program)
}

/// Installs tmux, unless it is there.
pub fn install_terminal() -> Result<()> {
    let is_there = || Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
    if is_there() {
        return Ok(());
    }
    let mut command = Command::new("apt-get");
    command.args(["install", "--yes", "--no-install-recommends", "tmux"]).stdin(Stdio::null());
    let output = command.output().context("run apt-get; install tmux by hand")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(is_there(), "apt-get cannot install tmux, do it by hand: {}", complaint.trim());
    Ok(())
}

fn run_npm(prefix: &Path, version: &str) -> Result<()> {
    let output = Command::new("npm")
        .arg("install")
        .arg("--prefix")
        .arg(prefix)
        .arg(format!("@anthropic-ai/claude-code@{version}"))
        .args(["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"])
        .stdin(Stdio::null())
        .output()
        .context("run npm")?;
    ensure!(
        output.status.success(),
        "npm cannot install the CLI {version}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
