//! The versions of the CLI that the bench knows, and what each of them writes down.
//!
//! A comparison must not ask the recorder for what its source does not say; it must ask for all the rest.

/// A version of the CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Its name on npm.
    pub name: &'static str,
    /// Whether its transcript has a row for each request, with its time, and for each that it repeats.
    pub writes_requests: bool,
    /// Whether the description of a subagent says how deep it was started.
    pub writes_depth: bool,
    /// Whether its transcript says how long each hook took at the end of a turn.
    pub writes_hook_times: bool,
    /// Whether a plugin can have modules that run in its process.
    pub runs_modules: bool,
    /// Whether what it exports of a session that goes on names that session, and not one of its own.
    pub exports_resumed: bool,
}

/// The version that the plugin is built for.
pub const CURRENT: &Version = &Version {
    name: "2.1.330",
    writes_requests: true,
    writes_depth: true,
    writes_hook_times: true,
    runs_modules: true,
    exports_resumed: true,
};

/// All versions, the current one first.
pub const VERSIONS: [&Version; 2] = [
    CURRENT,
    &Version {
        name: "2.1.119",
        writes_requests: false,
        writes_depth: false,
        writes_hook_times: false,
        runs_modules: false,
        exports_resumed: false,
    },
];

impl Version {
    /// The version of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        VERSIONS.into_iter().find(|version| version.name == name)
    }
}
