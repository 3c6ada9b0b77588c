//! `tacho uninstall AGENT`: takes away what `install` made, through the agent's own program. What was recorded stays,
//! unless it is purged.

mod purge;

use super::agent_side::AgentSide;
use super::install::link;
use super::native;
use super::steps::{Action, AgentCommand, Steps};
use crate::cli::{Output, Uninstall};
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{note, print};
use purge::Recorded;
use serde_json::json;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use tacho_agents::setup::Scope;

/// Removes, or tells what would be removed.
pub(super) fn run(output: Output, wanted: &Uninstall) -> Result<(), Failure> {
    let side = AgentSide::named(&wanted.agent)?;
    let recorded = wanted.purge.then(Recorded::find).transpose()?.flatten();
    recorded.as_ref().map_or(Ok(()), Recorded::let_go)?;
    if let Some(recorded) = &recorded
        && !wanted.dry_run
        && !wanted.yes
    {
        ask(recorded)?;
    }
    let mut steps = Steps::new(output, wanted.dry_run);
    let are_all = take_from_agent(&side, wanted, &mut steps)?;
    if are_all {
        native::switch_off(&side, &mut steps)?;
        link::unlink(&side, &mut steps)?;
        remove_folder(&side.folder(), &mut steps)?;
        if !wanted.dry_run && !wanted.purge {
            purge::remove_words();
        }
    }
    if let Some(recorded) = &recorded {
        recorded.remove(&mut steps)?;
    }
    if output.json {
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "agent": side.agent.name,
            "dry_run": wanted.dry_run,
            "steps": steps.taken(),
        });
        print(&format!("{report}\n"));
        return Ok(());
    }
    print(&last_words(&side, wanted, &steps));
    Ok(())
}

/// Uninstalls the plugin for everybody who was meant; returns whether nobody has it any more.
fn take_from_agent(side: &AgentSide, wanted: &Uninstall, steps: &mut Steps) -> Result<bool, Failure> {
    let words = side.setup().words;
    let copy = side.own_plugin();
    let (scopes, source) = copy.map(|copy| (copy.scopes, copy.source)).unwrap_or_default();
    let is_meant = |(scope, project): &(Scope, Option<PathBuf>)| match wanted.scope {
        None => true,
        Some(meant) => *scope == meant && (meant == Scope::User || project.as_ref() == Some(&side.project)),
    };
    let (meant, rest): (Vec<_>, Vec<_>) = scopes.into_iter().partition(is_meant);
    let is_source = source.as_deref() == Some(&side.folder()) || is_known_source(side);
    if meant.is_empty() && !(rest.is_empty() && is_source) {
        return Ok(rest.is_empty());
    }
    let program = side.program(wanted.program.as_deref()).ok_or_else(|| {
        let setup = side.setup();
        Failure::new(
            FailureKind::External,
            format!("{} is not on PATH, and it has the plugin", setup.program),
        )
        .hint(format!("name it with --{} PATH", setup.program))
    })?;
    let command = |words, directory| AgentCommand { program: &program, words, directory, input: None };
    for (scope, project) in meant {
        // The settings of a project that is gone went with it.
        let directory = project.filter(|project| project.is_dir());
        let keeping = (!wanted.purge).then(|| words.keep_data.into());
        steps.run(command((words.uninstall)(scope).into_iter().chain(keeping).collect(), directory))?;
    }
    if rest.is_empty() && is_source {
        steps.run(command(words.remove_source.iter().map(Into::into).collect(), None))?;
    }
    Ok(rest.is_empty())
}

/// Whether the agent takes plugins from our folder although it has none from there.
fn is_known_source(side: &AgentSide) -> bool {
    let sources = side.config_directory.join(side.setup().plugin_files.sources);
    let folder = side.folder().to_string_lossy().into_owned();
    fs::read_to_string(sources).is_ok_and(|text| text.contains(&folder))
}

fn remove_folder(folder: &Path, steps: &mut Steps) -> Result<(), Failure> {
    if !folder.exists() {
        return Ok(());
    }
    steps.act(Action::Remove, folder.display().to_string(), || {
        fs::remove_dir_all(folder)
            .map_err(|error| Failure::external(format!("remove {}", folder.display()), error))?;
        // That of another agent may still be there.
        let _ = folder.parent().map(fs::remove_dir);
        Ok(())
    })
}

/// Nothing brings back what was recorded, so somebody says yes.
fn ask(recorded: &Recorded) -> Result<(), Failure> {
    let refused = |message: &str| Failure::new(FailureKind::User, message.to_owned());
    if !io::stdin().is_terminal() {
        return Err(
            refused("nobody is there to be asked whether what was recorded may go").hint("--yes says it")
        );
    }
    note(&format!("{} will be gone for good. Type yes to go on:", recorded.describe()));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| Failure::external("read the answer", error))?;
    if answer.trim() == "yes" { Ok(()) } else { Err(refused("nothing was changed")) }
}

fn last_words(side: &AgentSide, wanted: &Uninstall, steps: &Steps) -> String {
    if wanted.dry_run {
        return "\nNothing was changed.\n".to_owned();
    }
    let mut text = String::from("\n");
    if steps.taken().is_empty() {
        text.push_str("Nothing was installed.\n");
    } else {
        text.push_str(&format!("Running sessions: {}.\n", side.setup().how_to_reload));
    }
    for file in side.settings() {
        let command = (side.setup().status_line)(&file.text);
        let path = file.path.display();
        text.push_str(
            &command
                .map(|command| format!("{path} still has the status line `{command}`: take it out there.\n"))
                .unwrap_or_default(),
        );
    }
    if let Some(state) = place::existing_state_directory().filter(|_| !wanted.purge) {
        text.push_str(&format!("What was recorded stays in {}.\n", state.display()));
    }
    if let Some(file) = place::owners_file().filter(|file| file.path.exists()) {
        text.push_str(&format!("Your configuration stays in {}.\n", file.path.display()));
    }
    text
}
