//! Runs the program named by its first argument on its own standard input and prints the peak memory in KiB.
//! A program of its own, because a child's peak counts what its parent had in memory when it started it.

use std::process::{Command, Stdio, exit};

unsafe extern "C" {
    fn getrusage(who: i32, usage: *mut [i64; 18]) -> i32;
}

/// Ended children of this process.
const CHILDREN: i32 = -1;
/// Two times of two words each come before the peak, in `struct rusage` of 64-bit Linux.
const PEAK_KIB: usize = 4;

fn main() {
    let program = std::env::args_os().nth(1).unwrap_or_default();
    let status = Command::new(program).stdout(Stdio::null()).status();
    if !status.is_ok_and(|status| status.success()) {
        exit(1);
    }
    let mut usage = [0; 18];
    // SAFETY: the buffer has the size of `struct rusage` on 64-bit Linux, and outlives the call.
    let answer = unsafe { getrusage(CHILDREN, &raw mut usage) };
    if answer != 0 {
        exit(1);
    }
    println!("{}", usage[PEAK_KIB]);
}
