//! What was set of an agent's settings, written down so that it can be undone, and nothing else.

use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where it is written down, in the state directory.
pub(in super::super) const NOTE: &str = "native-telemetry.json";

/// What was set in a file of settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// The variables that were not there before.
    pub(super) variables: Vec<String>,
    /// Whether the object that holds them was not there.
    pub(super) object: bool,
    /// Whether the file was not there.
    pub(super) file: bool,
}

/// What was set, by the file it was set in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Note(BTreeMap<PathBuf, Made>);

impl Note {
    /// What is written down in a state directory; nothing where there is none.
    pub(super) fn read(state: Option<&Path>) -> Self {
        let text = state.and_then(|state| fs::read_to_string(state.join(NOTE)).ok()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// What was set in a file.
    pub(super) fn of(&self, settings: &Path) -> Option<&Made> {
        self.0.get(settings)
    }

    /// Whether nothing was set anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same with this of a file; without it for `None`.
    pub(super) fn with(mut self, settings: &Path, made: Option<Made>) -> Self {
        match made {
            Some(made) => self.0.insert(settings.to_owned(), made),
            None => self.0.remove(settings),
        };
        self
    }

    /// Writes it down.
    pub(super) fn write(&self, state: &Path) -> Result<(), Failure> {
        let path = state.join(NOTE);
        let failed = |error: io::Error| Failure::external(format!("write {}", path.display()), error);
        if self.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
                _ => Ok(()),
            };
        }
        let text = serde_json::to_string(self).map_err(|error| Failure::external("write JSON", error))?;
        let mut draft = NamedTempFile::new_in(state).map_err(failed)?;
        draft.write_all(text.as_bytes()).map_err(failed)?;
        draft.persist(&path).map(drop).map_err(|error| failed(error.error))
    }
}
