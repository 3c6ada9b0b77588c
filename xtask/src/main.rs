//! The project's own tasks, started as `cargo xtask NAME`.
//! This file is the table of them; each does its work in a file of its own. No product code lives here.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "tasks talk to the person who started them")]

mod codegen;
mod finding;
mod plugin;
mod workspace;

use std::process::ExitCode;

struct Task {
    name: &'static str,
    help: &'static str,
    run: fn(&[String]) -> anyhow::Result<()>,
}

const TASKS: &[Task] = &[
    Task {
        name: "codegen",
        help: "write the files that are generated from tables; --check only compares",
        run: codegen::run,
    },
    Task { name: "plugin", help: "build the Claude Code plugin with its static programs", run: plugin::run },
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
        println!("  cargo xtask {:<8} {}", task.name, task.help);
    }
}
