//! What its owner does: hold, release, retain, change the key, anchor.

use super::{drained, entries, types};
use crate::fixture;
use crate::home::Home;
use serde_json::Value as Json;
use std::fs::{self, File};
use std::process::Command;
use tacho_spool::loss::LOSS_LEDGER;

#[test]
fn what_is_held_is_not_deleted() {
    let home = drained("denied");
    let session = fixture::load("denied").session.as_str().to_owned();
    assert_eq!(
        home.stdout_of(&["audit", "hold", &session[..8], "--reason", "case 12"]),
        format!("{session} is held; entry 7 says so\n")
    );
    let ran = home.run(&["audit", "forget", &session]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    // Everything recorded here is older than a day; without a hold it would go.
    home.configure("[retention]\ndays = 1\n");
    home.record(fixture::load("bash"));
    home.drain();
    home.drain();
    let kept = home.json_of(&["sessions", "--json"]);
    let ids: Vec<_> =
        kept["sessions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&session.as_str()), "{ids:?}");
    assert_eq!(
        home.stdout_of(&["audit", "release", &session]),
        format!("{session} is released; entry 14 says so\n")
    );
    assert_eq!(home.run(&["audit", "release", &session]).code, Some(1));
    assert_eq!(
        types(&home, 7),
        [
            vec!["hold_set"],
            vec![
                "session_started",
                "response_generated",
                "permission_decided",
                "tool_call",
                "response_generated",
                "session_ended"
            ],
            vec!["hold_released"]
        ]
        .concat()
    );
    assert_eq!(home.run(&["audit", "verify"]).code, Some(0));
}

/// What is held is named as it was for the hold.
#[test]
fn what_is_released_is_named_by_the_beginning_of_its_id() {
    let home = Home::with(["denied", "bash"].map(fixture::load));
    home.drain();
    let release = |session: &str| {
        let ran = home.run(&["audit", "release", session]);
        (ran.code, ran.stdout + &ran.stderr)
    };
    assert_eq!(release("zzz"), (Some(1), "error: no held session begins with \"zzz\"\n".to_owned()));
    let [denied, bash] = ["denied", "bash"].map(|name| fixture::load(name).session.as_str().to_owned());
    home.stdout_of(&["audit", "hold", &denied]);
    home.stdout_of(&["audit", "hold", &bash]);
    assert_eq!(
        release("zzz"),
        (Some(1), format!("error: no held session begins with \"zzz\"\n  hint: held: {denied}, {bash}\n"))
    );
    assert_eq!(release(&denied[..8]), (Some(0), format!("{denied} is released; entry 15 says so\n")));
    // The one that is left is not meant by who names none.
    assert_eq!((release("").0, home.run(&["audit", "forget", ""]).code), (Some(2), Some(2)));
    assert_eq!(release(&bash[..8]), (Some(0), format!("{bash} is released; entry 16 says so\n")));
}

/// Nothing is said to be held that is not there.
#[test]
fn nobody_holds_a_session_that_is_not_known() {
    let home = drained("denied");
    let ran = home.run(&["audit", "hold", "0000"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.starts_with("error: no session begins with \"0000\"\n"), "{}", ran.stderr);
}

/// A log that cannot be written stops neither recording nor sending; what was decided meanwhile is sealed afterwards.
#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let home = Home::with([fixture::load("denied")]);
    fs::write(home.state().join("audit"), "in the way").unwrap();
    home.drain();
    assert_eq!(home.json_of(&["sessions", "--json"])["sessions"].as_array().unwrap().len(), 1);
    let notice = fs::read_to_string(home.state().join("notice")).unwrap();
    assert!(notice.starts_with("tachograph: decisions are recorded and not sealed yet: "), "{notice}");
    fs::remove_file(home.state().join("audit")).unwrap();
    home.drain();
    assert_eq!(entries(&home).lines().count(), entries(&drained("denied")).lines().count());
    assert_eq!(home.run(&["audit", "verify"]).code, Some(0));
}

/// What keeps one session from being sealed keeps no other, and nothing that was decided is left out for good.
#[test]
fn a_session_that_cannot_be_sealed_costs_no_other() {
    let names = ["bash", "denied", "nested"];
    let whole = Home::with(names.map(fixture::load));
    whole.drain();
    let of = |home: &Home, session: &str| {
        let exported = home.stdout_of(&["audit", "export", "--session", session]);
        exported.lines().count()
    };
    for broken in names {
        let home = Home::with(names.map(fixture::load));
        let session = fixture::load(broken).session;
        let opening = home.state().join("audit/openings").join(session.as_str());
        fs::create_dir_all(&opening).unwrap();
        home.drain();
        for name in names {
            let other = fixture::load(name).session;
            let expected = if name == broken { 0 } else { of(&whole, other.as_str()) };
            assert_eq!(of(&home, other.as_str()), expected, "{name} where {broken} is broken");
        }
        let notice = fs::read_to_string(home.state().join("notice")).unwrap();
        assert!(notice.starts_with("tachograph: decisions are recorded and not sealed yet: "), "{notice}");
        assert!(home.state().join("unsealed").exists());
        fs::remove_dir(&opening).unwrap();
        home.drain();
        assert_eq!(entries(&home).lines().count(), entries(&whole).lines().count(), "{broken}");
        assert!(!home.state().join("unsealed").exists());
    }
}

/// A hold that is in force and of which the log knows nothing, as when the disk was full, is said when it is asked for again.
#[test]
fn a_hold_is_said_in_the_log() {
    let home = drained("denied");
    let session = fixture::load("denied").session.as_str().to_owned();
    let hold = ["audit", "hold", &session];
    assert_eq!(home.stdout_of(&hold), format!("{session} is held; entry 7 says so\n"));
    assert_eq!(home.stdout_of(&hold), format!("{session} is held already\n"));
    let policy = fs::read(home.state().join("audit/policy.json")).unwrap();
    home.stdout_of(&["audit", "release", &session]);
    fs::write(home.state().join("audit/policy.json"), policy).unwrap();
    assert_eq!(home.stdout_of(&hold), format!("{session} is held; entry 9 says so\n"));
    assert_eq!(home.run(&["audit", "verify"]).code, Some(0));
}

/// Who changes the policy at the same time as others loses nothing of what they say.
#[test]
fn holds_that_are_set_at_once() {
    let home = Home::with(["denied", "bash", "nested"].map(fixture::load));
    home.drain();
    let sessions = ["denied", "bash", "nested"].map(|name| fixture::load(name).session);
    for _ in 0..5 {
        let holding =
            sessions.each_ref().map(|session| home.command(&["audit", "hold", session.as_str()]).spawn());
        holding.into_iter().for_each(|child| assert!(child.unwrap().wait().unwrap().success()));
        assert_eq!(
            home.json_of(&["audit", "retain", "--json"])["policy"]["holds"].as_array().unwrap().len(),
            3
        );
        assert_eq!(home.run(&["audit", "verify"]).code, Some(0));
        for session in &sessions {
            home.stdout_of(&["audit", "release", session.as_str()]);
        }
    }
}

/// A command that was stopped and has the policy holds nobody up for ever, the drainer least of all.
#[test]
fn a_policy_that_another_has_in_hand() {
    let home = drained("denied");
    let other = File::open(home.state().join("audit")).unwrap();
    other.lock().unwrap();
    let ran = home.run(&["audit", "hold", fixture::load("denied").session.as_str()]);
    insta::assert_snapshot!(ran.stderr, @r"
    error: something else has what is kept in hand
      hint: a drainer that forgets, or another `tacho audit`: let it end, then try again
    ");
    assert_eq!(ran.code, Some(1));
}

/// What was lost is a gap in the log; where nobody can tell what was lost, what was decided is sealed all the same.
#[test]
fn a_ledger_of_losses_that_cannot_be_read_costs_no_decision() {
    let home = Home::with([fixture::load("denied")]);
    fs::create_dir(home.state().join(LOSS_LEDGER)).unwrap();
    home.drain();
    assert_eq!(entries(&home).lines().count(), entries(&drained("denied")).lines().count());
}

/// A hold that is taken out of the policy without a word, and an age that nobody said, are told.
#[test]
fn a_policy_that_the_log_knows_nothing_of() {
    let home = drained("denied");
    let session = fixture::load("denied").session.as_str().to_owned();
    home.stdout_of(&["audit", "hold", &session]);
    home.stdout_of(&["audit", "retain", "6y"]);
    assert_eq!(home.run(&["audit", "verify"]).code, Some(0));
    let policy = home.state().join("audit/policy.json");
    fs::write(&policy, r#"{"retention_days":30,"holds":[]}"#).unwrap();
    let ran = home.run(&["audit", "verify"]);
    assert_eq!(
        (ran.code, ran.stdout),
        (
            Some(3),
            format!(
                "entry 7: it holds {session}, and the policy does not\n\
                 entry 8: it has entries kept 2192 days, and the policy 30 days\n\
                 tampered: 9 entries, 9 read, 2 checkpoints met, 0 of them held elsewhere\n"
            )
        )
    );
    fs::write(&policy, "nonsense").unwrap();
    assert_eq!(home.run(&["audit", "verify"]).code, Some(3));
    assert_eq!(
        home.stdout_of(&["audit", "retain", "--from-log"]),
        "in force as the log says, with 1 session held\n"
    );
    assert_eq!(home.run(&["audit", "verify"]).code, Some(0));
    assert_eq!(home.stdout_of(&["audit", "retain"]).lines().next(), Some("entries are kept 2192 days"));
}

#[test]
fn ages() {
    let home = drained("bash");
    for (age, says) in [
        ("1d", "1 day"),
        ("183d", "183 days"),
        ("400", "400 days"),
        ("6y", "2192 days"),
        ("forever", "forever"),
    ] {
        home.stdout_of(&["audit", "retain", age]);
        assert_eq!(home.stdout_of(&["audit", "retain"]), format!("entries are kept {says}\n"));
    }
    for wrong in ["0d", "6 years", "-1"] {
        assert_eq!(home.run(&["audit", "retain", "--", wrong]).code, Some(2));
    }
    assert_eq!(types(&home, 7).len(), 5);
}

#[test]
fn a_key_that_changes() {
    let home = drained("denied");
    let first = home.stdout_of(&["audit", "key", "show"]);
    let proof = home.path().join("proof");
    fs::write(&proof, home.stdout_of(&["audit", "prove", "2"])).unwrap();
    home.run(&["audit", "key", "rotate"]);
    home.record(fixture::load("bash"));
    home.drain();
    let keys = home.stdout_of(&["audit", "key", "show"]);
    assert_eq!((keys.lines().count(), keys.lines().next()), (2, first.lines().next()));
    assert_eq!(home.run(&["audit", "verify", "--key", first.trim()]).code, Some(0));
    assert_eq!(home.run(&["audit", "verify-proof", proof.to_str().unwrap()]).code, Some(0));
    assert_eq!(types(&home, 7)[0], "key_rotated");
    let secrets = fs::read_dir(home.state().join("keys/audit")).unwrap().count();
    assert_eq!(secrets, 1);
}

#[test]
fn anchors() {
    let home = drained("denied");
    let repository = home.path().join("project");
    let git = |arguments: &[&str]| {
        let ran =
            Command::new("git").arg("-C").arg(&repository).args(arguments).env("HOME", home.path()).output();
        assert!(ran.unwrap().status.success(), "git {arguments:?}");
    };
    fs::create_dir(&repository).unwrap();
    git(&["init", "-q"]);
    git(&["config", "user.name", "Dev"]);
    git(&["config", "user.email", "dev@example.com"]);
    git(&["commit", "-q", "--allow-empty", "-m", "first"]);
    let (file, query) = (home.path().join("elsewhere"), home.path().join("stamp.tsq"));
    let path = std::env::var("PATH").unwrap();
    let anchored = home.run_with(
        &[
            "audit",
            "anchor",
            "--file",
            file.to_str().unwrap(),
            "--git-note",
            repository.to_str().unwrap(),
            "--timestamp-query",
            query.to_str().unwrap(),
        ],
        &[("PATH", &path)],
    );
    assert_eq!((anchored.code, anchored.stdout.lines().count(), anchored.stderr.as_str()), (Some(0), 3, ""));
    assert_eq!(fs::read(&query).unwrap().len(), 59);
    let checkpoint = home.stdout_of(&["audit", "checkpoint"]);
    assert_eq!(fs::read_to_string(query.with_extension("checkpoint")).unwrap(), checkpoint);
    home.record(fixture::load("bash"));
    home.drain();
    let ran = home.run_with(&["audit", "verify", "--json"], &[("PATH", &path)]);
    let report: Json = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&report["verdict"], &report["witnesses"]), (&"intact".into(), &2.into()));
}

/// What cannot be written is named.
#[test]
fn an_anchor_that_cannot_be_written() {
    let home = drained("denied");
    let place = home.path().join("nowhere/stamp");
    let anchor = |option: &str| {
        let ran = home.run(&["audit", "anchor", option, place.to_str().unwrap()]);
        (ran.code, home.without_place(&(ran.stdout + &ran.stderr)))
    };
    for (option, file) in [("--file", "stamp"), ("--timestamp-query", "stamp.checkpoint")] {
        let said = format!(
            "error: write [home]/nowhere/{file}\n  because: No such file or directory (os error 2)\n"
        );
        assert_eq!(anchor(option), (Some(1), said));
    }
    fs::create_dir_all(&place).unwrap();
    let said = "error: write [home]/nowhere/stamp\n  because: Is a directory (os error 21)\n";
    assert_eq!(anchor("--timestamp-query"), (Some(1), said.to_owned()));
    fs::create_dir(home.state().join("audit/anchors")).unwrap();
    fs::remove_dir(&place).unwrap();
    let said = "error: write [home]/state/audit/anchors\n  because: Is a directory (os error 21)\n";
    assert_eq!(anchor("--file"), (Some(1), said.to_owned()));
}

/// A policy that is there and cannot be read is named, too.
#[test]
fn a_policy_that_cannot_be_read() {
    let home = drained("denied");
    fs::create_dir(home.state().join("audit/policy.json")).unwrap();
    let ran = home.run(&["audit", "retain"]);
    assert_eq!(
        (ran.code, &*home.without_place(&ran.stderr)),
        (Some(1), "error: read [home]/state/audit/policy.json\n  because: Is a directory (os error 21)\n")
    );
}

/// A command of the examples is one that a shell takes.
#[test]
fn how_to_anchor() {
    let help = drained("denied").stdout_of(&["audit", "anchor", "--help"]);
    let examples = help.split_once("Examples:\n").unwrap().1;
    insta::assert_snapshot!(examples, @r"
    tacho audit anchor --file /mnt/other/checkpoints
    tacho audit anchor --git-note ~/project
    tacho audit anchor --timestamp-query checkpoint.tsq
    curl -sH 'Content-Type: application/timestamp-query' \
      --data-binary @checkpoint.tsq URL > checkpoint.tsr
    ");
}
