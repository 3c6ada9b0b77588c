//! The scenario files on disk, and how a scenario is prepared for a run.

use std::collections::BTreeSet;
use std::path::Path;

use crate::anthropic::Block;
use crate::claude::{Permission, Version};
use crate::scenario::{Act, End, Loading, Outcome, Scenario, files_in, name_of};

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/e2e")
}

/// The names of the scripts that a text selects.
fn markers(text: &str) -> impl Iterator<Item = String> {
    let names = text.split("[[mock:").skip(1).filter_map(|rest| rest.split_once("]]"));
    names.map(|(name, _)| name.to_owned()).collect::<Vec<_>>().into_iter()
}

#[test]
fn every_scenario_on_disk_is_sound() {
    for path in files_in(&fixtures()).unwrap() {
        let scenario = Scenario::load(&path, &[]).unwrap();
        let name = scenario.name.as_str();
        assert_eq!(name, name_of(&path).unwrap());
        assert!(scenario.copies() > 0, "{name} runs without the plugin");
        let version = scenario.cli.as_deref();
        assert!(version.is_none_or(|cli| Version::named(cli).is_some()), "{name} has the CLI {version:?}");

        let starts = |script: &String| {
            let steps = scenario.scripts.values().flat_map(|script| &script.steps);
            let is_starting = |block: &&Block| matches!(block, Block::ToolUse(call) if markers(&call.input.to_string()).any(|name| name == *script));
            steps.flat_map(|step| &step.blocks).filter(is_starting).count()
        };
        let shared: Vec<_> = scenario.scripts.keys().filter(|script| starts(script) > 1).collect();
        assert_eq!(shared, [""; 0], "{name} leaves open which tool call started which subagent");

        let steps = scenario.scripts.values().flat_map(|script| &script.steps);
        let mut used = BTreeSet::from(["turn", "turn 1", "turn 2", "chat"].map(str::to_owned));
        let mut selected = BTreeSet::new();
        for block in steps.flat_map(|step| &step.blocks) {
            // What a compaction leaves selects as a prompt does.
            if let Block::Text { text } = block {
                selected.extend(markers(text));
            }
            let Block::ToolUse(call) = block else { continue };
            used.extend([call.name.clone()].into_iter().chain(call.id.clone()));
            selected.extend(markers(&call.input.to_string()));
        }
        selected.extend(scenario.files.values().flat_map(|content| markers(content)));
        for session in &scenario.sessions {
            let typed = session.terminal.iter().filter_map(|act| match act {
                Act::Type(text) => Some(text),
                Act::Press(_)
                | Act::Confirm(_)
                | Act::Shown(_)
                | Act::Gone(_)
                | Act::Asked(_)
                | Act::File(_) => None,
            });
            selected.extend(session.prompts.iter().chain(typed).flat_map(|prompt| markers(prompt)));
            let known = |ended: &&String| used.contains(*ended) || session.expect.subagents.contains(ended);
            let ends = session.expect.ends.keys().chain(session.expect.unless_written.keys());
            let unknown: Vec<_> = ends.filter(|ended| !known(ended)).collect();
            assert_eq!(unknown, [""; 0], "{name} expects ends of what it never starts");
        }
        let scripts: BTreeSet<String> = scenario.scripts.keys().cloned().collect();
        assert_eq!(selected, scripts, "the scripts that {name} selects, and those that it has");
    }
}

#[test]
fn prepares_a_run() {
    let project = tempfile::tempdir().unwrap();
    let text = r#"{
        "description": "d", "permission": "default", "plugin": ["installed", "folder", "twin"],
        "sessions": [
            { "prompts": ["[[mock:one]] do it", "[[mock:two]] more"],
              "expect": { "turns": 3, "exits": [1], "ends": { "Bash": { "outcome": "failed", "error": "x" } } } },
            { "prompts": ["[[mock:one]] do it"] }
        ],
        "scripts": { "one": { "steps": [] }, "two": { "steps": [] } },
        "files": { "a/b.txt": "in ${PROJECT} of ${WHOM}" }
    }"#;
    let path = project.path().join("mine.json");
    std::fs::write(&path, text).unwrap();
    let place = project.path().to_string_lossy().into_owned();
    let scenario = Scenario::load(&path, &[("PROJECT", &place), ("WHOM", "\"us\"")]).unwrap();
    assert_eq!((scenario.name.as_str(), scenario.permission), ("mine", Permission::Default));
    assert_eq!(scenario.plugin, [Loading::Installed, Loading::Folder, Loading::Twin]);
    assert_eq!(scenario.copies(), 2, "a folder takes the place of what is installed, a twin does not");
    let [first, second] = scenario.sessions.as_slice() else { panic!("{:?}", scenario.sessions) };
    assert_eq!((first.turns(), first.exit(0), first.exit(1)), (3, 1, 0));
    assert_eq!((second.turns(), second.exit(0)), (1, 0));
    let failed = End { outcome: Outcome::Failed, error: Some("x".to_owned()), ..End::default() };
    assert_eq!(first.expect.end_of(&["id", "Bash"]), failed);
    assert_eq!(first.expect.end_of(&["id", "Read"]), End::default());
    scenario.write_files(project.path()).unwrap();
    let written = std::fs::read_to_string(project.path().join("a/b.txt")).unwrap();
    assert_eq!(written, format!("in {place} of \"us\""));
}

#[test]
fn a_tool_call_may_end_unwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.json");
    let text = r#"{ "description": "d", "scripts": {}, "sessions": [{
        "prompts": ["a"],
        "expect": { "ends": { "t": { "error": "e" } }, "unless_written": { "t": { "inferred": "i" } } }
    }] }"#;
    std::fs::write(&path, text).unwrap();
    let scenario = Scenario::load(&path, &[]).unwrap();
    let end = |transcripts: &str| scenario.as_written(transcripts).sessions[0].expect.end_of(&["t"]);
    let written = End { error: Some("e".to_owned()), ..End::default() };
    assert_eq!(end(r#"{"tool_use_id":"t"}"#), written);
    let unwritten = End { inferred: Some("i".to_owned()), ..End::default() };
    assert_eq!(end(r#"{"tool_use_id":"t2"}"#), unwritten);
}

#[test]
fn a_session_says_something_and_forks_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.json");
    let check = |sessions: &str, complaint: &str| {
        let text = format!(r#"{{ "description": "d", "sessions": {sessions}, "scripts": {{}} }}"#);
        std::fs::write(&path, text).unwrap();
        let error = Scenario::load(&path, &[]).unwrap_err().to_string();
        assert_eq!(error, format!("{complaint} in {}", path.display()));
    };
    let says_nothing = "a session needs prompts, or a terminal, or one that it begins at,";
    check(r#"[{ "prompts": [] }]"#, says_nothing);
    check(r#"[{ "prompts": ["a"], "terminal": [{ "type": "b" }] }]"#, says_nothing);
    let forks_nothing = "a session forks none of the others";
    check(r#"[{ "prompts": ["a"] }, { "prompts": ["b"], "forks": 3 }]"#, forks_nothing);
    check(r#"[{ "prompts": ["a"] }, { "prompts": ["b"], "forks": 0 }]"#, forks_nothing);
    check(r#"[{ "prompts": ["a"], "forks": 1 }]"#, forks_nothing);
    let is_installed = "the plugin comes by its folder where a day passes,";
    check(r#"[{ "prompts": ["a", "b"], "overnight": true }]"#, is_installed);
}
