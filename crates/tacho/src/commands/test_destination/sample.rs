//! What a destination is sent to see whether it takes it: a turn of nobody's, a record about it, and who asks.

use std::collections::BTreeMap;
use tacho_model::attribute::Attributes;
use tacho_model::batch::{Batch, Draft};
use tacho_model::id::{IdSpace, SessionId};
use tacho_model::log::LogRecord;
use tacho_model::metric::{MetricPoint, MetricValue, Temporality};
use tacho_model::metrics::TACHOGRAPH_BUILD_INFO;
use tacho_model::semconv as key;
use tacho_model::span::{Span, SpanKind, Status};
use tacho_model::time::UnixNanos;
use tacho_privacy::identity::IdentityKey;
use tacho_privacy::{CaptureLevel, Cleared, Disclosure, Policy, clear, clear_metrics};

/// The service that the sample is of, by which it is found and told from what was recorded.
pub(super) const SERVICE: &str = "tachograph-test";
/// How long the sample's turn took.
const LASTED_NS: u64 = 1_000_000_000;

/// One span, one log record and one metric.
pub(super) fn batches(now: UnixNanos, temporality: Temporality) -> [Cleared<Batch>; 2] {
    // Nobody's name is in it, so nothing is hashed with this key.
    let identity_key = IdentityKey([0; 32]);
    let policy = Policy {
        level: CaptureLevel::default(),
        user_info: Disclosure::default(),
        identity_key: &identity_key,
    };
    let span = span(now);
    let told = LogRecord::of_span(&span, now);
    let draft = Draft {
        resource: resource(),
        spans: vec![&span],
        records: told.iter().take(1).collect(),
        ..Draft::default()
    };
    let point = MetricPoint {
        metric: &TACHOGRAPH_BUILD_INFO,
        labels: BTreeMap::from([("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
        start: now,
        at: now,
        value: MetricValue::Gauge(1.0),
    };
    [clear(&draft, policy), clear_metrics(&resource(), &BTreeMap::new(), vec![point], temporality, policy)]
}

fn resource() -> Attributes {
    let mut resource = Attributes::default();
    resource.set(key::SERVICE_NAME, SERVICE);
    resource.set(key::TELEMETRY_SDK_NAME, "tachograph");
    resource.set(key::TELEMETRY_SDK_LANGUAGE, "rust");
    resource.set(key::TELEMETRY_SDK_VERSION, env!("CARGO_PKG_VERSION"));
    resource
}

/// Every time another one, so that it is seen to come.
fn span(now: UnixNanos) -> Span {
    let session = SessionId::from(SERVICE);
    let ids = IdSpace { agent: SERVICE, session: &session };
    let turn = now.0.to_string();
    let mut attributes = Attributes::default();
    attributes.set(key::GEN_AI_OPERATION_NAME, "invoke_agent");
    attributes.set(key::GEN_AI_AGENT_NAME, SERVICE);
    attributes.set(key::SESSION_ID, SERVICE);
    Span {
        trace_id: ids.trace(&turn),
        span_id: ids.span(SpanKind::Turn, &turn),
        parent_span_id: None,
        links: Vec::new(),
        kind: SpanKind::Turn,
        name: format!("invoke_agent {SERVICE}"),
        start: UnixNanos(now.0.saturating_sub(LASTED_NS)),
        end: Some(now),
        status: Status::Unset,
        attributes,
        events: Vec::new(),
        settled: true,
    }
}
