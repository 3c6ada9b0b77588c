//! The programs that importing is compared with, as their users install them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::{self, Workspace};

const CCUSAGE: &str = "20.0.24";
const CCOST: &str = "0.6.1";

pub(super) struct Tools {
    /// The program itself, without the script that starts it.
    pub(super) ccusage: PathBuf,
    pub(super) ccost: PathBuf,
}

impl Tools {
    /// Installs what is missing, below the tools directory.
    pub(super) fn install(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.tools_dir().join(format!("ccusage-{CCUSAGE}"));
        let platform = format!(
            "node_modules/@ccusage/ccusage-linux-{}",
            if cfg!(target_arch = "x86_64") { "x64" } else { "arm64" }
        );
        let ccusage = folder.join(platform).join("bin/ccusage");
        if !ccusage.exists() {
            fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
            let mut npm = Command::new("npm");
            npm.args(["install", "--no-audit", "--no-fund", "--prefix"])
                .arg(&folder)
                .arg(format!("ccusage@{CCUSAGE}"));
            workspace::run(&mut npm)?;
        }
        let root = workspace.tools_dir().join(format!("ccost-{CCOST}"));
        let ccost = root.join("bin/ccost");
        if !ccost.exists() {
            let mut cargo = workspace::cargo();
            cargo.args(["install", "ccost", "--locked", "--version", CCOST, "--root"]).arg(&root);
            workspace::run(&mut cargo)?;
        }
        Ok(Self { ccusage, ccost })
    }
}
