//! `tacho trust`: which destinations may be named by anybody, and which files of projects count as their owner's word.

use super::config::tell_next_session;
use crate::cli::{Output, TrustArguments};
use crate::config::trust::Trust;
use crate::failure::{Failure, FailureKind};
use crate::project::ProjectFile;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, note, print};
use rustix::process::geteuid;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use tacho_export::destination::origin_of;

/// Trusts, distrusts, or lists.
pub(super) fn run(output: Output, arguments: &TrustArguments) -> Result<(), Failure> {
    let mut trust = Trust::load()?;
    let Some(what) = &arguments.what else {
        list(output, &trust);
        return Ok(());
    };
    let (name, changed) = match (origin_of(what), arguments.remove) {
        (Some(origin), true) => (origin.clone(), trust.origins.remove(&origin)),
        (Some(origin), false) => (origin.clone(), trust.origins.insert(origin)),
        (None, true) => {
            let path = path(what).to_string_lossy().into_owned();
            (path.clone(), trust.files.remove(&path).is_some())
        }
        (None, false) => {
            let file = file(what)?;
            let path = file.path.to_string_lossy().into_owned();
            let before = trust.files.insert(path.clone(), file.sha256.clone());
            (path, before.as_ref() != Some(&file.sha256))
        }
    };
    let is_now = if arguments.remove { "is not trusted any more" } else { "is trusted" };
    if changed {
        let list = trust.save()?;
        tell_next_session();
        note(&format!("{} {is_now}; the list is {}", display_safe(&name), list.display()));
    } else {
        note(&format!("{} {is_now} already", display_safe(&name)));
    }
    Ok(())
}

/// The file of a project, as it is now.
fn file(what: &str) -> Result<ProjectFile, Failure> {
    let refused = |kind, reason| {
        Failure::new(kind, reason)
            .hint("tacho trust https://ingress.example.com, or the file of a project that status shows")
    };
    let file = ProjectFile::at(&path(what), geteuid()).ok_or_else(|| {
        let reason = format!("{what:?} is neither an http:// or https:// address nor a file");
        refused(FailureKind::Config, reason)
    })?;
    let wishes = file.wishes.keys();
    if wishes.is_empty() {
        let why = file.problems.first().cloned().unwrap_or_else(|| {
            "what it says counts anyway: it sets none of otlp_url, auth_token, dataset, agent_name".to_owned()
        });
        let reason = format!("nothing is to be trusted in {}: {why}", file.path.display());
        return Err(refused(FailureKind::User, reason));
    }
    note(&format!("{} sets {}", display_safe(&file.path.to_string_lossy()), wishes.join(", ")));
    Ok(file)
}

/// The path as the recorder finds it; as it is written, for what is not there any more.
fn path(what: &str) -> PathBuf {
    fs::canonicalize(what).unwrap_or_else(|_| Path::new(what).to_owned())
}

fn list(output: Output, trust: &Trust) {
    let Trust { origins, files } = trust;
    if output.json {
        let json = json!({ "schema_version": SCHEMA_VERSION, "origins": origins, "files": files });
        print(&format!("{json}\n"));
    } else if origins.is_empty() && files.is_empty() {
        note("nothing is trusted: destinations elsewhere count only where you alone can have named them");
    } else {
        origins.iter().chain(files.keys()).for_each(|name| print(&format!("{}\n", display_safe(name))));
    }
}
