//! Metrics in Prometheus' text format 0.0.4, under the names that Prometheus itself gives what it gets by OTLP.
//!
//! Source of the names: the default translation of OTLP, `UnderscoreEscapingWithSuffixes`.

use crate::destination::Compression;
use crate::otlp::{EncodeError, Encoded};
use std::fmt::Write as _;
use tacho_model::batch::Batch;
use tacho_model::metric::{Instrument, Labels, Metric, MetricPoint, MetricValue, Total};
use tacho_privacy::Cleared;

/// Media type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What Prometheus calls units (UCUM); others stay as they are.
const UNITS: [(&str, &str); 4] =
    [("s", "seconds"), ("ms", "milliseconds"), ("By", "bytes"), ("%", "percent")];

/// All metrics of a batch.
#[must_use]
pub fn text(batch: &Cleared<Batch>) -> String {
    let mut text = String::new();
    for points in batch.get().metrics.chunk_by(|one, other| one.metric == other.metric) {
        let Some(first) = points.first() else { continue };
        let name = name(first.metric);
        let kind = match first.metric.instrument {
            Instrument::Counter => "counter",
            // What is not promised to grow is none of Prometheus' counters.
            Instrument::Sum | Instrument::Gauge => "gauge",
            Instrument::Histogram(_) => "histogram",
        };
        let help = first.metric.brief.replace('\\', "\\\\").replace('\n', "\\n");
        line(&mut text, format_args!("# HELP {name} {help}"));
        line(&mut text, format_args!("# TYPE {name} {kind}"));
        points.iter().for_each(|point| write_point(&mut text, &name, point));
    }
    text
}

/// The same as the body of a request.
///
/// # Errors
/// When it cannot be compressed, which no text makes so.
pub fn encoded(batch: &Cleared<Batch>) -> Result<Encoded, EncodeError> {
    Encoded::of(batch.get().metrics.len(), text(batch).into_bytes(), Compression::Gzip)
}

/// The name of a metric in Prometheus.
#[must_use]
pub fn name(metric: &Metric) -> String {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == ':';
    let mut words: Vec<&str> =
        metric.name.split(|letter| !is_letter(letter)).filter(|word| !word.is_empty()).collect();
    let is_counter = metric.instrument == Instrument::Counter;
    if is_counter {
        // It goes to the end.
        words.retain(|word| *word != "total");
    }
    if !metric.unit.is_empty() && !metric.unit.contains(['{', '}']) {
        let unit = UNITS.iter().find(|(ucum, _)| *ucum == metric.unit).map_or(metric.unit, |(_, word)| word);
        let unit = if unit == "1" { "ratio" } else { unit };
        let is_meant = unit != "ratio" || metric.instrument == Instrument::Gauge;
        if is_meant && !words.contains(&unit) {
            words.push(unit);
        }
    }
    if is_counter {
        words.push("total");
    }
    words.join("_")
}

fn write_point(text: &mut String, name: &str, point: &MetricPoint) {
    match &point.value {
        MetricValue::Gauge(value) => line(text, format_args!("{name}{} {value}", set(&point.labels, None))),
        MetricValue::Total(total) => match point.metric.instrument {
            Instrument::Histogram(bounds) => write_histogram(text, name, point, bounds, total),
            Instrument::Counter | Instrument::Sum | Instrument::Gauge => {
                let value = point.metric.in_unit(total.sum);
                line(text, format_args!("{name}{} {value}", set(&point.labels, None)));
            }
        },
    }
}

fn write_histogram(text: &mut String, name: &str, point: &MetricPoint, bounds: &[f64], total: &Total) {
    let mut so_far = 0;
    for (place, bound) in bounds.iter().enumerate() {
        so_far += total.buckets.get(place).copied().unwrap_or(0);
        let bucket = set(&point.labels, Some(&bound.to_string()));
        line(text, format_args!("{name}_bucket{bucket} {so_far}"));
    }
    let (all, count) = (set(&point.labels, Some("+Inf")), total.count());
    line(text, format_args!("{name}_bucket{all} {count}"));
    let (labels, sum) = (set(&point.labels, None), point.metric.in_unit(total.sum));
    line(text, format_args!("{name}_sum{labels} {sum}"));
    line(text, format_args!("{name}_count{labels} {count}"));
}

/// Labels as they stand behind a name, and the bound of a bucket.
fn set(labels: &Labels, bound: Option<&str>) -> String {
    let label = |(name, value): (&str, &str)| {
        let name: String =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    };
    let named = labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<String> = named.chain(bound.map(|bound| ("le", bound))).map(label).collect();
    if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A text takes everything.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_model::metrics;

    /// A metric of this name, unit and instrument.
    fn named(of: &'static str, unit: &'static str, instrument: Instrument) -> String {
        name(&Metric { name: of, unit, instrument, ..metrics::SESSION_COUNT })
    }

    /// The rules of `UnderscoreEscapingWithSuffixes`, each by what the translator of Prometheus itself made of these.
    #[test]
    fn names_are_those_of_the_translation() {
        let histogram = Instrument::Histogram(&[]);
        for (of, unit, instrument, expected) in [
            ("claude.cost.usd", "{USD}", Instrument::Counter, "claude_cost_usd_total"),
            ("claude.cost.usd", "USD", Instrument::Counter, "claude_cost_usd_USD_total"),
            ("claude.tool.calls_total", "{call}", Instrument::Counter, "claude_tool_calls_total"),
            ("claude.tool.latency_ms", "", histogram, "claude_tool_latency_ms"),
            ("claude.tool.latency_ms", "ms", histogram, "claude_tool_latency_ms_milliseconds"),
            ("claude.tokens.input", "", Instrument::Sum, "claude_tokens_input"),
            ("claude.tokens.input", "", Instrument::Counter, "claude_tokens_input_total"),
            ("claude.error.rate", "1", Instrument::Gauge, "claude_error_rate_ratio"),
            ("claude.error.rate", "", Instrument::Gauge, "claude_error_rate"),
            ("claude.session.count", "{session}", Instrument::Counter, "claude_session_count_total"),
            ("gen_ai.client.operation.duration", "s", histogram, "gen_ai_client_operation_duration_seconds"),
            ("tachograph.spool.unread", "By", Instrument::Gauge, "tachograph_spool_unread_bytes"),
        ] {
            assert_eq!(named(of, unit, instrument), expected, "{of} in {unit:?}");
        }
    }

    /// The names that the queries of others are written for.
    #[test]
    fn names_that_queries_know() {
        let known = [
            (&metrics::COST_USD, "claude_cost_usd_total"),
            (&metrics::TOOL_CALLS_TOTAL, "claude_tool_calls_total"),
            (&metrics::TOOL_ERRORS_TOTAL, "claude_tool_errors_total"),
            (&metrics::TOOL_LATENCY_MS, "claude_tool_latency_ms"),
            (&metrics::TOKENS_INPUT, "claude_tokens_input"),
            (&metrics::TOKENS_OUTPUT, "claude_tokens_output"),
            (&metrics::ERROR_RATE, "claude_error_rate"),
            (&metrics::RESPONSE_LATENCY, "claude_response_latency"),
        ];
        for (metric, expected) in known {
            assert_eq!(name(metric), expected);
        }
        // The limit of an alert is a bound, so that it falls between two buckets and in none.
        assert!(metrics::TOOL_LATENCY_MS.bounds().contains(&5000.0));
    }
}
