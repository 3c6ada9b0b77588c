//! A writer that is killed at any instant leaves a log that is intact and goes on.

use crate::scene::{entry, key_for, verify_at};
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use tacho_audit::log::Log;

/// Names the log to a process of this test that is to be killed.
const VICTIM: &str = "AUDIT_LOG_OF_A_VICTIM";

#[test]
fn a_writer_that_is_killed() {
    if let Some(log) = env::var_os(VICTIM) {
        write_forever(&PathBuf::from(log));
    }
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let mut size = 0;
    for round in 0..20 {
        let mut victim = Command::new(env::current_exe().unwrap());
        victim.args(["--exact", "killed::a_writer_that_is_killed"]).env(VICTIM, &log);
        let mut victim = victim.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(10 + round * 7));
        victim.kill().unwrap();
        victim.wait().unwrap();
        let mut again = Log::new(&log);
        let mut writer = again.write(key_for).unwrap();
        assert!(writer.size() >= size);
        size = writer.size() + 1;
        let next = entry(writer.size());
        writer.append(&[next]).unwrap();
        let report = verify_at(&log, &[]);
        assert_eq!((report.findings, report.entries), (Vec::new(), size));
    }
}

fn write_forever(log: &Path) -> ! {
    let mut log = Log::new(log);
    for round in 0.. {
        let mut writer = log.write(key_for).unwrap();
        let first = writer.size();
        let entries: Vec<_> = (first..first + 1 + round % 90).map(entry).collect();
        writer.append(&entries).unwrap();
    }
    unreachable!("the rounds do not end")
}
