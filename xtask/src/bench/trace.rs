//! System calls of one run, counted with strace.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::workspace;

/// What a run asked of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SystemCalls {
    pub(super) all: usize,
    /// From the first read of standard input on. What comes before is the loader's and the language's start-up.
    pub(super) after_start: usize,
    pub(super) programs_started: usize,
}

/// Runs the command under strace; the command's standard input must be set on `strace` itself.
pub(super) fn count(strace: &mut Command, program: &Path, log: &Path) -> anyhow::Result<SystemCalls> {
    strace.args(["-f", "-qq", "-o"]).arg(log).arg(program).stdout(Stdio::null());
    workspace::run(strace)?;
    let text = std::fs::read_to_string(log).with_context(|| format!("cannot read {}", log.display()))?;
    Ok(parse(&text))
}

/// Reads lines of the form `PID NAME(ARGUMENTS) = RESULT`.
fn parse(log: &str) -> SystemCalls {
    let calls: Vec<&str> = log.lines().filter_map(call).collect();
    let before = calls.iter().take_while(|call| !call.starts_with("read(0,")).count();
    // The first execve is the one that starts the program itself.
    let programs = calls.iter().filter(|call| call.starts_with("execve")).count();
    SystemCalls {
        all: calls.len(),
        after_start: calls.len() - before,
        programs_started: programs.saturating_sub(1),
    }
}

/// The call on a line; nothing for signals, ends of processes and second halves of interrupted calls.
fn call(line: &str) -> Option<&str> {
    let call = line.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ' ');
    call.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_').then_some(call)
}

#[cfg(test)]
mod tests {
    use super::{SystemCalls, parse};

    #[test]
    fn a_log_is_counted_from_the_first_read() {
        let log = "\
100 execve(\"/bin/x\", [\"x\"], 0x7ff /* 2 vars */) = 0
100 arch_prctl(ARCH_SET_FS, 0x7f) = 0
100 read(0,  <unfinished ...>
100 <... read resumed>\"{}\", 65536) = 2
100 openat(AT_FDCWD, \"read(0,\", O_WRONLY) = 3
101 execve(\"/bin/y\", [\"y\"], 0x7ff /* 2 vars */) = 0
100 --- SIGCHLD {si_signo=SIGCHLD} ---
100 exit_group(0) = ?
100 +++ exited with 0 +++
";
        assert_eq!(parse(log), SystemCalls { all: 6, after_start: 4, programs_started: 1 });
    }
}
