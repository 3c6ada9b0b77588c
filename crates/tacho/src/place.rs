//! Where this user's state and configuration lie.

use crate::config::{Author, owner};
use crate::failure::{Failure, FailureKind};
use crate::terminal::note;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use tacho_spool::state::{State, Tier, candidates};
use tacho_store::Store;
use tacho_store::store::STORE_FILE;

/// Where whoever manages the machine configures it.
pub(crate) const MANAGED_FILE: &str = "/etc/tachograph/config.toml";

/// The name of a configuration file.
const CONFIG_FILE: &str = "config.toml";

/// The name of the file of an owner's own prices, beside his configuration.
const PRICES_FILE: &str = "prices.toml";

/// Where segments with damaged lines are put, below the state directory.
pub(crate) const DAMAGED: &str = "damaged";

/// The state directory, by the same rules as the hook: the first candidate that can be used.
pub(crate) fn open_state(given: Option<&Path>) -> Result<State, Failure> {
    if let Some(path) = given {
        return State::open(path).map_err(|error| {
            Failure::external(format!("open the state directory {}", path.display()), error)
        });
    }
    let (state, tier) = first_usable()?;
    if tier != Tier::Named && is_home_named() {
        note(&format!("note: TACHO_HOME cannot be used; the state lies in {}", state.path().display()));
    }
    Ok(state)
}

fn is_home_named() -> bool {
    env::var_os("TACHO_HOME").is_some_and(|home| !home.is_empty())
}

fn first_usable() -> Result<(State, Tier), Failure> {
    State::open_first(candidates(|name| env::var_os(name))).ok_or_else(|| {
        Failure::new(FailureKind::External, "no directory for the recorder's state can be used")
            .hint("set TACHO_HOME to a directory that you own and can write")
    })
}

/// The state directory of which somebody wants to know what was recorded. An answer about another one than he means, into which
/// is recorded where that cannot be used, would be a wrong one.
pub(crate) fn open_state_meant() -> Result<State, Failure> {
    let (state, tier) = first_usable()?;
    let mut before = candidates(|name| env::var_os(name)).take_while(|meant| meant.path != state.path());
    let Some(meant) = before.find(|meant| meant.tier == Tier::Named || meant.path.is_dir()) else {
        if tier != Tier::Named && is_home_named() {
            return Err(Failure::new(FailureKind::Config, "TACHO_HOME is no absolute path"));
        }
        return Ok(state);
    };
    let reason =
        State::open(&meant.path).map_or_else(|error| error.to_string(), |_| "it takes no files".to_owned());
    let failure = Failure::new(
        FailureKind::External,
        format!("the state directory {} cannot be used: {reason}", meant.path.display()),
    );
    Err(failure.hint("`tacho doctor` says where is recorded instead"))
}

/// The state directory, if there is one. Unlike the recorder, who looks or removes must not make any.
pub(crate) fn existing_state_directory() -> Option<PathBuf> {
    existing_state_directories().next()
}

/// All that there are of those in which hooks record, the first that can be used.
pub(crate) fn existing_state_directories() -> impl Iterator<Item = PathBuf> {
    candidates(|name| env::var_os(name)).map(|candidate| candidate.path).filter(|path| path.is_dir())
}

/// Which kind of place the state directory is.
pub(crate) fn tier_of(state: &State) -> Option<Tier> {
    let mut candidates = candidates(|name| env::var_os(name));
    candidates.find(|candidate| candidate.path == state.path()).map(|candidate| candidate.tier)
}

/// A configuration file, and who is known to have written it.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) author: Author,
}

/// The files that configuration is read from, in the order in which they are believed.
pub(crate) fn config_files() -> impl Iterator<Item = ConfigFile> {
    [managed_file(), owners_file(), file_by_variables()].into_iter().flatten()
}

/// The owner's file, which lies where no variable leads: below the account's own home directory.
pub(crate) fn owners_file() -> Option<ConfigFile> {
    let path = owner::config_directory()?.join(CONFIG_FILE);
    Some(ConfigFile { path, author: Author::Owner })
}

/// The file that variables lead to, if that is another one: in `TACHO_HOME` if it is set, else in the configuration home.
/// Anybody may have written it.
pub(crate) fn file_by_variables() -> Option<ConfigFile> {
    let directory = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let in_home = || directory("HOME").map(|home| home.join(".config"));
    let config_home = || directory("XDG_CONFIG_HOME").or_else(in_home).map(|home| home.join("tachograph"));
    let path = directory("TACHO_HOME").or_else(config_home)?.join(CONFIG_FILE);
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let is_owners = owners_file().is_some_and(|owners| real(&owners.path) == real(&path));
    (!is_owners).then_some(ConfigFile { path, author: Author::Unknown })
}

/// The file by which whoever manages the machine configures it; `None` unless only root can have written it. Where nobody can tell
/// whether there is one, there may be, and it cannot be read.
pub(crate) fn managed_file() -> Option<ConfigFile> {
    let path = PathBuf::from(MANAGED_FILE);
    let is_meant = match fs::metadata(&path) {
        Ok(metadata) => is_roots_alone(metadata.uid(), metadata.mode()),
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    };
    is_meant.then_some(ConfigFile { path, author: Author::Manager })
}

/// Whether only root can have written a file of this owner and mode.
const fn is_roots_alone(uid: u32, mode: u32) -> bool {
    uid == 0 && mode & 0o022 == 0
}

/// The file of own prices that counts: that of whoever manages the machine, else the owner's.
///
/// What variables lead to is nobody's word, as with all that configuration says of more than this machine.
pub(crate) fn prices_file() -> Option<PathBuf> {
    let beside = |file: ConfigFile| file.path.with_file_name(PRICES_FILE);
    let managed = Path::new(MANAGED_FILE).with_file_name(PRICES_FILE);
    let is_roots = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|metadata| is_roots_alone(metadata.uid(), metadata.mode()))
    };
    Some(managed).filter(is_roots).or_else(|| owners_file().map(beside))
}

/// The file of the store.
pub(crate) fn store_file(state: &State) -> PathBuf {
    state.path().join(STORE_FILE)
}

/// The store, for reading; `None` before anything was drained.
pub(crate) fn open_store_to_read(state: &State) -> Result<Option<Store>, Failure> {
    Ok(Store::open_to_read(&store_file(state))?)
}

/// The store for reading, wherever there is one; makes nothing.
pub(crate) fn existing_store() -> Result<Option<Store>, Failure> {
    let mut files = candidates(|name| env::var_os(name)).map(|candidate| candidate.path.join(STORE_FILE));
    Ok(files.find(|file| file.exists()).map_or(Ok(None), |file| Store::open_to_read(&file))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_root_can_have_written() {
        for (uid, mode, expected) in [
            (0, 0o100_644, true),
            (0, 0o100_600, true),
            (0, 0o100_664, false),
            (0, 0o100_646, false),
            (1000, 0o100_644, false),
        ] {
            assert_eq!(is_roots_alone(uid, mode), expected, "{uid} {mode:o}");
        }
    }
}
