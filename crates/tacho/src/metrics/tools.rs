//! How calls of each tool went of late.

use tacho_store::recent::RecentTool;

/// The calls of one tool.
pub(crate) struct ToolFigures<'a> {
    pub(crate) tool: &'a str,
    pub(crate) calls: usize,
    pub(crate) failed: usize,
    /// How long all but the slowest hundredth ran at most, in milliseconds.
    pub(crate) p99_ms: u64,
}

impl ToolFigures<'_> {
    /// What share of the calls failed: 0 to 1.
    pub(crate) fn failed_share(&self) -> f64 {
        self.failed as f64 / self.calls as f64
    }
}

/// Those of each tool; calls of one tool stand together.
pub(crate) fn by_tool(recent: &[RecentTool]) -> impl Iterator<Item = ToolFigures<'_>> {
    recent.chunk_by(|one, other| one.tool == other.tool).filter_map(|calls| {
        let mut ran: Vec<u64> = calls.iter().map(|call| call.ran_ms).collect();
        ran.sort_unstable();
        let place = (ran.len() * 99).div_ceil(100).saturating_sub(1);
        Some(ToolFigures {
            tool: &calls.first()?.tool,
            calls: calls.len(),
            failed: calls.iter().filter(|call| call.failed).count(),
            p99_ms: *ran.get(place)?,
        })
    })
}
