//! The group-chat server's program.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The only look at the environment; everything else is handed what it needs.
    landfall::cli::run(std::env::args_os(), std::env::vars_os())
}
