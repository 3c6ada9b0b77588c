//! The project's own tasks, started as `cargo xtask NAME`.
//! This file is the table of them; each does its work in a file of its own. No product code lives here.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "tasks talk to the person who started them")]

mod backends;
mod bench;
mod check;
mod codegen;
mod demo;
mod deny;
mod e2e;
mod fault;
mod finding;
mod generated;
mod plugin;
mod prices;
mod sweep;
mod tidy;
mod truth;
mod views;
mod workspace;

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// What is measured against the product has its allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

struct Task {
    name: &'static str,
    help: &'static str,
    run: fn(&[String]) -> anyhow::Result<()>,
}

const TASKS: &[Task] = &[
    Task {
        name: "backends",
        help: "send recorded sessions to real backends, ask what they got, and run every query of the boards",
        run: backends::run,
    },
    Task {
        name: "bench",
        help: "measure the hook, the drainer, its exporter, a status line, the audit log or an agent with the plugin, and write the figures down",
        run: bench::run,
    },
    Task { name: "check", help: "all that must hold before a merge", run: check::run },
    Task {
        name: "ci",
        help: "check, then the prices, the plugin, and a run of it in the real CLI",
        run: check::run_ci,
    },
    Task {
        name: "codegen",
        help: "write the files that are made from tables; --check only compares",
        run: codegen::run,
    },
    Task {
        name: "dashboards",
        help: "write boards and alerts from their tables; --check only compares",
        run: views::run,
    },
    Task { name: "demo", help: "build the programs and show what they record", run: demo::run },
    Task {
        name: "deny",
        help: "check licences, bans and sources of what comes from outside",
        run: deny::run,
    },
    Task { name: "e2e", help: "run the plugin in the real CLI on a scripted API", run: e2e::run },
    Task {
        name: "fault",
        help: "audit: alter audit logs in every way and kill their writers, and ask two verifiers",
        run: fault::run,
    },
    Task { name: "plugin", help: "build the Claude Code plugin with its static programs", run: plugin::run },
    Task {
        name: "prices",
        help: "check: compare the list of prices with what others publish",
        run: prices::run,
    },
    Task { name: "tidy", help: "check the rules of the code that no compiler knows", run: tidy::run },
    Task {
        name: "truth",
        help: "the runs of e2e as a table of what was served and what was recorded",
        run: truth::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print_tasks();
        return ExitCode::SUCCESS;
    };
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("xtask: no task is called `{name}`; there are:");
        print_tasks();
        return ExitCode::from(2);
    };
    match (task.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print_tasks() {
    for task in TASKS {
        println!("  cargo xtask {:<10} {}", task.name, task.help);
    }
}
