//! What is said about compactions of the context.

/// One statement about a compaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Compaction {
    /// Whether it begins or ends.
    pub step: CompactionStep,
    /// Who wanted it: `manual` or `auto`.
    pub trigger: Option<String>,
    /// Tokens of the context before it.
    pub tokens_before: Option<u64>,
    /// Tokens of the context after it.
    pub tokens_after: Option<u64>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
}

/// Which end of a compaction a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompactionStep {
    /// It begins.
    Began,
    /// It is done.
    Ended,
}
