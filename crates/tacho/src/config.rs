//! Configuration: files, the plugin's options and the environment, made into one typed value.
//!
//! Every value keeps where it comes from. A destination is atomic: endpoint and headers come from one source and are
//! never mixed. What the environment alone says has no known author (a repository's settings can set variables), so
//! it is obeyed only toward loopback; elsewhere it needs the owner's word.

mod certificates;
mod declared;
mod described;
mod environment;
mod file;
mod files;
pub(crate) mod nearest;
mod otel;
pub(crate) mod owner;
pub(crate) mod presets;
mod project;
mod regular_file;
mod stored;
mod terminal;
pub(crate) mod trust;

#[cfg(test)]
mod tests;

use crate::failure::{Failure, FailureKind};
use crate::place::{self, ConfigFile};
use crate::propagation::Propagation;
pub(crate) use environment::from_plugin;
use files::Files;
pub(crate) use project::TrustedProject;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
pub(crate) use stored::billing;
use tacho_agents::native::NativeTarget;
use tacho_export::destination::Destination;
use tacho_export::exporters::Place;
use tacho_privacy::{CaptureLevel, Disclosure, may_be_declared};
pub(crate) use terminal::Terminal;
use trust::Trust;

/// What the recorder was told.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// Where telemetry goes. Empty: it stays on this machine.
    pub(crate) destinations: Vec<Named>,
    /// Destinations that were named but are not used, and why.
    pub(crate) refused: Vec<Refused>,
    /// Destinations that only others can send to, and why.
    pub(crate) waiting: Vec<Refused>,
    /// Files that are there and say nobody knows what.
    pub(crate) unread: Vec<Unread>,
    /// The name to report instead of the agent's own.
    pub(crate) agent_name: Option<Said<String>>,
    /// The team that the work is for.
    pub(crate) team: Option<Said<String>>,
    /// What is said of who sends under names that others chose.
    pub(crate) resource_attributes: Option<Said<BTreeMap<String, String>>>,
    /// What leaves the machine of who did it.
    pub(crate) user_info: Said<Disclosure>,
    /// What is kept, and how long.
    pub(crate) retention: Retention,
    /// What is handed on of traces.
    pub(crate) propagation: Propagation,
    /// Where agents' own settings have them send their telemetry on this machine.
    pub(crate) native: Vec<NativeTarget>,
    /// Where the owner or the manager says that nothing is to be sent, whoever names destinations; `None` where neither does.
    pub(crate) local_only: Option<Origin>,
    /// The file into which all that is sent is written for whoever looks for a fault.
    pub(crate) debug_file: Option<Said<PathBuf>>,
    /// Whether a variable wishes that it is printed, too, where somebody looks.
    pub(crate) debugs: bool,
    /// Who looks at what is printed.
    terminal: Terminal,
    /// What no destination gets more than.
    level_max: Option<Said<CaptureLevel>>,
    /// Whether only the managed file may name destinations.
    only_managed: bool,
    /// Projects whose files are trusted.
    projects: Vec<TrustedProject>,
    trust: Trust,
    /// What a file of declarative configuration says of who sends.
    declared: Option<Said<BTreeMap<String, String>>>,
    /// What it was read from.
    files: Files,
}

/// A value, and who said it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// Where something was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nowhere: it is so unless somebody says otherwise.
    #[default]
    Default,
    /// In a file: the managed one, the owner's, or one that variables led to.
    File(String),
    /// In the options of the plugin, as a hook got them.
    PluginOptions,
    /// In the options of the plugin, as an agent keeps them.
    PluginSettings {
        /// The agent's name.
        agent: &'static str,
        /// The file.
        file: String,
    },
    /// In a variable.
    Variable(&'static str),
    /// In a file of declarative configuration.
    Declared {
        /// The file.
        file: String,
        /// The key, with those it stands below.
        key: String,
    },
}

/// A destination, and who named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) to: Destination,
    pub(crate) origin: Origin,
    /// Whose word it is.
    pub(crate) author: Author,
    /// The file of the project whose sessions it is for; `None` for all.
    pub(crate) project: Option<String>,
}

/// A destination that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Where it was named.
    pub(crate) origin: Origin,
    /// Why it is not used.
    pub(crate) reason: String,
}

/// A file that could not be read or understood, so that nothing of it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) path: PathBuf,
    pub(crate) author: Author,
    /// What is wrong with it, and where.
    pub(crate) reason: String,
    /// Whether it may say that less is to be sent than others say.
    pub(crate) may_forbid: bool,
}

/// Bytes of the unit in which quotas are said.
pub(crate) const MIB: u64 = 1024 * 1024;

/// What is kept, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Days after which a session is forgotten.
    pub(crate) days: Said<u64>,
    /// Quota of segments and blobs, in MiB.
    pub(crate) spool_mib: Said<u64>,
    /// Quota of the store, in MiB.
    pub(crate) store_mib: Said<u64>,
    /// Days for which a transcript is kept after the agent has deleted it; 0 for not at all.
    pub(crate) archive_days: Said<u64>,
}

impl Retention {
    /// Quota of segments and blobs, in bytes.
    pub(crate) fn spool_bytes(&self) -> u64 {
        self.spool_mib.value.saturating_mul(MIB)
    }

    /// Quota of the store, in bytes.
    pub(crate) fn store_bytes(&self) -> u64 {
        self.store_mib.value.saturating_mul(MIB)
    }
}

impl Default for Retention {
    fn default() -> Self {
        let said = |value| Said { value, origin: Origin::Default };
        Self { days: said(14), spool_mib: said(512), store_mib: said(1024), archive_days: said(365) }
    }
}

/// Who is known to have said something. The order is the order in which they are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Author {
    /// Who manages the machine.
    Manager,
    /// The owner of the machine's account.
    Owner,
    /// Nobody knows: it came through the environment.
    Unknown,
}

/// Why not everything is obeyed, and what to do about it.
const DOUBT: &str = "what the environment says may come from a repository; if you named it, say so: tacho trust, \
                     with the address";

/// Reads everything there is to read, and can be.
pub(crate) fn load() -> Config {
    let mut config = Config { files: Files::now(), ..Config::local_only() };
    match Trust::load() {
        Ok(trust) => config.trust = trust,
        Err(failure) => config.unread.push(Unread {
            path: trust::path().unwrap_or_default(),
            author: Author::Owner,
            reason: failure.sentence(),
            may_forbid: false,
        }),
    }
    place::config_files().for_each(|file| file::read(&file, &mut config));
    environment::read(&mut config);
    config.native = stored::native();
    otel::read(&mut config);
    project::read(&mut config);
    environment::read_labels(&mut config);
    config.settle();
    config
}

/// Why nothing counts of the text of a file of the owner's; `None` where it is understood.
pub(crate) fn not_understood(text: &str, path: &Path) -> Option<String> {
    let file = ConfigFile { path: path.to_owned(), author: Author::Owner };
    file::take(text, &file, &mut Config::local_only()).err()
}

/// What is wrong with the text of a file of the owner's.
pub(crate) fn complaints(text: &str, path: &Path) -> Vec<String> {
    let mut config = Config::local_only();
    let file = ConfigFile { path: path.to_owned(), author: Author::Owner };
    let unread = file::take(text, &file, &mut config).err();
    config.name_debug_file();
    let refused = config.refused.into_iter().map(|refused| format!("{}: {}", refused.origin, refused.reason));
    unread.into_iter().chain(refused).collect()
}

/// What a text says as a file of the owner's.
#[cfg(test)]
pub(crate) fn of_owner(text: &str) -> Config {
    let mut config = Config::local_only();
    let file = ConfigFile { path: PathBuf::from("config.toml"), author: Author::Owner };
    file::take(text, &file, &mut config).unwrap();
    config
}

impl Config {
    /// Nothing leaves the machine.
    pub(crate) fn local_only() -> Self {
        Self::default()
    }

    /// Whether what it was read from has changed since.
    pub(crate) fn is_outdated(&self) -> bool {
        self.files.have_changed()
    }

    /// Whether everything that is there could be read; else what is wrong.
    pub(crate) fn all_read(&self) -> Result<(), Failure> {
        let Some(unread) = self.unread.first() else { return Ok(()) };
        Err(Failure::new(FailureKind::Config, unread.reason.clone())
            .hint("recording goes on, and nothing in that file counts; tacho doctor says how to mend it"))
    }

    /// Whether all is known that its owner and whoever manages the machine want: else nothing is forgotten on its word.
    pub(crate) fn knows_wishes(&self) -> bool {
        self.unread.iter().all(|unread| unread.author == Author::Unknown)
    }

    /// The destination with this endpoint.
    pub(crate) fn destination(&self, endpoint: &str) -> Option<&Destination> {
        self.destinations.iter().map(|named| &named.to).find(|known| known.endpoint() == endpoint)
    }

    /// Takes a destination in, if its author may name it. The same endpoint named twice is one destination; the
    /// first to name it decides, unless nobody knows who that was and the other is known.
    fn name(&mut self, origin: Origin, author: Author, named: Result<Destination, String>) {
        let mut to = match named.and_then(|to| self.allowed(to, author)) {
            Ok(to) => to,
            Err(reason) => return self.refuse(origin, reason),
        };
        let is_trusted = self.trust.has_origin(to.base());
        let author = if is_trusted { author.min(Author::Owner) } else { author };
        if author == Author::Unknown && to.level > CaptureLevel::default() {
            let reason = format!("level {} for {}: {DOUBT}", to.level.name(), to.endpoint());
            to.level = CaptureLevel::default();
            self.refuse(origin.clone(), reason);
        }
        let named = Named { to, origin, author, project: None };
        let known = self.destinations.iter_mut().find(|known| known.to.endpoint() == named.to.endpoint());
        match known {
            Some(known) if author < known.author => *known = named,
            // Variables that say of signals apart what leads to one address say one destination.
            Some(known)
                if author == known.author && known.origin.is_exporter() && named.origin.is_exporter() =>
            {
                known.to.signals = known.to.signals.with(named.to.signals);
            }
            Some(_) => {}
            None => self.destinations.push(named),
        }
        self.tell_apart();
    }

    /// Two destinations of one name cannot be told apart by it: the later one has none.
    fn tell_apart(&mut self) {
        let Some((last, others)) = self.destinations.split_last_mut() else { return };
        let label =
            last.to.label.take_if(|label| others.iter().any(|other| other.to.label.as_ref() == Some(label)));
        if let Some(label) = label {
            let reason = format!("the name {label:?} of {}: another destination has it", last.to.endpoint());
            let origin = last.origin.clone();
            self.refuse(origin, reason);
        }
    }

    /// Takes away what may not be, once all have spoken.
    fn settle(&mut self) {
        self.name_debug_file();
        self.cap_levels();
        if self.local_only.is_some() {
            self.refused.clear();
        }
        if self.local_only.is_some() || self.unread.iter().any(|unread| unread.may_forbid) {
            self.destinations.clear();
            self.waiting.clear();
        }
    }

    /// What a destination gets of who did it: nobody whom nobody knows gets to know a name.
    pub(crate) fn disclosure_to(&self, named: &Named) -> Disclosure {
        if named.author == Author::Unknown { Disclosure::default() } else { self.user_info.value }
    }

    /// Takes in what is to be said of who sends, as far as that may be said. What somebody said before stays.
    fn declare(&mut self, named: BTreeMap<String, String>, origin: &Origin) {
        let (sound, refused): (BTreeMap<_, _>, BTreeMap<_, _>) =
            named.into_iter().partition(|(name, value)| may_be_declared(name, value));
        if !refused.is_empty() {
            let names: Vec<String> = refused.into_keys().collect();
            let reason = format!(
                "of the attributes {} nothing is sent: the recorder says them itself, they name a person, or they are too long",
                names.join(", ")
            );
            self.refuse(origin.clone(), reason);
        }
        if !sound.is_empty() && self.resource_attributes.is_none() {
            self.resource_attributes = Some(Said { value: sound, origin: origin.clone() });
        }
    }

    /// Has no destination used, whoever names it.
    fn keep_local(&mut self, origin: Origin) {
        self.local_only.get_or_insert(origin);
    }

    fn refuse(&mut self, origin: Origin, reason: String) {
        let refused = Refused { origin, reason };
        if !self.refused.contains(&refused) {
            self.refused.push(refused);
        }
    }

    /// The destination, if its author may name it; else why not.
    fn allowed(&self, to: Destination, author: Author) -> Result<Destination, String> {
        match self.objection(&to, author) {
            None => Ok(to),
            Some(objection) => Err(format!("{} {objection}", to.endpoint())),
        }
    }

    /// Why an author may not name a destination.
    fn objection(&self, to: &Destination, author: Author) -> Option<String> {
        if self.only_managed && author != Author::Manager {
            return Some(
                "is not one of those that this machine's managed file names, and only they are used here"
                    .to_owned(),
            );
        }
        if author == Author::Unknown && matches!(to.kind.place, Place::Directory | Place::File) {
            return Some(
                "is a place for you alone to choose: tacho config set destination, with the same".to_owned(),
            );
        }
        let is_owners_word = author != Author::Unknown || self.trust.has_origin(to.base());
        (!is_owners_word && !to.is_loopback()).then(|| format!("is not on this machine, and {DOUBT}"))
    }

    /// No destination gets more than the managed file allows.
    fn cap_levels(&mut self) {
        let Some(level_max) = &self.level_max else { return };
        for named in &mut self.destinations {
            named.to.level = named.to.level.min(level_max.value);
        }
    }
}

impl Origin {
    /// Whether it is what every exporter of OpenTelemetry reads.
    pub(crate) fn is_exporter(&self) -> bool {
        match self {
            Self::Variable(name) => name.starts_with("OTEL_"),
            Self::Declared { .. } => true,
            Self::Default | Self::File(_) | Self::PluginOptions | Self::PluginSettings { .. } => false,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) | Self::PluginSettings { file: path, .. } => formatter.write_str(path),
            Self::PluginOptions => formatter.write_str("the plugin's options"),
            Self::Variable(name) => formatter.write_str(name),
            Self::Declared { file, key } => write!(formatter, "{file}: {key}"),
        }
    }
}
