//! What transcripts that are followed say was used, written with the rows that say it.

use super::round::Round;
use crate::failure::Failure;
use crate::prices::Pricing;
use crate::record::uid_of;
use crate::vcs::Projects;
use memchr::memmem;
use tacho_agents::{Agent, TranscriptPlace, UsageRow, agent_named};
use tacho_assemble::price::Prices;
use tacho_model::event::{Observation, Source};
use tacho_model::usage_record::{Inheritance, ReportedCost, UsageRecord};
use tacho_store::Changes;

/// What the drainer needs to know of usage.
#[derive(Debug)]
pub(super) struct Pricer {
    pub(super) prices: Prices,
    projects: Projects,
}

/// What was said in a round.
#[derive(Debug, Default)]
pub(super) struct Said {
    records: Vec<UsageRecord>,
    reported: Vec<ReportedCost>,
    inheritances: Vec<Inheritance>,
}

impl Pricer {
    pub(super) fn new(prices: Prices) -> Self {
        Self { prices, projects: Projects::default() }
    }
}

impl Round<'_> {
    /// Hears what a row says of usage. That it cannot be read is counted where it is observed.
    pub(super) fn hear_usage(&mut self, agent: &Agent, place: &TranscriptPlace, row: &[u8]) {
        if !agent.usage_marks.iter().any(|mark| memmem::find(row, mark).is_some()) {
            return;
        }
        match (agent.usage_row)(row, place) {
            UsageRow::Call(record, inheritance) => {
                if let Some(inheritance) = inheritance {
                    inheritance.add_to(&mut self.usage.inheritances);
                }
                self.hear_call(*record);
            }
            UsageRow::Reported(reported) => self.usage.reported.push(*reported),
            UsageRow::Nothing | UsageRow::Unreadable => {}
        }
    }

    /// Hears what an observation of the agent's own telemetry says of usage. What does not say where it was said was said
    /// where the session was last.
    pub(super) fn hear_usage_reports(&mut self, observation: &Observation) -> Result<(), Failure> {
        if !matches!(observation.source, Source::Mod | Source::Otlp) {
            return Ok(());
        }
        let Some(agent) = agent_named(Some(&observation.agent)) else { return Ok(()) };
        let session = self.sessions.get(&self.changes, &observation.session)?;
        let directory = session.directory(self.changes.read(), &observation.session)?;
        let directory = directory.map(|directory| directory.to_string_lossy().into_owned());
        for mut record in (agent.usage_reports)(observation) {
            record.owner.project = record.owner.project.or_else(|| directory.clone());
            self.hear_call(record);
        }
        Ok(())
    }

    /// Writes down that what the agent exports of a session is to be waited for: what comes first of it comes a moment late.
    pub(super) fn announce_telemetry(&mut self, hook: &Observation) -> Result<(), Failure> {
        if !self.hears_telemetry || hook.source != Source::Hook {
            return Ok(());
        }
        let Some(agent) = agent_named(Some(&hook.agent)) else { return Ok(()) };
        let session = self.session(&hook.session)?;
        if std::mem::replace(&mut session.is_announced, true) {
            return Ok(());
        }
        let own = agent.own_telemetry;
        let body = (own.payload)(hook.session.as_str(), vec![(own.greeting)()]).to_string();
        let announced = Observation {
            uid: uid_of(&[b"telemetry", hook.session.as_str().as_bytes()]),
            source: Source::Otlp,
            body: body.into_bytes(),
            ..hook.clone()
        };
        self.observe(&announced).map(drop)
    }

    fn hear_call(&mut self, mut record: UsageRecord) {
        let projects = &mut self.pricer.projects;
        record.owner.project = record.owner.project.take().map(|directory| projects.of(directory));
        self.usage.records.push(record);
    }
}

impl Said {
    /// Writes it down.
    pub(super) fn write(self, changes: &Changes<'_>, pricer: &Pricer) -> Result<(), Failure> {
        if self.records.is_empty() && self.reported.is_empty() {
            return Ok(());
        }
        let mut pricing = Pricing::new(&pricer.prices);
        let mut usage = changes.usage()?;
        usage.put(self.records, |record| pricing.price(record))?;
        self.reported.iter().try_for_each(|reported| usage.put_reported(reported))?;
        self.inheritances.iter().try_for_each(|inheritance| usage.put_inheritance(inheritance))?;
        Ok(usage.finish()?)
    }
}
