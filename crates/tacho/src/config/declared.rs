//! A file of OpenTelemetry's declarative configuration, to which a variable leads: what of it says where telemetry goes
//! (specification, "Declarative configuration"; the model is that of opentelemetry-configuration 1.1 and those before).
//!
//! Nobody knows who wrote it, as little as the variable. It stands in the place of all other variables of every exporter.

mod exporter;
mod value;

use super::environment::headers_from;
use super::{Author, Config, Origin, Said, regular_file};
use crate::config::described::Described;
use exporter::{Exporter, Way};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::path::Path;
use value::{entries, list, number, substituted, text, truth};

/// The variable that leads to the file.
pub(super) const CONFIG_FILE: &str = "OTEL_CONFIG_FILE";

/// What is read of a file.
struct Reading<'a> {
    file: &'a str,
    ways: Vec<Way>,
    /// Signals that are printed, and where that stands.
    printed: Vec<(&'static str, String)>,
    sampling: Option<f64>,
    /// What of it has no place here.
    unfit: Vec<String>,
}

/// Takes in what a file says.
pub(super) fn read(file: &str, config: &mut Config) {
    config.declared = Some(Said { value: BTreeMap::new(), origin: Origin::Variable(CONFIG_FILE) });
    let document = match document(Path::new(file)) {
        Ok(document) => document,
        Err(reason) => return config.refuse(Origin::Variable(CONFIG_FILE), format!("{file} {reason}")),
    };
    if document.get("disabled").and_then(truth) == Some(true) {
        return;
    }
    let mut reading =
        Reading { file, ways: Vec::new(), printed: Vec::new(), sampling: None, unfit: Vec::new() };
    for (key, value) in &document {
        match key.as_str() {
            "file_format" | "disabled" => {}
            "resource" => reading.resource(value, config),
            "tracer_provider" => reading.provider("traces", key, value),
            "meter_provider" => reading.provider("metrics", key, value),
            "logger_provider" => reading.provider("logs", key, value),
            _ => reading.leave(key, value),
        }
    }
    reading.name_all(config);
}

fn document(path: &Path) -> Result<Map<String, Json>, String> {
    let yaml = String::from_utf8(regular_file::read(path)?).map_err(|_| "is no text".to_owned())?;
    // Not the error's own rendering: it shows the line, and the line may hold a token.
    let parsed = serde_saphyr::from_str::<Json>(&yaml).map_err(|error| {
        let line = error.location().map(|at| format!(", see line {}", at.line())).unwrap_or_default();
        format!("is no YAML{line}")
    })?;
    let Json::Object(document) = substituted(parsed) else { return Err("is no mapping".to_owned()) };
    let format = document.get("file_format").and_then(text).unwrap_or_default();
    match format.split('.').next() {
        Some("0" | "1") => Ok(document),
        _ => Err(format!("has the file_format {format:?}, of which 0 and 1 are understood")),
    }
}

impl Reading<'_> {
    fn origin(&self, key: &str) -> Origin {
        Origin::Declared { file: self.file.to_owned(), key: key.to_owned() }
    }

    /// Notes a key that has no place here; one without a value says nothing.
    fn leave(&mut self, key: &str, value: &Json) {
        if !value.is_null() {
            self.unfit.push(key.to_owned());
        }
    }

    /// What is said of who sends.
    fn resource(&mut self, value: &Json, config: &mut Config) {
        let mut attributes = BTreeMap::new();
        for (key, value) in entries(value) {
            match key.as_str() {
                // Where both say something of a name, `attributes` counts.
                "attributes_list" => match headers_from(&text(value).unwrap_or_default()) {
                    Ok(pairs) => pairs.into_iter().for_each(|pair| {
                        attributes.entry(pair.name).or_insert(pair.value);
                    }),
                    Err(()) => self.unfit.push("resource.attributes_list".to_owned()),
                },
                "attributes" => {
                    let pairs = list(value).filter_map(|pair| Some((pair.get("name")?, pair.get("value")?)));
                    let pairs = pairs.filter_map(|(name, value)| Some((text(name)?, text(value)?)));
                    // The form of format 0.2.
                    let pairs_before =
                        entries(value).filter_map(|(name, value)| Some((name.clone(), text(value)?)));
                    attributes.extend(pairs.chain(pairs_before));
                }
                _ => self.leave(&format!("resource.{key}"), value),
            }
        }
        config.declared = Some(Said { value: attributes, origin: self.origin("resource") });
    }

    fn provider(&mut self, signal: &'static str, place: &str, value: &Json) {
        for (key, value) in entries(value) {
            let place = format!("{place}.{key}");
            match key.as_str() {
                "processors" | "readers" => {
                    for (number, step) in list(value).enumerate() {
                        entries(step).for_each(|(kind, of)| {
                            self.step(signal, &format!("{place}[{number}].{kind}"), kind, of);
                        });
                    }
                }
                "sampler" => self.sampler(&place, value),
                _ => self.leave(&place, value),
            }
        }
    }

    /// One processor or reader.
    fn step(&mut self, signal: &'static str, place: &str, kind: &str, value: &Json) {
        if !["batch", "simple", "periodic"].contains(&kind) {
            self.unfit.push(place.to_owned());
            return;
        }
        let interval_s = value.get("interval").and_then(number).map(|interval| interval / 1000.0);
        for (key, value) in entries(value) {
            let place = format!("{place}.{key}");
            match key.as_str() {
                "interval" => {}
                "exporter" => entries(value).for_each(|(kind, of)| {
                    self.exporter(signal, &format!("{place}.{kind}"), kind, of, interval_s);
                }),
                _ => self.leave(&place, value),
            }
        }
    }

    fn exporter(
        &mut self,
        signal: &'static str,
        place: &str,
        kind: &str,
        of: &Json,
        interval_s: Option<f64>,
    ) {
        if kind == "console" {
            return self.printed.push((signal, place.to_owned()));
        }
        let Some(read) = Exporter::read(signal, kind, of) else { return self.unfit.push(place.to_owned()) };
        self.unfit.extend(read.unfit.iter().map(|key| format!("{place}.{key}")));
        let known = self.ways.iter_mut().find(|way| way.is_same(&read, signal));
        match known {
            Some(way) => way.take(read, signal, interval_s),
            None => self.ways.push(Way::of(read, signal, place, interval_s)),
        }
    }

    /// By the trace id alone, as every exporter that is told so.
    fn sampler(&mut self, place: &str, value: &Json) {
        for (kind, of) in entries(value) {
            match kind.as_str() {
                "always_on" => self.sampling = None,
                "always_off" => self.sampling = Some(0.0),
                "trace_id_ratio_based" => self.sampling = of.get("ratio").and_then(number),
                "parent_based" => {
                    for (key, of) in entries(of) {
                        let place = format!("{place}.parent_based.{key}");
                        if key == "root" { self.sampler(&place, of) } else { self.leave(&place, of) }
                    }
                }
                _ => self.unfit.push(format!("{place}.{kind}")),
            }
        }
    }

    fn name_all(mut self, config: &mut Config) {
        for way in std::mem::take(&mut self.ways) {
            if !super::otel::is_own(&way.described.endpoint.clone().unwrap_or_default(), config) {
                let origin = self.origin(&way.key);
                let to = way.destination(self.sampling, &mut config.files);
                config.name(origin, Author::Unknown, to);
            }
        }
        if let Some((_, key)) = self.printed.first() {
            let signals = self.printed.iter().map(|(signal, _)| (*signal).to_owned()).collect();
            let console = Some("console".to_owned());
            let described = Described { kind: console, signals: Some(signals), ..Described::default() };
            let to = described.destination(&mut config.files).map_err(|complaint| complaint.reason);
            config.name(self.origin(key), Author::Unknown, to);
        }
        if !self.unfit.is_empty() {
            config.refuse(self.origin(&self.unfit.join(", ")), "it has no place here".to_owned());
        }
    }
}
