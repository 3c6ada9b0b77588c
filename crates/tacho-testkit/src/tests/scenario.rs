//! The scenario files on disk, and how a scenario is prepared for a run.

use std::path::Path;

use crate::anthropic::Block;
use crate::claude::Permission;
use crate::scenario::{Outcome, Scenario, files_in, name_of};

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/e2e")
}

#[test]
fn every_scenario_on_disk_is_sound() {
    let mut names = Vec::new();
    for path in files_in(&fixtures()).unwrap() {
        let scenario = Scenario::load(&path, Path::new("/project")).unwrap();
        assert_eq!(scenario.name, name_of(&path).unwrap());
        let scripts = scenario.script_book().scenarios.into_values();
        let blocks: Vec<_> = scripts.flat_map(|script| script.steps).flat_map(|step| step.blocks).collect();
        let calls = |name: &str| {
            blocks.iter().any(|block| matches!(block, Block::ToolUse(call) if call.name == name))
        };
        let unserved: Vec<_> = scenario.expect.tool_outcomes.keys().filter(|name| !calls(name)).collect();
        assert_eq!(unserved, [""; 0], "{} expects outcomes of tools that it never calls", scenario.name);
        names.push(scenario.name);
    }
    assert_eq!(names, ["bash", "denied", "parallel", "simple", "subagent"]);
}

#[test]
fn prepares_a_run() {
    let project = tempfile::tempdir().unwrap();
    let text = r#"{
        "description": "d", "prompt": "do it", "permission": "default",
        "script": { "steps": [] }, "scripts": { "child": { "steps": [] } },
        "files": { "a/b.txt": "in ${PROJECT}" },
        "expect": { "turns": 2, "tool_outcomes": { "Bash": "failed" } }
    }"#;
    let path = project.path().join("mine.json");
    std::fs::write(&path, text).unwrap();
    let scenario = Scenario::load(&path, project.path()).unwrap();
    assert_eq!(scenario.permission, Permission::Default);
    assert_eq!(scenario.marked_prompt(), "[[mock:mine]] do it");
    assert_eq!(scenario.script_book().scenarios.into_keys().collect::<Vec<_>>(), ["child", "mine"]);
    assert_eq!(scenario.expect.outcome_of("Bash"), Outcome::Failed);
    assert_eq!(scenario.expect.outcome_of("Read"), Outcome::Ok);
    scenario.write_files(project.path()).unwrap();
    let written = std::fs::read_to_string(project.path().join("a/b.txt")).unwrap();
    assert_eq!(written, format!("in {}", project.path().display()));
}
