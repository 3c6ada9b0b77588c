//! The grammar of what is told to the recorder.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Every setting, its value and where it comes from. Values of headers are not shown.
    Show,
    /// Where the file lies that `set` changes.
    Path,
    /// Write a setting into the file.
    ///
    /// Keys: agent_name, team, user_info (hash or name), local_only (true: no
    /// destination is used, whoever names it), retention.days, retention.spool_mib, retention.store_mib, retention.archive_days
    /// (0: transcripts that the agent deletes are not kept), debug_file (where all that is sent is written, too),
    /// propagation.commands (true: commands that the agent runs get TRACEPARENT), propagation.inbound (true: what the agent
    /// does lies below the span that its own TRACEPARENT names), resource_attributes.NAME (sent with everything under that
    /// name), and destination, whose value is the address of an OTLP receiver, the name of a preset, console, file:/DIRECTORY or
    /// prometheus:/FILE; it is added, or changed if it is there.
    #[command(
        after_help = "Examples:\n  tacho config set destination https://otlp.example.com --token-stdin < token\n  \
        tacho config set destination http://localhost:4318 --level full\n  tacho config set destination dash0 --region eu-west-1.aws \
        --token-stdin < token\n  tacho config set destination file:/var/log/tacho --signals traces\n  tacho config set retention.days 30\n  \
        tacho config set resource_attributes.deployment.environment.name prod"
    )]
    Set {
        /// The setting.
        key: String,
        /// Its value.
        value: String,
        #[command(flatten)]
        destination: Box<SetDestination>,
    },
    /// Take a setting out of the file.
    Unset {
        /// The setting.
        key: String,
        /// The address of the destination that is taken away.
        value: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DestinationsAction {
    /// The receivers that are known by name: `preset = "NAME"` in a destination fills in what they need.
    #[command(
        after_help = "Examples:\n  tacho destinations presets\n  tacho config set destination grafana-cloud \
        --region prod-eu-west-2 --token-stdin < token"
    )]
    Presets,
}

#[derive(Debug, Args)]
pub(crate) struct SetDestination {
    /// What to call it.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Whose receiver it is; `tacho destinations presets` lists them.
    #[arg(long)]
    pub(crate) preset: Option<String>,
    /// Where your account there is, for presets that ask for it.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// http/protobuf, http/json or grpc.
    #[arg(long)]
    pub(crate) protocol: Option<String>,
    /// The file with the certificates that may vouch for it (PEM), instead of those that the system trusts.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<String>,
    /// The file with the certificate that it is shown when it asks who sends (PEM).
    #[arg(long, value_name = "FILE")]
    pub(crate) client_certificate: Option<String>,
    /// The file with the key of that certificate (PEM).
    #[arg(long, value_name = "FILE")]
    pub(crate) client_key: Option<String>,
    /// gzip or none.
    #[arg(long)]
    pub(crate) compression: Option<String>,
    /// How long one request may take.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout_s: Option<f64>,
    /// Only these of traces, metrics and logs.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) signals: Vec<String>,
    /// The share of traces, from 0.0 to 1.0; those in which something failed are sent in any case.
    #[arg(long, value_name = "SHARE")]
    pub(crate) sampling: Option<f64>,
    /// From when sums of metrics count: cumulative, delta or lowmemory.
    #[arg(long)]
    pub(crate) temporality: Option<String>,
    /// How much it gets: metadata, or full (prompts, arguments, results, answers).
    #[arg(long)]
    pub(crate) level: Option<String>,
    /// A header of every request, NAME=VALUE.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) header: Vec<String>,
    /// The dataset, for backends that have them.
    #[arg(long)]
    pub(crate) dataset: Option<String>,
    /// Read a bearer token from standard input.
    #[arg(long)]
    pub(crate) token_stdin: bool,
}

impl SetDestination {
    /// Whether nothing of it was given.
    pub(crate) const fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.preset.is_none()
            && self.region.is_none()
            && self.protocol.is_none()
            && self.certificate.is_none()
            && self.client_certificate.is_none()
            && self.client_key.is_none()
            && self.compression.is_none()
            && self.timeout_s.is_none()
            && self.signals.is_empty()
            && self.sampling.is_none()
            && self.temporality.is_none()
            && self.level.is_none()
            && self.header.is_empty()
            && self.dataset.is_none()
            && !self.token_stdin
    }
}
