//! What a static build needs: Rust's musl target and a C compiler for it (the store brings SQLite as C).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use crate::workspace::{self, Workspace, find_program, output, run};

const ZIG_VERSION: &str = "0.15.2";

/// The musl target of this machine's processor.
pub(super) fn target() -> anyhow::Result<String> {
    anyhow::ensure!(cfg!(target_os = "linux"), "static programs are built on Linux only");
    Ok(format!("{}-unknown-linux-musl", std::env::consts::ARCH))
}

pub(super) fn add_rust_target(target: &str) -> anyhow::Result<()> {
    let installed = output(Command::new("rustup").args(["target", "list", "--installed"]))?;
    if installed.lines().any(|line| line == target) {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", target]))
}

/// A C compiler for the target: the distribution's if it is there or may be installed, else zig from PyPI.
pub(super) fn c_compiler(workspace: &Workspace, target: &str) -> anyhow::Result<PathBuf> {
    if let Some(compiler) = find_program("musl-gcc") {
        return Ok(compiler);
    }
    if rustix::process::geteuid().is_root() && find_program("apt-get").is_some() {
        match run(Command::new("apt-get").args(["install", "--yes", "--quiet", "musl-tools"])) {
            Ok(()) => return find_program("musl-gcc").context("musl-tools brought no musl-gcc"),
            Err(error) => println!("{error:#}; trying zig instead"),
        }
    }
    zig_compiler(workspace, target)
}

fn zig_compiler(workspace: &Workspace, target: &str) -> anyhow::Result<PathBuf> {
    let folder = workspace.tools_dir().join(format!("zig-{ZIG_VERSION}"));
    let wrapper = folder.join(format!("{target}-cc"));
    if wrapper.exists() {
        return Ok(wrapper);
    }
    let python = folder.join("bin/python3");
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let package = format!("ziglang=={ZIG_VERSION}");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", &package]))?;
    workspace::write(&wrapper, zig_wrapper(&python.display().to_string(), target))?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", wrapper.display()))?;
    Ok(wrapper)
}

/// A script that calls zig as a C compiler. It drops the target that build scripts pass, because zig spells targets
/// without a vendor, and turns off zig's own checks, whose runtime Rust does not link.
fn zig_wrapper(python: &str, target: &str) -> String {
    let zig_target = target.replace("-unknown-", "-");
    format!(
        "#!/bin/sh
for word do
  shift
  case $word in --target=*) ;; *) set -- \"$@\" \"$word\" ;; esac
done
exec '{python}' -m ziglang cc -target {zig_target} -fno-sanitize=undefined \"$@\"
"
    )
}
