//! `tacho status`: whether recording and sending work.

use super::here::{self, ProjectReport};
use super::limits::{self, Told};
use super::words;
use crate::cli::Output;
use crate::config::{self, Config, Refused};
use crate::drain::port_wanted;
use crate::failure::Failure;
use crate::keys;
use crate::place;
use crate::receiver::{Listener, PORT, listener_at};
use crate::report::SCHEMA_VERSION;
use crate::spool_size::{blob_bytes, spool_size};
use crate::terminal::{display_safe, print};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tacho_export::destination::Destination;
use tacho_export::exporters::{KINDS, Place};
use tacho_spool::lock::DrainLock;
use tacho_spool::loss;
use tacho_spool::state::{State, Tier};
use tacho_store::Reader;
use tacho_store::destinations::DestinationRow;
use tacho_store::signals::SignalRow;

/// What is known of how the recorder does.
#[derive(Debug, Serialize)]
pub(super) struct StatusReport {
    schema_version: u32,
    state_directory: String,
    temporary: bool,
    drainer_running: bool,
    /// Who listens for the agent's own telemetry; absent where the agent was not told to send any, and nobody does.
    receiver: Option<ReceiverReport>,
    spool_bytes: u64,
    spool_unread_bytes: u64,
    store_bytes: u64,
    damaged_records: u64,
    pub(super) losses: Vec<LossReport>,
    local_only: bool,
    pub(super) destinations: Vec<DestinationReport>,
    pub(super) refused: Vec<RefusedReport>,
    /// Destinations that only sessions send to.
    waiting_for_token: Vec<RefusedReport>,
    projects: Vec<ProjectReport>,
    /// The limits of the account; null where no status line told any.
    limits: Option<Json>,
    #[serde(skip)]
    limit_lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ReceiverReport {
    port: u16,
    /// Whether the agent is told to send its telemetry there.
    is_told: bool,
    listens: Listens,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Listens {
    Yes,
    Nobody,
    Other,
}

#[derive(Debug, Serialize)]
pub(super) struct LossReport {
    pub(super) reason: String,
    pub(super) count: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct DestinationReport {
    pub(super) name: String,
    /// What its owner calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    pub(super) configured: bool,
    pub(super) delivered: u64,
    pub(super) waiting: u64,
    rejected: u64,
    failures_in_a_row: u64,
    last_success_ns: Option<u64>,
    pub(super) last_error: Option<String>,
    /// Signals that it says it has no place for, with what it answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    switched_off: Vec<SwitchedOff>,
    /// Whether it is sent anything only while somebody looks.
    #[serde(skip)]
    is_on_terminal: bool,
}

/// A signal that a destination is not sent.
#[derive(Debug, Serialize)]
pub(super) struct SwitchedOff {
    signal: String,
    error: String,
}

#[derive(Debug, Serialize)]
pub(super) struct RefusedReport {
    pub(super) origin: String,
    pub(super) reason: String,
}

/// Prints the status.
pub(super) fn run(output: Output) -> Result<(), Failure> {
    let state = place::open_state(None)?;
    let config = config::load();
    let report = report(&state, &config)?;
    if output.json {
        let json = serde_json::to_string(&report).map_err(|error| Failure::external("print JSON", error))?;
        print(&format!("{json}\n"));
    } else {
        print(&text(&report));
    }
    config.all_read()
}

/// Looks at everything there is to look at.
pub(super) fn report(state: &State, config: &Config) -> Result<StatusReport, Failure> {
    let store = place::open_store_to_read(state)?;
    let known = store.as_ref().map(|store| Known::read(store.read())).transpose()?.unwrap_or_default();
    let spool = spool_size(state, &known.cursors)?;
    let hook_losses = loss::read(state.path())?.into_iter().map(|loss| (loss.reason, loss.count));
    let losses = hook_losses.chain(known.losses).map(|(reason, count)| LossReport { reason, count });
    let named = config.destinations.iter().map(|named| &named.to);
    let untried = named.filter(|to| known.destinations.iter().all(|row| row.name != to.endpoint()));
    let untried: Vec<DestinationReport> = untried.map(DestinationReport::untried).collect();
    let tried = known.destinations.into_iter().map(|row| destination(row, config));
    Ok(StatusReport {
        schema_version: SCHEMA_VERSION,
        state_directory: state.path().display().to_string(),
        temporary: place::tier_of(state) == Some(Tier::Temporary),
        drainer_running: DrainLock::try_acquire(state)?.is_none(),
        receiver: receiver(state, config),
        spool_bytes: spool.bytes + blob_bytes(state),
        spool_unread_bytes: spool.unread,
        store_bytes: known.bytes,
        damaged_records: known.damaged_lines,
        losses: losses.collect(),
        local_only: config.local_only.is_some(),
        destinations: tried.chain(untried).collect(),
        refused: config.refused.iter().map(RefusedReport::of).collect(),
        waiting_for_token: config.waiting.iter().map(RefusedReport::of).collect(),
        projects: here::projects(config),
        limit_lines: known.told.as_ref().map(Told::lines_now).unwrap_or_default(),
        limits: known.told.map(|told| told.report()),
    })
}

/// Asks at the port that the agent was told, else at the usual one.
fn receiver(state: &State, config: &Config) -> Option<ReceiverReport> {
    let token = keys::existing_receiver_token(state.path())?;
    let told = port_wanted(state, config);
    let port = told.unwrap_or(PORT);
    let listens = match listener_at(port, &token) {
        Listener::Ours => Listens::Yes,
        Listener::Nobody => Listens::Nobody,
        Listener::OfAnother | Listener::Stranger => Listens::Other,
    };
    (told.is_some() || listens == Listens::Yes).then_some(ReceiverReport {
        port,
        is_told: told.is_some(),
        listens,
    })
}

/// What the store says; nothing before there is one.
#[derive(Default)]
struct Known {
    cursors: BTreeMap<String, u64>,
    losses: Vec<(String, u64)>,
    destinations: Vec<DestinationRow>,
    bytes: u64,
    damaged_lines: u64,
    told: Option<Told>,
}

impl Known {
    fn read(store: Reader<'_>) -> Result<Self, Failure> {
        Ok(Self {
            cursors: store.segment_cursors()?,
            losses: store.losses()?,
            destinations: store.destinations()?,
            bytes: store.used_bytes()?,
            damaged_lines: store.damaged_lines()?,
            told: limits::told_last(store)?,
        })
    }
}

impl DestinationReport {
    fn untried(to: &Destination) -> Self {
        let name = to.endpoint();
        Self {
            name: name.to_owned(),
            label: to.label.clone(),
            configured: true,
            delivered: 0,
            waiting: 0,
            rejected: 0,
            failures_in_a_row: 0,
            last_success_ns: None,
            last_error: None,
            switched_off: Vec::new(),
            is_on_terminal: is_on_terminal(name),
        }
    }
}

impl RefusedReport {
    fn of(refused: &Refused) -> Self {
        Self { origin: refused.origin.to_string(), reason: refused.reason.clone() }
    }
}

fn destination(row: DestinationRow, config: &Config) -> DestinationReport {
    let configured = config.destination(&row.name);
    DestinationReport {
        configured: configured.is_some(),
        label: configured.and_then(|to| to.label.clone()),
        switched_off: switched_off(&row),
        is_on_terminal: is_on_terminal(&row.name),
        name: row.name,
        delivered: row.delivered,
        waiting: row.waiting,
        rejected: row.rejected,
        failures_in_a_row: row.failures,
        last_success_ns: row.last_success.map(|at| at.0),
        last_error: row.last_error,
    }
}

/// Whether a destination of this name is a terminal: nothing else is called by its kind alone.
fn is_on_terminal(name: &str) -> bool {
    KINDS.iter().any(|kind| kind.place != Place::Address && kind.name == name)
}

fn switched_off(row: &DestinationRow) -> Vec<SwitchedOff> {
    let declined = |known: &SignalRow| {
        let error = row.declines(&known.signal)?.to_owned();
        Some(SwitchedOff { signal: known.signal.clone(), error })
    };
    row.signals.iter().filter_map(declined).collect()
}

fn text(report: &StatusReport) -> String {
    let drainer = if report.drainer_running { "running" } else { "not running; the next hook starts it" };
    let lost_at = if report.temporary { "  (temporary: lost at the next boot)" } else { "" };
    let mut text = format!(
        "state      {}{lost_at}\ndrainer    {drainer}\nspool      {}, of which {} not taken in yet\nstore      {}\n",
        report.state_directory,
        words::bytes(report.spool_bytes),
        words::bytes(report.spool_unread_bytes),
        words::bytes(report.store_bytes),
    );
    if let Some(ReceiverReport { port, listens, .. }) = report.receiver {
        text.push_str(&match listens {
            Listens::Yes => format!("receiver   listens for the agent's own telemetry at 127.0.0.1:{port}\n"),
            Listens::Nobody => {
                format!("receiver   nobody listens at 127.0.0.1:{port}; the drainer that a hook starts will\n")
            }
            Listens::Other => format!(
                "receiver   another program has 127.0.0.1:{port}, where the agent sends its telemetry; see tacho doctor\n"
            ),
        });
    }
    if report.local_only {
        text.push_str("sends to   nobody, as local_only says: everything stays on this machine\n");
    } else if report.destinations.is_empty()
        && report.refused.is_empty()
        && report.waiting_for_token.is_empty()
    {
        text.push_str("sends to   nobody: everything stays on this machine\n");
    }
    report.destinations.iter().for_each(|to| text.push_str(&destination_lines(to)));
    for waiting in &report.waiting_for_token {
        text.push_str(&format!("waits      {}\n", display_safe(&waiting.reason)));
    }
    for refused in &report.refused {
        text.push_str(&format!("not used   {}: {}\n", refused.origin, display_safe(&refused.reason)));
    }
    for project in &report.projects {
        text.push_str(&format!("project    {}\n", project.line()));
        for reason in &project.refused {
            text.push_str(&format!("           not used: {}\n", display_safe(reason)));
        }
    }
    for line in &report.limit_lines {
        text.push_str(&format!("limit      {line}\n"));
    }
    if report.damaged_records > 0 {
        text.push_str(&format!("damaged    {} records of the spool\n", report.damaged_records));
    }
    for loss in &report.losses {
        text.push_str(&format!("lost       {}: {}\n", loss.count, display_safe(&loss.reason)));
    }
    text
}

/// What is said of one destination.
fn destination_lines(to: &DestinationReport) -> String {
    let known = if to.configured { "" } else { "  (not used now)" };
    let label = to.label.as_deref().map(|label| format!("{}, ", display_safe(label))).unwrap_or_default();
    let mut text = format!(
        "sends to   {label}{}{known}: {} delivered, {} waiting, {} rejected\n",
        display_safe(&to.name),
        to.delivered,
        to.waiting,
        to.rejected
    );
    if to.is_on_terminal {
        text.push_str("           printed only while somebody looks: tacho drain --foreground\n");
    }
    for off in &to.switched_off {
        let error = display_safe(&off.error);
        text.push_str(&format!("           {} are not sent there: {error}\n", off.signal));
    }
    let Some(error) = to.last_error.as_deref().map(display_safe) else { return text };
    if to.failures_in_a_row > 0 {
        let failures = words::plural(to.failures_in_a_row, "failure");
        text.push_str(&format!("           {failures} in a row: {error}\n"));
    } else if to.rejected > 0 {
        text.push_str(&format!("           the last error: {error}\n"));
    }
    text
}
