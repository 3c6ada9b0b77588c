//! Where the list and what others publish differ, and which of that is known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use tacho_model::money::decimal_text;

use super::list::{PLACES, PLACES_PER_THOUSAND, Row};
use super::published::Fact;
use crate::workspace;

/// The differences that are known, each with its reason.
pub(super) const KNOWN: &str = "prices/drift/known.toml";

const CLASSES: [&str; 5] = ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"];

/// A difference that is known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    source: String,
    models: Vec<String>,
    /// The beginning of the keys that differ; all if it is absent.
    #[serde(default)]
    key: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    known: Vec<Known>,
}

/// A statement on which both sides do not agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    source: String,
    model: String,
    key: String,
    ours: Option<String>,
    theirs: Option<String>,
}

/// All that was compared.
#[derive(Debug)]
pub(super) struct Drift {
    equal: usize,
    differences: Vec<(Difference, Option<String>)>,
    /// Known differences that are none any more.
    settled: Vec<String>,
}

pub(super) fn known(root: &Path) -> anyhow::Result<Vec<Known>> {
    parse(&workspace::read(&root.join(KNOWN))?)
}

pub(super) fn parse(text: &str) -> anyhow::Result<Vec<Known>> {
    let contents: Contents = toml::from_str(text).context(KNOWN)?;
    Ok(contents.known)
}

/// Compares the rows of a day with all that others say.
pub(super) fn compare(rows: &[&Row], facts: &[Fact], known: &[Known]) -> Drift {
    let mut equal = 0;
    let mut differences = BTreeSet::new();
    for fact in facts {
        let ours = row_of(rows, &fact.model).and_then(|row| statements(row).remove(&fact.key));
        if ours.as_ref() == Some(&fact.value) {
            equal += 1;
        } else {
            let theirs = Some(fact.value.clone());
            let (source, model, key) = (fact.source.clone(), fact.model.clone(), fact.key.clone());
            differences.insert(Difference { source, model, key, ours, theirs });
        }
    }
    differences.extend(unsaid(rows, facts));
    let explained: Vec<(Difference, Option<String>)> = differences
        .into_iter()
        .map(|difference| {
            let reason = known.iter().find(|known| known.explains(&difference));
            let reason = reason.map(|known| known.reason.clone());
            (difference, reason)
        })
        .collect();
    let is_settled = |known: &&Known| !explained.iter().any(|(difference, _)| known.explains(difference));
    let settled = known.iter().filter(is_settled).map(|known| format!("{}: {}", known.source, known.reason));
    Drift { equal, settled: settled.collect(), differences: explained }
}

/// What the list says and a source does not: a model, its long prompts, its fast mode.
fn unsaid(rows: &[&Row], facts: &[Fact]) -> Vec<Difference> {
    let sources: BTreeSet<&str> = facts.iter().map(|fact| fact.source.as_str()).collect();
    let mut differences = Vec::new();
    for source in sources {
        let said: BTreeSet<(&str, &str)> = facts
            .iter()
            .filter(|fact| fact.source == source)
            .filter_map(|fact| Some((row_of(rows, &fact.model)?.model.as_str(), fact.key.as_str())))
            .collect();
        for row in rows {
            let has = |key: &str| said.contains(&(row.model.as_str(), key));
            let mut keys = vec!["input"];
            if has("input") {
                keys = [("over.input", row.over.is_some()), ("fast.input", row.fast.is_some())]
                    .into_iter()
                    .filter_map(|(key, is_ours)| is_ours.then_some(key))
                    .collect();
            }
            for key in keys.into_iter().filter(|key| !has(key)) {
                let (source, model, key) = (source.to_owned(), row.model.clone(), key.to_owned());
                let ours = statements(row).remove(&key);
                differences.push(Difference { source, model, key, ours, theirs: None });
            }
        }
    }
    differences
}

fn row_of<'a>(rows: &[&'a Row], name: &str) -> Option<&'a Row> {
    rows.iter().copied().find(|row| row.model == name || row.aliases.iter().any(|alias| alias == name))
}

/// Everything that a row says, as the sources' facts are written.
fn statements(row: &Row) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let (prompt_gt, over) = row.over.unzip();
    for (prefix, prices) in [("", Some(row.prices)), ("over.", over), ("fast.", row.fast)] {
        let prices = prices.into_iter().flat_map(|prices| CLASSES.into_iter().zip(prices));
        all.extend(prices.map(|(class, price)| (format!("{prefix}{class}"), decimal_text(price, PLACES))));
    }
    all.extend(prompt_gt.map(|tokens| ("over.prompt_gt".to_owned(), tokens.to_string())));
    all.insert("geo_us".to_owned(), decimal_text(row.geo_us, PLACES));
    all.insert("web_search".to_owned(), decimal_text(row.web_search, PLACES_PER_THOUSAND));
    all
}

impl Known {
    fn explains(&self, difference: &Difference) -> bool {
        self.source == difference.source
            && self.models.contains(&difference.model)
            && difference.key.starts_with(&self.key)
    }
}

impl Drift {
    pub(super) fn unexplained(&self) -> usize {
        self.differences.iter().filter(|(_, reason)| reason.is_none()).count()
    }

    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        for (difference, reason) in &self.differences {
            let Difference { source, model, key, ours, theirs } = difference;
            let [ours, theirs] = [ours, theirs].map(|value| value.as_deref().unwrap_or("-"));
            let why = reason.as_ref().map_or("UNEXPLAINED".to_owned(), |reason| format!("known: {reason}"));
            _ = writeln!(text, "{source:<13} {model:<24} {key:<20} ours {ours:<6} theirs {theirs:<6} {why}");
        }
        for settled in &self.settled {
            _ = writeln!(text, "no difference any more, take it out of {KNOWN}: {settled}");
        }
        let known = self.differences.len() - self.unexplained();
        _ = writeln!(text, "{} equal, {known} known, {} unexplained", self.equal, self.unexplained());
        text
    }
}
