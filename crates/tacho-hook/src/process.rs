//! What the kernel knows of this boot, this host and the agent's process.

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::read;
use rustix::process::Signal;
use rustix::time::{ClockId, clock_gettime};
use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::os::fd::AsFd;

/// Nanoseconds since the Unix epoch.
pub fn unix_ns() -> u64 {
    nanoseconds(ClockId::Realtime)
}

/// Nanoseconds since boot, suspend included.
pub fn boot_ns() -> u64 {
    nanoseconds(ClockId::Boottime)
}

fn nanoseconds(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}

/// The kernel's id of this boot; empty where there is none.
pub fn boot_id() -> String {
    let is_id = |letter: &char| letter.is_ascii_hexdigit() || *letter == '-';
    read_start("/proc/sys/kernel/random/boot_id").unwrap_or_default().chars().take_while(is_id).collect()
}

/// Start of a process in clock ticks since boot: field 22 of `/proc/PID/stat` (proc(5)).
pub fn start_ticks(pid: u32) -> Option<u64> {
    let stat = read_start(&format!("/proc/{pid}/stat"))?;
    // The second field is the program's name in parentheses and may hold anything.
    let (_, behind_name) = stat.rsplit_once(')')?;
    behind_name.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn read_start(path: &str) -> Option<String> {
    let file = openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    // Left open: this process ends in a moment, and a call saved is time saved.
    first_text(&*ManuallyDrop::new(file))
}

/// The first half KiB of a small file. What is no text, such as a name that the kernel cut within a character, is
/// replaced.
pub fn first_text(file: impl AsFd) -> Option<String> {
    let mut start = [0_u8; 512];
    let count = read(file, &mut start).ok()?;
    Some(String::from_utf8_lossy(start.get(..count)?).into_owned())
}

/// Makes this process end in the only way it may, whatever happens to it.
///
/// A limit on file sizes then fails a write as a full disk does instead of killing the writer, and what is a mistake
/// of ours ends the process quietly.
pub fn always_exit_0() {
    #[expect(clippy::exit, reason = "unwinding ends in the same exit, and an abort is no exit 0")]
    std::panic::set_hook(Box::new(|_| std::process::exit(0)));
    ignore(Signal::XFSZ);
}

#[expect(unsafe_code, reason = "std cannot ignore a signal; `signal` with SIG_IGN runs no code of ours")]
fn ignore(number: Signal) {
    const SIG_IGN: usize = 1;
    unsafe extern "C" {
        fn signal(number: c_int, disposition: usize) -> usize;
    }
    // SAFETY: this is the C library's `signal`, whose arguments are a signal's number and a disposition of the size
    // of a pointer. Nothing else in this process sets the disposition of this signal.
    unsafe { signal(number.as_raw(), SIG_IGN) };
}
