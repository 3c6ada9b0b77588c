//! What a project says about recording in it.

use std::collections::BTreeMap;

/// How the names of attributes begin that a project chose itself.
pub const PROJECT_PREFIX: &str = "project.";

/// What the project's own file says. Nobody knows who wrote it, so it can only take away, and say what the project is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProjectRules {
    /// The file. Content.
    pub file: Option<String>,
    /// SHA-256 of what was in it, in hex.
    pub sha256: Option<String>,
    /// Whether nothing is sent.
    pub is_withheld: bool,
    /// Whether no words of people, files and models are sent.
    pub omits_content: bool,
    /// Whether no name of a person is sent.
    pub omits_names: bool,
    /// What the project says of itself, by names that are sent behind `project.`.
    pub attributes: BTreeMap<String, String>,
}
