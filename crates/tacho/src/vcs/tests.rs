//! Tests of what is read from repositories that `git` itself made, against what `git` itself says.

mod address;
mod cache;
mod config_file;
mod history;
mod hostile;
mod repositories;
mod users;

use super::{Checkout, Head, Reference, ReferenceKind, Repository, User, UserSource, Workplace, Workplaces};
use crate::config::owner::Account;
use rustix::process::geteuid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tacho_model::time::UnixNanos;
use tempfile::TempDir;

/// A directory with a home and room for repositories.
struct Room {
    directory: TempDir,
}

impl Room {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("home")).unwrap();
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    fn account(&self) -> Account {
        Account { uid: geteuid(), name: Some("dev".to_owned()), home: Some(self.path("home")) }
    }

    /// Makes a repository with one commit on `main`.
    fn repository(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        git(&self.path(""), &["init", "-q", path.to_str().unwrap()]);
        commit(&path, "one");
        path
    }

    fn workplace(&self, cwd: &Path, at: UnixNanos) -> Option<Workplace> {
        Workplaces::new(self.account()).at(cwd, at)
    }

    fn checkout(&self, cwd: &Path) -> Option<Checkout> {
        self.workplace(cwd, now()).unwrap().checkout
    }

    fn head(&self, cwd: &Path) -> Head {
        self.checkout(cwd).unwrap().head
    }
}

/// Runs git where nothing of this machine can influence it, at a fixed time.
fn git_at(seconds: u64, directory: &Path, arguments: &[&str]) -> Output {
    let output = Command::new("git")
        .current_dir(directory)
        .args(["-c", "init.defaultBranch=main", "-c", "gc.auto=0", "-c", "maintenance.auto=false"])
        .args(["-c", "protocol.file.allow=always", "-c", "core.hooksPath=/nonexistent"])
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", "/tmp")
        .envs([("GIT_AUTHOR_NAME", "An Author"), ("GIT_AUTHOR_EMAIL", "author@example.com")])
        .envs([("GIT_COMMITTER_NAME", "A Committer"), ("GIT_COMMITTER_EMAIL", "committer@example.com")])
        .envs([("GIT_AUTHOR_DATE", "@1600000000 +0000"), ("GIT_EDITOR", "true")])
        .env("GIT_COMMITTER_DATE", format!("@{seconds} +0100"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn git(directory: &Path, arguments: &[&str]) -> Output {
    git_at(1_700_000_000, directory, arguments)
}

fn commit(directory: &Path, message: &str) {
    git(directory, &["commit", "-q", "--allow-empty", "-m", message]);
}

/// What git prints, without the line feed; `None` when it prints nothing.
fn said(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    (!text.is_empty()).then_some(text)
}

/// What git says is checked out.
fn head_by_git(directory: &Path) -> Head {
    let branch = said(&git(directory, &["branch", "--show-current"]));
    let revision = said(&git(directory, &["for-each-ref", "--count=1"]))
        .and_then(|_| said(&git(directory, &["rev-list", "--ignore-missing", "-1", "HEAD", "--"])));
    Head { reference: branch.map(|name| Reference { name, kind: ReferenceKind::Branch }), revision }
}

fn branch(name: &str) -> Option<Reference> {
    Some(Reference { name: name.to_owned(), kind: ReferenceKind::Branch })
}

fn tag(name: &str) -> Option<Reference> {
    Some(Reference { name: name.to_owned(), kind: ReferenceKind::Tag })
}

fn local(name: &str) -> Repository {
    Repository { url: None, name: Some(name.to_owned()), owner: None, provider: None }
}

fn now() -> UnixNanos {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixNanos(u64::try_from(since.as_nanos()).unwrap())
}

const fn seconds(seconds: u64) -> UnixNanos {
    UnixNanos(seconds * 1_000_000_000)
}

/// As if a file had been written at that time.
fn written_at(path: &Path, at: UnixNanos) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_nanos(at.0)).unwrap();
}
