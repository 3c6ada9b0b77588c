//! What the owner trusts although nobody knows who named it: destinations in variables, files of projects.
//!
//! The list lies in the owner's configuration directory, as the system and no variable names it.

use super::owner;
use crate::failure::{Failure, FailureKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use tacho_export::destination::origin_of;

/// What is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Trust {
    /// Origins (scheme, host and port) that telemetry may be sent to, whoever names them.
    pub(crate) origins: BTreeSet<String>,
    /// Files of projects, each with the SHA-256 of what was in it when it was trusted.
    pub(crate) files: BTreeMap<String, String>,
}

impl Trust {
    /// The owner's list; nothing is trusted without one.
    pub(crate) fn load() -> Result<Self, Failure> {
        let Some(path) = path() else { return Ok(Self::default()) };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::external(format!("read {}", path.display()), error)),
        };
        toml::from_str(&text).map_err(|error| {
            Failure::new(FailureKind::Config, format!("{}: {}", path.display(), error.message()))
        })
    }

    /// Whether the origin of this endpoint is trusted.
    pub(super) fn has_origin(&self, endpoint: &str) -> bool {
        origin_of(endpoint).is_some_and(|origin| self.origins.contains(&origin))
    }

    /// Writes the list.
    pub(crate) fn save(&self) -> Result<PathBuf, Failure> {
        let path = path().ok_or_else(|| {
            Failure::new(FailureKind::External, "the system knows no home directory of this user")
        })?;
        let text = toml::to_string(self)
            .map_err(|error| Failure::external("write the list of what is trusted", error))?;
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.map_err(|error| Failure::external(format!("write {}", path.display()), error))?;
        Ok(path)
    }
}

/// Where the list lies.
pub(super) fn path() -> Option<PathBuf> {
    Some(owner::config_directory()?.join("trust.toml"))
}
