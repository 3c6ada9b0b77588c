//! A drainer that stays, as a hook starts it, and dies with the test.

use crate::home::Home;
use std::fs;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// A running drainer.
pub struct Resident(Child);

impl Resident {
    /// Starts one with these variables besides.
    pub fn start(home: &Home, variables: &[(&str, &str)]) -> Self {
        let mut command = home.command(&["drain", "--background"]);
        Self(command.envs(variables.iter().copied()).spawn().unwrap())
    }

    /// Starts one that can be asked by now.
    pub fn listening(home: &Home) -> Self {
        let resident = Self::start(home, &[]);
        let began = Instant::now();
        while !home.state().join("drain.sock").exists() {
            assert!(began.elapsed() < Duration::from_secs(60), "it never came up");
            thread::sleep(Duration::from_millis(10));
        }
        resident
    }

    /// The most memory that it ever had, in KiB.
    pub fn peak_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    }

    /// How much it has written so far (proc(5), `io`).
    pub fn written_bytes(&self) -> u64 {
        let io = fs::read_to_string(format!("/proc/{}/io", self.0.id())).unwrap();
        let written = io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap();
        written.parse().unwrap()
    }

    /// How nice its process is (proc(5), field 19 of `stat`), and what the kernel says of the group that it is scheduled in.
    pub fn niceness(&self) -> (i32, Option<String>) {
        let of_process = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.0.id()));
        let stat = of_process("stat").unwrap();
        let (_, behind_name) = stat.rsplit_once(')').unwrap();
        let nice = behind_name.split_ascii_whitespace().nth(16).unwrap().parse().unwrap();
        (nice, of_process("autogroup").ok())
    }

    /// Kills it at once, whatever it is doing.
    pub fn kill(self) {}
}

impl Drop for Resident {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
