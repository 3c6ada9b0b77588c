//! Presets: what is known of well-known receivers, a file each in `presets/`. Whatever a destination says itself counts
//! instead.

use super::nearest;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What stands in an endpoint for the place where its owner's account is.
pub(super) const REGION: &str = "{region}";

/// The files, by the names of the presets.
const FILES: [(&str, &str); 15] = [
    ("aws-xray", include_str!("../../../../presets/aws-xray.toml")),
    ("dash0", include_str!("../../../../presets/dash0.toml")),
    ("datadog", include_str!("../../../../presets/datadog.toml")),
    ("datadog-llmobs", include_str!("../../../../presets/datadog-llmobs.toml")),
    ("grafana-cloud", include_str!("../../../../presets/grafana-cloud.toml")),
    ("honeycomb", include_str!("../../../../presets/honeycomb.toml")),
    ("jaeger", include_str!("../../../../presets/jaeger.toml")),
    ("langfuse", include_str!("../../../../presets/langfuse.toml")),
    ("mlflow", include_str!("../../../../presets/mlflow.toml")),
    ("new-relic", include_str!("../../../../presets/new-relic.toml")),
    ("phoenix", include_str!("../../../../presets/phoenix.toml")),
    ("prometheus", include_str!("../../../../presets/prometheus.toml")),
    ("signoz", include_str!("../../../../presets/signoz.toml")),
    ("tempo", include_str!("../../../../presets/tempo.toml")),
    ("victoriametrics", include_str!("../../../../presets/victoriametrics.toml")),
];

/// What is known of a receiver.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preset {
    /// Its maker's name for it.
    pub(crate) title: String,
    /// What somebody must know besides who uses it.
    pub(crate) note: Option<String>,
    /// The kind of destination that it is, unless it takes OTLP.
    pub(crate) kind: Option<String>,
    /// The base URL, perhaps with `{region}` in it.
    pub(crate) endpoint: String,
    /// What a region looks like.
    pub(crate) region_example: Option<String>,
    /// How the token is written.
    pub(crate) token: TokenForm,
    /// The header that carries it.
    pub(crate) token_header: Option<String>,
    /// The header that names a dataset.
    pub(crate) dataset_header: Option<String>,
    /// More headers.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) protocol: Option<String>,
    pub(crate) signals: Option<Vec<String>>,
    pub(crate) temporality: Option<String>,
}

/// How a token is written into its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenForm {
    /// Behind `Bearer`.
    #[default]
    Bearer,
    /// Behind `Basic`, in base64: it is a name and a password with a colon between them.
    Basic,
    /// As it is.
    Plain,
}

/// The names of all presets.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FILES.into_iter().map(|(name, _)| name)
}

/// The preset of this name; else what is wrong.
pub(crate) fn named(name: &str) -> Result<Preset, String> {
    let names: Vec<&str> = names().collect();
    let file = FILES.into_iter().find(|(known, _)| *known == name);
    let (_, text) = file.ok_or_else(|| {
        format!("preset {name:?} is none of {}{}", names.join(", "), nearest::hint(name, &names))
    })?;
    toml::from_str(text).map_err(|error| format!("preset {name}: {}", error.message()))
}
