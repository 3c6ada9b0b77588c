//! Trace context: what is handed on where its owner wants it, and that nothing is where he does not.

use crate::scene::{Scene, fire};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

const TERMS: &str = "1 claude-code 00000000000000 commands inbound\n";
const START: &[u8] =
    br#"{"session_id":"740b323b-e450-417b-aec0-701644039b07","hook_event_name":"SessionStart"}"#;
/// A prompt whose ids are those of `fixtures/ids.tsv`.
const PROMPT: &[u8] = br#"{"session_id":"740b323b-e450-417b-aec0-701644039b07","hook_event_name":"UserPromptSubmit","prompt_id":"d67eb7c0-99cc-4c12-9d6f-d9dfa06cf6ee"}"#;
const TURN: &str = "00-e8231690678849c73e87c62f22cddf71-20d9c7742d9f81c6-01";
const OUTSIDE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TURN_BELOW: &str = "00-0af7651916cd43dd8448eb211c80319c-20d9c7742d9f81c6-01";
const END: &[u8] = br#"{"session_id":"740b323b-e450-417b-aec0-701644039b07","hook_event_name":"SessionEnd"}"#;
/// What agents run commands with. `cargo xtask check` installs what of it is missing.
const SHELLS: [&str; 3] = ["bash", "dash", "zsh"];

/// A scene in which these terms hold.
fn scene(terms: &str) -> Scene {
    let scene = Scene::set();
    fs::create_dir(scene.state().join("propagation")).unwrap();
    fs::write(scene.state().join("propagation/terms"), terms).unwrap();
    scene
}

/// What the agent runs ahead of each command.
fn commands_file(scene: &Scene) -> PathBuf {
    scene.folder().join("commands.sh")
}

fn context(scene: &Scene) -> Option<String> {
    fs::read_to_string(scene.state().join("propagation/740b323b-e450-417b-aec0-701644039b07.context")).ok()
}

fn fire_with(scene: &Scene, variables: &[(&str, &str)], payload: &[u8]) {
    let mut hook = scene.hook();
    hook.env("CLAUDE_ENV_FILE", commands_file(scene)).envs(variables.iter().copied());
    assert_eq!(fire(&mut hook, payload), "");
}

/// What a command prints of the context that it has.
#[track_caller]
fn said_by_command(scene: &Scene, shell: &str, variables: &[(&str, &str)]) -> String {
    let ahead = fs::read_to_string(commands_file(scene)).unwrap();
    let command =
        format!("set -eu\n{} && echo \"${{TRACEPARENT-none}} ${{TACHO_TRACEPARENT-none}}\"", ahead.trim());
    let mut started = Command::new(shell);
    started.env_clear().envs(variables.iter().copied()).args(["-c", &command]);
    let output = started.output().expect("every one of SHELLS is installed");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
    assert_eq!((output.status.code(), said[1].as_str()), (Some(0), ""), "{shell}");
    said[0].trim().to_owned()
}

#[test]
fn nothing_is_handed_on_that_nobody_wants() {
    for terms in [None, Some("1 claude-code 00000000000000 inbound\n"), Some("2 later commands\n"), Some("")]
    {
        let scene = terms.map_or_else(Scene::set, scene);
        fire_with(&scene, &[], START);
        fire_with(&scene, &[], PROMPT);
        assert_eq!((commands_file(&scene).exists(), context(&scene)), (false, None), "{terms:?}");
    }
}

#[test]
fn commands_get_the_context_of_their_turn() {
    let scene = scene(TERMS);
    fire_with(&scene, &[], START);
    for shell in SHELLS {
        assert_eq!(said_by_command(&scene, shell, &[]), "none none");
    }
    fire_with(&scene, &[], PROMPT);
    for shell in SHELLS {
        assert_eq!(said_by_command(&scene, shell, &[]), format!("{TURN} {TURN}"));
        // What somebody else put there stays.
        let theirs = [("TRACEPARENT", OUTSIDE)];
        assert_eq!(said_by_command(&scene, shell, &theirs), format!("{OUTSIDE} {TURN}"));
    }
}

#[test]
fn a_turn_below_another_span_stands_between_that_and_its_commands() {
    let scene = scene(TERMS);
    let variables = [("TRACEPARENT", OUTSIDE)];
    fire_with(&scene, &variables, START);
    fire_with(&scene, &variables, PROMPT);
    let parents: Vec<_> =
        scene.records().iter().map(|record| record["tp"].as_str().map(str::to_owned)).collect();
    assert_eq!(parents, [None, Some(OUTSIDE.to_owned())]);
    for shell in SHELLS {
        assert_eq!(said_by_command(&scene, shell, &variables), format!("{TURN_BELOW} {TURN_BELOW}"));
        // What the agent has put there meanwhile is nearer still.
        let agents = [("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-a569b118e10e58c1-01")];
        assert_eq!(said_by_command(&scene, shell, &agents), format!("{} {TURN_BELOW}", agents[0].1));
    }
}

#[test]
fn our_own_variable_names_a_parent_without_terms() {
    let scene = Scene::set();
    for variables in [
        &[("TACHO_TRACEPARENT", OUTSIDE)][..],
        &[("TACHO_TRACEPARENT", "x"), ("TRACEPARENT", OUTSIDE)],
        &[("TRACEPARENT", OUTSIDE)],
    ] {
        fire_with(&scene, variables, PROMPT);
        fire_with(&scene, variables, START);
    }
    let parents: Vec<_> =
        scene.records().iter().map(|record| record["tp"].as_str().map(str::to_owned)).collect();
    assert_eq!(
        parents,
        [Some(OUTSIDE), None, Some("x"), None, None, None].map(|said| said.map(str::to_owned))
    );
}

#[test]
fn a_turn_without_a_name_has_no_context() {
    let scene = scene(TERMS);
    fire_with(&scene, &[], PROMPT);
    assert!(context(&scene).is_some());
    let inside = [PROMPT.strip_suffix(b"}").unwrap(), br#","agent_id":"a"}"#].concat();
    fire_with(&scene, &[], &inside);
    assert!(context(&scene).is_some());
    let unnamed = PROMPT.split(|byte| *byte == b',').take(2).collect::<Vec<_>>().join(&b","[..]);
    fire_with(&scene, &[], &[&unnamed, &b"}"[..]].concat());
    assert_eq!(context(&scene), None);
}

/// A context is of the turn that goes on: it goes with the session, and with the word of the owner.
#[test]
fn a_context_goes_when_it_is_of_nothing_any_more() {
    let scene = scene(TERMS);
    let begin = || {
        fire_with(&scene, &[], PROMPT);
        assert!(context(&scene).is_some());
    };
    begin();
    fire_with(&scene, &[], END);
    assert_eq!(context(&scene), None);
    begin();
    fs::write(scene.state().join("propagation/terms"), "1 claude-code 00000000000000 inbound\n").unwrap();
    fire_with(&scene, &[], PROMPT);
    assert_eq!(context(&scene), None);
}

/// A command that reads while the next turn begins reads one context or the other.
#[test]
fn a_context_is_replaced_whole() {
    let scene = scene(TERMS);
    fire_with(&scene, &[], PROMPT);
    let folder = scene.state().join("propagation");
    let path = folder.join("740b323b-e450-417b-aec0-701644039b07.context");
    let before = fs::File::open(&path).unwrap();
    fire_with(&scene, &[("TRACEPARENT", OUTSIDE)], PROMPT);
    assert_eq!(io::read_to_string(before).unwrap(), format!("{TURN}\n"));
    assert_eq!(context(&scene), Some(format!("{TURN_BELOW} {OUTSIDE}\n")));
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
}

/// Only what the agent may have made is written to.
#[test]
fn a_commands_file_that_is_another_thing_stays_as_it_is() {
    let check = |text: &str, lay: fn(&Path, &Path)| {
        let scene = scene(TERMS);
        let other = scene.folder().join("other");
        fs::write(&other, text).unwrap();
        lay(&other, &commands_file(&scene));
        fire_with(&scene, &[], START);
        assert_eq!(fs::read_to_string(&other).unwrap(), text);
    };
    check("a", |other, commands| symlink(other, commands).unwrap());
    check("a", |other, commands| fs::hard_link(other, commands).unwrap());
    let scene = scene(TERMS);
    let long = "#\n".repeat(32 * 1024 + 1);
    fs::write(commands_file(&scene), &long).unwrap();
    fire_with(&scene, &[], START);
    assert_eq!(fs::read_to_string(commands_file(&scene)).unwrap(), long);
}

#[test]
fn the_way_is_shown_once_and_beside_what_others_show() {
    let scene = scene(TERMS);
    fs::write(commands_file(&scene), "export A=1").unwrap();
    fire_with(&scene, &[], START);
    let once = fs::read_to_string(commands_file(&scene)).unwrap();
    let lines: Vec<_> = once.lines().collect();
    assert_eq!((lines.len(), lines[0], once.ends_with('\n')), (2, "export A=1", true));
    fire_with(&scene, &[], START);
    assert_eq!(fs::read_to_string(commands_file(&scene)).unwrap(), once);
}

/// Whatever stands in the way, the hook ends as always and the record is there.
#[test]
fn nothing_stands_in_the_way_of_the_record() {
    let file = |scene: &Scene| scene.state().join("propagation/740b323b-e450-417b-aec0-701644039b07.context");
    for hinder in [
        |scene: &Scene, _: PathBuf| fs::create_dir(commands_file(scene)).unwrap(),
        |scene: &Scene, context: PathBuf| symlink(commands_file(scene), context).unwrap(),
        |_: &Scene, context: PathBuf| fs::create_dir(context).unwrap(),
        |scene: &Scene, _: PathBuf| {
            let made = Command::new("mkfifo").arg(commands_file(scene)).status().unwrap();
            assert!(made.success());
        },
    ] {
        let scene = scene(TERMS);
        hinder(&scene, file(&scene));
        fire_with(&scene, &[], START);
        fire_with(&scene, &[], PROMPT);
        assert_eq!(scene.records().len(), 2);
    }
}
