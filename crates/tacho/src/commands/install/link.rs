//! The name by which a shell finds `tacho`: a link in the user's directory of programs.

use super::super::agent_side::{AgentSide, programs_on_path};
use super::super::steps::{Action, Steps};
use crate::failure::Failure;
use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The program's name.
pub(crate) const PROGRAM: &str = "tacho";
/// The user's directory of programs, below home (XDG Base Directory Specification).
const DIRECTORY: &str = ".local/bin";

/// What a shell makes of `tacho`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It is found.
    Found,
    /// Another program has the name.
    Taken(PathBuf),
    /// No directory on `PATH` is the user's.
    NoPlace,
}

/// Links `tacho`, where the user's directory of programs is on `PATH` and nothing else has the name.
pub(super) fn link(side: &AgentSide, steps: &mut Steps) -> Result<Reach, Failure> {
    let program = side.programs().join(PROGRAM);
    let link = place(side);
    if fs::read_link(&link).is_ok_and(|target| target == program) {
        steps.leave(Action::Link, link.display().to_string());
        return Ok(if is_on_path(&link) { Reach::Found } else { Reach::NoPlace });
    }
    let is_ours = |other: &PathBuf| {
        fs::canonicalize(other).is_ok_and(|real| Some(real) == fs::canonicalize(&program).ok())
    };
    let others = programs_on_path(PROGRAM);
    match others.first() {
        Some(first) if is_ours(first) => return Ok(Reach::Found),
        Some(first) => return Ok(Reach::Taken(first.clone())),
        None => {}
    }
    if !is_on_path(&link) || !link.parent().is_some_and(Path::is_dir) {
        return Ok(Reach::NoPlace);
    }
    if fs::symlink_metadata(&link).is_ok() {
        return Ok(Reach::Taken(link));
    }
    let object = format!("{} -> {}", link.display(), program.display());
    steps.act(Action::Link, object, || {
        symlink(&program, &link).map_err(|error| Failure::external(format!("link {}", link.display()), error))
    })?;
    Ok(Reach::Found)
}

/// Removes the link, if it is ours.
pub(crate) fn unlink(side: &AgentSide, steps: &mut Steps) -> Result<(), Failure> {
    let link = place(side);
    if !fs::read_link(&link).is_ok_and(|target| target.starts_with(side.folder())) {
        return Ok(());
    }
    steps.act(Action::Remove, link.display().to_string(), || {
        fs::remove_file(&link).map_err(|error| Failure::external(format!("remove {}", link.display()), error))
    })
}

fn place(side: &AgentSide) -> PathBuf {
    side.home.join(DIRECTORY).join(PROGRAM)
}

fn is_on_path(link: &Path) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| Some(directory.as_path()) == link.parent())
}
