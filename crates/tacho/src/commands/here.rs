//! What the project of the current directory says of recording in it, as reports tell it.

use crate::config::{Config, Origin};
use crate::project::ProjectFile;
use crate::terminal::display_safe;
use rustix::process::geteuid;
use serde::Serialize;
use std::collections::BTreeMap;
use std::env;
use tacho_agents::AGENTS;

/// A project's file.
#[derive(Debug, Serialize)]
pub(super) struct ProjectReport {
    pub(super) file: String,
    withheld: bool,
    omits_content: bool,
    omits_names: bool,
    attributes: BTreeMap<String, String>,
    trusted: bool,
    /// What of it is not obeyed, and why.
    pub(super) refused: Vec<String>,
}

/// The files of the projects that the current directory is in, one for each agent that has any.
pub(super) fn projects(config: &Config) -> Vec<ProjectReport> {
    let Ok(directory) = env::current_dir() else { return Vec::new() };
    let find = |agent| ProjectFile::find(agent, &directory, geteuid()).ok().flatten();
    AGENTS.iter().filter_map(|agent| find(agent)).map(|file| ProjectReport::of(file, config)).collect()
}

impl ProjectReport {
    fn of(file: ProjectFile, config: &Config) -> Self {
        let (path, trusted) = (file.path.display().to_string(), config.is_trusted(&file));
        let mut refused = file.problems;
        let wishes = file.wishes.keys();
        // That a file was changed since it was trusted is told with all else that is refused.
        let is_told = config.refused.iter().any(|refused| refused.origin == Origin::File(path.clone()));
        if !trusted && !wishes.is_empty() && !is_told {
            let wishes = wishes.join(", ");
            refused.push(format!("{wishes}: only with your trust in the file as it is: tacho trust {path}"));
        }
        Self {
            withheld: file.rules.withheld,
            omits_content: file.rules.omits_content,
            omits_names: file.rules.omits_names,
            attributes: file.rules.attributes,
            file: path,
            trusted,
            refused,
        }
    }

    /// What it says, in a line.
    pub(super) fn line(&self) -> String {
        let mut said = Vec::new();
        if self.withheld {
            said.push("nothing is sent".to_owned());
        }
        if self.omits_content {
            said.push("no content is sent".to_owned());
        }
        if self.omits_names {
            said.push("no name of a person is sent".to_owned());
        }
        said.extend(self.attributes.iter().map(|(name, value)| format!("project.{name}={value}")));
        if self.trusted {
            said.push("trusted".to_owned());
        }
        let said = if said.is_empty() { "nothing that counts".to_owned() } else { said.join(", ") };
        display_safe(&format!("{} says: {said}", self.file))
    }
}
