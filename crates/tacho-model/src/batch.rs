//! What goes to a destination together.

use crate::attribute::Attributes;
use crate::span::Span;

/// Spans of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Who made them.
    pub resource: Attributes,
    /// The spans.
    pub spans: Vec<Span>,
}
