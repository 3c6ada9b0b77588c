//! `tacho install` and `uninstall`, as far as that is no business of the real CLI, with which `cargo xtask e2e` plays
//! them.

use crate::fixture;
use crate::installed::Installed;
use serde_json::json;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

fn inode(installed: &Installed) -> u64 {
    fs::metadata(installed.folder()).unwrap().ino()
}

#[test]
fn a_rehearsal_changes_nothing() {
    let installed = Installed::nothing();
    let ran =
        installed.tacho(&["install", "claude-code", "--dry-run", "--endpoint", "http://localhost:4318"]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(installed.home.without_place(&ran.stdout));
    assert_eq!(installed.told(), "--version\n");
    assert!(!installed.folder().exists());
}

#[test]
fn the_second_time_changes_nothing() {
    let installed = Installed::plugin();
    let before = inode(&installed);
    let ran = installed.tacho(&["install", "claude-code"]);
    insta::assert_snapshot!(installed.home.without_place(&ran.stdout));
    assert_eq!(inode(&installed), before);
}

/// What was used before there was a recorder is known from the first moment.
#[test]
fn old_transcripts_are_taken_in() {
    let installed = Installed::nothing();
    let fixture = fixture::load("bash");
    let folder = installed.home.path().join(".claude/projects/-home-dev-project");
    fs::create_dir_all(&folder).unwrap();
    for (path, text) in &fixture.transcripts {
        fs::write(folder.join(path), text).unwrap();
    }
    let planned = installed.tacho(&["install", "claude-code", "--dry-run"]).stdout;
    assert!(planned.contains("would import  12.7 KiB of 1 transcript\n"), "{planned}");
    let told = installed.tacho(&["install", "claude-code"]).stdout;
    assert!(told.contains("imported      12.7 KiB of 1 transcript\n"), "{told}");
    let again = installed.tacho(&["install", "claude-code"]).stdout;
    assert!(!again.contains("import"), "{again}");
    let cost = installed.home.json_of(&["cost", "--json"]);
    assert_eq!(cost["totals"]["cost_usd_nanos"], 2_828_000);
}

/// The module in the agent's process runs where its owner said so, until he says otherwise.
#[test]
fn measurements_are_switched_on_and_off() {
    let installed = Installed::plugin();
    let hooks = installed.folder().join("plugins/claude-code/hooks/newer.json");
    let is_on = |words: &[&str]| {
        assert_eq!(installed.tacho(&[&["install", "claude-code"], words].concat()).code, Some(0));
        fs::read_to_string(&hooks).unwrap().contains("./register.js")
    };
    let on = [&[][..], &["--measurements", "on"], &[], &["--measurements", "off"], &[]].map(is_on);
    assert_eq!(on, [false, true, true, false, false]);
}

#[test]
fn an_upgrade_replaces_the_whole_folder() {
    let installed = Installed::plugin();
    let before = inode(&installed);
    let stray = installed.folder().join("plugins/claude-code/hooks/older.json");
    fs::write(&stray, "{}").unwrap();
    assert_eq!(installed.tacho(&["install", "claude-code"]).code, Some(0));
    assert_ne!(inode(&installed), before);
    assert!(!stray.exists());
    let beside = fs::read_dir(installed.folder().parent().unwrap()).unwrap();
    assert_eq!(beside.count(), 1);
}

#[test]
fn a_token_travels_by_standard_input_alone() {
    let installed = Installed::plugin();
    fs::write(installed.place().join("token"), "a-secret\n").unwrap();
    let line = "tacho install claude-code --endpoint http://127.0.0.1:9 --token-stdin --level full < token";
    let ran = installed.shell(line);
    assert_eq!((ran.code, ran.stdout.contains("a-secret")), (Some(0), false));
    assert!(installed.told().ends_with("plugin configure tachograph@tachograph --values-stdin\n"));
}

#[test]
fn what_cannot_be_sent_to_is_refused_before_anything_is_changed() {
    let installed = Installed::nothing();
    fs::write(installed.place().join("token"), "a-secret\n").unwrap();
    let ran =
        installed.shell("tacho install claude-code --endpoint http://otlp.example.com --token-stdin < token");
    insta::assert_snapshot!(ran.stderr, @r#"
    error: header "Authorization" would travel in clear text to http://otlp.example.com; use https
      hint: tacho install claude-code --endpoint https://otlp.example.com
    "#);
    assert_eq!(ran.code, Some(2));
    assert!(!installed.folder().exists());
}

/// What is secret in headers travels like the token.
#[test]
fn headers_and_a_name() {
    let installed = Installed::plugin();
    let line =
        "tacho install claude-code --endpoint http://127.0.0.1:9 --headers X-Key=a-secret --user-info name";
    let ran = installed.shell(line);
    let told = installed.home.without_place(&ran.stdout);
    let configured = told.lines().find(|line| line.contains("configure")).unwrap();
    insta::assert_snapshot!(configured, @"ran           [home]/bin/claude plugin configure tachograph@tachograph --values-stdin  (standard input: OTLP_ENDPOINT, HEADERS, USER_INFO)");
    let ran = installed
        .shell("tacho install claude-code --endpoint http://otlp.example.com --headers X-Key=a-secret");
    insta::assert_snapshot!(ran.stderr, @r#"
    error: header "X-Key" would travel in clear text to http://otlp.example.com; use https
      hint: tacho install claude-code --endpoint https://otlp.example.com
    "#);
}

/// Where it is installed for a project, it is so for that project alone.
#[test]
fn for_a_project() {
    for scope in ["project", "local"] {
        let installed = Installed::nothing();
        let install = format!("tacho install claude-code --scope {scope}");
        let ran = installed.shell(&install);
        insta::assert_snapshot!(format!("for_a_project_{scope}"), installed.home.without_place(&ran.stdout));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        installed.note_plugins(&["tachograph@tachograph"], &json!({}));
        let copy = json!([{ "scope": scope, "projectPath": installed.place(), "version": "0.1.0" }]);
        let copies = json!({ "version": 2, "plugins": { "tachograph@tachograph": copy } });
        installed.write(".claude/plugins/installed_plugins.json", &copies);
        let step = |line: &str| {
            let ran = installed.shell(line);
            let is_step = |line: &&str| line.contains("tachograph@tachograph");
            installed.home.without_place(ran.stdout.lines().find(is_step).unwrap())
        };
        assert_eq!(
            step(&install),
            format!("unchanged     tachograph@tachograph is installed (scope {scope})")
        );
        assert_eq!(
            step(&format!("mkdir another && cd another && {install}")),
            format!("ran           [home]/bin/claude plugin install tachograph@tachograph --scope {scope}")
        );
    }
}

#[test]
fn an_agent_that_is_not_there() {
    let installed = Installed::nothing();
    fs::remove_file(installed.place().join("bin/claude")).unwrap();
    let ran = installed.tacho(&["install", "claude-code"]);
    let (message, plugin_folder) = ran.stderr.rsplit_once("--plugin-dir ").unwrap();
    insta::assert_snapshot!(message, @r"
    error: claude is not on PATH
      hint: get it with `npm install -g @anthropic-ai/claude-code`, or name it: tacho install claude-code --claude PATH
      hint: without installing anything, `claude 
    ");
    assert!(plugin_folder.ends_with("` records one session too\n"));
    assert_eq!(ran.code, Some(1));
}

#[test]
fn a_tacho_without_a_hook_beside_it() {
    let installed = Installed::nothing();
    let alone = installed.place().join("alone");
    fs::create_dir(&alone).unwrap();
    fs::rename(installed.programs().join("tacho"), alone.join("tacho")).unwrap();
    let ran = installed.shell("alone/tacho install claude-code");
    insta::assert_snapshot!(installed.home.without_place(&ran.stderr), @r"
    error: no tacho-hook lies beside this tacho, in [home]/alone
      hint: in a source checkout, `cargo xtask plugin` builds both; then run target/plugin/claude-code/bin/tacho install claude-code
    ");
    assert_eq!(ran.code, Some(1));
}

/// The link is made where a shell looks, is told of, and goes with the rest.
#[test]
fn a_name_for_the_shell() {
    let installed = Installed::nothing();
    let directory = installed.place().join(".local/bin");
    fs::create_dir_all(&directory).unwrap();
    fs::remove_file(installed.place().join("bin/tacho")).unwrap();
    let path = "PATH=$HOME/.local/bin:$PATH";
    let ran = installed.shell(&format!("{path} programs/tacho --account-home $HOME install claude-code"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let program = installed.folder().join("plugins/claude-code/bin/tacho");
    assert_eq!(fs::read_link(directory.join("tacho")).unwrap(), program);
    let status_line = json!({ "type": "command", "command": "tacho statusline --then 'sh line.sh'" });
    installed.note_plugins(&["tachograph@tachograph"], &json!({ "statusLine": status_line }));
    let ran = installed.shell(&format!("{path} tacho --account-home $HOME uninstall claude-code"));
    insta::assert_snapshot!(installed.home.without_place(&ran.stdout));
    assert!(!installed.folder().exists() && fs::read_link(directory.join("tacho")).is_err());
}

/// Hooks record elsewhere where the state directory is a link, and nothing is said to be gone that is not.
#[test]
fn what_lies_elsewhere_is_not_said_to_be_gone() {
    let installed = Installed::nothing();
    let state = installed.home.state();
    fs::create_dir_all(state.parent().unwrap()).unwrap();
    symlink(installed.home.path(), &state).unwrap();
    let purged = installed.tacho(&["uninstall", "claude-code", "--purge", "--yes"]);
    assert_eq!(purged.code, Some(1));
    insta::assert_snapshot!(installed.home.without_place(&purged.stderr), @r"
    error: open the state directory [home]/state
      because: Not a directory (os error 20)
      hint: hooks do not record there, and what they recorded lies elsewhere: tacho doctor says where
    ");
}

/// Only what is ours goes, and only when somebody says so.
#[test]
fn what_was_recorded_goes_only_when_asked_for() {
    let installed = Installed::nothing();
    installed.home.record(fixture::load("bash"));
    installed.home.drain();
    let state = installed.home.state();
    fs::write(state.join("config.toml"), "team = \"a\"\n").unwrap();
    fs::write(state.join("a file of somebody else"), "").unwrap();
    fs::write(state.join("clock"), "1\n").unwrap();
    // What commands are told while there are hooks to say it.
    fs::create_dir(state.join("propagation")).unwrap();
    fs::write(state.join("propagation/a.context"), "").unwrap();
    assert_eq!(installed.tacho(&["uninstall", "claude-code"]).code, Some(0));
    assert!(installed.home.store_file().exists() && !state.join("propagation").exists());
    let refused = installed.tacho(&["uninstall", "claude-code", "--purge"]);
    insta::assert_snapshot!(refused.stderr, @r"
    error: nobody is there to be asked whether what was recorded may go
      hint: --yes says it
    ");
    assert_eq!(installed.tacho(&["uninstall", "claude-code", "--purge", "--yes"]).code, Some(0));
    let left = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut left: Vec<String> = left.collect();
    left.sort();
    assert_eq!(left, ["a file of somebody else", "config.toml"]);
}
