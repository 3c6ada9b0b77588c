//! When the drainer is started, with what, and that nobody waits for it. A script stands in for it.

use crate::scene::{Scene, fire, install};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use tacho_spool::lock::DRAIN_LOCK;

const STOP: &[u8] = br#"{"session_id":"s","hook_event_name":"Stop"}"#;
const START: &[u8] = br#"{"session_id":"s","hook_event_name":"SessionStart"}"#;

/// Writes down how it was called and stays. The note gets its name when it is whole.
const SCRIPT: &str = r#"#!/bin/sh
notes=$(dirname "$0")
links=$(for descriptor in 0 1 2; do readlink /proc/$$/fd/$descriptor; done)
{
    for word; do echo "$word"; done
    echo "in $PWD"
    tr '\0' '\n' < /proc/$$/environ | sort
    echo "$links"
} > "$notes/$$.part"
mv "$notes/$$.part" "$notes/$$.note"
exec sleep 60
"#;

struct Stage {
    scene: Scene,
    program: PathBuf,
}

impl Stage {
    fn set() -> Self {
        let scene = Scene::without_drainer();
        let folder = scene.folder().join("bin");
        fs::create_dir(&folder).unwrap();
        install(env!("CARGO_BIN_EXE_tacho-hook").as_ref(), &folder.join("tacho-hook"));
        let script = scene.folder().join("script");
        fs::write(&script, SCRIPT).unwrap();
        fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
        install(&script, &folder.join("tacho"));
        Self { program: folder.join("tacho-hook"), scene }
    }

    fn hook(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().env("TACHO_HOME", self.scene.state());
        command
    }

    /// The drainer's lock, taken as another process would take it.
    fn lock(&self) -> File {
        fs::create_dir(self.scene.state()).unwrap();
        let lock = File::create(self.scene.state().join(DRAIN_LOCK)).unwrap();
        flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
        lock
    }

    /// What the drainers said that were started so far.
    fn notes(&self) -> Vec<(u32, String)> {
        let entries = fs::read_dir(self.program.parent().unwrap()).unwrap();
        let notes = entries.filter_map(|entry| {
            let path = entry.unwrap().path();
            let pid = path.file_name()?.to_str()?.strip_suffix(".note")?.parse().ok()?;
            Some((pid, fs::read_to_string(path).unwrap()))
        });
        notes.collect()
    }

    /// Waits for the note of the only drainer.
    fn note(&self) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.notes().is_empty() {
            assert!(Instant::now() < deadline, "no drainer was started");
            thread::yield_now();
        }
        let [(_, note)] = <[_; 1]>::try_from(self.notes()).unwrap();
        note
    }

    fn expected(&self, arguments: &[&str], variables: &[String]) -> String {
        let state = self.scene.state().display().to_string();
        let arguments =
            ["drain", "--background", "--state", &state].into_iter().chain(arguments.iter().copied());
        let lines = arguments.map(str::to_owned).chain(["in /".to_owned()]);
        let mut variables = variables.to_vec();
        variables.push(format!("TACHO_HOME={state}"));
        variables.sort();
        let descriptors = ["/dev/null"; 3].map(str::to_owned);
        lines.chain(variables).chain(descriptors).map(|line| line + "\n").collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for (pid, _) in self.notes() {
            let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
            // One that has ended by itself is as good.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// The script sleeps for longer than the hook may take, so that a hook that waited would be found out.
#[test]
fn a_drainer_is_started_when_none_runs() {
    let stage = Stage::set();
    assert_eq!(fire(&mut stage.hook(), STOP), "");
    assert_eq!(stage.note(), stage.expected(&[], &[]));
    assert_eq!(stage.scene.records().len(), 1);
}

#[test]
fn no_drainer_is_started_while_one_runs() {
    let stage = Stage::set();
    let lock = stage.lock();
    for _ in 0..3 {
        fire(&mut stage.hook(), STOP);
    }
    fire(&mut stage.hook(), b"");
    // Closing would not do: a process that another thread is about to start has the file open too.
    flock(&lock, FlockOperation::Unlock).unwrap();
    fire(&mut stage.hook(), STOP);
    // Had one of the first four been started, it would have been started before this one.
    assert_eq!(stage.note(), stage.expected(&[], &[]));
}

#[test]
fn a_session_that_starts_takes_over_with_its_own_environment() {
    let stage = Stage::set();
    let _lock = stage.lock();
    let passed_on = [
        "CI=true",
        "CLAUDE_CONFIG_DIR=/home/dev/.claude",
        "CLAUDE_PLUGIN_OPTION_TOKEN=a b",
        "DASH0_DATASET=x",
        "HOME=/home/dev",
        "LOGNAME=dev",
        "PATH=/usr/bin:/bin",
        "TACHO_ENDPOINT=http://localhost:4318",
        "TMPDIR=/tmp",
        "USER=dev",
        "XDG_CONFIG_HOME=/home/dev/.config",
        "XDG_RUNTIME_DIR=/run/user/1",
        "XDG_STATE_HOME=/home/dev/state",
    ];
    let left_behind = [
        "ANTHROPIC_API_KEY=secret",
        "AWS_SECRET_ACCESS_KEY=secret",
        "CLAUDE_PLUGIN_ROOT=/home/dev/plugin",
        "HTTPS_PROXY=http://example.org",
        "LD_PRELOAD_=x",
        "NODE_OPTIONS=--inspect",
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://example.org",
        "SSL_CERT_FILE=/home/dev/ca.pem",
    ];
    let variables = passed_on.iter().chain(&left_behind).map(|line| line.split_once('=').unwrap());
    fire(stage.hook().envs(variables), START);
    assert_eq!(stage.note(), stage.expected(&["--take-over"], &passed_on.map(str::to_owned)));
}

#[test]
fn a_program_that_cannot_be_started_is_no_failure() {
    for mode in [0o644, 0o000] {
        let stage = Stage::set();
        let program = stage.program.with_file_name("tacho");
        fs::set_permissions(&program, Permissions::from_mode(mode)).unwrap();
        fire(&mut stage.hook(), START);
        fs::remove_file(&program).unwrap();
        fs::create_dir(&program).unwrap();
        fire(&mut stage.hook(), START);
        assert_eq!(stage.scene.records().len(), 2);
    }
}
