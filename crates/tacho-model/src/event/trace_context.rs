//! What a hook had around it of traces that others began.

use crate::span::Link;

/// What a hook had around it of traces when a turn began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TraceContext {
    /// The span that the turn lies below.
    pub parent: Option<Link>,
    /// A span that the turn has to do with and does not lie below: the agent's own for it.
    pub beside: Option<Link>,
}
