//! Brings backends from PyPI and from Debian below the target folder; nothing is installed into the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::{self, Workspace, find_program, run};

/// A folder in which `pip` has installed a package, in a version that is known to work.
pub(super) fn python(workspace: &Workspace, package: &str, version: &str) -> Result<PathBuf> {
    let folder = workspace.tools_dir().join(format!("{package}-{version}"));
    let done = folder.join("installed");
    if !done.exists() {
        println!("installing {package} {version}");
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let arguments = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        run(Command::new(folder.join("bin/python3")).args(arguments).arg(format!("{package}=={version}")))?;
        workspace::write(&done, "")?;
    }
    Ok(folder)
}

/// A program of a Debian package: the system's, or the one in the package, which is unpacked and not installed, so
/// that no service starts.
pub(super) fn debian(workspace: &Workspace, package: &str, program: &str) -> Result<PathBuf> {
    if let Some(found) = find_program(program) {
        return Ok(found);
    }
    let folder = workspace.tools_dir().join("debian").join(package);
    let unpacked = folder.join("usr/bin").join(program);
    if !unpacked.exists() {
        println!("fetching {package}");
        unpack(package, &folder).with_context(|| format!("cannot get {package} from Debian"))?;
    }
    if !unpacked.exists() {
        bail!("{package} has no {program}");
    }
    Ok(unpacked)
}

fn unpack(package: &str, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let download = || run(Command::new("apt-get").args(["download", "--quiet", package]).current_dir(folder));
    if download().is_err() {
        run(Command::new("apt-get").args(["update", "--quiet"]))?;
        download()?;
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("-x").arg(path).arg(folder))?;
        }
    }
    Ok(())
}
