//! A destination as somebody described it, and what is wrong with that.

use super::certificates;
use super::file::level;
use super::files::Files;
use super::nearest;
use super::presets::{self, Preset, REGION, TokenForm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tacho_export::destination::{Compression, Destination, Header, Protocol, Signals};
use tacho_export::exporters::{EVENTS, KINDS, Kind, PROMETHEUS, Place};
use tacho_export::sampling::Sampling;
use tacho_model::metric::Temporality;

/// The header that names a dataset, unless a preset knows another.
pub(super) const DATASET_HEADER: &str = "Dash0-Dataset";
/// The header that carries a token, unless a preset knows another.
const TOKEN_HEADER: &str = "Authorization";
/// What a destination can be said to get: signals, and what hooks said.
const SIGNALS: [&str; 4] = ["traces", "metrics", "logs", EVENTS];
/// No request may take longer.
const TIMEOUT_S_MAX: f64 = 600.0;

/// A destination as somebody described it; what is left out is as usual.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Described {
    pub(super) name: Option<String>,
    pub(super) preset: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) region: Option<String>,
    pub(super) path: Option<PathBuf>,
    pub(super) protocol: Option<String>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) client_certificate: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
    pub(super) compression: Option<String>,
    pub(super) timeout_s: Option<f64>,
    pub(super) token: Option<String>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) dataset: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) level: Option<String>,
    pub(super) signals: Option<Vec<String>>,
    pub(super) sampling: Option<f64>,
    pub(super) sample_errors: Option<bool>,
    pub(super) temporality: Option<String>,
    pub(super) metrics_interval_s: Option<f64>,
}

/// What is wrong with a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// The key that is to blame; it may be missing.
    pub(super) key: &'static str,
    /// What is wrong.
    pub(super) reason: String,
}

/// A complaint about the value of a key.
pub(super) fn about(key: &'static str) -> impl Fn(String) -> Complaint {
    move |reason| Complaint { key, reason }
}

impl Described {
    /// The destination that is meant, by what stands in files that are named.
    pub(super) fn destination(self, files: &mut Files) -> Result<Destination, Complaint> {
        let preset = self.preset.as_deref().map(presets::named).transpose().map_err(about("preset"))?;
        let mut to = self.place(preset.as_ref(), files)?;
        let said = |own: &Option<String>, known: fn(&Preset) -> &Option<String>| {
            own.clone().or_else(|| preset.as_ref().and_then(|preset| known(preset).clone()))
        };
        if let Some(name) = said(&self.temporality, |preset| &preset.temporality) {
            to.temporality = temporality(&name)?;
        }
        if to.kind == &PROMETHEUS && to.temporality != Temporality::default() {
            let reason = format!("kind {:?} counts from the beginning: leave out temporality", to.kind.name);
            return Err(about("temporality")(reason));
        }
        if let Some(name) = &self.compression {
            to.compression = choice("compression", name, &Compression::ALL, Compression::name)?;
        }
        if let Some(seconds) = self.timeout_s {
            let is_time = seconds > 0.0 && seconds <= TIMEOUT_S_MAX;
            let wrong = || format!("timeout_s {seconds} is no time up to {TIMEOUT_S_MAX} seconds");
            to.timeout =
                seconds_from(seconds).filter(|_| is_time).ok_or_else(|| about("timeout_s")(wrong()))?;
        }
        if let Some(seconds) = self.metrics_interval_s {
            let wrong = || about("metrics_interval_s")(format!("metrics_interval_s {seconds} is no time"));
            let interval = seconds_from(seconds).filter(|interval| !interval.is_zero());
            to.metrics_interval = Some(interval.ok_or_else(wrong)?);
        }
        let signals = self.signals.clone().or_else(|| preset.as_ref()?.signals.clone());
        take_signals(&mut to, signals.as_deref())?;
        let share = self.sampling.unwrap_or(1.0);
        let wrong = || about("sampling")(format!("sampling {share} is no share from 0.0 to 1.0"));
        to.sampling = Sampling::of(share, self.sample_errors.unwrap_or(true)).ok_or_else(wrong)?;
        to.label = self.name;
        Ok(to)
    }

    /// Where it is, and with which headers.
    fn place(&self, preset: Option<&Preset>, files: &mut Files) -> Result<Destination, Complaint> {
        let level = self.level.as_deref().map(level).transpose().map_err(about("level"))?.unwrap_or_default();
        let kind = match self.kind.as_ref().or_else(|| preset?.kind.as_ref()) {
            Some(name) => Kind::named(name).ok_or_else(|| no_kind(name))?,
            None => &tacho_export::exporters::OTLP,
        };
        if kind.place != Place::Address {
            let is_needed = kind.place == Place::Directory || kind.place == Place::File;
            if is_needed && self.path.is_none() {
                return Err(about("path")(format!("kind {:?} needs a path", kind.name)));
            }
            let path = self.path.as_deref().filter(|_| is_needed);
            let here = Destination::on_this_machine(kind, path, level);
            return here.map_err(|error| about("path")(error.to_string()));
        }
        let endpoint = self.endpoint(preset, kind)?;
        let said = self.protocol.as_ref().or_else(|| preset?.protocol.as_ref());
        let protocol = match said {
            Some(name) => choice("protocol", name, &Protocol::ALL, Protocol::name)?,
            None => Protocol::default(),
        };
        let to = Destination::new(&endpoint, protocol, self.headers(preset, files)?, level);
        let mut to = to.map_err(|error| about("endpoint")(error.to_string()))?.of_kind(kind);
        to.tls = certificates::read(self, files)?;
        Ok(to)
    }

    fn endpoint(&self, preset: Option<&Preset>, kind: &Kind) -> Result<String, Complaint> {
        let template = match (&self.endpoint, preset) {
            (Some(endpoint), _) => endpoint,
            (None, Some(preset)) => &preset.endpoint,
            (None, None) => {
                let neither = || about("endpoint")("it names neither endpoint nor preset".to_owned());
                return kind.endpoint.map(str::to_owned).ok_or_else(neither);
            }
        };
        if !template.contains(REGION) {
            return Ok(template.clone());
        }
        let region = self.region.as_ref().ok_or_else(|| {
            let example = preset.and_then(|preset| preset.region_example.as_deref());
            let example = example.map(|example| format!(", such as {example:?}")).unwrap_or_default();
            about("region")(format!("{template} needs a region{example}, or an endpoint instead"))
        })?;
        Ok(template.replace(REGION, region))
    }

    /// The headers of every request: its own count instead of the preset's.
    fn headers(&self, preset: Option<&Preset>, files: &mut Files) -> Result<Vec<Header>, Complaint> {
        let known = preset.into_iter().flat_map(|preset| preset.headers.clone());
        let mut headers: Vec<Header> = known.map(|(name, value)| Header { name, value }).collect();
        let header = |of: fn(&Preset) -> &Option<String>, usual: &str| {
            preset.and_then(|preset| of(preset).clone()).unwrap_or_else(|| usual.to_owned())
        };
        let token =
            self.token(files)?.map(|token| match preset.map(|preset| preset.token).unwrap_or_default() {
                TokenForm::Bearer => format!("Bearer {token}"),
                TokenForm::Basic => format!("Basic {}", BASE64.encode(token)),
                TokenForm::Plain => token,
            });
        let token = token.map(|token| (header(|preset| &preset.token_header, TOKEN_HEADER), token));
        let dataset_header = header(|preset| &preset.dataset_header, DATASET_HEADER);
        let dataset = self.dataset.clone().map(|dataset| (dataset_header, dataset));
        for (name, value) in self.headers.clone().into_iter().chain(token).chain(dataset) {
            headers.retain(|known| !known.name.eq_ignore_ascii_case(&name));
            headers.push(Header { name, value });
        }
        Ok(headers)
    }

    fn token(&self, files: &mut Files) -> Result<Option<String>, Complaint> {
        match (&self.token, &self.token_file) {
            (Some(_), Some(_)) => Err(about("token")("it has both token and token_file".to_owned())),
            (token, None) => Ok(token.clone()),
            (None, Some(path)) => {
                let wrong =
                    |wrong: &str| about("token_file")(format!("token_file {} {wrong}", path.display()));
                let text = files.read(path).map_err(|error| wrong(&error))?;
                let text = str::from_utf8(&text).map_err(|_| wrong("is no text"))?;
                Ok(Some(text.trim().to_owned()))
            }
        }
    }
}

/// Has a destination get what is named, as far as its kind takes it.
fn take_signals(to: &mut Destination, names: Option<&[String]>) -> Result<(), Complaint> {
    for name in names.into_iter().flatten() {
        choice("signals", name, &SIGNALS, |known| known)?;
    }
    let is_named = |name: &str| names.is_none_or(|names| names.iter().any(|known| known == name));
    to.signals = Signals::of(|signal| is_named(signal.name()) && (to.kind.takes)(signal));
    to.keeps_events = to.kind.keeps_events && is_named(EVENTS);
    if to.signals.iter().next().is_none() && !to.keeps_events {
        let named = names.unwrap_or_default().join(", ");
        return Err(about("signals")(format!("nothing would be sent: kind {:?} gets {named}", to.kind.name)));
    }
    Ok(())
}

/// The choice of this name.
pub(super) fn choice<T: Copy>(
    key: &'static str,
    name: &str,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
) -> Result<T, Complaint> {
    let found = all.iter().copied().find(|known| name_of(*known).eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().copied().map(name_of).collect();
        about(key)(format!("{key} {name:?} is none of {}{}", names.join(", "), nearest::hint(name, &names)))
    })
}

/// From when the sums of metrics count.
pub(super) fn temporality(name: &str) -> Result<Temporality, Complaint> {
    const NAMES: [&str; 3] = ["cumulative", "delta", "lowmemory"];
    let name = choice("temporality", name, &NAMES, |known| known)?;
    Ok(Temporality::named(name).unwrap_or_default())
}

fn no_kind(name: &str) -> Complaint {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    about("kind")(format!("kind {name:?} is none of {}{}", names.join(", "), nearest::hint(name, &names)))
}

fn seconds_from(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}
