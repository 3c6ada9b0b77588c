//! Which project a working directory belongs to.

use super::main_directory;
use crate::config::owner;
use std::collections::HashMap;
use std::path::Path;

/// Projects of the directories that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Projects(HashMap<String, String>);

impl Projects {
    /// The main directory of the repository around a directory; the directory itself where there is none.
    pub(crate) fn of(&mut self, directory: String) -> String {
        if let Some(project) = self.0.get(&directory) {
            return project.clone();
        }
        let main = main_directory(Path::new(&directory), owner::account().uid);
        let project = main.map_or_else(|| directory.clone(), |main| main.to_string_lossy().into_owned());
        self.0.insert(directory, project.clone());
        project
    }
}
