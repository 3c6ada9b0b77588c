//! What is answered where nothing fits what was asked for: a slip of the pen must not look like "nothing was decided".

use super::{drained, said};
use crate::fixture;
use crate::home::Home;
use std::fs;

#[test]
fn a_session_that_nobody_knows() {
    let home = drained("denied");
    let held = home.run(&["audit", "hold", "zzz"]);
    for command in [
        &["show"][..],
        &["show", "--json"],
        &["show", "--type", "tool_skip"],
        &["export"],
        &["export", "--format", "csv"],
        &["export", "--format", "document"],
    ] {
        let ran = home.run(&[&["audit"], command, &["--session", "zzz"]].concat());
        assert_eq!(ran, held, "{command:?}");
    }
    insta::assert_snapshot!(said(&home, &held), @r#"
    exit code Some(1)
    error: no session begins with "zzz"
      hint: `tacho sessions` lists them
    "#);
}

/// The log knows sessions that the store forgot, and the store those of which nothing was decided.
#[test]
fn sessions_that_only_one_of_both_knows() {
    let home = drained("denied");
    let session = fixture::load("denied").session.as_str().to_owned();
    let begins = &session[..8];
    let types = ["--type", "compaction"];
    let nothing = ["export", "--format", "csv", "--session", begins, types[0], types[1]];
    let head = home.stdout_of(&[&["audit"], &nothing[..]].concat());
    assert_eq!(head.lines().map(|line| line.split(',').count()).collect::<Vec<_>>(), [24]);
    home.stdout_of(&["audit", "forget", &session]);
    let exported = home.stdout_of(&["audit", "export", "--session", begins]);
    assert_eq!(exported.lines().count(), 7);
    fs::remove_file(home.store_file()).unwrap();
    assert_eq!(home.stdout_of(&["audit", "export", "--session", begins]), exported);
}

#[test]
fn the_last_session() {
    let home = Home::with(["denied", "bash"].map(fixture::load));
    home.drain();
    let sessions = home.json_of(&["sessions", "--json"]);
    let last = sessions["sessions"][0]["id"].as_str().unwrap();
    for command in ["show", "export"] {
        let of = |session| home.stdout_of(&["audit", command, "--session", session]);
        assert_eq!(of("last"), of(last));
        assert_eq!(of("last").lines().count(), 6);
    }
}

#[test]
fn words_that_no_entry_has() {
    let home = drained("denied");
    insta::assert_snapshot!(said(&home, &home.run(&["audit", "show", "--type", "nope"])), @"
    exit code Some(2)
    error: invalid value 'nope' for '--type <TYPE>'
      [possible values: tool_call, tool_skip, response_generated, safety_block, permission_requested, permission_decided, config_changed, model_switched, compaction, session_started, session_ended, recorder_gap, recorder_touched, log_started, key_rotated, hold_set, hold_released, retention_changed, entries_given_up, session_forgotten]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(said(&home, &home.run(&["audit", "export", "--decider", "nope"])), @"
    exit code Some(2)
    error: invalid value 'nope' for '--decider <WHO>'
      [possible values: person, rule, mode, hook, classifier, safety_check, sandbox, agent, model]

    For more information, try '--help'.
    ");
    // What tools are called is the agent's.
    insta::assert_snapshot!(said(&home, &home.run(&["audit", "show", "--tool", "nope"])), @"
    exit code Some(0)
    no entry passes
    ");
}

/// One entry is of one session: there is nothing to choose.
#[test]
fn one_entry_of_a_session() {
    let home = drained("denied");
    insta::assert_snapshot!(said(&home, &home.run(&["audit", "show", "4", "--session", "zzz"])), @"
    exit code Some(2)
    error: the argument '[ENTRY]' cannot be used with '--session <ID>'

    Usage: tacho audit show <ENTRY>

    For more information, try '--help'.
    ");
    assert_eq!(home.run(&["audit", "show", "4", "--tool", "Bash"]).code, Some(2));
    assert_eq!(home.run(&["audit", "show", "4", "--limit", "1"]).code, Some(2));
}
