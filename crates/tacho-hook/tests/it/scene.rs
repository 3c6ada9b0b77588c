//! A home of a test's own and the hook in it, with no drainer beside it unless the test puts one there.

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tacho_spool::lock::DrainLock;
use tacho_spool::read::{read_from, segments};
use tacho_spool::state::State;
use tempfile::TempDir;

/// The hook ends by itself after little more than a second; this is for a machine that does many things at once.
const HANG: Duration = Duration::from_secs(30);

pub struct Scene {
    folder: TempDir,
    _lock: Option<DrainLock>,
}

impl Scene {
    /// A state directory whose drain lock is held, so that every hook believes that a drainer runs.
    pub fn set() -> Self {
        let mut scene = Self::without_drainer();
        scene._lock = DrainLock::try_acquire(&State::open(&scene.state()).unwrap()).unwrap();
        scene
    }

    /// No state directory yet, and nobody who drains it.
    pub fn without_drainer() -> Self {
        let scene = Self { folder: TempDir::new().unwrap(), _lock: None };
        fs::create_dir(scene.folder().join("alone")).unwrap();
        install(Path::new(env!("CARGO_BIN_EXE_tacho-hook")), &scene.program());
        scene
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn state(&self) -> PathBuf {
        self.folder().join("state")
    }

    /// A copy of the hook in a folder where there is no `tacho`.
    fn program(&self) -> PathBuf {
        self.folder().join("alone/tacho-hook")
    }

    pub fn hook(&self) -> Command {
        let mut command = Command::new(self.program());
        command.env_clear().env("TACHO_HOME", self.state());
        command
    }

    /// The hook started by a shell that runs `before` first.
    pub fn hook_after(&self, before: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let script = format!("{before}\nexec \"$HOOK\"");
        command.env_clear().env("TACHO_HOME", self.state()).env("HOOK", self.program()).args(["-c", &script]);
        command
    }

    pub fn fire(&self, payload: &[u8]) {
        fire(&mut self.hook(), payload);
    }

    pub fn records(&self) -> Vec<Value> {
        let (records, damaged) = read_all(&self.state());
        assert_eq!(damaged, 0);
        records
    }

    /// The only record.
    pub fn record(&self) -> Value {
        let [record] = <[Value; 1]>::try_from(self.records()).unwrap();
        record
    }

    pub fn segments(&self) -> Vec<PathBuf> {
        segments(&self.state()).unwrap()
    }
}

/// Copies a program. Another process does it: a file that this one has open for writing, and with it any process
/// that another thread is about to start, cannot be executed.
pub fn install(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-p").args([from, to]).status().unwrap();
    assert!(status.success());
}

/// Runs the hook on a payload. Returns what it said on standard error.
pub fn fire(hook: &mut Command, payload: &[u8]) -> String {
    let payload = payload.to_vec();
    // A hook that has seen enough closes its end; that is no failure.
    run(hook, move |mut stdin| drop(stdin.write_all(&payload)))
}

/// Runs the hook while `feed` writes to it. It must exit 0 and print nothing on standard output.
pub fn run(hook: &mut Command, feed: impl FnOnce(ChildStdin) + Send + 'static) -> String {
    hook.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = hook.spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    thread::spawn(|| feed(stdin));
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    let output = ended.recv_timeout(HANG).expect("the hook hangs").unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b""[..]), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Every record below a state directory, and the number of lines that are none.
pub fn read_all(state: &Path) -> (Vec<Value>, u64) {
    let (objects, damaged) = open_objects(state);
    let parse = |object: Vec<u8>| serde_json::from_slice(&[&object[..], b"}"].concat()).unwrap();
    (objects.into_iter().map(parse).collect(), damaged)
}

pub fn open_objects(state: &Path) -> (Vec<Vec<u8>>, u64) {
    let (mut objects, mut damaged) = (Vec::new(), 0);
    for segment in segments(state).unwrap() {
        let mut cursor = 0;
        loop {
            let chunk = read_from(&segment, cursor).unwrap();
            objects.extend(chunk.records.into_iter().map(|record| record.open_object));
            damaged += chunk.damaged;
            cursor = chunk.cursor;
            if !chunk.more {
                break;
            }
        }
    }
    (objects, damaged)
}

/// All files and folders below a folder.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
