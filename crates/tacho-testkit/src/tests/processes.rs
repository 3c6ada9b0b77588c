//! Processes are found by their environment, and killed one by one.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::processes;
use crate::unique::uuid;

#[test]
fn finds_and_kills_the_processes_of_one_environment() {
    let mark = uuid();
    let mut child =
        Command::new("sleep").arg0("/plugin/bin/tacho").arg("100").env("BENCH_MARK", &mark).spawn().unwrap();
    // The kernel shows the environment of a new program a moment after the spawn has returned.
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut found = Vec::new();
    while found.is_empty() && Instant::now() < deadline {
        found = processes::with_environment("BENCH_MARK", &mark);
    }
    let [process] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(process.arguments, ["/plugin/bin/tacho", "100"]);
    assert!(process.runs("tacho", "100"));
    assert!(!process.runs("tacho", "drain"));
    assert!(!process.runs("bin", "100"));
    assert!(process.stop());
    assert!(process.go_on());
    assert!(process.kill());
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(processes::with_environment("BENCH_MARK", &mark), []);
}
