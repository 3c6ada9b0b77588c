//! The `tacho` command.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// The static build would else have musl's allocator, with which draining takes half as long again.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    tacho::run()
}
