//! What is read of the files in which the CLI writes down its plugins, as 2.1.330 wrote them.

use crate::claude_code::AGENT;
use crate::setup::{AgentVersion, PluginCopy, PluginTexts, Scope, Switches};
use std::path::PathBuf;

const INSTALLED: &str = r#"{ "version": 2, "plugins": {
    "tachograph@tachograph": [
        { "scope": "user", "installPath": "/c/tachograph/0.1.0", "version": "0.1.0" },
        { "scope": "project", "installPath": "/c/tachograph/0.1.0", "projectPath": "/p" }
    ],
    "dash0@claude-plugins-official": [{ "scope": "user", "installPath": "/c/dash0/1.0.0" }],
    "gone@somewhere": []
} }"#;
const SOURCES: &str = r#"{
    "tachograph": { "source": { "source": "directory", "path": "/d" }, "installLocation": "/d" },
    "claude-plugins-official": { "source": { "source": "github", "repo": "a/b" }, "installLocation": "/m" }
}"#;

fn copies(settings: &[&str]) -> Vec<PluginCopy> {
    let settings: Vec<String> = settings.iter().map(|text| (*text).to_owned()).collect();
    (AGENT.setup.plugins)(&PluginTexts { installed: INSTALLED, sources: SOURCES, settings: &settings })
}

#[test]
fn plugins_with_where_they_run_from() {
    let ours = r#"{ "enabledPlugins": { "tachograph@tachograph": true } }"#;
    let dash0 = PluginCopy {
        id: "dash0@claude-plugins-official".to_owned(),
        is_recorder: false,
        is_other_recorder: true,
        scopes: vec![(Scope::User, None)],
        is_enabled: false,
        source: None,
        folder: Some(PathBuf::from("/c/dash0/1.0.0")),
    };
    let recorder = PluginCopy {
        id: "tachograph@tachograph".to_owned(),
        is_recorder: true,
        is_other_recorder: false,
        scopes: vec![(Scope::User, None), (Scope::Project, Some(PathBuf::from("/p")))],
        is_enabled: true,
        source: Some(PathBuf::from("/d")),
        folder: Some(PathBuf::from("/d/plugins/claude-code")),
    };
    assert_eq!(copies(&[ours]), [dash0, recorder]);
}

#[test]
fn the_last_settings_win() {
    let on = r#"{ "enabledPlugins": { "tachograph@tachograph": true } }"#;
    let off = r#"{ "enabledPlugins": { "tachograph@tachograph": false } }"#;
    let is_on = |settings: &[&str]| copies(settings).iter().any(|copy| copy.is_enabled);
    let table = [(vec![on, off], false), (vec![off, on], true), (vec![on, "no JSON"], true), (vec![], false)];
    for (settings, expected) in table {
        assert_eq!(is_on(&settings), expected, "{settings:?}");
    }
}

#[test]
fn options_of_the_plugin_and_of_no_other() {
    let settings = r#"{ "pluginConfigs": {
        "tachograph@tachograph": { "options": { "OTLP_ENDPOINT": "http://localhost:4318", "DATASET": "",
            "PROPAGATION_COMMANDS": true, "LIST": ["a"] } },
        "other@other": { "options": { "OTLP_ENDPOINT": "http://other" } }
    } }"#;
    let options =
        [("DATASET", ""), ("OTLP_ENDPOINT", "http://localhost:4318"), ("PROPAGATION_COMMANDS", "true")];
    let options = options.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!((AGENT.setup.options)(settings), options.into());
}

#[test]
fn switches_that_keep_hooks_from_running() {
    let switches = |settings: &str| (AGENT.setup.switches)(settings);
    assert_eq!(switches("{}"), Switches::default());
    assert_eq!(switches(r#"{ "disableAllHooks": false }"#), Switches::default());
    let both =
        Switches { no_hooks: Some("disableAllHooks"), only_managed_hooks: Some("allowManagedHooksOnly") };
    assert_eq!(switches(r#"{ "disableAllHooks": true, "allowManagedHooksOnly": true }"#), both);
}

#[test]
fn the_version_as_it_is_printed() {
    let version = AGENT.setup.version;
    assert_eq!(version("2.1.330 (Claude Code)\n"), Some(AgentVersion([2, 1, 330])));
    assert!(version("2.1.119") < version("2.1.330") && version("2.1.330") < version("3.0.0"));
    assert_eq!([version(""), version("Claude Code 2.1"), version("2.1.x")], [None; 3]);
}
