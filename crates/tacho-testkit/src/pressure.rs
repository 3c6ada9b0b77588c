//! How busy the machine was: for how long work waited for a processor, as the kernel counts it.

use std::fs;

/// For how long so far, since the machine was started, something that could run had to wait for a processor
/// (Documentation/accounting/psi.rst of Linux). `None` where the kernel does not count it.
pub fn stalled_ns() -> Option<u64> {
    stalled_ns_in(&fs::read_to_string("/proc/pressure/cpu").ok()?)
}

/// The sum in `some avg10=1.00 avg60=0.50 avg300=0.10 total=MICROSECONDS`.
pub(crate) fn stalled_ns_in(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("some "))?;
    let total = line.split(' ').find_map(|word| word.strip_prefix("total="))?;
    total.parse::<u64>().ok()?.checked_mul(1000)
}
