//! The programs a measurement starts, and starting one of them with a payload on its standard input.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::plugin;
use crate::workspace::{self, Workspace};

/// What is compared: a program that does nothing, one that does the least, and the hook.
pub(super) struct Programs {
    pub(super) nothing: PathBuf,
    pub(super) bare: PathBuf,
    pub(super) hook: PathBuf,
    /// Runs another program and writes down what it took.
    usage: PathBuf,
}

impl Programs {
    pub(super) fn build(workspace: &Workspace) -> anyhow::Result<Self> {
        Ok(Self {
            nothing: PathBuf::from("/bin/true"),
            hook: plugin::build_static(workspace, "tacho-hook")?,
            bare: compile(workspace, "bare")?,
            usage: compile(workspace, "usage")?,
        })
    }

    /// Peak memory of the hook on this payload, in KiB.
    pub(super) fn peak_kib(&self, state: &Path, payload: &Path) -> anyhow::Result<u64> {
        let report = state.with_extension("usage");
        let mut command = recording(&self.usage, state);
        workspace::run(command.arg(&report).arg(&self.hook).stdin(open(payload)?).stdout(Stdio::null()))?;
        Ok(super::drain::read_usage(&report)?.0)
    }
}

/// Compiles `xtask/bench/NAME.rs` to a static program.
pub(super) fn compile(workspace: &Workspace, name: &str) -> anyhow::Result<PathBuf> {
    let folder = workspace.target_dir.join("bench");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let program = folder.join(name);
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "--target", &plugin::static_target()?]);
    rustc.args(["-C", "opt-level=s", "-C", "lto=fat", "-C", "panic=abort", "-C", "strip=symbols"]);
    rustc.arg("-o").arg(&program).arg(workspace.root.join(format!("xtask/bench/{name}.rs")));
    workspace::run(&mut rustc)?;
    Ok(program)
}

/// A command with nothing in its environment but what the hook looks for.
pub(super) fn recording(program: &Path, state: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("TACHO_HOME", state).env("CLAUDE_PID", std::process::id().to_string());
    command
}

/// Wall time from starting the command to its end; it must succeed.
pub(super) fn time(command: &mut Command, payload: &Path) -> anyhow::Result<Duration> {
    command.stdin(open(payload)?).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().with_context(|| format!("cannot start {}", workspace::shown(command)))?;
    let taken = start.elapsed();
    anyhow::ensure!(status.success(), "{} ended with {status}", workspace::shown(command));
    Ok(taken)
}

/// What the command prints on standard output; a hook must print nothing.
pub(super) fn printed(command: &mut Command, payload: &Path) -> anyhow::Result<String> {
    workspace::output(command.stdin(open(payload)?))
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot open {}", path.display()))
}
