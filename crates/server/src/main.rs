//! The program of the group-chat server.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The only place that reads the environment; everything else gets its variables as arguments.
    landfall::cli::run(std::env::args_os(), std::env::vars_os())
}
