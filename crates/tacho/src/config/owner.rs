//! What only the owner of the account can have written: files below the home directory that the system names, or whoever
//! starts the program.
//!
//! `HOME` is a variable like any other and proves nothing; an argument is typed.

use super::stored;
use crate::shared_account::names_nobody;
use rustix::process::{Uid, getuid};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use tacho_agents::{Agent, PluginOptions, StoredPlugin};

/// The account this process runs for, as the system knows it.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Whose files are its own.
    pub(crate) uid: Uid,
    /// Its name; the user database of a container may lack it.
    pub(crate) name: Option<String>,
    /// Its home directory.
    pub(crate) home: Option<PathBuf>,
}

impl Account {
    /// The account without a name that names nobody.
    pub(crate) fn of_a_person(self) -> Self {
        Self { name: self.name.filter(|name| !names_nobody(name)), ..self }
    }
}

/// The home directory that was named as an argument.
static NAMED_HOME: OnceLock<PathBuf> = OnceLock::new();

/// Takes this for the account's home directory, whatever the user database says. To be called before anything is read.
pub(crate) fn take_home(home: PathBuf) {
    NAMED_HOME.get_or_init(|| home);
}

/// The account, as the system's user database says. It stays the same for as long as a process runs.
pub(crate) fn account() -> Account {
    static ACCOUNT: OnceLock<Account> = OnceLock::new();
    ACCOUNT.get_or_init(look_up).clone()
}

fn look_up() -> Account {
    let uid = getuid();
    let number = uid.as_raw().to_string();
    let from_file = fs::read_to_string("/etc/passwd").ok().and_then(|users| entry_of(&users, &number));
    // Accounts of a directory service stand in no file.
    let from_service = || {
        let answer = Command::new("/usr/bin/getent").args(["passwd", &number]).env_clear().output().ok()?;
        entry_of(&String::from_utf8_lossy(&answer.stdout), &number)
    };
    let (name, home) = from_file.or_else(from_service).unzip();
    Account { uid, name, home: NAMED_HOME.get().cloned().or(home.flatten()) }
}

/// The home directory of the account.
pub(crate) fn home() -> Option<PathBuf> {
    account().home
}

/// The owner's configuration directory.
pub(crate) fn config_directory() -> Option<PathBuf> {
    Some(home()?.join(".config/tachograph"))
}

/// Name and home directory, the first and the sixth of the seven fields of the line whose third is the user's number
/// (passwd(5)).
fn entry_of(users: &str, uid: &str) -> Option<(String, Option<PathBuf>)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let is_user = fields.nth(1) == Some(uid);
        let home = fields.nth(2).filter(|home| home.starts_with('/')).map(PathBuf::from);
        is_user.then(|| (name.to_owned(), home))
    })
}

/// Whether all these options stand together in the user's own settings and secrets of one plugin.
pub(super) fn is_owners_word(agent: &Agent, options: &PluginOptions) -> bool {
    let Some(home) = home() else { return false };
    let texts = stored::texts(agent, &home.join(agent.setup.config_directory.1));
    let stands_in =
        |plugin: &StoredPlugin| options.iter().all(|(key, value)| plugin.options.get(key) == Some(value));
    (agent.stored_plugins)(&texts).iter().any(stands_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_of_a_user() {
        let users = "root:x:0:0:root:/nonexistent:/bin/sh\nshort:x:7\ndev:x:1000:10:Dev,,,:/home/dev:/bin/sh\n\
                     bare:x:1001:10:::\n";
        let entry = |name: &str, home: Option<&str>| Some((name.to_owned(), home.map(PathBuf::from)));
        assert_eq!(entry_of(users, "1000"), entry("dev", Some("/home/dev")));
        assert_eq!(entry_of(users, "7"), entry("short", None));
        assert_eq!(entry_of(users, "1001"), entry("bare", None));
        assert_eq!(entry_of(users, "10"), None);
    }
}
