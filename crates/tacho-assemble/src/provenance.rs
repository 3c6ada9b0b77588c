//! Which sources say what stands on a span.
//!
//! Nobody keeps a list of who said what while facts are merged. What a source says is found by asking it: the session is
//! understood once more from the statements of that source alone. What no source says alone takes several of them.

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
    /// Where there are none: sources that say it together, and none of them without the others.
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
pub fn provenance(heard: Sources, derive: impl FnMut(Sources) -> Vec<Span>) -> BTreeMap<SpanId, Vec<Figure>> {
    let mut asked = Asked { heard, derive, known: BTreeMap::new() };
    let all = (asked.derive)(heard);
    all.iter()
        .map(|span| {
            let figures = said_of(span).map(|(name, said)| asked.figure(span.span_id, name, said));
            (span.span_id, figures.collect())
        })
        .collect()
}

/// The sources, and what they were found to say.
struct Asked<D> {
    heard: Sources,
    derive: D,
    /// What spans are by the statements of some sources: their figures.
    known: BTreeMap<u8, BTreeMap<SpanId, BTreeMap<&'static str, Said>>>,
}

impl<D: FnMut(Sources) -> Vec<Span>> Asked<D> {
    /// What these sources say together.
    fn said_by(&mut self, sources: Sources, span: SpanId, name: &str) -> Option<&Said> {
        let spans = self.known.entry(sources.bits()).or_insert_with(|| {
            let spans = (self.derive)(sources);
            spans.iter().map(|span| (span.span_id, said_of(span).collect())).collect()
        });
        spans.get(&span)?.get(name)
    }

    fn figure(&mut self, span: SpanId, name: &'static str, said: Said) -> Figure {
        let (mut said_by, mut others) = (Sources::default(), Vec::new());
        for source in self.heard.iter() {
            match self.said_by(Sources::of(source), span, name) {
                Some(alone) if *alone == said => said_by = said_by.and(Sources::of(source)),
                Some(alone) => others.push((source, alone.clone())),
                None => {}
            }
        }
        let needs =
            if said_by == Sources::default() { self.needed(span, name, &said) } else { Sources::default() };
        Figure { name, said, said_by, needs, others }
    }

    /// The sources that are left when one after the other is left out without which it is said all the same, the least
    /// believed first.
    fn needed(&mut self, span: SpanId, name: &str, said: &Said) -> Sources {
        let mut needed = self.heard;
        let mut sources: Vec<Source> = self.heard.iter().collect();
        sources.reverse();
        for source in sources {
            let fewer = needed.without(source);
            if self.said_by(fewer, span, name) == Some(said) {
                needed = fewer;
            }
        }
        needed
    }
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
