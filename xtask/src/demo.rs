//! `demo`: builds the programs for this machine and becomes `tacho demo`.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::workspace::{self, Workspace, cargo};

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    workspace::run(cargo().args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "tacho",
        "--package",
        "tacho-hook",
    ]))?;
    let program = workspace.target_dir.join("release/tacho");
    let error = Command::new(&program).arg("demo").args(arguments).exec();
    Err(anyhow::Error::new(error).context(format!("cannot start {}", program.display())))
}
