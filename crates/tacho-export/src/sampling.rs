//! Sampling: which traces a destination gets, decided from the trace id alone.
//!
//! The same trace is kept by every destination of the same share, after every restart, and by every destination of a
//! larger share (OpenTelemetry, "TraceState: Probability Sampling": the low 56 bits are random, and are kept from a
//! threshold on). Metrics and what belongs to no trace are never sampled.

use std::fmt;
use tacho_model::id::TraceId;

/// The whole, in millionths.
const ALL_PPM: u32 = 1_000_000;
/// How many values the random part of a trace id has.
const VALUES: u64 = 1 << 56;

/// The share of traces that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    share_ppm: u32,
    /// Whether a trace in which something failed is kept in any case.
    pub keeps_errors: bool,
}

impl Default for Sampling {
    /// All traces.
    fn default() -> Self {
        Self { share_ppm: ALL_PPM, keeps_errors: true }
    }
}

impl Sampling {
    /// A share from 0 to 1, to the millionth; `None` for any other number.
    #[must_use]
    pub fn of(share: f64, keeps_errors: bool) -> Option<Self> {
        let is_share = (0.0..=1.0).contains(&share);
        let millionths = (share * f64::from(ALL_PPM)).round();
        is_share.then_some(Self { share_ppm: millionths as u32, keeps_errors })
    }

    /// The share, from 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.share_ppm) / f64::from(ALL_PPM)
    }

    /// Whether every trace is kept.
    #[must_use]
    pub const fn keeps_all(self) -> bool {
        self.share_ppm >= ALL_PPM
    }

    /// Whether this trace is kept, whatever happened in it.
    #[must_use]
    pub fn keeps(self, trace: TraceId) -> bool {
        let random = u128::from_be_bytes(trace.0) % u128::from(VALUES);
        random >= u128::from(self.threshold())
    }

    /// The first value of a trace id's random part from which on it is kept.
    #[must_use]
    pub fn threshold(self) -> u64 {
        let left_out = u128::from(ALL_PPM.saturating_sub(self.share_ppm));
        // At most all of them, which fits.
        u64::try_from(left_out * u128::from(VALUES) / u128::from(ALL_PPM)).unwrap_or(VALUES)
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.share())
    }
}
