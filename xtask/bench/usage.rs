//! Runs a program, the rest of its own arguments being that program's, and prints to a file named by the first what
//! it took: peak memory in KiB, then time of the processor in microseconds.
//! A program of its own, because a child's peak counts what its parent had in memory when it started it.

use std::process::{Command, exit};

unsafe extern "C" {
    fn getrusage(who: i32, usage: *mut [i64; 18]) -> i32;
}

/// Ended children of this process.
const CHILDREN: i32 = -1;

fn main() {
    let mut words = std::env::args_os().skip(1);
    let report = words.next().unwrap_or_default();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).status();
    if !status.is_ok_and(|status| status.success()) {
        exit(1);
    }
    let mut usage = [0; 18];
    // SAFETY: the buffer has the size of `struct rusage` on 64-bit Linux, and outlives the call.
    let answer = unsafe { getrusage(CHILDREN, &raw mut usage) };
    // In that structure two times of two words each, seconds and microseconds, come before the peak.
    let [user_s, user_us, system_s, system_us, peak_kib, ..] = usage;
    let processor_us = (user_s + system_s) * 1_000_000 + user_us + system_us;
    if answer != 0 || std::fs::write(report, format!("{peak_kib} {processor_us}")).is_err() {
        exit(1);
    }
}
