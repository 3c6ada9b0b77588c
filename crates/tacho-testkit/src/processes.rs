//! Processes that a run left, found by their environment in `/proc`. On a system without `/proc` there are none.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// A running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pid: i32,
    /// Its command line.
    pub arguments: Vec<String>,
}

/// The running processes whose environment, as it was at their start, has `name` set to `value`.
pub fn with_environment(name: &str, value: &str) -> Vec<Process> {
    let wanted = format!("{name}={value}");
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Process::read(pid, &wanted))
        .collect()
}

impl Process {
    /// Whether it is program `name` with `argument` among its arguments.
    pub fn runs(&self, name: &str, argument: &str) -> bool {
        let mut arguments = self.arguments.iter();
        let program = arguments.next().and_then(|path| Path::new(path).file_name());
        program.is_some_and(|program| program == name) && arguments.any(|found| found == argument)
    }

    /// Kills it at once. Whether it still lived is told by the answer.
    pub fn kill(&self) -> bool {
        self.signal(Signal::KILL)
    }

    /// Stops it until it is told to [go on](Self::go_on). Whether it lives is told by the answer.
    pub fn stop(&self) -> bool {
        self.signal(Signal::STOP)
    }

    /// Lets it go on. Whether it lives is told by the answer.
    pub fn go_on(&self) -> bool {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> bool {
        Pid::from_raw(self.pid).is_some_and(|pid| kill_process(pid, signal).is_ok())
    }

    /// The process `pid`, if it has the environment entry `wanted`. A process may be gone at any moment.
    fn read(pid: i32, wanted: &str) -> Option<Self> {
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        if !environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes()) {
            return None;
        }
        let command_line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let arguments = command_line.split(|byte| *byte == 0).filter(|argument| !argument.is_empty());
        let arguments = arguments.map(|argument| String::from_utf8_lossy(argument).into_owned()).collect();
        Some(Self { pid, arguments })
    }
}
