//! Configuration: the owner's file, the plugin's options and the environment, made into one typed value.
//!
//! A destination is atomic: endpoint and headers come from one source and are never mixed. What the environment
//! alone says has no known author (a repository's settings can set variables), so it is obeyed only toward
//! loopback; elsewhere it needs the owner's word.

mod environment;
mod file;
pub(crate) mod owner;

use crate::failure::Failure;
use crate::place::ConfigFile;
use serde::Deserialize;
use tacho_export::destination::Destination;

/// What the recorder was told.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where telemetry goes. Empty: it stays on this machine.
    pub(crate) destinations: Vec<Destination>,
    /// Destinations that were named but are not used, and why.
    pub(crate) refused: Vec<Refused>,
    /// The name to report instead of the agent's own.
    pub(crate) agent_name: Option<String>,
    /// What is kept, and how long.
    pub(crate) retention: Retention,
}

/// A destination that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Where it was named.
    pub(crate) origin: String,
    /// Why it is not used.
    pub(crate) reason: String,
}

/// What is kept, and how long.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retention {
    /// Days after which a session is forgotten.
    pub(crate) days: u64,
    /// Quota of segments and blobs, in MiB.
    pub(crate) spool_mib: u64,
    /// Quota of the store, in MiB.
    pub(crate) store_mib: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 14, spool_mib: 512, store_mib: 1024 }
    }
}

/// Who is known to have said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// The owner of the machine's account.
    Owner,
    /// Nobody knows: it came through the environment.
    Unknown,
}

/// Reads everything there is to read.
pub(crate) fn load(file: Option<&ConfigFile>) -> Result<Config, Failure> {
    let mut config = Config::local_only();
    if let Some(file) = file {
        file::read(file, &mut config)?;
    }
    environment::read(&mut config);
    Ok(config)
}

impl Config {
    /// Nothing leaves the machine.
    pub(crate) fn local_only() -> Self {
        Self {
            destinations: Vec::new(),
            refused: Vec::new(),
            agent_name: None,
            retention: Retention::default(),
        }
    }

    /// Takes a destination in that `origin` names, if its author may name it. The same endpoint named twice is one
    /// destination; the first to name it decides.
    fn name(&mut self, origin: &str, author: Author, named: Result<Destination, String>) {
        let allowed = named.and_then(|destination| {
            if author == Author::Owner || destination.is_loopback() {
                return Ok(destination);
            }
            Err(format!(
                "{} is not on this machine, and what the environment says may come from a repository; name it in \
                 ~/.config/tachograph/config.toml",
                destination.endpoint()
            ))
        });
        match allowed {
            Ok(destination)
                if self.destinations.iter().any(|known| known.endpoint() == destination.endpoint()) => {}
            Ok(destination) => self.destinations.push(destination),
            Err(reason) => self.refused.push(Refused { origin: origin.to_owned(), reason }),
        }
    }
}
