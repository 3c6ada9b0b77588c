//! The `tacho` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    tacho::run()
}
