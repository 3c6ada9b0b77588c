//! What goes to a destination together.

use crate::attribute::{Attributes, Key};
use crate::log::LogRecord;
use crate::metric::{MetricPoint, Temporality};
use crate::semconv as key;
use crate::span::Span;
use crate::time::UnixNanos;
use std::collections::BTreeMap;

/// What is said of the resource, so that it is said once for many spans.
pub const LIFTED: [Key; 8] = [
    key::VCS_REPOSITORY_URL_FULL,
    key::VCS_REPOSITORY_NAME,
    key::VCS_OWNER_NAME,
    key::VCS_PROVIDER_NAME,
    key::VCS_REF_HEAD_NAME,
    key::VCS_REF_HEAD_TYPE,
    key::VCS_REF_HEAD_REVISION,
    key::TACHOGRAPH_VCS_WORKTREE,
];

/// Spans of one resource and corrections of spans, before anything is decided about what may leave the machine.
#[derive(Clone, Debug, Default)]
pub struct Draft<'a> {
    /// Who made them.
    pub resource: Attributes,
    /// What a project and whoever configured the recorder say of who made them, by the names that are sent.
    pub declared: BTreeMap<String, String>,
    /// The spans, as they stand in their session.
    pub spans: Vec<&'a Span>,
    /// Spans that were sent before and are understood otherwise now.
    pub corrections: Vec<Correction<'a>>,
    /// What happened beside spans.
    pub records: Vec<&'a LogRecord>,
    /// When the recorder came to know what it says of spans; `None` where nothing of them is told as log records.
    pub told_at: Option<UnixNanos>,
    /// What the recorder says of itself.
    pub own: Vec<LogRecord>,
    /// What the resource says, so that it need not stand on each span.
    pub lifted: &'static [Key],
}

/// A span that was sent before and is understood otherwise now.
#[derive(Clone, Copy, Debug)]
pub struct Correction<'a> {
    /// The span as it is understood now.
    pub span: &'a Span,
    /// When that was found out.
    pub observed_at: UnixNanos,
}

/// Spans, log records and metrics of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Who made them.
    pub resource: Attributes,
    /// What a project and whoever configured the recorder say of who made them, by the names that are sent.
    pub declared: BTreeMap<String, String>,
    /// The spans.
    pub spans: Vec<Span>,
    /// The log records.
    pub logs: Vec<LogRecord>,
    /// The metrics, of a series the older point first.
    pub metrics: Vec<MetricPoint>,
    /// What these are counted from.
    pub temporality: Temporality,
}
