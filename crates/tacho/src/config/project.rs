//! What the files of projects wish for that their owner trusts, as they are.

use super::described::DATASET_HEADER;
use super::file::credentials;
use super::{Author, Config, Named, Origin};
use crate::place::MANAGED_FILE;
use crate::project::{ProjectFile, Wishes};
use rustix::process::geteuid;
use std::path::Path;
use tacho_export::destination::{Destination, Header, Protocol};
use tacho_export::exporters::Place;
use tacho_model::event::ProjectRules;
use tacho_privacy::CaptureLevel;

/// A project whose file is trusted as it is.
#[derive(Debug)]
pub(crate) struct TrustedProject {
    file: String,
    sha256: String,
    /// The name to report instead of the agent's own.
    pub(crate) agent_name: Option<String>,
}

/// Takes in what trusted files wish for.
pub(super) fn read(config: &mut Config) {
    for (path, sha256) in config.trust.files.clone() {
        // What is gone says nothing.
        let Some(file) = ProjectFile::at(Path::new(&path), geteuid()) else { continue };
        if file.sha256 == sha256 {
            take(config, path, file);
        } else {
            let reason = format!("it was changed since you trusted it; if you did that: tacho trust {path}");
            config.refuse(Origin::File(path), reason);
        }
    }
}

fn take(config: &mut Config, path: String, file: ProjectFile) {
    let ProjectFile { sha256, wishes, .. } = file;
    let Wishes { endpoint, token, dataset, agent_name } = wishes;
    let origin = Origin::File(path.clone());
    let level = CaptureLevel::default();
    match (endpoint, dataset) {
        (Some(endpoint), dataset) => {
            let headers = credentials(token.as_ref(), dataset.as_ref()).collect();
            let named = Destination::new(&endpoint, Protocol::default(), headers, level);
            let named = named.map_err(|error| error.to_string());
            match named.and_then(|to| config.allowed(to, Author::Owner)) {
                Ok(to) => config.destinations.push(of_project(to, origin, Author::Owner, path.clone())),
                Err(reason) => config.refuse(origin, reason),
            }
        }
        (None, Some(dataset)) => {
            let all =
                config.destinations.iter().filter(|named| named.project.is_none() && !is_managed(named));
            // A place on this machine knows no datasets.
            let all = all.filter(|named| named.to.kind.place == Place::Address);
            let own: Vec<Named> = all
                .filter_map(|named| Some((in_dataset(&named.to, &dataset)?, named.author)))
                .map(|(to, author)| of_project(to, origin.clone(), author, path.clone()))
                .collect();
            config.destinations.extend(own);
        }
        (None, None) => {}
    }
    config.projects.push(TrustedProject { file: path, sha256, agent_name });
}

fn of_project(to: Destination, origin: Origin, author: Author, path: String) -> Named {
    Named { to: to.only_for(&path), origin, author, project: Some(path) }
}

/// The same destination with another dataset.
fn in_dataset(to: &Destination, dataset: &str) -> Option<Destination> {
    let is_kept = |header: &&Header| !header.name.eq_ignore_ascii_case(DATASET_HEADER);
    let mut headers: Vec<Header> = to.headers().iter().filter(is_kept).cloned().collect();
    headers.extend(credentials(None, Some(&dataset.to_owned())));
    to.clone().with_headers(headers).ok()
}

fn is_managed(named: &Named) -> bool {
    named.origin == Origin::File(MANAGED_FILE.to_owned())
}

impl Config {
    /// The trusted project that a session is in, by what its file was when the session said something.
    pub(crate) fn trusted_project(&self, rules: &ProjectRules) -> Option<&TrustedProject> {
        let is_it = |project: &&TrustedProject| {
            rules.file.as_ref() == Some(&project.file) && rules.sha256.as_ref() == Some(&project.sha256)
        };
        self.projects.iter().find(is_it)
    }

    /// Whether a file is trusted as it is.
    pub(crate) fn is_trusted(&self, file: &ProjectFile) -> bool {
        self.trust.files.get(&*file.path.to_string_lossy()) == Some(&file.sha256)
    }

    /// Whether a destination is for the sessions of a project: that of a project is for no others, and for them it
    /// stands in for one of the same address that nobody manages.
    pub(crate) fn is_for(&self, named: &Named, project: Option<&TrustedProject>) -> bool {
        let is_own =
            |other: &Named| project.is_some_and(|project| other.project.as_ref() == Some(&project.file));
        let mut own = self.destinations.iter().filter(|other| is_own(other));
        match named.project {
            Some(_) => is_own(named),
            None => is_managed(named) || own.all(|other| other.to.base() != named.to.base()),
        }
    }
}
