//! What verifying the audit log takes, as a page.

use super::super::audit::Measured;
use super::{Bar, bar_row, kernel, processors};

pub(in super::super) fn audit(measured: &Measured) -> String {
    let Measured { entries, bytes, verify, sha256sum, proof_bytes, proof } = measured;
    let ratio = verify.as_secs_f64() / sha256sum.as_secs_f64();
    let bars = [
        Bar::at_most("`tacho audit verify` / `sha256sum` over the same bytes", "", 3.0, ratio),
        Bar::at_most("the longest of 500 proofs", " bytes", 2048.0, *proof_bytes as f64),
        Bar::at_most("checking a proof", " ms", 1.0, proof.as_secs_f64() * 1e3),
    ];
    format!(
        "\
A log of {entries} entries, {} MB with its tiles; {} processors, Linux {}. Verified and summed three times in turn, the middle ones: \
{:.1} s and {:.1} s.

| Audit log | Bar | Measured | Met |
|---|---|---|---|
{}",
        bytes / 1_000_000,
        processors(),
        kernel(),
        verify.as_secs_f64(),
        sha256sum.as_secs_f64(),
        bars.iter().map(bar_row).collect::<String>(),
    )
}
