//! Brings backends from PyPI and from Debian below the target folder; nothing is installed into the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

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

/// A folder into which a published program was built, for which cargo takes minutes.
pub(super) fn cargo(workspace: &Workspace, package: &str, version: &str) -> Result<PathBuf> {
    let folder = workspace.tools_dir().join(format!("{package}-{version}"));
    if !folder.join("bin").join(package).exists() {
        println!("building {package} {version}");
        let mut command = workspace::cargo();
        command.args(["install", "--quiet", "--locked", "--debug", package, "--version", version]);
        // Not beside this workspace's own builds, which another profile would throw away.
        command.env("CARGO_TARGET_DIR", folder.join("build")).env("CARGO_PROFILE_DEV_DEBUG", "0");
        run(command.arg("--root").arg(&folder))?;
        fs::remove_dir_all(folder.join("build"))?;
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
    ensure!(unpacked.exists(), "{package} has no {program}");
    Ok(unpacked)
}

/// The same of a package that only Debian's unstable suite has; other suites of the system stay as they are.
pub(super) fn debian_unstable(workspace: &Workspace, package: &str, program: &str) -> Result<PathBuf> {
    if let Some(found) = find_program(program) {
        return Ok(found);
    }
    let folder = workspace.tools_dir().join("debian").join(package);
    let unpacked = folder.join("usr/bin").join(program);
    if !unpacked.exists() {
        println!("fetching {package} from Debian unstable");
        let apt = Apt::of_unstable(&folder)?;
        apt.run(&["update", "--quiet"], &folder)?;
        apt.run(&["download", "--quiet", package], &folder)?;
        unpack_all(&folder)?;
    }
    ensure!(unpacked.exists(), "{package} has no {program}");
    Ok(unpacked)
}

/// An apt with lists of its own.
struct Apt {
    configuration: PathBuf,
}

impl Apt {
    fn of_unstable(folder: &Path) -> Result<Self> {
        let state = folder.join("apt");
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(state.join(part))?;
        }
        workspace::write(&state.join("sources.list"), "deb http://deb.debian.org/debian sid main\n")?;
        let configuration = state.join("apt.conf");
        let place = state.display();
        let text = format!(
            "Dir::State::Lists \"{place}/lists\";\nDir::Cache \"{place}/cache\";\n\
             Dir::Etc::SourceList \"{place}/sources.list\";\nDir::Etc::SourceParts \"-\";\n\
             Acquire::Check-Valid-Until \"false\";\nAPT::Sandbox::User \"root\";\n"
        );
        workspace::write(&configuration, text)?;
        Ok(Self { configuration })
    }

    fn run(&self, arguments: &[&str], folder: &Path) -> Result<()> {
        run(Command::new("apt-get")
            .args(arguments)
            .env("APT_CONFIG", &self.configuration)
            .current_dir(folder))
    }
}

/// A program that needs its package's other files where they belong: the package is installed if it is not.
pub(super) fn debian_installed(package: &str, program: &str) -> Result<PathBuf> {
    if let Some(found) = find_program(program) {
        return Ok(found);
    }
    run(Command::new("apt-get").args(["install", "--yes", "--quiet", "--no-install-recommends", package]))?;
    find_program(program).with_context(|| format!("{package} brought no {program}"))
}

fn unpack(package: &str, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let download = || run(Command::new("apt-get").args(["download", "--quiet", package]).current_dir(folder));
    if download().is_err() {
        run(Command::new("apt-get").args(["update", "--quiet"]))?;
        download()?;
    }
    unpack_all(folder)
}

fn unpack_all(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("-x").arg(path).arg(folder))?;
        }
    }
    Ok(())
}
