//! `check` and `ci`: everything that must hold before a merge, step by step, stopping at the first that fails.

use std::process::Command;
use std::time::Instant;

use anyhow::Context;

use crate::workspace::{self, cargo, find_program};
use crate::{backends, codegen, deny, e2e, fault, plugin, prices, tidy, views};

struct Step {
    name: &'static str,
    /// What to type to run this step alone.
    command: &'static str,
    run: fn(&Step) -> anyhow::Result<()>,
}

const CHECK: &[Step] = &[
    Step { name: "format", command: "cargo fmt --all --check", run: run_cargo },
    Step { name: "clippy", command: "cargo clippy --workspace --all-targets -- -D warnings", run: run_cargo },
    Step {
        name: "documentation",
        command: "RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --document-private-items",
        run: run_cargo,
    },
    Step { name: "tests", command: "cargo test --workspace --lib --bins --tests", run: run_tests },
    Step { name: "documentation tests", command: "cargo test --workspace --doc", run: run_cargo },
    Step { name: "tidy", command: "cargo xtask tidy", run: |_| tidy::run(&[]) },
    Step {
        name: "generated files",
        command: "cargo xtask codegen --check",
        run: |_| codegen::run(&["--check".into()]),
    },
    Step {
        name: "boards and alerts",
        command: "cargo xtask dashboards --check",
        run: |_| views::run(&["--check".into()]),
    },
    Step { name: "dependencies", command: "cargo xtask deny", run: |_| deny::run(&[]) },
];

const AFTER_CHECK: &[Step] = &[
    Step { name: "prices", command: "cargo xtask prices check", run: |_| prices::run(&["check".into()]) },
    Step { name: "backends", command: "cargo xtask backends", run: |_| backends::run(&[]) },
    Step { name: "faults", command: "cargo xtask fault audit", run: |_| fault::run(&["audit".into()]) },
    Step { name: "plugin", command: "cargo xtask plugin", run: |_| plugin::run(&[]) },
    Step { name: "end to end", command: "cargo xtask e2e", run: |_| e2e::run(&[]) },
];

pub(crate) fn run(_arguments: &[String]) -> anyhow::Result<()> {
    CHECK.iter().try_for_each(run_step)
}

/// `ci`: the check, then the prices against published ones, real backends, faults, then the plugin as users get it, then a run of it in the real CLI.
pub(crate) fn run_ci(_arguments: &[String]) -> anyhow::Result<()> {
    CHECK.iter().chain(AFTER_CHECK).try_for_each(run_step)
}

fn run_step(step: &Step) -> anyhow::Result<()> {
    println!("== {}", step.name);
    let start = Instant::now();
    (step.run)(step).with_context(|| format!("{} failed; repeat it with `{}`", step.name, step.command))?;
    println!("== {}: {:.1} s", step.name, start.elapsed().as_secs_f64());
    Ok(())
}

/// Runs the step's command as it is written in the table.
fn run_cargo(step: &Step) -> anyhow::Result<()> {
    run_command(step.command)
}

/// Runs the tests with nextest where it is installed, because it is faster; with the shells that they start.
fn run_tests(step: &Step) -> anyhow::Result<()> {
    if find_program("zsh").is_none() {
        let install = ["install", "--yes", "--quiet", "--no-install-recommends", "zsh"];
        workspace::run(Command::new("apt-get").args(install)).context("install zsh by hand")?;
    }
    match find_program("cargo-nextest") {
        Some(_) => run_command("cargo nextest run --workspace"),
        None => run_command(step.command),
    }
}

/// Runs `[NAME=VALUE] cargo WORD...`.
fn run_command(line: &str) -> anyhow::Result<()> {
    let mut command = cargo();
    for word in line.split(' ') {
        match word.split_once('=') {
            Some((name, value)) if !word.starts_with('-') => _ = command.env(name, value),
            _ if word == "cargo" => {}
            _ => _ = command.arg(word),
        }
    }
    workspace::run(&mut command)
}
