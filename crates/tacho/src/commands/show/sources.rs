//! `tacho show SESSION --sources`: who said what stands on each span.

use crate::commands::words;
use crate::failure::Failure;
use crate::prices;
use crate::report;
use crate::terminal::display_safe;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use tacho_agents::agent_named;
use tacho_assemble::facts::{AgentIdentity, SessionFacts};
use tacho_assemble::provenance::{Figure, Said, provenance};
use tacho_assemble::tree::assemble;
use tacho_model::attribute::Value;
use tacho_model::event::{Event, Source, Sources};
use tacho_model::id::{SessionId, SpanId};
use tacho_model::span::Span;
use tacho_model::time::UnixNanos;
use tacho_store::Reader;

/// A longer value does not move what stands behind all others.
const TEXT_WIDTH_MAX: usize = 40;

/// The figures of each span.
pub(super) struct Provenance(BTreeMap<SpanId, Vec<Figure>>);

impl Provenance {
    /// Understands the session anew from what each source said.
    pub(super) fn read(store: Reader<'_>, session: &SessionId, now: UnixNanos) -> Result<Self, Failure> {
        let (mut agent, mut events) = (None, Vec::<(Source, Event)>::new());
        store.each_observation(session, |observation| {
            let Some(known) = agent_named(Some(&observation.agent)) else { return };
            agent = Some(known);
            let decoded = (known.decode)(&observation);
            events.extend(decoded.events.into_iter().map(|event| (observation.source, event)));
        })?;
        let Some(agent) = agent else { return Ok(Self(BTreeMap::new())) };
        let identity = AgentIdentity { name: agent.name, provider: agent.provider };
        let heard =
            events.iter().fold(Sources::default(), |heard, (source, _)| heard.and(Sources::of(*source)));
        let prices = prices::load_or_list();
        Ok(Self(provenance(heard, |sources| {
            let mut facts = SessionFacts::new(identity, session.clone());
            let meant = events.iter().filter(|(source, _)| sources.has(*source));
            meant.for_each(|(_, event)| facts.add(event));
            assemble(&facts, &prices, now).spans
        })))
    }

    /// A line for each figure of a span: its name, what it is, who says so, and who says something else.
    pub(super) fn lines(&self, span: &Span) -> Vec<String> {
        let figures = self.0.get(&span.span_id).map(Vec::as_slice).unwrap_or_default();
        let texts: Vec<String> = figures.iter().map(|figure| text(&figure.said)).collect();
        let name_width = figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
        let text_width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).min(TEXT_WIDTH_MAX);
        let lines = figures.iter().zip(&texts).map(|(figure, text)| {
            format!("{:<name_width$}  {text:<text_width$}  {}", figure.name, who(figure))
        });
        lines.collect()
    }

    /// The figures of a span, for programs.
    pub(super) fn report(&self, span: SpanId) -> Json {
        let figures = self.0.get(&span).into_iter().flatten().map(|figure| {
            let others = figure.others.iter().map(|(source, said)| (source.name().to_owned(), value(said)));
            json!({
                "name": figure.name,
                "value": value(&figure.said),
                "said_by": names(figure.said_by),
                "needs": names(figure.needs),
                "others": others.collect::<Map<_, _>>(),
            })
        });
        Json::Array(figures.collect())
    }
}

fn who(figure: &Figure) -> String {
    let who = if figure.said_by == Sources::default() {
        names(figure.needs).join(" + ")
    } else {
        names(figure.said_by).join(", ")
    };
    let others = figure.others.iter().map(|(source, said)| format!("{}: {}", source.name(), text(said)));
    let others = others.collect::<Vec<_>>().join(", ");
    let others = if others.is_empty() { others } else { format!("  ({others})") };
    who + &others
}

fn names(sources: Sources) -> Vec<&'static str> {
    sources.iter().map(Source::name).collect()
}

fn text(said: &Said) -> String {
    match said {
        Said::At(at) => words::time_of_day(*at),
        Said::Value(Value::String(text)) => display_safe(text),
        Said::Value(value) => display_safe(&report::attribute(value).to_string()),
    }
}

fn value(said: &Said) -> Json {
    match said {
        Said::At(at) => json!(at.0),
        Said::Value(value) => report::attribute(value),
    }
}
