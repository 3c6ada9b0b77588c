//! `backends`: real backends, started here, that are sent real recorded sessions and asked what they got.
//!
//! What a backend says must be what `tacho` itself says. Backends come from PyPI and Debian; nothing here stands in for one.

mod answer;
mod clickhouse;
mod datadog;
mod home;
mod install;
mod llmobs;
mod otelite;
mod play;
mod prometheus;
mod received;
mod recording;
mod running;
mod test_agent;
mod victoria;
mod viewers;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;
use home::{Home, Programs};

/// A backend, and what is done with it.
struct Backend {
    name: &'static str,
    size: Size,
    run: fn(&Bench) -> Result<Vec<Finding>>,
}

/// Whether every run has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// Seconds, and some megabytes.
    Small,
    /// Asked for by name, or by `--all`.
    Large,
}

const BACKENDS: &[Backend] = &[
    Backend { name: "promtool", size: Size::Small, run: prometheus::rules },
    Backend { name: "prometheus", size: Size::Small, run: prometheus::expressions },
    Backend { name: "textfile", size: Size::Small, run: prometheus::textfile },
    Backend { name: "test-agent", size: Size::Small, run: test_agent::protobuf },
    Backend { name: "test-agent-json", size: Size::Small, run: test_agent::json },
    Backend { name: "test-agent-grpc", size: Size::Small, run: test_agent::grpc },
    Backend { name: "test-agent-datadog", size: Size::Small, run: datadog::traces },
    Backend { name: "test-agent-llmobs", size: Size::Small, run: llmobs::spans },
    Backend { name: "rotel", size: Size::Small, run: test_agent::rotel },
    Backend { name: "alertmanager", size: Size::Large, run: prometheus::alertmanager },
    Backend { name: "otelite", size: Size::Large, run: otelite::all },
    Backend { name: "victoriametrics", size: Size::Large, run: victoria::metrics },
    Backend { name: "clickhouse", size: Size::Large, run: clickhouse::questions },
    Backend { name: "phoenix", size: Size::Large, run: viewers::phoenix },
    Backend { name: "mlflow", size: Size::Large, run: viewers::mlflow },
];

/// What runs share.
struct Bench {
    workspace: Workspace,
    programs: Programs,
}

impl Bench {
    /// Where recorded sessions lie.
    fn recorded(&self) -> PathBuf {
        self.workspace.root.join("fixtures/sessions")
    }

    /// Their names, sorted.
    fn sessions(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.recorded())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

/// A home in which every recorded session was played and drained, for no destination.
pub(crate) fn recorded_home() -> Result<Home> {
    let workspace = Workspace::load()?;
    let programs = Programs::build(&workspace)?;
    let bench = Bench { workspace, programs };
    let home = Home::new(&bench.programs, "")?;
    play::play(&home, &bench.recorded(), &bench.sessions()?)?;
    home.drain()?;
    Ok(home)
}

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Signal {
    Traces,
    Metrics,
    Logs,
    Cost,
    Queries,
    Rules,
}

impl Signal {
    const ALL: [Self; 6] = [Self::Traces, Self::Metrics, Self::Logs, Self::Cost, Self::Queries, Self::Rules];

    const fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
            Self::Cost => "cost",
            Self::Queries => "queries",
            Self::Rules => "rules",
        }
    }
}

/// What was found the same on both sides. A difference is an error.
struct Finding {
    signal: Signal,
    what: String,
}

impl Finding {
    fn same(signal: Signal, count: usize, what: &str) -> Self {
        Self { signal, what: format!("{count} {what}") }
    }

    fn cost(nanos: i64) -> Self {
        Self { signal: Signal::Cost, what: format!("${:.6}", nanos as f64 / 1e9) }
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let chosen = chosen(arguments)?;
    let workspace = Workspace::load()?;
    let programs = Programs::build(&workspace)?;
    let bench = Bench { workspace, programs };
    let mut table = BTreeMap::new();
    let mut failed = Vec::new();
    for backend in chosen {
        let begun = Instant::now();
        match (backend.run)(&bench) {
            Ok(found) => _ = table.insert(backend.name, found),
            Err(error) => failed.push(format!("{}: {error:#}", backend.name)),
        }
        println!("{}: {:.1} s", backend.name, begun.elapsed().as_secs_f64());
    }
    print!("{}", shown(&table));
    ensure!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    Ok(())
}

fn chosen(arguments: &[String]) -> Result<Vec<&'static Backend>> {
    let is_all = arguments.iter().any(|word| word == "--all");
    let names: Vec<&String> = arguments.iter().filter(|word| *word != "--all").collect();
    if names.is_empty() {
        return Ok(BACKENDS.iter().filter(|backend| is_all || backend.size == Size::Small).collect());
    }
    let known = || BACKENDS.iter().map(|backend| backend.name).collect::<Vec<_>>().join(", ");
    let found = |name: &&String| {
        let backend = BACKENDS.iter().find(|backend| backend.name == name.as_str());
        backend.with_context(|| format!("no backend is called `{name}`; there are: {}", known()))
    };
    names.iter().map(found).collect()
}

/// A line for each backend, a column for each signal.
fn shown(table: &BTreeMap<&str, Vec<Finding>>) -> String {
    let cell = |found: &[Finding], signal: Signal| {
        let of_signal: Vec<&str> =
            found.iter().filter(|one| one.signal == signal).map(|one| one.what.as_str()).collect();
        if of_signal.is_empty() { "-".to_owned() } else { of_signal.join(", ") }
    };
    let mut rows = vec![
        std::iter::once("backend".to_owned())
            .chain(Signal::ALL.map(|signal| signal.name().to_owned()))
            .collect::<Vec<_>>(),
    ];
    for (name, found) in table {
        rows.push(
            std::iter::once((*name).to_owned())
                .chain(Signal::ALL.map(|signal| cell(found, signal)))
                .collect(),
        );
    }
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column)));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
