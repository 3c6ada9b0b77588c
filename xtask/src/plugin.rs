//! `plugin`: the Claude Code plugin as a folder that can be loaded, with static programs that run on any Linux.

mod elf;
mod musl;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::workspace::{self, Workspace, cargo};

/// The crates whose programs the plugin carries; crate and program have the same name.
const PROGRAMS: &[&str] = &["tacho-hook", "tacho"];

pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    let folder = build()?;
    println!("to install it: {} install claude-code", folder.join("bin/tacho").display());
    Ok(())
}

/// Makes the plugin's folder from nothing and returns it.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let workspace = Workspace::load()?;
    let folder = workspace.target_dir.join("plugin/claude-code");
    let programs = build_programs(&workspace, PROGRAMS)?;

    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    copy_folder(&workspace.root.join("plugins/claude-code"), &folder)?;
    check_version(&folder, &workspace)?;
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("cannot create {}", bin.display()))?;
    for program in &programs {
        install(program, &bin)?;
    }
    println!("{}", folder.display());
    Ok(folder)
}

/// The target of static programs on this machine, made ready for the compiler.
pub(crate) fn static_target() -> anyhow::Result<String> {
    let target = musl::target()?;
    musl::add_rust_target(&target)?;
    Ok(target)
}

/// Builds one of the plugin's programs and returns its path.
pub(crate) fn build_static(workspace: &Workspace, name: &str) -> anyhow::Result<PathBuf> {
    build_programs(workspace, &[name])?.pop().context("one name gives one program")
}

fn build_programs(workspace: &Workspace, names: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let target = static_target()?;
    let mut build = cargo();
    build.args(["build", "--release", "--target", &target]);
    build.args(names.iter().flat_map(|name| ["--package", name]));
    build.env(format!("CC_{}", target.replace('-', "_")), musl::c_compiler(workspace, &target)?);
    build.current_dir(&workspace.root);
    workspace::run(&mut build)?;
    let folder = workspace.target_dir.join(&target).join("release");
    Ok(names.iter().map(|name| folder.join(name)).collect())
}

fn install(program: &Path, bin: &Path) -> anyhow::Result<()> {
    let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let interpreted = elf::needs_interpreter(&bytes).with_context(|| program.display().to_string())?;
    anyhow::ensure!(!interpreted, "{} is not static: it asks for a dynamic loader", program.display());
    let name = program.file_name().context("a program has a name")?;
    let target = bin.join(name);
    fs::copy(program, &target).with_context(|| format!("cannot write {}", target.display()))?;
    println!("{:>8} KiB  {}", bytes.len().div_ceil(1024), name.display());
    Ok(())
}

/// The manifest repeats the version of the workspace, because the CLI reads it without building anything.
fn check_version(plugin: &Path, workspace: &Workspace) -> anyhow::Result<()> {
    let path = plugin.join(".claude-plugin/plugin.json");
    let manifest: serde_json::Value = serde_json::from_str(&workspace::read(&path)?)?;
    let stated = manifest.get("version").and_then(serde_json::Value::as_str).unwrap_or("none");
    for package in workspace.packages.iter().filter(|package| PROGRAMS.contains(&package.name.as_str())) {
        let version = &package.version;
        anyhow::ensure!(
            stated == version,
            "plugin.json says version {stated}, {} is {version}",
            package.name
        );
    }
    Ok(())
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}
