//! The plugin's options as the agent keeps them among its user's settings, for whoever was not started by a hook.
//!
//! A variable moves the agent's configuration, and a variable has no known author: what a repository brings along may set it,
//! to a directory of its own that lies below the home directory and belongs to the account, as every clone does. So only the
//! directory without that variable, below the home directory that the system knows, holds the owner's word.

use super::{Author, Origin, owner, regular_file};
use std::env;
use std::path::{Path, PathBuf};
use tacho_agents::native::NativeTarget;
use tacho_agents::{AGENTS, Agent, Billing, OwnersTexts, StoredPlugin};

/// The agent's configuration directory here and now.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    pub(super) author: Author,
}

impl Directory {
    /// The one that the agent would use; `None` where nobody says where home is.
    pub(super) fn of(agent: &Agent) -> Option<Self> {
        let (variable, below_home) = agent.setup.config_directory;
        let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let path = named(variable).or_else(|| Some(named("HOME")?.join(below_home)))?;
        let author = author_of(&path, owner::home().map(|home| home.join(below_home)).as_deref());
        Some(Self { path, author })
    }

    /// All files that say something of options.
    pub(super) fn files(&self, agent: &Agent) -> [PathBuf; 2] {
        [agent.owners_files.settings, agent.owners_files.secrets].map(|file| self.path.join(file))
    }

    /// The recorders that have options here.
    pub(super) fn plugins(&self, agent: &Agent) -> Vec<StoredPlugin> {
        let all = (agent.stored_plugins)(&texts(agent, &self.path));
        all.into_iter().filter(|plugin| plugin.is_recorder).collect()
    }

    /// Where options stand here.
    pub(super) fn origin(&self, agent: &Agent) -> Origin {
        let file = self.path.join(agent.owners_files.settings).display().to_string();
        Origin::PluginSettings { agent: agent.name, file }
    }
}

/// Who is billed for what an agent does here and now.
pub(crate) fn billing(agent: &Agent) -> Billing {
    let texts = Directory::of(agent).map(|directory| texts(agent, &directory.path)).unwrap_or_default();
    (agent.billing)(&texts, &|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Where agents' own settings have them send their telemetry on this machine. Whoever wrote them, only a target whose token is
/// ours is listened for.
pub(super) fn native() -> Vec<NativeTarget> {
    let target = |agent: &&Agent| {
        let settings = texts(agent, &Directory::of(agent)?.path).settings;
        agent.setup.native.target(&settings)
    };
    AGENTS.iter().filter_map(target).collect()
}

/// What stands in the files of a configuration directory.
pub(super) fn texts(agent: &Agent, directory: &Path) -> OwnersTexts {
    let read = |file: &str| regular_file::text(&directory.join(file)).unwrap_or_default();
    OwnersTexts { settings: read(agent.owners_files.settings), secrets: read(agent.owners_files.secrets) }
}

fn author_of(directory: &Path, owners: Option<&Path>) -> Author {
    if owners == Some(directory) { Author::Owner } else { Author::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_word_a_directory_holds() {
        let owners = Some(Path::new("/home/dev/.claude"));
        for (directory, owners, author) in [
            ("/home/dev/.claude", owners, Author::Owner),
            ("/home/dev/.claude/", owners, Author::Owner),
            ("/home/dev/.claude-work", owners, Author::Unknown),
            ("/home/dev/cloned/.claude", owners, Author::Unknown),
            ("/home/dev/cloned/../.claude", owners, Author::Unknown),
            ("/home/dev/.claude", None, Author::Unknown),
        ] {
            assert_eq!(author_of(Path::new(directory), owners), author, "{directory}");
        }
    }
}
