//! What only the owner of the account can have written: files below the home directory that the system names.
//!
//! `HOME` is a variable like any other and proves nothing.

use rustix::process::getuid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tacho_agents::{Agent, OwnersTexts, PluginOptions};

/// The home directory of the account, as the system's user database says.
pub(crate) fn home() -> Option<PathBuf> {
    let uid = getuid().as_raw().to_string();
    let from_file = fs::read_to_string("/etc/passwd").ok().and_then(|users| home_of(&users, &uid));
    // Accounts of a directory service stand in no file.
    let from_service = || {
        let answer = Command::new("/usr/bin/getent").args(["passwd", &uid]).env_clear().output().ok()?;
        home_of(&String::from_utf8_lossy(&answer.stdout), &uid)
    };
    from_file.or_else(from_service)
}

/// The owner's configuration directory.
pub(crate) fn config_directory() -> Option<PathBuf> {
    Some(home()?.join(".config/tachograph"))
}

/// The sixth of the seven fields of the line whose third is the user's number (passwd(5)).
fn home_of(users: &str, uid: &str) -> Option<PathBuf> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_user = fields.nth(2) == Some(uid);
        fields.nth(2).filter(|home| is_user && home.starts_with('/')).map(PathBuf::from)
    })
}

/// Whether all these options stand together in the user's own settings and secrets of one plugin.
pub(super) fn is_owners_word(agent: &Agent, options: &PluginOptions) -> bool {
    let Some(home) = home() else { return false };
    let read = |file: &str| fs::read_to_string(home.join(Path::new(file))).unwrap_or_default();
    let texts = OwnersTexts {
        settings: read(agent.owners_files.settings),
        secrets: read(agent.owners_files.secrets),
    };
    let stands_in =
        |plugin: &PluginOptions| options.iter().all(|(key, value)| plugin.get(key) == Some(value));
    (agent.owners_options)(&texts).iter().any(stands_in)
}
