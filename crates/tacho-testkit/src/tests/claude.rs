//! Runs of a stand-in for the CLI: what it is given, and how it is stopped.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::claude::{Finished, HookRun, Opening, Permission, Run, hook_runs, install, new_session_id};

/// Runs the shell `script` in place of the CLI.
fn run(dir: &Path, script: &str, permission: Permission, timeout: Duration) -> Finished {
    run_as(Opening::New, dir, script, permission, timeout)
}

fn run_as(opening: Opening, dir: &Path, script: &str, permission: Permission, timeout: Duration) -> Finished {
    let run = Run {
        claude: Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/stand_in.sh"),
        prompt: "a prompt".to_owned(),
        plugin_dirs: vec!["plugin".into()],
        project_dir: dir.to_owned(),
        home: "/nowhere".into(),
        api_url: "http://127.0.0.1:1".to_owned(),
        session_id: "the-session".to_owned(),
        opening,
        permission,
        extra_env: vec![
            ("STAND_IN_SCRIPT".to_owned(), script.to_owned()),
            ("TACHO_HOME".to_owned(), "/state".to_owned()),
        ],
        extra_args: vec!["--more".to_owned()],
        timeout,
    };
    run.finish().unwrap()
}

#[test]
fn gives_the_cli_its_own_environment_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let finished = run(
        dir.path(),
        "pwd; printf '%s\\n' \"$@\"; /usr/bin/env | sort | grep -v -e ^_= -e ^PWD= -e ^SHLVL= -e ^OLDPWD= -e ^STAND_IN",
        Permission::Bypass,
        Duration::from_secs(20),
    );
    assert_eq!(finished.exit, Some(0));
    assert!(finished.started_unix_ns < finished.ended_unix_ns);
    let expected = format!(
        "{}\n-p\na prompt\n--session-id\nthe-session\n--plugin-dir\nplugin\n\
         --dangerously-skip-permissions\n--more\n--output-format\nstream-json\n--verbose\n\
         --include-hook-events\n\
         ANTHROPIC_API_KEY=sk-ant-dummy\nANTHROPIC_BASE_URL=http://127.0.0.1:1\n\
         CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1\nCLAUDE_CODE_MAX_RETRIES=2\nDISABLE_AUTOUPDATER=1\n\
         HOME=/nowhere\nIS_SANDBOX=1\nPATH=/usr/bin:/bin\nSHELL=/bin/bash\nTACHO_HOME=/state\nTERM=xterm\n",
        dir.path().canonicalize().unwrap().display()
    );
    assert_eq!(finished.stdout, expected);
}

#[test]
fn leaves_the_default_permissions_alone() {
    let dir = tempfile::tempdir().unwrap();
    let script = "for argument; do test \"$argument\" != --dangerously-skip-permissions || exit 1; done; echo no >&2; exit 3";
    let finished = run(dir.path(), script, Permission::Default, Duration::from_secs(20));
    assert_eq!(finished.exit, Some(3));
    assert_eq!(finished.stderr, "no\n");
}

#[test]
fn resumes_a_session_and_tells_a_signal_from_a_code() {
    let dir = tempfile::tempdir().unwrap();
    let script = "echo \"$3 $4\"; kill -KILL $$";
    let finished = run_as(Opening::Resumed, dir.path(), script, Permission::Bypass, Duration::from_secs(20));
    assert_eq!((finished.stdout.as_str(), finished.exit), ("--resume the-session\n", Some(128 + 9)));
}

#[test]
fn forks_a_session() {
    let dir = tempfile::tempdir().unwrap();
    let opening = Opening::Forked { from: "another".to_owned() };
    let script = "shift 2; echo \"$1 $2 $3 $4 $5\"";
    let finished = run_as(opening, dir.path(), script, Permission::Bypass, Duration::from_secs(20));
    assert_eq!(finished.stdout, "--resume another --fork-session --session-id the-session\n");
}

#[test]
fn reads_the_runs_of_hooks() {
    let stdout = r#"{"type":"system","subtype":"hook_started","hook_event":"Stop"}
{"type":"system","subtype":"hook_response","hook_event":"Stop","outcome":"success","stdout":"","stderr":""}
{"type":"assistant"}
no JSON
{"type":"system","subtype":"hook_response","hook_event":"PreToolUse","outcome":"error","stdout":"x","stderr":"y"}"#;
    let run = |event: &str, outcome: &str, stdout: &str, stderr: &str| HookRun {
        event: event.to_owned(),
        outcome: outcome.to_owned(),
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
    };
    assert_eq!(hook_runs(stdout), [run("Stop", "success", "", ""), run("PreToolUse", "error", "x", "y")]);
}

#[test]
fn kills_the_whole_group_when_the_time_is_up() {
    let dir = tempfile::tempdir().unwrap();
    let script = "sleep 100 & echo $!; wait";
    let finished = run(dir.path(), script, Permission::Bypass, Duration::from_millis(500));
    assert_eq!(finished.exit, None);
    let child = format!("/proc/{}/stat", finished.stdout.trim());
    // A signal takes a moment to do its work; until its new parent reaps it, a killed process is a zombie.
    let runs = || fs::read_to_string(&child).is_ok_and(|stat| !stat.contains(") Z") && !stat.contains(") X"));
    let limit = Instant::now() + Duration::from_secs(10);
    while runs() && Instant::now() < limit {
        thread::yield_now();
    }
    assert!(!runs());
}

#[test]
fn an_installed_version_is_not_installed_again() {
    let dir = tempfile::tempdir().unwrap();
    let prefix = dir.path().join("claude-code-0.0.0");
    fs::create_dir(&prefix).unwrap();
    fs::write(prefix.join(".installed"), "0.0.0").unwrap();
    assert_eq!(install(dir.path(), "0.0.0").unwrap(), prefix.join("node_modules/.bin/claude"));
}

#[test]
fn session_ids_are_uuids_of_version_4() {
    let id = new_session_id();
    let shape: String = id.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
    assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    assert_eq!(&id[14..15], "4");
    assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"));
    assert_ne!(id, new_session_id());
}
