//! What the kernel knows of this boot, this host and the agent's process.

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::read;
use rustix::time::{ClockId, clock_gettime};

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
    seconds * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
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

/// The first half KiB of a small file, as text.
pub fn read_start(path: &str) -> Option<String> {
    let file = openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut start = [0_u8; 512];
    let count = read(&file, &mut start).ok()?;
    String::from_utf8(start.get(..count)?.to_vec()).ok()
}
