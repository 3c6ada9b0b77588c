//! What an auditor does: verify, verify against what others hold, prove, and export.

use super::{drained, entries, said};
use crate::fixture;
use crate::home::Home;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use tacho_testkit::otlp::Receiver;

/// A key of some log.
const KEY: &str =
    "tachograph/audit/b6ad784a9b03a0c9f4a70e736ae9bd9f+78e13e53+AS1uoAaMDkqMIUKjh1e88AO5JMcNm88H5MI/m8Y5ng4H";

/// The fields of the session's entries in which something is told only by a hash.
fn entry(home: &Home, kind: &str) -> Json {
    let all = home.json_of(&["audit", "show", "--type", kind, "--json"]);
    all["entries"][0].clone()
}

#[test]
fn an_intact_log() {
    let home = drained("denied");
    assert_eq!(
        home.stdout_of(&["audit", "verify"]),
        "intact: 7 entries, 7 read, 2 checkpoints met, 0 of them held elsewhere\n\
         nobody else's checkpoint was compared: a cut end or a log made anew would not show; see --against\n"
    );
    let key = home.stdout_of(&["audit", "key", "show"]);
    assert_eq!(home.run(&["audit", "verify", "--key", key.trim()]).code, Some(0));
    // The verifier that shares no code with the log's writer says so, too.
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/verify_audit.py");
    let mut python = Command::new("python3");
    let python = python.arg(verifier).args(["--key", key.trim()]).arg(home.state().join("audit/log"));
    assert_eq!(String::from_utf8(python.output().unwrap().stdout).unwrap(), "intact\n");
}

/// A home in whose log a call that was denied was made one that ran.
fn altered() -> Home {
    let home = drained("denied");
    let bundle = home.state().join("audit/log/tile/entries/000.p/7");
    let mut text = fs::read(&bundle).unwrap();
    let place = text.windows(9).position(|window| window == b"tool_skip").unwrap();
    text[place..place + 9].copy_from_slice(b"tool_call");
    fs::write(&bundle, text).unwrap();
    home
}

#[test]
fn a_log_that_was_altered() {
    let home = altered();
    let ran = home.run(&["audit", "verify"]);
    assert_eq!(
        said(&home, &ran),
        "exit code Some(3)\n\
         entry 0: an entry from 0 to 6 is not what was signed: past/7 has another root\n\
         entry 0: an entry from 0 to 6 is not what was signed: the checkpoint has another root\n\
         entry 4: it does not have the hash that its tile holds\n\
         tampered: 7 entries, 7 read, 0 checkpoints met, 0 of them held elsewhere\n\
         error: the audit log is not what was signed\n  hint: keep a copy of audit/ as it is before anything else\n"
    );
}

#[test]
fn a_log_without_earlier_checkpoints() {
    let home = drained("denied");
    fs::remove_dir_all(home.state().join("audit/log/past")).unwrap();
    assert_eq!(
        home.stdout_of(&["audit", "verify"]).lines().next(),
        Some("intact: 7 entries, 7 read, 1 checkpoint met, 0 of them held elsewhere")
    );
}

#[test]
fn a_log_of_which_something_is_missing() {
    let home = drained("denied");
    fs::remove_file(home.state().join("audit/log/tile/0/000.p/7")).unwrap();
    let ran = home.run(&["audit", "verify"]);
    assert_eq!(
        said(&home, &ran),
        "exit code Some(4)\n\
         cannot read [home]/state/audit/log/tile/0/000.p/7\n\
         incomplete: 7 entries, 7 read, 2 checkpoints met, 0 of them held elsewhere\n\
         error: something of the audit log is missing\n"
    );
    assert_eq!(home.run(&["audit", "verify", "--key", "no key"]).code, Some(2));
    assert_eq!(home.run(&["audit", "verify", "--such", "option"]).code, Some(2));
}

/// Where nothing was ever sealed there is nothing to verify. Where anything says that there was a log, it is missing.
#[test]
fn a_log_that_is_not_there() {
    let fresh = Home::new();
    for command in [&["audit", "verify"][..], &["audit", "verify", "--json"]] {
        assert_eq!(
            said(&fresh, &fresh.run(command)),
            "exit code Some(1)\n\
             error: there is no audit log yet\n  hint: it begins with the first session that is recorded\n"
        );
    }
    let is_missing = |home: &Home, more: &[&str]| {
        let ran = home.run(&[&["audit", "verify"], more].concat());
        assert_eq!(
            said(home, &ran),
            "exit code Some(4)\n\
             cannot read [home]/state/audit/log/key/0\n\
             incomplete: 0 entries, 0 read, 0 checkpoints met, 0 of them held elsewhere\n\
             error: something of the audit log is missing\n"
        );
    };
    is_missing(&fresh, &["--key", KEY]);
    fs::create_dir(fresh.state().join("audit")).unwrap();
    fs::write(fresh.state().join("audit/anchors"), "file /nowhere\n").unwrap();
    is_missing(&fresh, &[]);
    // The store knows what was sealed.
    let sealed = drained("denied");
    for place in ["audit", "keys/audit"] {
        fs::remove_dir_all(sealed.state().join(place)).unwrap();
    }
    is_missing(&sealed, &[]);
}

/// A log whose newest checkpoint is gone is none that was never begun.
#[test]
fn a_checkpoint_that_is_gone() {
    let home = drained("denied");
    fs::remove_file(home.state().join("audit/log/checkpoint")).unwrap();
    let ran = home.run(&["audit", "show"]);
    assert_eq!(
        said(&home, &ran),
        "exit code Some(1)\n\
         error: the checkpoint of the audit log cannot be read\n  \
         because: No such file or directory (os error 2)\n  \
         hint: `tacho audit verify` says what is wrong with it\n"
    );
}

/// A drainer that meets a damaged log goes on with another one and says so there; verification tells of both.
#[test]
fn recording_goes_on_behind_a_damaged_log() {
    let home = drained("denied");
    fs::write(home.state().join("audit/log/checkpoint"), "nonsense").unwrap();
    home.record(fixture::load("bash"));
    home.drain();
    let types: Vec<_> = entries(&home).lines().take(3).map(type_of).collect();
    assert_eq!(types, ["log_started", "recorder_gap", "session_started"]);
    let ran = home.run(&["audit", "verify"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(3), 2));
}

/// What is in force is said again in the log that takes the place of a damaged one, so that nobody takes it back without a word.
#[test]
fn a_policy_outlives_a_damaged_log() {
    let home = drained("denied");
    let session = fixture::load("denied").session.as_str().to_owned();
    home.stdout_of(&["audit", "hold", &session, "--reason", "case 12"]);
    home.stdout_of(&["audit", "retain", "400d"]);
    let policy = home.stdout_of(&["audit", "retain"]);
    fs::write(home.state().join("audit/log/checkpoint"), "nonsense").unwrap();
    home.record(fixture::load("bash"));
    home.drain();
    let types: Vec<_> = entries(&home).lines().take(5).map(type_of).collect();
    assert_eq!(types, ["log_started", "recorder_gap", "retention_changed", "hold_set", "session_started"]);
    fs::write(home.state().join("audit/policy.json"), "{}").unwrap();
    let ran = home.run(&["audit", "verify"]);
    assert_eq!(
        ran.stdout.lines().next().unwrap(),
        format!("entry 3: it holds {session}, and the policy does not")
    );
    home.stdout_of(&["audit", "retain", "--from-log"]);
    assert_eq!(home.stdout_of(&["audit", "retain"]), policy);
}

fn type_of(line: &str) -> String {
    let entry: Json = serde_json::from_str(line).unwrap();
    entry["type"].as_str().unwrap().to_owned()
}

#[test]
fn an_end_that_was_cut_off() {
    let home = drained("denied");
    let earlier = home.stdout_of(&["audit", "checkpoint"]);
    home.record(fixture::load("bash"));
    home.drain();
    let held = home.path().join("held");
    fs::write(&held, home.stdout_of(&["audit", "checkpoint"])).unwrap();
    let against = ["audit", "verify", "--against", held.to_str().unwrap()];
    assert_eq!(home.run(&against).code, Some(0));
    fs::write(home.state().join("audit/log/checkpoint"), earlier).unwrap();
    assert_eq!(home.run(&["audit", "verify"]).code, Some(0));
    let ran = home.run(&against);
    assert_eq!(
        ran.stdout,
        format!(
            "entry 7: the log was cut: it has 7 entries, and {} (1) says that there were 13\n\
             tampered: 7 entries, 7 read, 2 checkpoints met, 1 of them held elsewhere\n",
            held.display()
        )
    );
}

#[test]
fn a_proof_of_one_decision() {
    let home = drained("denied");
    let skipped = entry(&home, "tool_skip");
    let proof = home.stdout_of(&["audit", "prove", "4"]);
    assert!(proof.len() <= 2048);
    let file = home.path().join("decision.tlog-proof");
    fs::write(&file, &proof).unwrap();
    let key = home.stdout_of(&["audit", "key", "show"]);
    let elsewhere = Home::new();
    let arguments = ["audit", "verify-proof", file.to_str().unwrap(), "--key", key.trim(), "--json"];
    let report = elsewhere.json_of(&arguments);
    assert_eq!((&report["index"], &report["size"], &report["entry"]), (&4.into(), &7.into(), &skipped));
    fs::write(&file, proof.replace("index 4", "index 5")).unwrap();
    let ran = elsewhere.run(&arguments);
    assert_eq!(
        said(&elsewhere, &ran),
        "exit code Some(3)\nerror: the proof does not hold: the entry is not in the tree that was signed\n"
    );
}

/// What was altered is proven by nobody, and what is not there is said to be not there.
#[test]
fn what_cannot_be_proven() {
    let home = altered();
    assert_eq!(home.run(&["audit", "prove", "3"]).code, Some(0));
    let ran = home.run(&["audit", "prove", "4"]);
    assert_eq!(
        said(&home, &ran),
        "exit code Some(3)\n\
         error: entry 4 cannot be proven: the entry is not in the tree that was signed\n  \
         hint: `tacho audit verify` says what is wrong with the log\n"
    );
    for command in ["prove", "show"] {
        let ran = home.run(&["audit", command, "7"]);
        assert_eq!(
            said(&home, &ran),
            "exit code Some(1)\nerror: there is no entry 7: so far the log has 7\n"
        );
    }
    for wrong in [&["verify", "--log", "nowhere"], &["verify-proof", "nowhere", "--json"]] {
        assert_eq!(home.run(&[&["audit"], &wrong[..]].concat()).code, Some(2), "{wrong:?}");
    }
}

/// What was kept opens a commitment: its nonce before its content gives the hash.
#[test]
fn a_commitment_that_is_opened() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};
    let home = drained("denied");
    let one = home.json_of(&["audit", "show", "4", "--json"]);
    let (entry, beside) = (&one["entry"], &one["beside"]);
    let nonce = STANDARD.decode(beside["input_nonce"].as_str().unwrap()).unwrap();
    let store = tacho_store::Store::open_to_read(&home.store_file()).unwrap().unwrap();
    let session = tacho_model::id::SessionId::from(entry["session"].as_str().unwrap());
    let spans = store.read().spans(&session).unwrap();
    let span =
        spans.iter().find(|span| span.span_id.to_string() == entry["span_id"].as_str().unwrap()).unwrap();
    let content = span.attributes.get(tacho_model::semconv::GEN_AI_TOOL_CALL_ARGUMENTS).unwrap();
    let tacho_model::attribute::Value::String(content) = content else { panic!("{content:?}") };
    let commitment =
        STANDARD.encode(Sha256::new_with_prefix(nonce).chain_update(content.as_bytes()).finalize());
    assert_eq!(entry["input"], commitment);
}

#[test]
fn the_record_of_the_document() {
    let home = drained("denied");
    let exported = home.stdout_of(&["audit", "export", "--format", "document"]);
    let records: Vec<Json> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let shape = |record: &Json| record.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        records.iter().map(shape).collect::<Vec<_>>(),
        [
            "timestamp sessionId userId decisionType inputHash outputHash metadata",
            "timestamp sessionId userId decisionType toolName inputHash outputHash metadata",
            "timestamp sessionId userId decisionType inputHash outputHash metadata",
        ]
    );
    let skipped = &records[1];
    assert_eq!(
        (&skipped["decisionType"], &skipped["toolName"], &skipped["metadata"]["turnIndex"]),
        (&"tool_skip".into(), &"Bash".into(), &0.into())
    );
    // With the hashes of the content itself, as the document has them.
    let exported = home.stdout_of(&["audit", "export", "--format", "document", "--content-hashes"]);
    let skipped: Json = serde_json::from_str(exported.lines().nth(1).unwrap()).unwrap();
    insta::assert_snapshot!(format!("{} {}", skipped["inputHash"], skipped["outputHash"]));
}

#[test]
fn tables() {
    let home = drained("denied");
    let csv = home.stdout_of(&["audit", "export", "--format", "csv", "--type", "permission_decided"]);
    let lines: Vec<_> = csv.split("\r\n").collect();
    assert_eq!((lines.len(), lines[0].split(',').count(), lines[1].split(',').count()), (3, 24, 24));
    let shown = home.stdout_of(&["audit", "show"]);
    let started = shown.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
    insta::assert_snapshot!(started);
}

/// What the telemetry of a session carries is enough to find a cut.
#[test]
fn checkpoints_in_telemetry() {
    let receiver = Receiver::start().unwrap();
    let home = Home::with([fixture::load("denied").an_hour_ago()]);
    home.configure(&format!("[[destination]]\nendpoint = {:?}\nprotocol = \"http/json\"\n", receiver.url()));
    home.drain();
    let exported = home.path().join("exported.jsonl");
    let received =
        receiver.checkpoints().into_iter().map(|log| json!({ "attributes": log.attributes }).to_string());
    // What a backend says in between is not all ours, nor all JSON.
    fs::write(
        &exported,
        format!("# exported\n{{\"of\": others\n{}", received.collect::<Vec<_>>().join("\n")),
    )
    .unwrap();
    let report = home.json_of(&["audit", "verify", "--against", exported.to_str().unwrap(), "--json"]);
    assert_eq!((&report["verdict"], &report["witnesses"]), (&"intact".into(), &1.into()));
}
