//! Which sources say what stands on a span.
//!
//! Nobody keeps a list of who said what while facts are merged. What a source says is found by asking it: the session is
//! understood once more from the statements of that source alone. What no source says alone needs several of them, and
//! those are the ones without which it is not said.

use std::collections::BTreeMap;
use tacho_model::attribute::{Class, Value};
use tacho_model::event::{Source, Sources};
use tacho_model::id::SpanId;
use tacho_model::semconv as key;
use tacho_model::span::Span;
use tacho_model::time::UnixNanos;

/// The name of a span's start among its figures.
pub const START: &str = "start";
/// The name of a span's end among its figures.
pub const END: &str = "end";

/// What is the same on every span of its kind, or names it.
const NAMES: [&str; 6] = [
    key::SESSION_ID.name(),
    key::GEN_AI_CONVERSATION_ID.name(),
    key::GEN_AI_OPERATION_NAME.name(),
    key::GEN_AI_PROVIDER_NAME.name(),
    key::GEN_AI_SYSTEM.name(),
    key::GEN_AI_REQUEST_STREAM.name(),
];

/// One figure on a span: a time or an attribute that is no content.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Name of the attribute; [`START`] or [`END`].
    pub name: &'static str,
    /// What it is.
    pub said: Said,
    /// The sources of which each says so alone.
    pub said_by: Sources,
    /// Where there are none: the sources without which it would not be said, or not so.
    pub needs: Sources,
    /// Sources that alone say something else.
    pub others: Vec<(Source, Said)>,
}

/// What a figure is.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A time.
    At(UnixNanos),
    /// The value of an attribute.
    Value(Value),
}

/// The figures of each span and who says them. `derive` understands the session from the statements of some sources;
/// `heard` are those that said anything.
pub fn provenance(
    heard: Sources,
    mut derive: impl FnMut(Sources) -> Vec<Span>,
) -> BTreeMap<SpanId, Vec<Figure>> {
    let all = derive(heard);
    let mut by_source = |sources: fn(Sources, Source) -> Sources| -> Vec<(Source, Spans)> {
        let derived = heard.iter().map(|source| (source, by_id(&derive(sources(heard, source)))));
        derived.collect()
    };
    let alone = by_source(|_, source| Sources::of(source));
    let missing = by_source(Sources::without);
    all.iter().map(|span| (span.span_id, figures(span, &alone, &missing))).collect()
}

/// The figures of spans, by the span.
type Spans = BTreeMap<SpanId, BTreeMap<&'static str, Said>>;

fn by_id(spans: &[Span]) -> Spans {
    spans.iter().map(|span| (span.span_id, said_of(span).collect())).collect()
}

fn figures(span: &Span, alone: &[(Source, Spans)], missing: &[(Source, Spans)]) -> Vec<Figure> {
    let said = |spans: &Spans, name: &str| spans.get(&span.span_id)?.get(name).cloned();
    let figure = |(name, value): (&'static str, Said)| {
        let mut figure = Figure {
            name,
            said: value,
            said_by: Sources::default(),
            needs: Sources::default(),
            others: Vec::new(),
        };
        for (source, spans) in alone {
            match said(spans, name) {
                Some(value) if value == figure.said => {
                    figure.said_by = figure.said_by.and(Sources::of(*source));
                }
                Some(value) => figure.others.push((*source, value)),
                None => {}
            }
        }
        if figure.said_by == Sources::default() {
            let needed = missing.iter().filter(|(_, spans)| said(spans, name).as_ref() != Some(&figure.said));
            figure.needs =
                needed.fold(Sources::default(), |needs, (source, _)| needs.and(Sources::of(*source)));
        }
        figure
    };
    said_of(span).map(figure).collect()
}

fn said_of(span: &Span) -> impl Iterator<Item = (&'static str, Said)> {
    let times = [(START, Some(span.start)), (END, span.end)];
    let times = times.into_iter().filter_map(|(name, at)| Some((name, Said::At(at?))));
    let attributes = span
        .attributes
        .iter()
        .filter(|(key, _)| key.class() != Class::Content && !NAMES.contains(&key.name()));
    times.chain(attributes.map(|(key, value)| (key.name(), Said::Value(value.clone()))))
}
