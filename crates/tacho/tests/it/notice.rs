//! What the user is told when a session starts: by the real hook, as installation, configuration and the real drainer left
//! it.

use crate::fixture;
use crate::home::{Home, Ran};
use crate::installed::Installed;
use serde_json::json;
use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use tacho_testkit::otlp::Receiver;

const SESSION_START: &str =
    r#"{"session_id":"5f0c2f7e","hook_event_name":"SessionStart","source":"startup"}"#;

const LOCAL_ONLY: &str = "tachograph: recording locally only, as no destination was named. To send it: /plugin > Installed > tachograph > Configure, then /reload-plugins, or: tacho config set destination URL. To keep it so: tacho config set local_only true\n";

/// What a hook says at the start of a session. It lies alone, so that it starts no drainer.
fn told_at_start(installed: &Installed) -> String {
    let alone = installed.place().join("alone");
    fs::create_dir_all(&alone).unwrap();
    let hook = alone.join("tacho-hook");
    if !hook.exists() {
        fs::copy(installed.programs().join("tacho-hook"), &hook).unwrap();
    }
    let mut command = Command::new(hook);
    command.env_clear().env("HOME", installed.place()).env("TACHO_HOME", installed.home.state());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(SESSION_START.as_bytes()).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
    installed.home.without_place(&ran.stderr)
}

#[test]
fn the_first_session_is_told_that_nothing_is_sent() {
    let installed = Installed::plugin();
    assert_eq!(told_at_start(&installed), LOCAL_ONLY);
    assert_eq!(told_at_start(&installed), LOCAL_ONLY);
}

/// The stand-in for the CLI keeps no options, so they are put where the CLI puts them.
#[test]
fn an_endpoint_that_is_installed_is_a_destination() {
    let installed = Installed::plugin();
    let options =
        json!({ "tachograph@tachograph": { "options": { "OTLP_ENDPOINT": "http://127.0.0.1:9" } } });
    installed.note_plugins(&["tachograph@tachograph"], &json!({ "pluginConfigs": options }));
    assert_eq!(installed.tacho(&["install", "claude-code"]).code, Some(0));
    assert_eq!(told_at_start(&installed), "");
}

#[test]
fn what_is_configured_counts_for_the_next_session() {
    let installed = Installed::plugin();
    let table = [
        ("config set local_only true", ""),
        ("config set local_only false", LOCAL_ONLY),
        ("config set destination http://127.0.0.1:9", ""),
        ("config unset destination http://127.0.0.1:9", LOCAL_ONLY),
        (
            "status > status; echo 'local_only = true' > state/config.toml; tacho config set team a",
            "tachograph: recording locally only, as what [home]/state/config.toml says is not used: see tacho status\n",
        ),
    ];
    for (words, expected) in table {
        assert_eq!(installed.shell(&format!("tacho {words}")).code, Some(0), "{words}");
        assert_eq!(told_at_start(&installed), expected, "{words}");
    }
}

/// A drainer that stays, as a hook starts it.
fn drainer(home: &Home, variables: &[(&str, &str)]) -> Child {
    let mut command = home.command(&["drain", "--background", "--take-over"]);
    command.envs(variables.iter().copied()).spawn().unwrap()
}

#[track_caller]
fn comes_to_say(home: &Home, expected: Option<&str>) {
    let notice = home.state().join("notice");
    while fs::read_to_string(&notice).ok().as_deref() != expected {
        std::thread::yield_now();
    }
}

/// As when a user fills in the plugin's options while a session goes on.
#[test]
fn what_is_configured_counts_for_a_session_that_goes_on() {
    let (home, receiver) = (Home::new(), Receiver::start().unwrap());
    home.record(fixture::load("bash").an_hour_ago());
    let mut drainer = drainer(&home, &[]);
    comes_to_say(&home, Some(LOCAL_ONLY));
    assert_eq!(home.run(&["config", "set", "destination", &receiver.url()]).code, Some(0));
    // Any hook wakes the drainer.
    home.record(fixture::load("denied").an_hour_ago());
    while receiver.spans().len() < 8 {
        std::thread::yield_now();
    }
    drainer.kill().unwrap();
    drainer.wait().unwrap();
}

#[test]
fn the_drainer_knows_whether_anything_is_sent() {
    let home = Home::new();
    let mut sends_nowhere = drainer(&home, &[]);
    comes_to_say(&home, Some(LOCAL_ONLY));
    let mut sends = drainer(&home, &[("TACHO_OTLP_ENDPOINT", "http://127.0.0.1:9")]);
    comes_to_say(&home, None);
    assert!(sends_nowhere.wait().unwrap().success());
    sends.kill().unwrap();
    sends.wait().unwrap();
}
